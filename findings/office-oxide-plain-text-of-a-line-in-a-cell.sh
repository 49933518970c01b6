#!/bin/sh
# A line break in a cell looks like the end of a row in office-oxide's plain text of a workbook.
#
# The usual guess: plain text with a tab between cells and a line for each row is what spreadsheets
# call tab-separated text, where a cell that holds a line break is put into quotes (Python's `csv`
# with "excel-tab" writes it so), or the break becomes a space.
# What is seen: the break is written as it is and nothing is quoted. A sheet of two rows of three
# cells, with a break in the middle one, has the very text of a sheet of four rows of two, so no
# reader of the text can tell one from the other. The Markdown of the same sheet writes `<br>`.
#
# Versions: office-oxide 0.1.15 and xlsxwriter 3.3.1 (it writes the workbooks) from PyPI.
# Seen on 2026-11-28.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    office-oxide==0.1.15 xlsxwriter==3.3.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import office_oxide
import xlsxwriter

SHEETS = {
    "breaks.xlsx": [["pier", "north\neast", "free"], ["quay", "south\nwest", "let"]],
    "rows.xlsx": [["pier", "north"], ["east", "free"], ["quay", "south"], ["west", "let"]],
}
texts, markdowns = [], []
for name, rows in SHEETS.items():
    with xlsxwriter.Workbook(name) as workbook:
        sheet = workbook.add_worksheet("Berths")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    texts.append(office_oxide.extract_text(name))
    markdowns.append(office_oxide.to_markdown(name))
    print(name, "as text:    ", repr(texts[-1]))
    print(name, "as Markdown:", repr(markdowns[-1]))
if texts[0] != texts[1] or "north<br>east" not in markdowns[0]:
    sys.exit("this has changed")
PYTHON
