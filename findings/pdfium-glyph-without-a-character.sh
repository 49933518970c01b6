#!/bin/sh
# A glyph that PDFium has no character for is not in its text: 1·250 is read as 1250.
#
# The usual guess: what is drawn and stands for no known character comes as U+FFFD or as a blank, so
# that what is beside it stays apart.
# What is seen: where the font gives a glyph the code 0 and a name of its own (programs that make
# Type 3 fonts of subsets do), PDFium counts it among the characters of the page, knows its box, and
# leaves it out of the text: its count and the length of its text differ, and the two words or
# figures beside it are one. An apostrophe in Italian text goes so, and a decimal sign.
#
# Versions: pikepdf 10.18.0 (it only writes the page) and pypdfium2 5.15.2 from PyPI.
# Seen on 2026-11-28. Source: pypdfium2 says of its get_text_range that PDFium may leave characters
# out, and calls that rare; not which, and not what becomes of what is beside them.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pikepdf==10.18.0 pypdfium2==5.15.2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import pypdfium2
from pikepdf import Array, Dictionary, Name, Pdf, Stream

GLYPHS = {0: "/mark", 48: "/zero", 49: "/one", 50: "/two", 53: "/five"}
pdf = Pdf.new()
page = pdf.add_blank_page(page_size=(300, 100))
drawing = pdf.make_indirect(Stream(pdf, b"500 0 d0 50 0 400 600 re f"))
page.Resources = Dictionary(
    Font=Dictionary(
        F1=Dictionary(
            Type=Name.Font,
            Subtype=Name.Type3,
            FontBBox=Array([0, 0, 500, 700]),
            FontMatrix=Array([0.001, 0, 0, 0.001, 0, 0]),
            FirstChar=0,
            LastChar=53,
            Widths=Array([500] * 54),
            Resources=Dictionary(),
            CharProcs=Dictionary({name: drawing for name in GLYPHS.values()}),
            Encoding=Dictionary(
                Type=Name.Encoding,
                Differences=Array(part for code, name in GLYPHS.items() for part in (code, Name(name))),
            ),
        )
    )
)
page.Contents = Stream(pdf, b"BT /F1 12 Tf 50 50 Td <3100323530> Tj ET")
pdf.save("page.pdf")
text = pypdfium2.PdfDocument("page.pdf")[0].get_textpage()
print("characters:", text.count_chars(), "text:", text.get_text_range())
if text.count_chars() != 5 or text.get_text_range() != "1250":
    sys.exit("this has changed")
PYTHON
