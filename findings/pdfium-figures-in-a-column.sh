#!/bin/sh
# Figures of one digit each, one under the other in a table's last column, are read as one number.
#
# The usual guess: what stands 14 points further down is another line, so a column of 2, 5 and 7 is
# read as three lines, as the columns of longer figures beside it are.
# What is seen: where each figure is a piece of text of one letter, and a table is drawn column by
# column, PDFium takes the figures for a word that runs down the page, and gives 257, whichever of
# its calls for text is asked. The columns beside it come in lines.
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

columns = (("Ulm", "Bonn", "Kiel"), ("1000", "2000", "3000"), ("2", "5", "7"))
canvas = Canvas("table.pdf")
for number, column in enumerate(columns):
    for row, cell in enumerate(column):
        canvas.drawRightString(120 + 50 * number, 700 - 14 * row, cell)
canvas.save()
page = pypdfium2.PdfDocument("table.pdf")[0].get_textpage()
whole, bounded = page.get_text_range().split(), page.get_text_bounded().split()
print("whole:  ", whole)
print("bounded:", bounded)
words = [cell for column in columns[:2] for cell in column]
if whole != [*words, "257"] or bounded != [*words, "257"]:
    sys.exit("this has changed")
PYTHON
