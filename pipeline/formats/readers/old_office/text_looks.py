"""What paragraphs and characters of an old Word file are: headings, cells, hidden ([MS-DOC]).

Both are told by lists of properties in pages of 512 bytes, by place in the file (2.4.6.1 and
2.4.6.2), over those of their styles. Few lists are different, so that each is read once.
"""

import re
import struct
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise
from typing import NamedTuple

from pipeline.formats.readers.old_office.symbol_fonts import HAS_SYMBOL, SYMBOLS
from pipeline.formats.readers.old_office.text_pieces import Piece, WordParts, unpack_table

_PAGE_BYTES, _PAGE_NUMBER = 512, 0x3FFFFF
# 2.9.23, BxPap: where the list of a paragraph stands in its page, and what it measures.
_PLACE_BYTES = 13
# 2.6.1 and 2.6.2: properties, and of 2.2.5.1 how long what follows each is.
_DELETED, _HIDDEN, _STYLE_OF_CHARACTERS, _SYMBOL, _FONT = 0x0800, 0x083C, 0x4A30, 0x6A09, 0x4A4F
_STYLE, _LIST, _LEVEL, _RAISE = 0x4600, 0x460B, 0x2640, 0x2A48
_IN_TABLE, _ROW_END, _DEPTH, _INNER_CELL, _INNER_ROW_END = 0x2416, 0x2417, 0x6649, 0x244B, 0x244C
_ELSEWHERE = (0x6645, 0x6646)
_TABLE_SHAPE, _TABS = 0xD608, 0xC615
_LENGTHS = (1, 1, 2, 4, 2, 2, 0, 3)
_HIDES = re.compile(rb"\x00\x08|\x3c\x08|\x09\x6a|\x48\x2a[\1\2]")
_HIDES_BY_STYLE, _HAS_STYLE = b"\x3c\x08", b"\x30\x4a"
_MOST_LISTS, _NO_LEVEL, _HEADINGS, _TITLE = 0x7FE, 9, range(1, 10), 62
# A title is a heading; what is over its style is none.
_TITLE_LEVEL = -2
# That text is hidden just where its style hides none, or nowhere (2.2.5.1.1, ToggleOperand).
_AS_STYLE_NOT, OPPOSITE, SHOWN = 0x81, "opposite", "shown"
# Above or below the line (2.6.1, sprmCIss).
RAISED = {1: "raised", 2: "lowered"}
# 2.9.271, STD; 2.9.260, StdfBase: which style Word knows it as, of what kind, over which other.
_STYLE_START = struct.Struct("<HHH")
_OF_PARAGRAPHS, _OF_CHARACTERS, _NO_STYLE = 1, 2, 0xFFF
# Signs of fonts of symbols are theirs alone.
_OF_FONTS, _HIGH_BYTE_OF_SYMBOLS = range(0xF000, 0xF100), b"\xf0"
# 2.9.286, SttbfFfn; 2.9.84, FFN: where in what a table says of a font its name begins.
_FONT_NAME_AT = 39


class Look(NamedTuple):
    """What a paragraph is.

    Args:
        is_heading: Whether it is a heading.
        is_item: Whether it is one of a list.
        depth: How many tables it lies in.
        ends_row: Whether it ends a row.
        ends_inner_cell: Whether it ends a cell of a table in a table.
        is_hidden: Whether its style hides it.
    """

    is_heading: bool = False
    is_item: bool = False
    depth: int = 0
    ends_row: bool = False
    ends_inner_cell: bool = False
    is_hidden: bool = False


PLAIN = Look()


class Style(NamedTuple):
    """What of a style matters: the level of a heading, its list, whether it hides text."""

    level: int = _NO_LEVEL
    list: int = 0
    is_hidden: bool = False


def list_properties(properties: bytes) -> Iterator[tuple[int, int]]:
    """Each property of a list, and where what follows it stands (2.2.5.1, Sprm)."""
    place, end = 0, len(properties)
    while place + 3 <= end:
        sprm = properties[place] | properties[place + 1] << 8
        place += 2
        yield sprm, place
        length = _LENGTHS[sprm >> 13]
        if not length:
            length = properties[place] + 1
            if sprm == _TABLE_SHAPE and place + 2 <= end:
                length = (properties[place] | properties[place + 1] << 8) + 1
            elif sprm == _TABS and length == 256 and place + 2 <= end:
                added = place + 2 + 4 * properties[place + 1]
                length = added - place + 1 + (3 * properties[added] if added < end else 0)
        place += length


class Styles:
    """The styles of a file, each read when it is first asked for (2.9.271, STSH).

    Args:
        table: The table of styles.
    """

    def __init__(self, table: bytes) -> None:
        self._table = table
        header_bytes, count, self._base_bytes = struct.unpack_from("<HHH", table)
        self._places: list[int] = []
        place = header_bytes + 2
        while place + 2 <= len(table) and len(self._places) < count:
            self._places.append(place)
            place += 2 + int.from_bytes(table[place : place + 2], "little")
        self._known: dict[int, Style] = {}
        self._own: dict[int, tuple[Style, int]] = {}
        # Whether any hides text, most likely.
        self.hide = _HIDES_BY_STYLE in table

    def get(self, number: int) -> Style:
        """A style with what it has of those that it is over; ten at most (2.9.260)."""
        style = self._known.get(number)
        if style is None:
            (level, in_list, is_hidden), base = self._read(number)
            is_title = level == _TITLE_LEVEL
            for _ in range(10):
                if base == _NO_STYLE:
                    break
                below, base = self._read(base)
                level = below.level if level < 0 else level
                in_list = below.list if in_list < 0 else in_list
                is_hidden = is_hidden or below.is_hidden
            level = 0 if is_title else level
            style = Style(_NO_LEVEL if level < 0 else level, max(in_list, 0), is_hidden)
            self._known[number] = style
        return style

    def _read(self, number: int) -> tuple[Style, int]:
        """What a style itself says (-1: nothing), and the number of the one that it is over."""
        if number >= len(self._places):
            return _UNSET, _NO_STYLE
        # Once, as many may be over one that is long.
        own = self._own.get(number)
        if own is None:
            place = self._places[number]
            length = int.from_bytes(self._table[place : place + 2], "little")
            own = _read_style(self._table[place + 2 : place + 2 + length], self._base_bytes)
            self._own[number] = own
        return own


_UNSET = Style(-1, -1)


def _read_style(style: bytes, base_bytes: int) -> tuple[Style, int]:
    """What a style itself says (-1: nothing), and the number of the one that it is over."""
    if len(style) < base_bytes + 2 or base_bytes < _STYLE_START.size:
        return _UNSET, _NO_STYLE
    known, kind, _ = _STYLE_START.unpack_from(style)
    level = (known & 0xFFF) - 1 if known & 0xFFF in _HEADINGS else -1
    in_list, is_hidden = -1, False
    place = base_bytes + 4 + 2 * int.from_bytes(style[base_bytes : base_bytes + 2], "little")
    lists = {_OF_PARAGRAPHS: 2, _OF_CHARACTERS: 1}.get(kind & 0xF, 0)
    for number in range(lists):
        place += place & 1
        length = int.from_bytes(style[place : place + 2], "little")
        properties = style[place + 2 : place + 2 + length]
        place += 2 + length
        # That of paragraphs begins with the number of the style.
        is_of_paragraphs = lists - number == 2
        properties = properties[2 * is_of_paragraphs :]
        for sprm, at in list_properties(properties):
            if sprm == _LEVEL:
                level = properties[at]
            elif sprm == _LIST:
                in_list = int.from_bytes(properties[at : at + 2], "little")
            elif sprm == _HIDDEN:
                is_hidden = properties[at] in (1, _AS_STYLE_NOT)
    if known & 0xFFF == _TITLE:
        level = _TITLE_LEVEL
    return Style(level, in_list, is_hidden), kind >> 4


def _list_pages(stream: bytes, table: bytes) -> Iterator[bytes]:
    """The pages of a table, each once (2.8.5 and 2.8.6, PlcBteChpx and PlcBtePapx)."""
    ends, start = unpack_table(table, 4)
    for number in dict.fromkeys(struct.unpack_from(f"<{len(ends) - 1}I", table, start)):
        place = (number & _PAGE_NUMBER) * _PAGE_BYTES
        page = stream[place : place + _PAGE_BYTES]
        if len(page) == _PAGE_BYTES:
            yield page


class Looks:
    """What the paragraphs of a file are.

    Args:
        parts: What is in the file.
        styles: Its styles.
        read_elsewhere: Gives the stream of what is too long for a page.
    """

    def __init__(
        self, parts: WordParts, styles: Styles, read_elsewhere: Callable[[], bytes]
    ) -> None:
        self._styles = styles
        self._read_elsewhere = read_elsewhere
        self._elsewhere: bytes | None = None
        self._known: dict[bytes, Look] = {}
        self._starts: list[int] = []
        self._lists: list[bytes] = []
        for page in _list_pages(parts.stream, parts.paragraphs):
            count = min(page[-1], (_PAGE_BYTES - 5) // (4 + _PLACE_BYTES))
            self._starts += struct.unpack_from(f"<{count}I", page)
            places_at = 4 * (count + 1)
            places = page[places_at : places_at + count * _PLACE_BYTES : _PLACE_BYTES]
            lists = {place: _cut_list(page, 2 * place) for place in set(places)}
            self._lists += map(lists.__getitem__, places)

    def find(self, piece: Piece, marks: list[int]) -> list[Look]:
        """What the paragraphs are that end with characters of some numbers in a piece."""
        known, starts, lists = self._known, self._starts, self._lists
        first, width, further = piece.place - piece.begin * piece.width, piece.width, piece.format
        looks = []
        for mark in marks:
            number = bisect_right(starts, first + mark * width) - 1
            properties = (lists[number] if number >= 0 else b"\0\0") + further
            look = known.get(properties)
            if look is None:
                look = known[properties] = self._read(properties)
            looks.append(look)
        return looks

    def _read(self, properties: bytes) -> Look:
        style = self._styles.get(int.from_bytes(properties[:2], "little"))
        level, in_list, is_hidden = style
        in_table = ends_row = ends_cell = False
        depth = 0
        properties = self._join_elsewhere(properties[2:])
        for sprm, at in list_properties(properties):
            value = properties[at]
            if sprm == _STYLE:
                level, in_list, is_hidden = self._styles.get(
                    int.from_bytes(properties[at : at + 2], "little")
                )
            elif sprm == _LEVEL:
                level = value
            elif sprm == _LIST:
                in_list = int.from_bytes(properties[at : at + 2], "little")
            elif sprm == _IN_TABLE:
                in_table = bool(value)
            elif sprm == _DEPTH:
                depth = int.from_bytes(properties[at : at + 4], "little")
            elif sprm in (_ROW_END, _INNER_ROW_END):
                ends_row = ends_row or bool(value)
            elif sprm == _INNER_CELL:
                ends_cell = bool(value)
        look = Look(
            level < _NO_LEVEL,
            0 < in_list <= _MOST_LISTS,
            max(depth, 1) if in_table else depth,
            ends_row,
            ends_cell,
            is_hidden,
        )
        return PLAIN if look == PLAIN else look

    def _join_elsewhere(self, properties: bytes) -> bytes:
        """Properties with those that stand in another stream (2.6.2, sprmPHugePapx)."""
        for sprm, at in list_properties(properties):
            if sprm in _ELSEWHERE and at + 4 <= len(properties):
                place = int.from_bytes(properties[at : at + 4], "little")
                if self._elsewhere is None:
                    self._elsewhere = self._read_elsewhere()
                stream = self._elsewhere
                length = int.from_bytes(stream[place : place + 2], "little")
                return properties[: at - 2] + stream[place + 2 : place + 2 + length]
        return properties


def _cut_list(page: bytes, place: int) -> bytes:
    """The properties of a paragraph, after the number of its style (2.9.175, PapxInFkp)."""
    if not place:
        return b"\0\0"
    length = page[place]
    if length:
        return page[place + 1 : place + 2 * length]
    length = page[place + 1]
    return page[place + 2 : place + 2 + 2 * length]


def list_changes(parts: WordParts, styles: Styles) -> list[tuple[int, int, str]]:
    """Which characters are not shown, or as a symbol: from one to before another, in order.

    Returns:
        With what stands for them; empty if they are hidden, or deleted with tracked changes,
        `OPPOSITE` if they are hidden where the style of their paragraph hides none, `SHOWN` if
        they are shown whatever that says, one of `RAISED` if they are, or lowered, and the name of
        a font of symbols, of which signs of it are.
    """
    by_place: list[tuple[int, int, str]] = []
    known: dict[bytes, str | None] = {}
    has_symbols = _has_symbols(parts)
    fonts: list[str] | None = None
    for page in _list_pages(parts.stream, parts.characters):
        count = min(page[-1], (_PAGE_BYTES - 5) // 5)
        # Most pages have nothing of it.
        if not (has_symbols or _HIDES.search(page, 5 * count)) and not (
            styles.hide and _HAS_STYLE in page
        ):
            continue
        if fonts is None:
            fonts = _list_fonts(parts.fonts)
        starts = struct.unpack_from(f"<{count + 1}I", page)
        for (begin, end), place in zip(pairwise(starts), page[4 * (count + 1) :], strict=False):
            properties = page[2 * place + 1 : 2 * place + 1 + page[2 * place]] if place else b""
            if properties not in known:
                known[properties] = _read_change(properties, styles, fonts)
            change = known[properties]
            if change is not None and begin < end:
                by_place.append((begin, end, change))
    by_place.sort()
    changes = []
    # So that those of a hostile file do not lie over one another.
    latest = list(accumulate((end for _, end, _ in by_place), max, initial=0))
    apart = [one for one, before in zip(by_place, latest, strict=False) if one[0] >= before]
    begins = [begin for begin, _, _ in apart]
    for piece in parts.pieces:
        if piece.format and _read_change(piece.format, styles, []) == "":
            changes.append((piece.begin, piece.end, ""))
            continue
        end_place = piece.place + (piece.end - piece.begin) * piece.width
        number = max(bisect_right(begins, piece.place) - 1, 0)
        while number < len(apart) and apart[number][0] < end_place:
            begin, end, change = apart[number]
            number += 1
            first = piece.begin + max(begin - piece.place, 0) // piece.width
            last = piece.begin + (min(end, end_place) - piece.place) // piece.width
            if first < last:
                changes.append((first, last, change))
    return changes


def _has_symbols(parts: WordParts) -> bool:
    """Whether there are signs of fonts of symbols in the text itself; in bytes there are none."""
    may_have = any(
        piece.width == 2
        and parts.stream.find(
            _HIGH_BYTE_OF_SYMBOLS, piece.place, piece.place + 2 * (piece.end - piece.begin)
        )
        >= 0
        for piece in parts.pieces
    )
    return may_have and HAS_SYMBOL.search(parts.text) is not None


def _list_fonts(table: bytes) -> list[str]:
    """The name of each font."""
    count, further_bytes = struct.unpack_from("<HH", table.ljust(4, b"\0"))
    fonts: list[str] = []
    place = 4
    while place < len(table) and len(fonts) < count:
        end = place + 1 + table[place]
        name = table[place + 1 + _FONT_NAME_AT : end].decode("utf-16-le", "replace")
        fonts.append(name.partition("\0")[0])
        place = end + further_bytes
    return fonts


def _read_change(properties: bytes, styles: Styles, fonts: list[str]) -> str | None:
    """What stands for characters of some properties; None if they are shown as they are."""
    is_hidden = is_deleted = is_opposite = is_shown = False
    symbol = font = raised = None
    for sprm, at in list_properties(properties):
        if sprm == _HIDDEN:
            is_hidden = properties[at] == 1
            is_opposite = properties[at] == _AS_STYLE_NOT
            is_shown = properties[at] == 0
        elif sprm == _DELETED:
            is_deleted = bool(properties[at])
        elif sprm == _STYLE_OF_CHARACTERS:
            number = int.from_bytes(properties[at : at + 2], "little")
            is_hidden = styles.get(number).is_hidden
        elif sprm == _RAISE:
            raised = RAISED.get(properties[at])
        elif sprm == _SYMBOL:
            symbol = _read_symbol(properties[at : at + 4], fonts)
        elif sprm == _FONT:
            number = int.from_bytes(properties[at : at + 2], "little")
            font = fonts[number] if number < len(fonts) and fonts[number] in SYMBOLS else None
    if is_hidden or is_deleted:
        return ""
    if is_opposite:
        return OPPOSITE
    if symbol is not None:
        return symbol
    return SHOWN if is_shown else font or raised


def _read_symbol(value: bytes, fonts: list[str]) -> str:
    """A sign of a font; where the font is not told, of that which most signs are of."""
    font, number = struct.unpack("<HH", value.ljust(4, b"\0"))
    signs = SYMBOLS.get(fonts[font]) if font < len(fonts) else SYMBOLS["Symbol"]
    if signs is not None:
        return signs.get(number | _OF_FONTS.start, "").strip("\0")
    return chr(number) if number not in _OF_FONTS and chr(number).isprintable() else ""
