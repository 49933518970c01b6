#!/bin/sh
# A letter that the name of its glyph gives beyond U+FFFF is counted, and is not in the text.
#
# The usual guess: what FPDFText_GetText writes is UTF-16, so a letter of two units is in it as two,
# and FPDFText_GetCharIndexFromTextIndex tells of each place in it which character stands there.
# What is seen: of a glyph named u1D465 (mathematical italic x) nothing is written, and the indexes
# count it: each place after it is told as the one before. FPDFText_GetUnicode gives its code, and
# FPDFText_GetBoundedText writes its two units. A character map (/ToUnicode) gives two characters
# of one unit each, and all agree.
#
# Versions: pypdf 7.1.0 (it only writes the file) and pypdfium2 5.15.2 from PyPI.
# Seen on 2026-11-29. Source: fpdf_text.h of PDFium, which says "UTF-16LE" of the text, and of the
# index "internal character index from index of the text returned from FPDFText_GetText()".
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
import pypdfium2.raw as pdfium
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
)

differences = ArrayObject([NumberObject(65), NameObject("/u1D465")])
font = DictionaryObject(
    {
        NameObject("/Type"): NameObject("/Font"),
        NameObject("/Subtype"): NameObject("/Type1"),
        NameObject("/BaseFont"): NameObject("/Courier"),
        NameObject("/Encoding"): DictionaryObject({NameObject("/Differences"): differences}),
    }
)
writer = PdfWriter()
page = writer.add_blank_page(612, 792)
fonts = DictionaryObject({NameObject("/F1"): font})
page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
contents = DecodedStreamObject()
contents.set_data(b"BT /F1 12 Tf 72 700 Td (A=2) Tj ET")
page[NameObject("/Contents")] = writer._add_object(contents)
file = io.BytesIO()
writer.write(file)
document = pypdfium2.PdfDocument(file.getvalue())
text = document[0].get_textpage()
written = text.get_text_range()
index = pdfium.FPDFText_GetCharIndexFromTextIndex(text, 0)
code = pdfium.FPDFText_GetUnicode(text, index)
is_within = "\N{MATHEMATICAL ITALIC SMALL X}" in text.get_text_bounded()
print(f"written: {written!r}; at its first place: U+{code:04X}; within a box: {is_within}")
if (written, code, is_within) != ("=2", 0x1D465, True):
    sys.exit("this has changed")
PYTHON
