"""OpenDocument texts, spreadsheets and presentations, read as a stream.

The text of a cell is what it shows (OASIS OpenDocument 1.3, part 3, 9.1.4: its paragraphs), so that
no number has to be formatted here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.readers.xml_parts import holds_any, open_package, parse_part
from pipeline.formats.units import UnitsDocument, UnitWriter, join_cells, mark_hidden_sheet
from shared.errors import RejectionCode

_NS = "urn:oasis:names:tc:opendocument:xmlns:"
_TEXT, _TABLE, _DRAW = f"{_NS}text:1.0", f"{_NS}table:1.0", f"{_NS}drawing:1.0"
_OFFICE, _MANIFEST = f"{_NS}office:1.0", f"{_NS}manifest:1.0"
_STYLE = f"{_NS}style:1.0"
_HEADING, _PARAGRAPH = f"{_TEXT} h", f"{_TEXT} p"
_SHEET, _ROW = f"{_TABLE} table", f"{_TABLE} table-row"
_CELL, _COVERED = f"{_TABLE} table-cell", f"{_TABLE} covered-table-cell"
_PAGE = f"{_DRAW} page"
_SPACES = {f"{_TEXT} tab": "\t", f"{_TEXT} line-break": "\n"}
# No text of the document: what was deleted, what fields are made of, what a page draws with.
_PASSED_OVER = frozenset(
    {
        f"{_TEXT} tracked-changes",
        f"{_TABLE} tracked-changes",
        f"{_TEXT} note-citation",
        f"{_OFFICE} scripts",
        f"{_OFFICE} forms",
        f"{_OFFICE} styles",
        f"{_OFFICE} automatic-styles",
        f"{_OFFICE} font-face-decls",
        f"{_TABLE} calculation-settings",
        f"{_TABLE} content-validations",
        f"{_NS}presentation:1.0 settings",
        # Who wrote a remark, and when: it stands in the middle of a paragraph.
        *(f"http://purl.org/dc/elements/1.1/ {name}" for name in ("creator", "date")),
        f"{_NS}meta:1.0 creator-initials",
    }
)
# What stands on each page (OASIS OpenDocument 1.3, part 3, 16.10 to 16.15), and what of it is
# another on each.
_HEADERS = frozenset(f"{_STYLE} header{which}" for which in ("", "-left", "-first"))
_FOOTERS = frozenset(f"{_STYLE} footer{which}" for which in ("", "-left", "-first"))
_OF_EACH_PAGE = frozenset({f"{_TEXT} page-number", f"{_TEXT} page-count"})
_STYLES_PART = "styles.xml"
_EDGES = tuple(
    f":{edge}{end}".encode()
    for edge in ("header", "footer")
    for end in (">", " ", "-left", "-first")
)
_MOST_SPACES = 100
# Cells and rows that are alike are written once, with their number; to the end of a sheet, too.
_MOST_REPEATED = 1_000


def open_text(path: Path) -> UnitsDocument:
    """Open a text: a unit a heading with what is below it; what each page repeats stands once."""
    with _open_unlocked(path) as archive:
        edges = _PageEdges()
        # Most have none, and the styles of a program are longer than most texts.
        if holds_any(archive, _STYLES_PART, _EDGES):
            names = _HEADERS | _FOOTERS
            parse_part(archive, _STYLES_PART, edges.begin, edges.end, edges.write, within=names)
        return _read(archive, _HEADING, "".join(edges.headers), "".join(edges.footers))


def open_spreadsheet(path: Path) -> UnitsDocument:
    """Open a spreadsheet: a unit a sheet, which begins with its name."""
    with _open_unlocked(path) as archive:
        return _read(archive, _SHEET)


def open_presentation(path: Path) -> UnitsDocument:
    """Open a presentation: a unit a slide, with its notes."""
    with _open_unlocked(path) as archive:
        return _read(archive, _PAGE)


def _read(archive: ZipFile, begins_unit: str, before: str = "", after: str = "") -> UnitsDocument:
    content = _Content(begins_unit, before)
    parse_part(archive, "content.xml", content.begin, content.end, content.write)
    return UnitsDocument(content.finish(after) or [""])


@contextmanager
def _open_unlocked(path: Path) -> Iterator[ZipFile]:
    with open_package(path) as archive:
        _refuse_encrypted(archive)
        yield archive


def _refuse_encrypted(archive: ZipFile) -> None:
    locked = False

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal locked
        locked = locked or name == f"{_MANIFEST} encryption-data"

    parse_part(archive, "META-INF/manifest.xml", begin)
    if locked:
        raise UnreadableDocumentError(RejectionCode.ENCRYPTED)


class _Content:
    """Takes the elements of `content.xml` and makes units of them."""

    def __init__(self, begins_unit: str, before: str = "") -> None:
        self._begins_unit = begins_unit
        self._writer = UnitWriter()
        self._writer.write(before)
        self._style = ""
        self._hidden_styles: set[str] = set()
        self._is_counting = False
        # Text of paragraphs that are open: a note or a frame lies in the middle of one.
        self._paragraphs: list[list[str]] = []
        # Cells of the rows that are open, and how often each stands: a table may lie in a cell.
        self._rows: list[list[tuple[str, int]]] = []
        self._repeats: list[int] = []
        self._cells: list[list[str]] = []
        self._passed_over = 0
        self._tables = 0

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if self._passed_over or name in _PASSED_OVER:
            self._passed_over += 1
            self._note_style(name, attributes)
            return
        if name == _SHEET:
            self._tables += 1
        if name == self._begins_unit and (name != _SHEET or self._tables == 1):
            self._writer.begin(keeps_empty=self._is_counting and name != _HEADING)
            self._is_counting = True
            if name == _SHEET:
                sheet = attributes.get(f"{_TABLE} name", "")
                is_hidden = attributes.get(f"{_TABLE} style-name") in self._hidden_styles
                self._writer.write((mark_hidden_sheet(sheet) if is_hidden else sheet) + "\n")
        if name in (_HEADING, _PARAGRAPH):
            self._paragraphs.append([])
        elif name == _ROW:
            self._rows.append([])
            self._repeats.append(_read_count(attributes, f"{_TABLE} number-rows-repeated"))
        elif name in (_CELL, _COVERED):
            self._cells.append([])
            self._repeats.append(_read_count(attributes, f"{_TABLE} number-columns-repeated"))
        elif name in _SPACES:
            self._add(_SPACES[name])
        elif name == f"{_TEXT} s":
            self._add(" " * min(_read_count(attributes, f"{_TEXT} c"), _MOST_SPACES))

    def end(self, name: str) -> None:
        if self._passed_over:
            self._passed_over -= 1
            return
        if name in (_HEADING, _PARAGRAPH):
            self._put("".join(self._paragraphs.pop()) + "\n")
        elif name in (_CELL, _COVERED) and self._rows:
            self._rows[-1].append(("".join(self._cells.pop()), self._repeats.pop()))
        elif name == _ROW:
            row = _join_row(self._rows.pop()) + "\n"
            self._put(row * (self._repeats.pop() if row.strip() else 1))
        elif name == _SHEET:
            self._tables -= 1

    def write(self, text: str) -> None:
        if not self._passed_over and self._paragraphs:
            self._paragraphs[-1].append(text)

    def finish(self, after: str = "") -> list[str]:
        self._writer.write(after)
        self._writer.begin(keeps_empty=self._is_counting and self._begins_unit != _HEADING)
        return self._writer.units

    def _note_style(self, name: str, attributes: dict[str, str]) -> None:
        """Styles stand before what has them; of one it counts whether it hides a sheet."""
        if name == f"{_STYLE} style":
            self._style = attributes.get(f"{_STYLE} name", "")
        elif (
            name == f"{_STYLE} table-properties" and attributes.get(f"{_TABLE} display") == "false"
        ):
            self._hidden_styles.add(self._style)

    def _add(self, text: str) -> None:
        if self._paragraphs:
            self._paragraphs[-1].append(text)

    def _put(self, text: str) -> None:
        """A paragraph or a row goes into the cell that is open, else into the unit."""
        if self._cells:
            self._cells[-1].append(text)
        else:
            self._writer.write(text)


class _PageEdges:
    """Takes the elements of `styles.xml` and keeps the text of headers and footers, each once."""

    def __init__(self) -> None:
        self.headers: list[str] = []
        self.footers: list[str] = []
        self._open: _Content | None = None
        self._passed_over = 0

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if self._open is None:
            is_edge = name in _HEADERS or name in _FOOTERS
            if is_edge and attributes.get(f"{_STYLE} display") != "false":
                self._open = _Content("")
        elif self._passed_over or name in _OF_EACH_PAGE:
            self._passed_over += 1
        else:
            self._open.begin(name, attributes)

    def end(self, name: str) -> None:
        if self._open is None:
            return
        if self._passed_over:
            self._passed_over -= 1
        elif name in _HEADERS or name in _FOOTERS:
            texts = self.headers if name in _HEADERS else self.footers
            text = "".join(self._open.finish())
            if text.strip() and text not in texts:
                texts.append(text)
            self._open = None
        else:
            self._open.end(name)

    def write(self, text: str) -> None:
        if self._open is not None and not self._passed_over:
            self._open.write(text)


def _join_row(cells: list[tuple[str, int]]) -> str:
    while cells and not cells[-1][0].strip():
        cells.pop()
    return join_cells(text for text, count in cells for _ in range(count))


def _read_count(attributes: dict[str, str], name: str) -> int:
    """How often something stands there, in an attribute; no more often than is sensible."""
    # `int` refuses figures of thousands of digits.
    digits = attributes.get(name, "1")[:10]
    return min(int(digits), _MOST_REPEATED) if digits.isdecimal() else 1
