"""Old Word documents ([MS-DOC]): a unit a heading with what is below it.

Paragraphs end with a sign of their own, cells and rows with another one (2.4.3); what is not shown
is made zeros first, so that each character keeps the number that the file knows it by.
"""

import re
import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice, pairwise
from pathlib import Path

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.readers.old_office.compound_files import read_streams
from pipeline.formats.readers.old_office.symbol_fonts import SYMBOLS
from pipeline.formats.readers.old_office.text_looks import (
    OPPOSITE,
    PLAIN,
    RAISED,
    SHOWN,
    Look,
    Looks,
    Styles,
    list_changes,
)
from pipeline.formats.readers.old_office.text_pieces import WordParts, read_parts, unpack_table
from pipeline.formats.readers.old_office.word_95 import read_word_95
from pipeline.formats.units import UnitsDocument, join_cells
from shared.errors import RejectionCode

_STREAMS = ("WordDocument", "0Table", "1Table")
# 2.5.1, Fib: the versions before Word 97 have other tables.
_VERSION_END, _FIRST_VERSION = 4, 0xC0
_PARAGRAPH, _CELL, _SECTION = "\r", "\x07", "\x0c"
_KEPT = re.compile("[^\r\x07\x0c]")
_FIELD = re.compile("[\x13\x14\x15]")
_FIELD_BEGIN, _FIELD_RESULT, _FIELD_END = "\x13\x14\x15"
_NOT_SHOWN = "\0"
# 2.4.3: what Word counts notes by; and what stands for the number of one, as no text has it.
_NOTE_MARK, _NOTE, _MOST_NOTES = "\x02", 0xF0000, 0xFFFE
_LABELLED = re.compile("[\U000f0000-\U000ffffd]")
# What stands for a figure's beginning with a space before it, as no text has it either.
_DIGITS, _BEGIN_FIGURE, _FIGURE = "0123456789", "0123456789+-\u2212", 0x100000
_APART_FROM_DIGIT = {_FIGURE + n: f" {one}" for n, one in enumerate(_BEGIN_FIGURE)}
_FIGURE_STARTS = re.compile("[+\\-\u2212]?[0-9]")
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_BLANK = "\0 \t\n\xa0"
# Marks of pictures, notes, remarks and drawings, and hyphens that show at the end of a line only
# (2.4.3); and what ends a line or a column, and hyphens that do not end one.
_MARKS_ALONE = "\x01\x02\x03\x04\x05\x08\x1f"
_SHOWN_AS = (("\x0b", "\n"), ("\x0e", "\n"), ("\x1e", "-"))
# 2.3.4, Header Document: of notes six stories, then of each section six: headers of even and odd
# pages, footers of them, and both of the first page.
_STORIES_OF_NOTES, _FOOTERS = 6, (2, 3, 5)


def open_old_text(path: Path) -> UnitsDocument:
    """Open an old Word document: a unit a heading with what is below it.

    Raises:
        UnreadableDocumentError: It is encrypted or damaged.
    """
    data = path.read_bytes()
    streams = read_streams(data, _STREAMS)
    stream = streams.get("WordDocument", b"")
    if len(stream) < _VERSION_END:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, "there is no text in it")
    if int.from_bytes(stream[_VERSION_END - 2 : _VERSION_END], "little") < _FIRST_VERSION:
        return UnitsDocument(read_word_95(path, stream))
    try:
        units = _list_units(read_parts(streams), data)
    except (struct.error, IndexError) as error:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, "its parts do not fit") from error
    return UnitsDocument([unit for unit in units if unit.strip()] or [""])


def _list_units(parts: WordParts, data: bytes) -> list[str]:
    styles = Styles(parts.styles)
    looks = Looks(parts, styles, lambda: read_streams(data, ["Data"]).get("Data", b""))
    paragraphs = _Paragraphs(parts, looks)
    changes = list_changes(parts, styles)
    hidden = paragraphs.list_hidden()
    opposite = [one[:2] for one in changes if one[2] == OPPOSITE]
    kept = [one[:2] for one in changes if one[2] == SHOWN] if hidden else []
    turned = sorted(
        place for one in (*opposite, *hidden, *_intersect(hidden, kept)) for place in one
    )
    signs = [one for one in changes if one[2] in SYMBOLS]
    cuts = [one for one in changes if one[2] not in (OPPOSITE, SHOWN, *RAISED.values(), *SYMBOLS)]
    # What is turned twice is shown.
    cuts += [(begin, end, "") for begin, end in zip(turned[::2], turned[1::2], strict=True)]
    labels = _number_notes(parts)
    cuts += [
        (place, place + 1, chr(_NOTE + number))
        for number, (_, *places) in enumerate(labels)
        for place in places
        if parts.text.startswith(_NOTE_MARK, place)
    ]
    # Signs first, as within words of such a font there may be what is not shown.
    text = _cut(_cut(parts.text, signs), cuts + list(_find_codes(parts)))
    raised = [one for one in changes if one[2] in RAISED.values()]
    text = _cut(text, list(_find_figures(text, raised)))
    for sign in _MARKS_ALONE:
        text = text.replace(sign, _NOT_SHOWN)
    for sign, shown in _SHOWN_AS:
        text = text.replace(sign, shown)
    paragraphs.show(text)
    # What each page repeats stands once.
    repeated: dict[bool, dict[str, None]] = {False: {}, True: {}}
    main, notes, headers, *_ = accumulate(parts.counts)
    for is_footer, begin, end in _list_repeated(parts.headers, notes):
        lines = paragraphs.list_lines(begin, end)
        if lines:
            repeated[is_footer]["\n".join(lines)] = None
    units = [list(repeated[False])]
    for line, is_heading in paragraphs.list_all(0, main):
        if is_heading:
            units.append([])
        units[-1].append(line)
    units[-1] += paragraphs.list_lines(main, notes)
    units[-1] += paragraphs.list_lines(headers, len(text) + 1)
    units[-1] += repeated[True]
    joined = [_join(lines, [label for label, *_ in labels]) for lines in units]
    return [unit.translate(_APART_FROM_DIGIT) for unit in joined] if raised else joined


class _Paragraphs:
    """The paragraphs of a text, and what each is."""

    def __init__(self, parts: WordParts, looks: Looks) -> None:
        self.show(parts.text)
        self._ends = list(accumulate(len(line) + 1 for line in self._lines))
        self._looks: list[Look] = []
        for piece in parts.pieces:
            last = bisect_right(self._ends, piece.end)
            marks = [end - 1 for end in self._ends[len(self._looks) : last]]
            self._looks += looks.find(piece, marks)
        self._looks += [PLAIN] * (len(self._lines) - len(self._looks))

    def show(self, text: str) -> None:
        """Take another text, whose marks stand where they stood."""
        self._text = text + _PARAGRAPH
        one_mark = self._text.replace(_CELL, _PARAGRAPH).replace(_SECTION, _PARAGRAPH)
        self._lines = one_mark.split(_PARAGRAPH)[:-1]

    def list_hidden(self) -> list[tuple[int, int]]:
        """From where to where the style of a paragraph hides it."""
        return [
            (end - len(line) - 1, end)
            for line, look, end in zip(self._lines, self._looks, self._ends, strict=True)
            if look.is_hidden
        ]

    def list_lines(self, begin: int, end: int) -> list[str]:
        """The lines of those that end between two characters."""
        return [line for line, _ in self.list_all(begin, end)]

    def list_all(self, begin: int, end: int) -> Iterator[tuple[str, bool]]:
        """The lines of those that end between two characters, and whether each is a heading."""
        which = slice(bisect_right(self._ends, begin), bisect_right(self._ends, end))
        row = _Row()
        for line, look, after in zip(
            self._lines[which], self._looks[which], self._ends[which], strict=True
        ):
            if look.depth:
                row.add(line, look, is_cell_end=self._text[after - 1] == _CELL)
                if row.line:
                    yield row.take(), False
                continue
            if row.is_open and row.end():
                yield row.take(), False
            if look is PLAIN:
                if line.strip(_BLANK):
                    yield line, False
            elif line.strip(_BLANK):
                is_item = look.is_item and not look.is_heading
                yield _mark_item(line) if is_item else line, look.is_heading
        if row.is_open and row.end():
            yield row.take(), False


class _Row:
    """A row of a table, as its paragraphs come."""

    def __init__(self) -> None:
        self.line = ""
        self._cells: list[str] = []
        self._lines: list[str] = []
        self._inner: list[str] = []

    @property
    def is_open(self) -> bool:
        """Whether there is anything in it."""
        return bool(self._cells or self._lines or self._inner)

    def add(self, line: str, look: Look, *, is_cell_end: bool) -> None:
        """Add a paragraph; what ends a row has no words."""
        if look.ends_row:
            if look.depth > 1:
                self._lines.append(join_cells(self._inner))
                self._inner = []
            else:
                self.end()
            return
        if look.is_item and line.strip(_BLANK):
            line = _mark_item(line)
        if look.ends_inner_cell:
            self._inner.append(line)
        else:
            self._lines.append(line)
            if is_cell_end:
                self._cells.append("\n".join(self._lines))
                self._lines = []

    def end(self) -> bool:
        """End it; whether there are words in it."""
        self.line = join_cells(
            cell.replace(_NOT_SHOWN, "") for cell in (*self._cells, *self._inner, *self._lines)
        )
        self._cells, self._lines, self._inner = [], [], []
        return bool(self.line)

    def take(self) -> str:
        """The line of the row that has ended."""
        line, self.line = self.line, ""
        return line


def _mark_item(line: str) -> str:
    return "\n".join(f"- {one}" for one in line.split("\n"))


def _join(lines: list[str], labels: list[str]) -> str:
    text = "\n".join(lines).replace(_NOT_SHOWN, "")
    if labels:
        text = _LABELLED.sub(lambda sign: labels[ord(sign[0]) - _NOTE], text)
    try:
        text.encode()
    except UnicodeEncodeError:
        # Signs that UTF-16 has in two halves.
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _number_notes(parts: WordParts) -> list[tuple[str, int, int]]:
    """The number of each note that Word counts, where it is referred to, and where it begins.

    Those at the end have small Roman ones, as Word gives them where nobody has chosen others.
    """
    labels: list[tuple[str, int, int]] = []
    starts = list(accumulate(parts.counts, initial=0))
    for (references, begins), start, write in (
        (parts.notes, starts[1], str),
        (parts.end_notes, starts[5], _write_roman),
    ):
        places = zip(unpack_table(references, 2)[0][:-1], unpack_table(begins, 0)[0], strict=False)
        counted = (
            (place, start + begin)
            for place, begin in places
            if parts.text.startswith(_NOTE_MARK, place)
        )
        # No more are written: a Roman number is as long as it is high.
        some = islice(counted, _MOST_NOTES - len(labels))
        labels += [(f"[{write(number)}]", *both) for number, both in enumerate(some, 1)]
    return labels


def _write_roman(number: int) -> str:
    text = ""
    for value, letters in _ROMAN:
        text += letters * (number // value)
        number %= value
    return text


def _list_repeated(table: bytes, start: int) -> Iterator[tuple[bool, int, int]]:
    """Of each header and footer whether it is one of these, and where it stands."""
    ends, _ = unpack_table(table, 0)
    done = 0
    for number, (begin, end) in enumerate(pairwise(ends[_STORIES_OF_NOTES:-1])):
        # So that those of a hostile file do not lie over one another.
        if done <= begin < end:
            done = end
            yield number % 6 in _FOOTERS, start + begin, start + end


def _find_codes(parts: WordParts) -> Iterator[tuple[int, int, str]]:
    """Where fields have their marks and codes: what they result in is shown (2.8.25, Plcfld)."""
    if _FIELD_BEGIN not in parts.text:
        return
    # None goes beyond its part of the text.
    for begin, end in pairwise([0, *accumulate(parts.counts)]):
        opened: list[int] = []
        for mark in _FIELD.finditer(parts.text, begin, end):
            place = mark.start()
            yield place, place + 1, ""
            if mark[0] == _FIELD_BEGIN:
                opened.append(place)
            elif opened and opened[-1] >= 0:
                yield opened[-1], place, ""
                opened[-1] = -1
            if mark[0] == _FIELD_END and opened:
                opened.pop()


def _intersect(
    spans: list[tuple[int, int]], others: list[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """What lies in spans of both lists, each in order and none over another."""
    ends = [end for _, end in spans]
    for begin, end in others:
        number = bisect_right(ends, begin)
        while number < len(spans) and spans[number][0] < end:
            yield max(begin, spans[number][0]), min(end, spans[number][1])
            number += 1


def _find_figures(
    text: str, raised: Sequence[tuple[int, int, str]]
) -> Iterator[tuple[int, int, str]]:
    """Digits that would be of the number before them: raised or lowered ones, and those behind."""
    # What is raised may be divided, as where it was edited.
    within = {
        begin
        for (_, end, one), (begin, _, other) in pairwise(raised)
        if (end, one) == (begin, other)
    }
    places = {place for begin, end, _ in raised for place in (begin, end)} - within
    for place in sorted(one for one in places if 0 < one < len(text)):
        if text[place - 1] in _DIGITS and _FIGURE_STARTS.match(text, place):
            yield place, place + 1, chr(_FIGURE + _BEGIN_FIGURE.index(text[place]))


def _cut(text: str, changes: list[tuple[int, int, str]]) -> str:
    """The text with zeros for what is not shown; marks stay."""
    pieces: list[str] = []
    done = 0
    for begin, end, shown in sorted(changes):
        first = max(begin, done)
        if first < end:
            sign = shown or _NOT_SHOWN
            signs = SYMBOLS.get(sign)
            cut = text[first:end]
            if signs is None:
                cut = _KEPT.sub(sign.replace("\\", r"\\"), cut)
            else:
                cut = cut.translate(signs)
            pieces += (text[done:first], cut)
            done = end
    return "".join((*pieces, text[done:]))
