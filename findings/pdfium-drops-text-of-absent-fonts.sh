#!/bin/sh
# The usual guess: text extraction needs a font only to draw; where a PDF says which characters it
# shows (glyphs by their numbers in Adobe-Japan1), it gives them, whether or not the font is at hand.
# What is seen: of vertical text (Identity-V) in a font that is neither embedded nor on the machine,
# PDFium gives no character, while it gives the same text in horizontal lines (Identity-H). Given any
# font whose character map has a glyph for them, be it the same square for each, it gives them all:
# what a page says depends on the fonts of the machine that reads it.
# Versions: pypdfium2 5.15.2 (PDFium 159.0.8149.0), fonttools 4.68.0. Source: own observation.
# Date: 2026-11-28.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv environment
environment/bin/python -m pip install --quiet pypdfium2==5.15.2 fonttools==4.68.0
cat > look.py <<'PYTHON'
import ctypes
import io
import sys

import pypdfium2.raw as pdfium
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import newTable
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable

# The same six characters by their numbers in Adobe-Japan1.
TEXT = "第二条一項の"
NUMBERS = b"0B480CCB09DA04B007F20377"


def build_font() -> bytes:
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((900, 0), (900, 800), (0, 800)):
        pen.lineTo(corner)
    pen.closePath()
    square = pen.glyph()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "square"])
    subtable = CmapSubtable.newSubtable(13)
    subtable.format, subtable.platformID, subtable.platEncID, subtable.language = 13, 3, 10, 0
    subtable.reserved = subtable.length = subtable.nGroups = 0
    subtable.cmap = dict.fromkeys(range(0x20, 0x10000), "square")
    table = builder.font["cmap"] = newTable("cmap")
    table.tableVersion, table.tables = 0, [subtable]
    builder.setupGlyf({".notdef": square, "square": square})
    builder.setupHorizontalMetrics({".notdef": (1000, 0), "square": (1000, 0)})
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    file = io.BytesIO()
    builder.save(file)
    return file.getvalue()


def build_pdf() -> bytes:
    content = b"BT /F1 12 Tf 72 720 Td <%b> Tj ET" % NUMBERS
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /Ryumin-Light /Encoding /Identity-V "
        b"/DescendantFonts [6 0 R] >>",
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /Ryumin-Light /FontDescriptor 7 0 R "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> >>",
        b"<< /Type /FontDescriptor /FontName /Ryumin-Light /Flags 6 /FontBBox [0 -200 1000 900] "
        b"/ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>",
    ]
    data, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return data + b"xref\n0 8\n0000000000 65535 f \n%btrailer\n<< /Size 8 /Root 1 0 R >>\n" % (
        table
    ) + b"startxref\n%d\n%%%%EOF\n" % len(data)


def read(font: bytes) -> str:
    def copy_table(_this, _font, tag, buffer, size):
        data = font
        for index in range(int.from_bytes(font[4:6], "big") if tag else 0):
            entry = font[12 + 16 * index : 28 + 16 * index]
            if int.from_bytes(entry[:4], "big") == tag:
                start, length = (int.from_bytes(entry[at : at + 4], "big") for at in (8, 12))
                data = font[start : start + length]
                break
        else:
            data = b"" if tag else font
        if buffer and size >= len(data):
            ctypes.memmove(buffer, data, len(data))
        return len(data)

    info = pdfium.FPDF_SYSFONTINFO(version=1)
    kinds = dict(pdfium.FPDF_SYSFONTINFO._fields_)
    for name, answer in {
        "Release": lambda _: None,
        "EnumFonts": lambda *_: None,
        "MapFont": lambda *_: 1 if font else 0,
        "GetFont": lambda *_: None,
        "GetFontData": copy_table,
        "GetFaceName": lambda *_: 0,
        "GetFontCharset": lambda *_: 1,
        "DeleteFont": lambda *_: None,
    }.items():
        setattr(info, name, kinds[name](answer))
    pdfium.FPDF_InitLibrary()
    pdfium.FPDF_SetSystemFontInfo(ctypes.byref(info))
    data = build_pdf()
    document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    page = pdfium.FPDF_LoadPage(document, 0)
    text = pdfium.FPDFText_LoadPage(page)
    count = max(0, pdfium.FPDFText_CountChars(text))
    found = "".join(chr(pdfium.FPDFText_GetUnicode(text, index)) for index in range(count))
    pdfium.FPDFText_ClosePage(text)
    pdfium.FPDF_ClosePage(page)
    pdfium.FPDF_CloseDocument(document)
    keep.append(info)
    return found


keep: list[object] = []
found = read(build_font() if sys.argv[1] == "square" else b"")
print(f"with {sys.argv[1]}: {found!r}")
sys.exit(found != (TEXT if sys.argv[1] == "square" else ""))
PYTHON
environment/bin/python look.py nothing
environment/bin/python look.py square
