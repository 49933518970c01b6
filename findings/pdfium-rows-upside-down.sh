#!/bin/sh
# The rows of a table that is turned by 180 degrees are read from their last cell to their first.
#
# The usual guess: text that is turned by a quarter is the hard case, and half a turn is none, as lines
# stay level; the words of a line that stands upside down come in order, so the cells of a row do too.
# What is seen: the letters of each piece of text come in its own order, and the rows as well, but the
# pieces of one row come from the left to the right of the page, which is from the last one to the
# first: "2025 2024 City". It is so whichever of PDFium's calls for text is asked, and where the page
# itself is shown turned (/Rotate 180).
#
# Versions: reportlab 5.1.0 (it only draws the table) and pypdfium2 5.15.2 from PyPI.
# Seen on 2026-11-28. Source: the functions' comments in fpdf_text.h do not speak of it.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check reportlab==5.1.0 pypdfium2==5.15.2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import pypdfium2
from reportlab.pdfgen.canvas import Canvas

rows = (("City of", "2024", "2025"), ("Berlin", "1,000", "1,100"))
canvas = Canvas("table.pdf")
canvas.translate(300, 400)
canvas.rotate(180)
for number, row in enumerate(rows):
    for column, cell in enumerate(row):
        canvas.drawString(80 * column, -16 * number, cell)
canvas.save()
page = pypdfium2.PdfDocument("table.pdf")[0].get_textpage()
whole, bounded = page.get_text_range().splitlines(), page.get_text_bounded().splitlines()
print("whole:  ", whole)
print("bounded:", bounded)
seen = ["2025 2024 City of", "1,100 1,000 Berlin"]
if whole != seen or bounded != seen:
    sys.exit("this has changed")
PYTHON
