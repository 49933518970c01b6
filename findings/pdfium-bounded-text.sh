#!/bin/sh
# The text of a whole page, asked for by its box, can have fewer line ends than the text of the page.
#
# The usual guess: `FPDFText_GetBoundedText` with the box of the page (pypdfium2's
# `get_text_bounded`) gives what `FPDFText_GetText` (`get_text_range`) gives, less what is outside.
# What is seen: for a box, PDFium writes a line end only where the y coordinate of the baseline is
# another than at the line end before. The rows of a table that is turned by 90 degrees have one y
# for all their first cells, so the last figure of a row and the first word of the next are glued.
#
# Versions: typst 0.15.2 (it only draws the table) and pypdfium2 5.15.2 from PyPI.
# Seen on 2026-11-28. Source: the functions' comments in fpdf_text.h do not speak of line ends.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check typst==0.15.2 pypdfium2==5.15.2
cd "$folder"
cat > table.typ <<'TYPST'
#rotate(-90deg, reflow: true, table(columns: 2, [Berlin], [1000], [Paris], [2000], [Rome], [3000]))
TYPST
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import pypdfium2
import typst

typst.compile("table.typ", output="table.pdf")
page = pypdfium2.PdfDocument("table.pdf")[0].get_textpage()
whole, bounded = page.get_text_range(), page.get_text_bounded()
print("whole:  ", whole.split("\r\n"))
print("bounded:", bounded.split("\r\n"))
words = ["Berlin", "1000", "Paris", "2000", "Rome", "3000"]
if whole.split() != words or bounded.split() == words or "2000Rome" not in bounded:
    sys.exit("this has changed")
PYTHON
