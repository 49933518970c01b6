"""The texts of a drawing: of its shapes, of the cells of its tables, of letters that are drawn.

A slide, or a page of notes, holds one drawing ([MS-PPT], 2.5.13, DrawingContainer), and that a
group of shapes, which may hold groups ([MS-ODRAW], 2.2.16, OfficeArtSpgrContainer).
"""

import codecs
import struct
from collections import defaultdict
from collections.abc import Iterator

from pipeline.formats.readers.old_office.records import (
    HEADER_BYTES,
    find_record,
    list_records,
    read_number,
    read_record,
)
from pipeline.formats.units import join_cells

_DRAWING_OF_OFFICE, _GROUP, _SHAPE = 0xF002, 0xF003, 0xF004
_SHAPE_KIND, _PROPERTIES, _FURTHER_PROPERTIES = 0xF00A, 0xF00B, 0xF122
_BOX = 0xF00D
_BOX_BYTES = b"\x0d\xf0"
# The header of a record and, where it is a shape, the instance of its first record, which tells of
# which kind it is.
_read_shape_beginning = struct.Struct("<2xHIH").unpack_from
_SHAPE_BEGINNING_BYTES = 16
# [MS-PPT], 2.5.24, PlaceholderAtom: its kind and length.
_PLACEHOLDER_BYTES = b"\xc3\x0b\x08\x00\x00\x00"
# [MS-PPT], 2.9.42, TextHeaderAtom; then the characters in UTF-16, or the low bytes of such; or
# which text of the slide's list it is (2.9.78, OutlineTextRefAtom).
_HEADER, _REFERENCE = 0x0F9F, 0x0F9E
# Taken from the module, as to look one up by its name takes longer than a short text.
_DECODERS = {0x0FA0: codecs.utf_16_le_decode, 0x0FA8: codecs.latin_1_decode}
# As most boxes begin, from the kind of the box on: its length; kind and length of a header, the
# kind of the text; kind and length of the characters.
_BOX_BEGINNING = struct.Struct("<2xI2xHII2xHI")
_BOX_HEADER_BYTES, _NUMBER_BYTES = 6, 4
# At which places stand signs for what a slide shows there: its number, a date, what is repeated
# (2.9.50, SlideNumberMCAtom, and those after it).
_STAND_INS = frozenset({0x0FD8, 0x0FF7, 0x0FF8, 0x0FF9, 0x0FFA, 0x1015})
_STAND_IN = "*"
# 2.13.33, TextTypeEnum: titles, and those in the middle of a slide.
_TITLES = frozenset({0, 6})
_OTHER = 4
# [MS-ODRAW], 2.4.24, MSOSPT: shapes of letters. 2.3.22.1, gtextUNICODE: their text, which stands
# behind all numbers of properties, as a bit of its own number says (2.2.8).
_LETTERS = frozenset({*range(24, 32), *range(136, 176)})
_LETTERS_TEXT, _PROPERTY_BITS, _IS_BEHIND = 0xC0, 0x3FFF, 0x8000
_PROPERTY = struct.Struct("<HI")
# 2.3.4.37, tableProperties.
_TABLE, _IS_TABLE = 0x39F, 1
# 2.2.39, OfficeArtChildAnchor: its kind and length; its first two numbers.
_ANCHOR_BYTES, _CORNER = b"\x0f\xf0\x10\x00\x00\x00", struct.Struct("<6xii")
# A table has this many times as many places as cells at the most; else its cells are in no columns.
_MOST_PLACES = 8


# A text of a slide: its kind ([MS-PPT], 2.13.33), and what is written.
Text = tuple[int, str]


def is_no_title(text: Text) -> bool:
    """Whether a text is no title of its slide."""
    return text[0] not in _TITLES


def read_drawing(stream: bytes, place: int, end: int, listed: list[Text]) -> list[Text]:
    """The texts of a drawing in the order of its shapes.

    Args:
        stream: What the drawing lies in.
        place: Where what it holds begins.
        end: Where it ends.
        listed: The texts that its shapes may refer to. Each is taken once, and is empty then.

    Raises:
        RecursionError: It has groups in groups in groups without an end.
    """
    start, stop = _find_group(stream, place, end)
    return _read_group(stream, start, stop, stream.find(_BOX_BYTES, start, stop), listed)


def read_master_drawing(stream: bytes, place: int, end: int) -> list[Text]:
    """The texts that a master shows on its slides: those of shapes that no slide fills in."""
    texts = []
    for kind, _, first, last in list_records(stream, *_find_group(stream, place, end)):
        if kind == _SHAPE and stream.find(_PLACEHOLDER_BYTES, first, last) < 0:
            found = stream.find(_BOX_BYTES, first, last)
            text = _read_shape(stream, first, last, found, [])
            texts += [] if text is None else [text]
    return texts


def _find_group(stream: bytes, place: int, end: int) -> tuple[int, int]:
    """The group of all shapes of a drawing; what stands behind it has been deleted."""
    return find_record(stream, *find_record(stream, place, end, _DRAWING_OF_OFFICE), _GROUP)


def _read_group(stream: bytes, place: int, end: int, box: int, listed: list[Text]) -> list[Text]:
    """The texts of a group; `box` as for `_list_shapes`."""
    texts = []
    for kind, start, stop, found in _list_shapes(stream, place, end, box):
        if kind == _SHAPE:
            text = _read_shape(stream, start, stop, found, listed)
            if text is not None:
                texts.append(text)
        elif _is_table(stream, start, stop):
            texts.append(_read_table(stream, start, stop, found, listed))
        else:
            texts += _read_group(stream, start, stop, found, listed)
    return texts


def _list_shapes(
    stream: bytes, place: int, end: int, box: int
) -> Iterator[tuple[int, int, int, int]]:
    """The groups in a group, and those shapes that may have a text; most have none.

    Args:
        stream: What it lies in.
        place: Where what it holds begins.
        end: Where it ends.
        box: Where the first bytes are that may be those of a box, here or further on; -1 if
            nowhere. Most shapes have not even these bytes.

    Returns:
        Of each its kind, where what it holds begins and ends, and where the first bytes are that
        may be those of a box in it; -1 if nowhere.
    """
    last = end - _SHAPE_BEGINNING_BYTES
    while place <= last:
        kind, size, shape = _read_shape_beginning(stream, place)
        start = place + HEADER_BYTES
        place = start + size
        if place > end:
            place = end
        found = box if box < place else -1
        if kind == _SHAPE:
            if found >= 0 or shape >> 4 in _LETTERS:
                yield kind, start, place, found
        elif kind == _GROUP:
            yield kind, start, place, found
        if found >= 0:
            box = stream.find(_BOX_BYTES, place, end)


def _read_shape(stream: bytes, place: int, end: int, found: int, listed: list[Text]) -> Text | None:
    """The text of a shape, which may be empty; None if it has no place for one.

    Args:
        stream: What it lies in.
        place: Where what it holds begins.
        end: Where it ends.
        found: Where the first bytes are that may be those of its box; -1 if nowhere.
        listed: The texts that it may refer to.
    """
    if found < 0:
        return _read_letters(stream, place, end)
    # Mostly the box is the last record of its shape, and begins with a text: all of that is told
    # by one call, and if it is so, these bytes are those of a header.
    start = found + _BOX_BEGINNING.size
    if start <= end:
        box, header, number_bytes, number, kind, size = _BOX_BEGINNING.unpack_from(stream, found)
        if (
            found + _BOX_HEADER_BYTES + box == end
            and header == _HEADER
            and number_bytes == _NUMBER_BYTES
            and kind in _DECODERS
            and start + size <= end
        ):
            text, _ = _DECODERS[kind](stream[start : start + size], "replace")
            if _STAND_IN in text:
                text = _leave_out(text, _list_signs(stream, start + size, end))
            return number, text
    for kind, _, start, stop in list_records(stream, place, end):
        if kind == _BOX:
            return _read_box(stream, start, stop, listed)
    return _read_letters(stream, place, end)


def _read_box(stream: bytes, place: int, end: int, listed: list[Text]) -> Text | None:
    """The text of a box, or that of the list which it refers to."""
    texts = read_texts(stream, place, end)
    if texts:
        return texts[0]
    for kind, _, start, stop in list_records(stream, place, end):
        if kind == _REFERENCE:
            number = read_number(stream, start, stop)
            if number < len(listed):
                referred = listed[number]
                listed[number] = (referred[0], "")
                return referred
    return None


def read_texts(stream: bytes, place: int, end: int) -> list[Text]:
    """The texts between two places: one for each header, without signs that stand for others."""
    texts: list[Text] = []
    kind_of_text, is_begun = _OTHER, False
    signs: defaultdict[int, list[int]] = defaultdict(list)
    for kind, _, start, stop in list_records(stream, place, end):
        if kind in _DECODERS:
            text, _ = _DECODERS[kind](stream[start:stop], "replace")
            texts.append((kind_of_text, text))
            is_begun = False
        elif kind == _HEADER:
            if is_begun:
                texts.append((kind_of_text, ""))
            kind_of_text, is_begun = read_number(stream, start, stop), True
        elif kind in _STAND_INS and texts:
            signs[len(texts) - 1].append(read_number(stream, start, stop))
    if is_begun:
        texts.append((kind_of_text, ""))
    for number, places in signs.items():
        kind_of_text, text = texts[number]
        texts[number] = (kind_of_text, _leave_out(text, places))
    return texts


def _list_signs(stream: bytes, place: int, end: int) -> list[int]:
    """Where in a text stand signs for something else, as the records behind it tell."""
    behind = list_records(stream, place, end)
    return [
        read_number(stream, start, stop) for kind, _, start, stop in behind if kind in _STAND_INS
    ]


def _leave_out(text: str, places: list[int]) -> str:
    characters = list(text)
    for place in places:
        if characters[place : place + 1] == [_STAND_IN]:
            characters[place] = ""
    return "".join(characters)


def _read_letters(stream: bytes, place: int, end: int) -> Text | None:
    """The text of letters that are drawn as a picture; None if it is no such shape."""
    kind, instance, _, _ = read_record(stream, place)
    if kind != _SHAPE_KIND or instance not in _LETTERS:
        return None
    for kind, count, start, stop in list_records(stream, place, end):
        behind = start + count * _PROPERTY.size
        if kind != _PROPERTIES or behind > stop:
            continue
        for number, value in _PROPERTY.iter_unpack(stream[start:behind]):
            if number & _PROPERTY_BITS == _LETTERS_TEXT and number & _IS_BEHIND:
                letters = stream[behind : min(behind + value, stop)]
                return _OTHER, letters.decode("utf-16-le", "replace").partition("\0")[0]
            behind += value if number & _IS_BEHIND else 0
    return None


def _is_table(stream: bytes, place: int, end: int) -> bool:
    """Whether a group is a table, as its first shape says, which is the group itself."""
    _, _, first, last = read_record(stream, place)
    for kind, instance, start, stop in list_records(stream, first, min(last, end)):
        if kind == _FURTHER_PROPERTIES:
            behind = min(start + instance * _PROPERTY.size, stop)
            whole = (behind - start) // _PROPERTY.size * _PROPERTY.size
            properties = _PROPERTY.iter_unpack(stream[start : start + whole])
            return any(number == _TABLE and value & _IS_TABLE for number, value in properties)
    return False


def _read_table(stream: bytes, place: int, end: int, box: int, listed: list[Text]) -> Text:
    """The rows of a table: its cells are shapes, and which are in a row is told by their places."""
    rows: defaultdict[int, dict[int, str]] = defaultdict(dict)
    for kind, start, stop, found in _list_shapes(stream, place, end, box):
        text = _read_shape(stream, start, stop, found, listed) if kind == _SHAPE else None
        if text is None:
            continue
        anchor = stream.find(_ANCHOR_BYTES, start, stop)
        has_corner = anchor >= 0 and anchor + _CORNER.size <= stop
        left, top = _CORNER.unpack_from(stream, anchor) if has_corner else (0, 0)
        row = rows[top]
        row[left] = f"{row[left]} {text[1]}" if left in row else text[1]
    columns = sorted({left for row in rows.values() for left in row})
    # Where cells are joined, one that begins further up or left stands for others.
    if len(columns) * len(rows) > _MOST_PLACES * sum(map(len, rows.values())):
        lists = [[row[left] for left in sorted(row)] for _, row in sorted(rows.items())]
    else:
        lists = [[row.get(left, "") for left in columns] for _, row in sorted(rows.items())]
    return _OTHER, "\n".join(map(join_cells, lists))
