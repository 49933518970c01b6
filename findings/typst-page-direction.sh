#!/bin/sh
# One Hebrew word can turn the words of an English document around.
#
# The usual guess: `/ViewerPreferences << /Direction /R2L >>` tells a viewer on which side the next
# of two facing pages lies, so it says nothing about text, and a document in English has none.
# What is seen: typst writes it where the first language that is named at the top level of a source
# is one of a right-to-left script, be it for one word. PDFium's text functions take it for the base
# direction of every line: "The quick brown fox" comes as "fox brown quick The". The same page
# copied into a document without the preference reads right.
#
# Versions: typst 0.15.2 and pypdfium2 5.15.2 from PyPI. Seen on 2026-11-28.
# Source: ISO 32000-2, table 147 (Direction).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check typst==0.15.2 pypdfium2==5.15.2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import ctypes
import sys

import pypdfium2
import pypdfium2.raw as pdfium
import typst

SENTENCE = "The quick brown fox, 12 of 1,234.50 EUR."
TURNED = ".EUR 1,234.50 of 12 ,fox brown quick The"


def write(name, source):
    with open(f"{name}.typ", "w", encoding="utf-8") as file:
        file.write(source)
    typst.compile(f"{name}.typ", output=f"{name}.pdf")
    return pypdfium2.PdfDocument(f"{name}.pdf")


def read_line(document):
    return document[0].get_textpage().get_text_range().splitlines()[-1]


def read_direction(document):
    name = ctypes.create_string_buffer(8)
    pdfium.FPDF_VIEWERREF_GetName(document, b"Direction", name, len(name))
    return name.value.decode() or "none"


plain = write("plain", SENTENCE)
hebrew = write("hebrew", f'#text(lang: "he")[\u05e9\u05dc\u05d5\u05dd]\n\n{SENTENCE}')
copy = pypdfium2.PdfDocument.new()
copy.import_pages(hebrew)
seen = [(read_direction(each), read_line(each)) for each in (plain, hebrew, copy)]
for what, (direction, line) in zip(("English only", "one Hebrew word", "its copy"), seen):
    print(f"{what:16} /Direction {direction:5} {line}")
expected = [SENTENCE, TURNED, SENTENCE]
if [line for _, line in seen] != expected or seen[1][0] != "R2L":
    sys.exit("this has changed")
PYTHON
