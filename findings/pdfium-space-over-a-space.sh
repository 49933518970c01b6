#!/bin/sh
# Two words become one where one ends with a space and the next begins with one, drawn over it.
#
# The usual guess: of two spaces in one place one is left, as of letters that are drawn twice.
# What is seen: where the second piece of text begins within the space that ends the first, PDFium
# leaves out both, and "Prehistoire et" is "Prehistoireet". A point further to the right, one is
# left; and where the first piece ends without a space, too. Numbers are no exception.
#
# Versions: pypdf 7.1.0 (it only writes the file) and pypdfium2 5.15.2 from PyPI.
# Seen on 2026-11-29. Source: what pypdfium2 says of its get_text_range does not speak of it.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pypdf==7.1.0 pypdfium2==5.15.2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import pypdfium2
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject


def read(show: bytes) -> str:
    """The text of a page on which these operators show something in Courier."""
    writer = PdfWriter()
    page = writer.add_blank_page(612, 792)
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Courier"),
        }
    )
    fonts = DictionaryObject({NameObject("/F1"): font})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    contents = DecodedStreamObject()
    contents.set_data(b"BT /F1 10 Tf 72 700 Td " + show + b" ET")
    page[NameObject("/Contents")] = writer._add_object(contents)
    file = io.BytesIO()
    writer.write(file)
    return pypdfium2.PdfDocument(file.getvalue())[0].get_textpage().get_text_range()


# A letter is 6 points wide: the first word ends at 66, its space at 72.
over = read(b"(Prehistoire ) Tj 66.6 0 Td ( et) Tj")
after = read(b"(Prehistoire ) Tj 72 0 Td ( et) Tj")
alone = read(b"(Prehistoire) Tj 66.6 0 Td ( et) Tj")
print("one space over the other:", repr(over))
print("one after the other:", repr(after))
print("one alone:", repr(alone))
if (over, after, alone) != ("Prehistoireet", "Prehistoire et", "Prehistoire et"):
    sys.exit("this has changed")
PYTHON
