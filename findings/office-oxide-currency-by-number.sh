#!/bin/sh
# A sum in euros or pounds is one in dollars in office-oxide's text, where its format has a number
# of the first ones.
#
# The usual guess: what applies the number formats of a workbook looks up the code that the workbook
# gives for a format's number (ECMA-376-1, 18.8.30: numFmtId and formatCode), and knows codes by
# heart for those numbers alone for which the workbook gives none. Excel gives its codes for 5 to 8
# and 37 to 44 in the currency of its user: `#,##0\ "€"` in Germany, `"£"#,##0` in Britain.
# What is seen: for these numbers the code in the file is not looked at. 1,234 with the code
# `#,##0\ "€"` is "$1,234" by number 5, and has no currency by number 44; by a number of one's own,
# from 164 on, it is "1,234 €".
#
# Versions: office-oxide 0.1.15 and xlsxwriter 3.3.1 (it writes the workbook) from PyPI.
# Seen on 2026-11-29.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    office-oxide==0.1.15 xlsxwriter==3.3.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import zipfile

import office_oxide
import xlsxwriter

WANTED = {5: "$1,234", 44: "1,234.00", 164: "1,234 €"}

with xlsxwriter.Workbook("own.xlsx") as workbook:
    sheet = workbook.add_worksheet("Sums")
    sheet.write_number(0, 0, 1234, workbook.add_format({"num_format": '#,##0\\ "€"'}))

for number, expected in WANTED.items():
    with zipfile.ZipFile("own.xlsx") as own, zipfile.ZipFile("book.xlsx", "w") as book:
        for name in own.namelist():
            part = own.read(name)
            book.writestr(name, part.replace(b'numFmtId="164"', b'numFmtId="%d"' % number))
    text = office_oxide.extract_text("book.xlsx").split("\n", 1)[1].strip()
    print(f"number {number:3} in Excel 1,234 €   seen {text}")
    if text != expected:
        sys.exit("this has changed")
PYTHON
