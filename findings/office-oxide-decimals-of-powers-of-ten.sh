#!/bin/sh
# A number in powers of ten has two decimals in office-oxide's text, whatever its format says.
#
# The usual guess: what applies the number formats of a workbook shows as many decimals of `0E+00`,
# `0.0E+00` and `0.0000E+00` as they have zeros, as it does with `0.0` and `0.0000` (ECMA-376-1,
# 18.8.31: a zero is a digit that is shown).
# What is seen: 12,345.678 is "1.23E+04" in all three, so a measured value in four decimals has
# lost two digits that its sheet shows, and one in none has two too many. `0.0000` gives all four.
#
# Versions: office-oxide 0.1.15 and xlsxwriter 3.3.1 (it writes the workbook) from PyPI.
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

SHOWN = {"0E+00": "1E+04", "0.0E+00": "1.2E+04", "0.0000E+00": "1.2346E+04", "0.0000": "12345.6780"}

with xlsxwriter.Workbook("powers.xlsx") as workbook:
    sheet = workbook.add_worksheet("Powers")
    for row, code in enumerate(SHOWN):
        sheet.write_number(row, 0, 12345.678, workbook.add_format({"num_format": code}))

seen = office_oxide.extract_text("powers.xlsx").split()[1:]
for (code, in_excel), text in zip(SHOWN.items(), seen, strict=True):
    print(f"{code:12} in Excel {in_excel:12} seen {text}")
if seen != ["1.23E+04"] * 3 + ["12345.6780"]:
    sys.exit("this has changed")
PYTHON
