#!/bin/sh
# Values of a chart move to other categories in office-oxide's text, where one before them is empty.
#
# The usual guess: a series says of each value at which place it stands, and leaves out those of empty
# cells (ECMA-376-1, 21.2.2.132: the index of a point); so what lists values beside categories has
# something in the place of those that are missing.
# What is seen: of the categories Q1, Q2, Q3 and the values none, none and 7 the text has
# "Categories: Q1, Q2, Q3" and "Fees: 7", as for a value of Q1.
#
# Versions: office-oxide 0.1.15 and python-pptx 1.0.2 (it writes the slide) from PyPI.
# Seen on 2026-11-29.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    office-oxide==0.1.15 python-pptx==1.0.2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import office_oxide
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

presentation = Presentation()
slide = presentation.slides.add_slide(presentation.slide_layouts[6])
data = CategoryChartData()
data.categories = ["Q1", "Q2", "Q3"]
data.add_series("Fees", (None, None, 7))
slide.shapes.add_chart(
    XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), Inches(1), Inches(4), Inches(3), data
)
presentation.save("fees.pptx")

seen = [line for line in office_oxide.extract_text("fees.pptx").split("\n") if ": " in line]
print("\n".join(seen))
if seen != ["Categories: Q1, Q2, Q3", "Fees: 7"]:
    sys.exit("this has changed")
PYTHON
