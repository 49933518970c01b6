#!/bin/sh
# A page whose content goes through the filter /Crypt and is packed besides is blank for PDFium.
#
# The usual guess: in a file that is not encrypted, or with the filter's default name, Identity, the
# filter changes nothing, so content behind it reads as without it.
# What is seen: it does where /Crypt is the only filter. With another one after it, as for metadata
# of files in which that alone is left in the clear, the stream is not decoded at all: PDFium finds
# no character, says nothing, and a page that shows text counts as blank. pypdf reads it.
#
# Versions: pypdf 7.1.0 (it also writes the PDF) and pypdfium2 5.15.2 from PyPI.
# Seen on 2026-11-29. Source: ISO 32000-2, 7.4.10 (the crypt filter comes first, before filters that
# unpack) and table 14 (its name is Identity where none is given).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pypdf==7.1.0 pypdfium2==5.15.2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import zlib

import pypdf
import pypdfium2
from pypdf.generic import ArrayObject, DictionaryObject, EncodedStreamObject, NameObject

TEXT = b"BT /F1 12 Tf 20 50 Td (The pier is open.) Tj ET"
FILTERS = {
    "unpacking": (zlib.compress(TEXT), ["/FlateDecode"]),
    "crypt": (TEXT, ["/Crypt"]),
    "crypt, then unpacking": (zlib.compress(TEXT), ["/Crypt", "/FlateDecode"]),
}
font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
seen = {}
for name, (data, filters) in FILTERS.items():
    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(200, 100)
    content = EncodedStreamObject()
    content._data = data
    content[NameObject("/Filter")] = ArrayObject(map(NameObject, filters))
    page[NameObject("/Contents")] = writer._add_object(content)
    fonts = DictionaryObject(
        {NameObject("/F1"): DictionaryObject({NameObject(k): NameObject(v) for k, v in font.items()})}
    )
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    writer.write("page.pdf")
    text = pypdfium2.PdfDocument("page.pdf")[0].get_textpage().get_text_range()
    other = pypdf.PdfReader("page.pdf").pages[0].extract_text()
    seen[name] = text, other
    print(f"{name}: PDFium {text!r}, pypdf {other!r}")
line = "The pier is open."
if seen != {
    "unpacking": (line, line),
    "crypt": (line, line),
    "crypt, then unpacking": ("", line),
}:
    sys.exit("this has changed")
PYTHON
