#!/bin/sh
# A file inside of a PDF whose own name is empty has a content for pypdf, and none for PDFium.
#
# The usual guess: the name of an embedded file is only what it is called; its content is found by
# its place in the document, whatever it is called.
# What is seen: PDFium counts the file, and says that there is no data where the name in its file
# specification is an empty text. The file beside it, which has a name, is given out. pypdf gives
# both, under the names that the document's list of files has for them.
#
# Versions: pypdf 7.1.0 (it also writes the PDF) and pypdfium2 5.15.2 from PyPI.
# Seen on 2026-11-28. Source: ISO 32000-2, 7.11.3: a file specification has to have /F or /UF, and
# nothing is said of their length.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pypdf==7.1.0 pypdfium2==5.15.2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import pypdf
import pypdfium2
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, StreamObject, TextStringObject

writer = pypdf.PdfWriter()
writer.add_blank_page(100, 100)
listed = ArrayObject()
for key, name in (("first", ""), ("second", "second.txt")):
    content = StreamObject()
    content.set_data(f"content of the {key}".encode())
    file = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Filespec"),
            NameObject("/F"): TextStringObject(name),
            NameObject("/UF"): TextStringObject(name),
            NameObject("/EF"): DictionaryObject({NameObject("/F"): writer._add_object(content)}),
        }
    )
    listed += [TextStringObject(key), writer._add_object(file)]
files = DictionaryObject({NameObject("/Names"): listed})
writer.root_object[NameObject("/Names")] = DictionaryObject({NameObject("/EmbeddedFiles"): files})
writer.write("two-files.pdf")

document = pypdfium2.PdfDocument("two-files.pdf")
given = []
for number in range(document.count_attachments()):
    attachment = document.get_attachment(number)
    try:
        given.append((attachment.get_name(), bytes(attachment.get_data()).decode()))
    except pypdfium2.PdfiumError:
        given.append((attachment.get_name(), None))
other = [(one.name, one.content.decode()) for one in pypdf.PdfReader("two-files.pdf").attachment_list]
print("PDFium:", given)
print("pypdf: ", other)
if given != [("", None), ("second.txt", "content of the second")] or len(other) != 2:
    sys.exit("this has changed")
PYTHON
