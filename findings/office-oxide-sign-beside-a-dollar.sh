#!/bin/sh
# A loss is a gain in office-oxide's text, where its format has a dollar that is not quoted.
#
# The usual guess: of a number format with two sections the second one says how negative numbers are
# shown, its minus and its brackets as they stand there (ECMA-376-1, 18.8.31), and the dollar needs
# no quotes: so `$#,##0;-$#,##0` and `"$"#,##0;-"$"#,##0` are the same.
# What is seen: without quotes -1,234 is "$1,234", as the number without its sign is, and in brackets
# it is "$1,234)". With quotes it is "-$1,234".
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

import office_oxide
import xlsxwriter

SHOWN = {
    "$#,##0;-$#,##0": ("-$1,234", "$1,234"),
    "$#,##0;($#,##0)": ("($1,234)", "$1,234)"),
    '"$"#,##0;-"$"#,##0': ("-$1,234", "-$1,234"),
}

with xlsxwriter.Workbook("losses.xlsx") as workbook:
    sheet = workbook.add_worksheet("Losses")
    for row, code in enumerate(SHOWN):
        sheet.write_number(row, 0, -1234, workbook.add_format({"num_format": code}))

seen = office_oxide.extract_text("losses.xlsx").split()[1:]
for (code, (in_excel, _)), text in zip(SHOWN.items(), seen, strict=True):
    print(f"{code:20} in Excel {in_excel:10} seen {text}")
if seen != [expected for _, expected in SHOWN.values()]:
    sys.exit("this has changed")
PYTHON
