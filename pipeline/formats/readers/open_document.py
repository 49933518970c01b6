"""OpenDocument texts, spreadsheets and presentations.

The text of a cell is what it shows (OASIS OpenDocument 1.3, part 3, 9.1.4: its paragraphs), so that
no number has to be formatted here. Of a row, and of a paragraph that holds nothing but its words,
only the text is kept as soon as it has been parsed, where a part is large: its tree would take ten
times its memory.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from itertools import islice
from operator import attrgetter
from pathlib import Path
from xml.etree.ElementTree import Element  # the type alone: parts are parsed in `xml_parts`
from zipfile import ZipFile

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.readers.sheet_rows import fold_rows
from pipeline.formats.readers.unused_styles import drop_styles
from pipeline.formats.readers.xml_parts import (
    list_elements,
    open_package,
    parse_section,
    parse_tree,
    read_part,
)
from pipeline.formats.units import (
    HIDDEN_SLIDE,
    LOWERED,
    RAISED,
    UnitsDocument,
    UnitWriter,
    mark_apart,
    mark_hidden_sheet,
)
from shared.errors import RejectionCode

_NS = "urn:oasis:names:tc:opendocument:xmlns:"
_TEXT, _TABLE, _DRAW = f"{{{_NS}text:1.0}}", f"{{{_NS}table:1.0}}", f"{{{_NS}drawing:1.0}}"
_OFFICE, _MANIFEST = f"{{{_NS}office:1.0}}", f"{{{_NS}manifest:1.0}}"
_STYLE = f"{{{_NS}style:1.0}}"
_HEADING, _PARAGRAPH = f"{_TEXT}h", f"{_TEXT}p"
_SHEET, _ROW = f"{_TABLE}table", f"{_TABLE}table-row"
_CELL, _COVERED = f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"
_CELLS = frozenset({_CELL, _COVERED})
_PAGE = f"{_DRAW}page"
_PARAGRAPHS = frozenset({_HEADING, _PARAGRAPH})
# What in the middle of a paragraph is written by itself.
_APART = _PARAGRAPHS | {_SHEET, _ROW}
# What a picture says of itself, in the middle of a paragraph as its frame is.
_ABOUT_PICTURES = frozenset(f"{{{_NS}svg-compatible:1.0}}{name}" for name in ("title", "desc"))
# What makes a paragraph more than its words: it is written before it.
_BESIDE_WORDS = _APART | _ABOUT_PICTURES
_STYLES = f"{_OFFICE}automatic-styles"
_FOLDED = frozenset({_ROW, _PARAGRAPH, _STYLES})
_find_tag = attrgetter("tag")
_STYLE_NAMES = tuple(f"{one}style-name" for one in (_TEXT, _TABLE, _DRAW))
# Of the properties of styles (OASIS OpenDocument 1.3, part 3, 20.353, 20.424 and 20.270).
_HIDING = (
    (f"{_TABLE}display", "false"),
    (f"{_TEXT}display", "none"),
    (f"{{{_NS}presentation:1.0}}visibility", "hidden"),
)
# Raised or lowered text (20.408).
_POSITION = f"{_STYLE}text-position"
_RAISED = {"super": RAISED, "sub": LOWERED}
_SHOWN_SECTION = f"{_TEXT}display"
_RUBY_TEXT = f"{_TEXT}ruby-text"
_BLANKS, _BLANK_COUNT = f"{_TEXT}s", f"{_TEXT}c"
_SPACES = {f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n"}
# No text of the document: what was deleted, what fields are made of, what a page draws with.
_PASSED_OVER = frozenset(
    {
        f"{_TEXT}tracked-changes",
        f"{_TABLE}tracked-changes",
        f"{_TEXT}note-citation",
        f"{_TEXT}hidden-text",
        f"{_OFFICE}scripts",
        f"{_OFFICE}forms",
        f"{_OFFICE}styles",
        f"{_OFFICE}automatic-styles",
        f"{_OFFICE}font-face-decls",
        f"{_TABLE}calculation-settings",
        f"{_TABLE}content-validations",
        f"{{{_NS}presentation:1.0}}settings",
        # Who wrote a remark, and when: it stands in the middle of a paragraph.
        *(f"{{http://purl.org/dc/elements/1.1/}}{name}" for name in ("creator", "date")),
        f"{{{_NS}meta:1.0}}creator-initials",
    }
)
# What stands on each page (OASIS OpenDocument 1.3, part 3, 16.10 to 16.15), and what of it is
# another on each.
_HEADERS = frozenset(f"{_STYLE}header{which}" for which in ("", "-left", "-first"))
_FOOTERS = frozenset(f"{_STYLE}footer{which}" for which in ("", "-left", "-first"))
_OF_EACH_PAGE = frozenset({f"{_TEXT}page-number", f"{_TEXT}page-count"})
_STYLES_PART = "styles.xml"
_PAGES_OF_STYLES = b"office:master-styles"
_EDGES = tuple(
    f":{edge}{end}".encode()
    for edge in ("header", "footer")
    for end in (">", " ", "-left", "-first")
)
_MOST_SPACES = 100
# Cells and rows that are alike are written once, with their number; to the end of a sheet, too.
_MOST_REPEATED = 1_000
# What a cell is worth, where it is no text.
_VALUE_TYPE, _CURRENCY = f"{_OFFICE}value-type", f"{_OFFICE}currency"
_VALUES = tuple(f"{_OFFICE}{kind}value" for kind in ("", "string-", "date-", "time-", "boolean-"))
_FORMULA = f"{_TABLE}formula"
# Whose formula it is, as `of:`, and a reference as `[.B2:.C9]`.
_LANGUAGE = re.compile(r"^[A-Za-z]{1,10}:(?==)")
_SIGNS_OF_REFERENCES = re.compile(r"\[\.?|(?<=:)\.|\]")
_MOST_DIGITS = 30
_DURATION = re.compile(r"PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S")
_COLUMNS_REPEATED = f"{_TABLE}number-columns-repeated"
_ROWS_REPEATED = f"{_TABLE}number-rows-repeated"
_ENCRYPTED = f"{_MANIFEST}encryption-data"
_MANIFEST_PART = "META-INF/manifest.xml"


def open_text(path: Path) -> UnitsDocument:
    """Open a text: a unit a heading with what is below it; what each page repeats stands once."""
    with _open_unlocked(path) as archive:
        before, after = "", ""
        styles = read_part(archive, _STYLES_PART)
        # Most have none, and the styles of a program are longer than most texts.
        if any(edge in styles for edge in _EDGES):
            pages = parse_section(styles, _PAGES_OF_STYLES)
            before, after = _read_edges(pages, _HEADERS), _read_edges(pages, _FOOTERS)
        return _read(archive, _HEADING, before, after)


def open_spreadsheet(path: Path) -> UnitsDocument:
    """Open a spreadsheet: a unit a sheet, which begins with its name."""
    with _open_unlocked(path) as archive:
        return _read(archive, _SHEET, shorten=_shorten)


def open_presentation(path: Path) -> UnitsDocument:
    """Open a presentation: a unit a slide, with its notes."""
    with _open_unlocked(path) as archive:
        return _read(archive, _PAGE)


def _read(
    archive: ZipFile,
    begins_unit: str,
    before: str = "",
    after: str = "",
    shorten: Callable[[Iterator[bytes]], Iterator[bytes]] = drop_styles,
) -> UnitsDocument:
    content = _Content(begins_unit)
    content.write(before)
    root = parse_tree(archive, "content.xml", _FOLDED, content.fold, shorten)
    content.take(root)
    content.write(after)
    return UnitsDocument(content.finish() or [""])


def _shorten(pieces: Iterator[bytes]) -> Iterator[bytes]:
    return fold_rows(pieces, _read_count)


@contextmanager
def _open_unlocked(path: Path) -> Iterator[ZipFile]:
    with open_package(path) as archive:
        if b"encryption-data" in read_part(archive, _MANIFEST_PART) and any(
            name == _ENCRYPTED for name, _ in list_elements(archive, _MANIFEST_PART)
        ):
            raise UnreadableDocumentError(RejectionCode.ENCRYPTED)
        yield archive


class _Content:
    """Makes units of the elements of a part."""

    def __init__(self, begins_unit: str, passed_over: frozenset[str] = _PASSED_OVER) -> None:
        self._begins_unit = begins_unit
        self._passed_over = passed_over
        self._writer = UnitWriter()
        self._hidden_styles: set[str] = set()
        # With what marks where they begin and end.
        self._raised_styles: dict[str, str] = {}
        self._is_counting = False
        # Text of the cells that are open: a table may lie in a cell.
        self._cells: list[list[str]] = []
        self._tables = 0

    def write(self, text: str) -> None:
        """Add to the cell that is open, else to the unit."""
        if self._cells:
            self._cells[-1].append(text)
        else:
            self._writer.write(text)

    def fold(self, element: Element) -> None:
        """Leave of a row, or of a paragraph that holds nothing but its words, its text alone."""
        if element.tag == _STYLES:
            self._take_styles(element)
            return
        # A row may be made into text already; what is hidden is to keep its style.
        if not len(element) or (self._hidden_styles and self._is_hidden(element)):
            return
        if element.tag == _ROW:
            text = self._read_row(element)
        elif not _BESIDE_WORDS.isdisjoint(map(_find_tag, islice(element.iter(), 1, None))):
            return
        else:
            pieces: list[str] = []
            self._collect(element, pieces)
            text = "".join(pieces)
        element.clear()
        element.text = text

    def take(self, element: Element) -> None:
        """Write the text of all that lies in an element."""
        for child in element:
            self._take_child(child, child.tag)

    def finish(self) -> list[str]:
        """The units."""
        self._writer.begin(keeps_empty=self._is_counting and self._begins_unit != _HEADING)
        return self._writer.units

    def _take_child(self, element: Element, tag: str) -> None:
        if tag in self._passed_over or element.get(_SHOWN_SECTION) == "none":
            if tag == _STYLES:
                self._take_styles(element)
            return
        is_sheet = tag == _SHEET
        self._tables += is_sheet
        if tag == self._begins_unit and not self._cells and (not is_sheet or self._tables == 1):
            self._begin_unit(element)
        if tag in _PARAGRAPHS:
            if not (self._hidden_styles and self._is_hidden(element)):
                self._write_paragraph(element)
        elif tag == _ROW:
            is_folded = len(element) == 0
            self.write((is_folded and element.text) or self._read_row(element))
        else:
            self.take(element)
        self._tables -= is_sheet

    def _take_styles(self, styles: Element) -> None:
        for style in styles.iter(f"{_STYLE}style"):
            name = style.get(f"{_STYLE}name", "")
            if any(one.get(key) == value for one in style for key, value in _HIDING):
                self._hidden_styles.add(name)
            for one in style:
                place = one.get(_POSITION, "").partition(" ")[0]
                if place in _RAISED:
                    self._raised_styles[name] = _RAISED[place]

    def _is_hidden(self, element: Element) -> bool:
        """Whether an element is of a style that is not shown."""
        return any(element.get(name) in self._hidden_styles for name in _STYLE_NAMES)

    def _begin_unit(self, element: Element) -> None:
        self._writer.begin(keeps_empty=self._is_counting and element.tag != _HEADING)
        self._is_counting = True
        if element.tag == _SHEET:
            name = element.get(f"{_TABLE}name", "")
            shown = mark_hidden_sheet(name) if self._is_hidden(element) else name
            self._writer.write(f"{shown}\n")
        elif element.tag == _PAGE and self._is_hidden(element):
            self._writer.write(f"{HIDDEN_SLIDE}\n")

    def _write_paragraph(self, element: Element) -> None:
        pieces: list[str] = []
        self._collect(element, pieces)
        self.write("".join(pieces) + "\n")

    def _collect(self, element: Element, pieces: list[str]) -> None:
        """The text of a paragraph; a note or a frame in it is written before it."""
        if element.text:
            pieces.append(element.text)
        for child in element:
            tag = child.tag
            if tag in _SPACES:
                pieces.append(_SPACES[tag])
            elif tag == _BLANKS:
                pieces.append(" " * min(_read_count(child.get(_BLANK_COUNT, "1")), _MOST_SPACES))
            elif tag in _APART:
                self._take_child(child, tag)
            elif tag in _ABOUT_PICTURES:
                self.write(f"{child.text or ''}\n")
            elif tag == _RUBY_TEXT:
                pieces.append(f"({child.text or ''})")
            elif tag not in self._passed_over and not (
                self._hidden_styles and self._is_hidden(child)
            ):
                apart = self._raised_styles.get(child.get(_STYLE_NAMES[0], ""))
                if apart:
                    mark_apart(pieces, apart)
                self._collect(child, pieces)
                if apart:
                    mark_apart(pieces, apart)
            if child.tail:
                pieces.append(child.tail)

    def _read_row(self, row: Element) -> str:
        cells: list[str] = []
        empty = 0
        for cell in row:
            tag = cell.tag
            if tag in _CELLS:
                text = self._read_cell(cell) if len(cell) else _show_value(cell)
                repeated = cell.get(_COLUMNS_REPEATED)
                count = 1 if repeated is None else _read_count(repeated)
                if text:
                    cells += [""] * empty
                    cells += [text] * count
                    empty = 0
                else:
                    empty += count
        if not cells:
            return "\n"
        return f"{' | '.join(cells)}\n" * _read_count(row.get(_ROWS_REPEATED, "1"))

    def _read_cell(self, cell: Element) -> str:
        first = cell[0]
        # Most hold one paragraph, and it nothing but text.
        if (
            len(cell) == 1
            and first.tag == _PARAGRAPH
            and len(first) == 0
            and not (self._hidden_styles and self._is_hidden(first))
        ):
            text = first.text or ""
        else:
            self._cells.append([])
            self.take(cell)
            text = "".join(self._cells.pop())
        return " ".join(text.split())


def _show_value(cell: Element) -> str:
    """The value of a cell whose program has not written what it shows; its formula without one.

    Source: OASIS OpenDocument 1.3, part 3, 19.385 to 19.389 (office:value-type and its values),
    19.642 (table:formula), and part 4, 5.8 (references).
    """
    value = next((cell.get(name, "") for name in _VALUES if cell.get(name)), "")
    kind = cell.get(_VALUE_TYPE)
    formula = cell.get(_FORMULA)
    if formula is not None and not value and kind != "string":
        return _SIGNS_OF_REFERENCES.sub("", _LANGUAGE.sub("", formula))
    try:
        # A number of few characters may have millions of digits.
        if kind == "percentage" and abs(Decimal(value).adjusted()) < _MOST_DIGITS:
            value = f"{(Decimal(value) * 100).normalize():f}%"
    except InvalidOperation:
        return value
    duration = _DURATION.fullmatch(value) if kind == "time" else None
    if duration is not None:
        value = ":".join((duration[1], duration[2].zfill(2), duration[3].zfill(2)))
    return " ".join(filter(None, (" ".join(value.split()), cell.get(_CURRENCY))))


def _read_edges(styles: Element, names: frozenset[str]) -> str:
    """The text of headers or footers, each once."""
    texts: dict[str, None] = {}
    for edge in styles.iter():
        if edge.tag in names and edge.get(f"{_STYLE}display") != "false":
            content = _Content("", _PASSED_OVER | _OF_EACH_PAGE)
            content.take(edge)
            text = "".join(content.finish())
            if text.strip():
                texts[text] = None
    return "".join(texts)


def _read_count(digits: str) -> int:
    """How often something stands there, by an attribute; no more often than is sensible."""
    # `int` refuses figures of thousands of digits.
    digits = digits[:10]
    return min(int(digits), _MOST_REPEATED) if digits.isdecimal() else 1
