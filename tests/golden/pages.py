"""Pages of text in cells, as PDFs, in any script and without any font file.

Latin text is in Helvetica, which every reader has. Other scripts are in a font that is named and
not embedded, with a table of what its characters mean: all that a text is read from.
"""

from dataclasses import dataclass, field

from tests.fakes.pdf.pdf_files import CATALOG, FONT, PAGE_TREE, make_flate_stream, write_pdf

WIDTH, HEIGHT, MARGIN, LINE, SIZE = 595, 842, 56, 15, 10
# How many lines a page has below its margin.
LINES_OF_A_PAGE = (HEIGHT - 2 * MARGIN) // LINE
_DESCENDANT, _MEANINGS, _DESCRIPTOR, _FIRST_PAGE = 4, 5, 6, 10
# A table has blocks of at most a hundred characters (Adobe, "ToUnicode Mapping File Tutorial").
_MOST_OF_A_BLOCK = 100


@dataclass(frozen=True)
class Cell:
    """Words at a distance from the left margin."""

    left: int
    text: str


@dataclass
class Page:
    """Lines of cells, from the top."""

    lines: list[list[Cell]] = field(default_factory=list)

    def add(self, *cells: str | tuple[int, str]) -> None:
        """A line: a text at the margin, or cells with their distance from it."""
        self.lines.append(
            [Cell(0, cell) if isinstance(cell, str) else Cell(*cell) for cell in cells]
        )

    @property
    def text(self) -> str:
        """What stands on it."""
        return "\n".join(" ".join(cell.text for cell in line) for line in self.lines)


def make_pdf(pages: list[Page]) -> bytes:
    """The file; the same pages give the same bytes."""
    texts = "".join(page.text for page in pages)
    is_latin = _fits_latin(texts)
    objects = {
        CATALOG: b"<< /Type /Catalog /Pages 2 0 R >>",
        **(_make_latin_font() if is_latin else _make_wide_font(texts)),
    }
    kids = []
    for number, page in enumerate(pages):
        place = _FIRST_PAGE + 2 * number
        kids.append(b"%d 0 R" % place)
        objects[place] = (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R "
            b"/Resources << /Font << /F1 %d 0 R >> >> >>" % (WIDTH, HEIGHT, place + 1, FONT)
        )
        objects[place + 1] = make_flate_stream(_draw(page, is_latin=is_latin))
    objects[PAGE_TREE] = b"<< /Type /Pages /Count %d /Kids [%b] >>" % (len(kids), b" ".join(kids))
    return write_pdf(objects)


def _fits_latin(text: str) -> bool:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _draw(page: Page, *, is_latin: bool) -> bytes:
    drawn = []
    for number, line in enumerate(page.lines):
        top = HEIGHT - MARGIN - LINE * number
        for cell in line:
            text = (
                b"(%b)" % cell.text.encode("cp1252").replace(b"\\", rb"\\")
                .replace(b"(", rb"\(").replace(b")", rb"\)")
                if is_latin
                else b"<%b>" % cell.text.encode("utf-16-be").hex().encode()
            )  # fmt: skip
            drawn.append(
                b"BT /F1 %d Tf 1 0 0 1 %d %d Tm %b Tj ET" % (SIZE, MARGIN + cell.left, top, text)
            )
    return b"\n".join(drawn)


def _make_latin_font() -> dict[int, bytes]:
    return {
        FONT: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    }


def _make_wide_font(texts: str) -> dict[int, bytes]:
    codes = sorted({ord(character) for character in texts} - {ord("\n")})
    blocks = []
    for start in range(0, len(codes), _MOST_OF_A_BLOCK):
        some = codes[start : start + _MOST_OF_A_BLOCK]
        pairs = b"\n".join(b"<%04X> <%04X>" % (code, code) for code in some)
        blocks.append(b"%d beginbfchar\n%b\nendbfchar" % (len(some), pairs))
    meanings = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        b"/CMapName /Written def /CMapType 2 def\n"
        b"1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        b"%b\nendcmap end end" % b"\n".join(blocks)
    )
    wide = b" ".join(b"%d [1000]" % code for code in codes if code >= 0x2E80)
    return {
        FONT: b"<< /Type /Font /Subtype /Type0 /BaseFont /Written /Encoding /Identity-H "
        b"/DescendantFonts [%d 0 R] /ToUnicode %d 0 R >>" % (_DESCENDANT, _MEANINGS),
        _DESCENDANT: b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Written /DW 520 /W [%b] "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "
        b"/FontDescriptor %d 0 R >>" % (wide, _DESCRIPTOR),
        _MEANINGS: make_flate_stream(meanings),
        _DESCRIPTOR: b"<< /Type /FontDescriptor /FontName /Written /Flags 4 /ItalicAngle 0 "
        b"/FontBBox [0 -200 1000 900] /Ascent 900 /Descent -200 /CapHeight 700 /StemV 80 >>",
    }
