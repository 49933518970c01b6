#!/bin/sh
# A number in the margin that is drawn after its line becomes the end of that line's last word.
#
# The usual guess: text that begins half a page further left is no part of the word before it.
# What is seen: bills and pleadings have a number before each line. Where a program draws the line
# and its number with one operator, with a step back in between, PDFium puts nothing there: section
# "43-512.13." of line 27 is read as 43-512.13.27. With two operators PDFium puts the number first.
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
    contents.set_data(b"BT /F1 10 Tf 300 700 Td " + show + b" ET")
    page[NameObject("/Contents")] = writer._add_object(contents)
    file = io.BytesIO()
    writer.write(file)
    return pypdfium2.PdfDocument(file.getvalue())[0].get_textpage().get_text_range()


# The number begins 220 points to the left of where the line ends.
one = read(b"[(section 43-512.13.) 34000 (27)] TJ")
two = read(b"(section 43-512.13.) Tj -226 0 Td (27) Tj")
print("with one operator:", repr(one))
print("with two:", repr(two))
if one != "section 43-512.13.27" or two != "27 section 43-512.13.":
    sys.exit("this has changed")
PYTHON
