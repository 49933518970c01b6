#!/bin/sh
# A duration of a day and a half in a workbook is a date of 1900 in office-oxide's text.
#
# The usual guess: a cell of the format `[h]:mm`, in which sheets of working hours have their sums,
# is read as Excel shows it, "36:00"; or, where a reader knows no durations, as the number 1.5
# (ECMA-376-1, 18.8.31: brackets show hours beyond a day).
# What is seen: "1900-01-01 12:00:00". Below one day the same format gives the fraction of a day,
# "0.375", and from one day on a date: one column of hours has both, and neither is a duration.
# The new and the old kind of workbook do the same.
#
# Versions: office-oxide 0.1.15; xlsxwriter 3.3.1 and xlwt 1.3.0 (they write the workbooks); PyPI.
# Seen on 2026-11-28.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    office-oxide==0.1.15 xlsxwriter==3.3.1 xlwt==1.3.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import office_oxide
import xlsxwriter
import xlwt

HOURS = [9 / 24, 36 / 24]

with xlsxwriter.Workbook("hours.xlsx") as workbook:
    sheet = workbook.add_worksheet("Hours")
    duration = workbook.add_format({"num_format": "[h]:mm"})
    for row, days in enumerate(HOURS):
        sheet.write_number(row, 0, days, duration)

old = xlwt.Workbook()
sheet = old.add_sheet("Hours")
for row, days in enumerate(HOURS):
    sheet.write(row, 0, days, xlwt.easyxf(num_format_str="[h]:mm"))
old.save("hours.xls")

texts = {name: office_oxide.extract_text(name).split() for name in ("hours.xlsx", "hours.xls")}
for name, words in texts.items():
    print(f"{name}: {words}, in Excel 9:00 and 36:00")
if any(words != ["Hours", "0.375", "1900-01-01", "12:00:00"] for words in texts.values()):
    sys.exit("this has changed")
PYTHON
