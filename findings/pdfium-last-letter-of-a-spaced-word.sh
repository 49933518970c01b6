#!/bin/sh
# The last letter of each word is read as a word of its own where letters are set with room between.
#
# The usual guess: a space is where there is more room than between the letters of a word, so words
# whose letters all stand two points apart are words, however they were drawn.
# What is seen: programs that lay recognised text over a scan draw the last letter of a word as a
# piece of its own, at the very place where the spacing would have put it. PDFium gives the letters
# before it without spaces, as their spacing is a setting of the text, and then a space: "Unite d",
# and 13858 8 of a postcode.
#
# Versions: reportlab 5.1.0 (it only draws the words) and pypdfium2 5.15.2 from PyPI.
# Seen on 2026-11-28. Source: what pypdfium2 says of its get_text_range does not speak of it.
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

LETTER, ROOM = 7.2, 2  # Courier of 12 points, and what its letters stand apart.
canvas = Canvas("words.pdf")
text = canvas.beginText()
text.setFont("Courier", 12)
text.setCharSpace(ROOM)
x = 72
for word in ("United", "States", "138588"):
    text.setTextOrigin(x, 700)
    text.textOut(word[:-1])
    x += (LETTER + ROOM) * (len(word) - 1)
    text.setTextOrigin(x, 700)
    text.textOut(word[-1])
    x += 2 * (LETTER + ROOM)
canvas.drawText(text)
canvas.save()
words = pypdfium2.PdfDocument("words.pdf")[0].get_textpage().get_text_range().split()
print(words)
if words != ["Unite", "d", "State", "s", "13858", "8"]:
    sys.exit("this has changed")
PYTHON
