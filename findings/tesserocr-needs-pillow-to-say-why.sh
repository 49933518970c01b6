#!/bin/sh
# A GIF that is fine ends tesserocr's `SetImageFile` with a NameError where Pillow is not installed.
#
# The usual guess: tesserocr hands a file to Leptonica, which is in its wheel and reads GIF; its
# metadata asks for no other package, and its documentation promises a RuntimeError for any file
# that cannot be read.
# What is seen: the wheel's Leptonica is built without GIF, and the call fails with `NameError: name
# 'Image' is not defined`: what Leptonica cannot read is tried with Pillow, whose import has failed
# without a word. A handler of RuntimeError does not catch it. With Pillow it is a RuntimeError, for
# Pillow's GIF goes back to the same Leptonica.
#
# Versions: tesserocr 2.13.0 and Pillow 12.0.0 from PyPI, wheels for Linux on x86_64.
# Source: tesserocr's docstring of `PyTessBaseAPI.SetImageFile`, "Raises".
# Seen on 2026-11-28.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
install() {
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check "$1"
}
cd "$folder"
cat >look.py <<'PYTHON'
import sys

import tesserocr

# One white dot.
dot = "47494638376101000100800000ffffff0000002c00000000010001000002024401003b"
with open("dot.gif", "wb") as file:
    file.write(bytes.fromhex(dot))
api = tesserocr.PyTessBaseAPI(init=False)
try:
    api.SetImageFile("dot.gif")
    seen = "read"
except Exception as error:
    seen = f"{type(error).__name__}: {error}"
print(sys.argv[1], seen)
if not seen.startswith(sys.argv[2]):
    sys.exit("this has changed")
PYTHON
install tesserocr==2.13.0
"$folder/venv/bin/python" look.py "without Pillow:" "NameError"
install pillow==12.0.0
"$folder/venv/bin/python" look.py "with Pillow:   " "RuntimeError"
