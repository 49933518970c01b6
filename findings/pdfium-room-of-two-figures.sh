#!/bin/sh
# Figures of two cells are one number where they are drawn as one piece of text.
#
# The usual guess: a gap of three ems is a space, however the file makes it.
# What is seen: where character spacing (Tc) makes the gap in a piece of two figures, PDFium takes
# it for what is between all letters of the piece, and "4" and "3" are "43", with three ems of
# white between them; so "99.4" and "3.67" of two cells are "99.43.67". Where TJ makes the same
# gap, there is a space. Found in a table of a real book, whose producer had joined the last figure
# of one cell with the first of the next one.
#
# Versions: pypdf 7.1.0 (it only writes the file) and pypdfium2 5.15.2 from PyPI.
# Seen on 2026-11-29. Source: ISO 32000-1, 9.3.2 (character spacing) and 9.4.3 (TJ) give both the
# same picture; what pypdfium2 says of its get_text_range does not speak of it.
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


# A letter is 6 points wide: the second figure begins 36 points after the first in both.
before, after = b"(99.) Tj 18 0 Td ", b" 42 0 Td (.67) Tj"
by_spacing = read(before + b"30 Tc (43) Tj 0 Tc" + after)
by_kerning = read(before + b"[(4) -3000 (3)] TJ" + after)
print("a gap of character spacing:", repr(by_spacing))
print("the same gap by TJ:", repr(by_kerning))
if (by_spacing, by_kerning) != ("99.43.67", "99.4 3.67"):
    sys.exit("this has changed")
PYTHON
