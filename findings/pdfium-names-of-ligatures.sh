#!/bin/sh
# A glyph that is called f_i is read as the code that it has in its font, not as "fi".
#
# The usual guess: the name of a glyph tells its character, that of a ligature its letters: a name
# with underscores is that of its parts (Adobe Glyph List Specification, 2).
# What is seen: PDFium knows the names of Adobe's list, "fi" among them, and of "f_i" it gives the
# code of the glyph, a control character, of which it says only when asked that nothing maps it.
# TeX's Libertine calls its ligatures so, and numbers them as they come: 27 is its "fi", and "ff" in
# TeX's own encoding. Who reads the code by that makes "deffnition" of "definition".
#
# Versions: pypdf 7.1.0 (it only writes the file) and pypdfium2 5.15.2 from PyPI.
# Seen on 2026-11-29. Source: the specification named above; ISO 32000-1, 9.10.2, goes by names of
# the list, and what pypdfium2 says of its get_text_range does not speak of them.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pypdf==7.1.0 pypdfium2==5.15.2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import pypdfium2
import pypdfium2.raw as pdfium
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
)


def read(name: str) -> tuple[str, int]:
    """The text of "definition", its ligature by this name, and 1 if nothing maps that."""
    differences = ArrayObject([NumberObject(27), NameObject(name)])
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Times-Roman"),
            NameObject("/Encoding"): DictionaryObject({NameObject("/Differences"): differences}),
        }
    )
    writer = PdfWriter()
    page = writer.add_blank_page(612, 792)
    fonts = DictionaryObject({NameObject("/F1"): font})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    contents = DecodedStreamObject()
    contents.set_data(rb"BT /F1 12 Tf 72 700 Td (de\033nition) Tj ET")
    page[NameObject("/Contents")] = writer._add_object(contents)
    file = io.BytesIO()
    writer.write(file)
    document = pypdfium2.PdfDocument(file.getvalue())
    text = document[0].get_textpage()
    return text.get_text_range(), pdfium.FPDFText_HasUnicodeMapError(text, 2)


known, composed = read("/fi"), read("/f_i")
print("called fi:", ascii(known))
print("called f_i:", ascii(composed))
if (known, composed) != (("definition", 0), ("de\x1bnition", 1)):
    sys.exit("this has changed")
PYTHON
