#!/bin/sh
# WeasyPrint gives all options of a list that name no value the same, empty one.
#
# The usual guess: the value of `<option>North</option>` is its text (WHATWG, "HTML", 4.10.10.1,
# "The option element": without a value attribute), so the list in the PDF exports "North", too.
# What is seen: in the field's /Opt (ISO 32000-2, 12.7.5.4, "Choice fields") each pair of a value
# and a text has the empty string as its value, so the field's /V of a chosen option is empty too and
# does not tell which of them is chosen. Options with a value attribute are as expected.
#
# Versions: weasyprint 70.0 and pypdf 7.1.1 (it reads the form) from PyPI; Pango 1.44 or later has
# to be on the machine.
# Seen on 2026-11-28.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    weasyprint==70.0 pypdf==7.1.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import weasyprint
from pypdf import PdfReader

LIST = """<form>
<select name="plain" multiple><option>North</option><option selected>South</option></select>
<select name="valued" multiple><option value="n">North</option>
<option value="s" selected>South</option></select>
</form>"""
weasyprint.HTML(string=LIST).write_pdf("berths.pdf", pdf_forms=True)
seen = {}
for annotation in PdfReader("berths.pdf").pages[0]["/Annots"]:
    field = annotation.get_object()
    options = [[str(text) for text in pair] for pair in field["/Opt"]]
    seen[str(field["/T"])] = (options, [str(value) for value in field["/V"]])
for name, (options, chosen) in seen.items():
    print(f"{name}: options {options}, chosen {chosen}")
expected = {
    "plain": ([["", "North"], ["", "South"]], [""]),
    "valued": ([["n", "North"], ["s", "South"]], ["s"]),
}
if seen != expected:
    sys.exit("this has changed")
PYTHON
