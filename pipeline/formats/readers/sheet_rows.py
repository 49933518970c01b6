"""Rows of OpenDocument spreadsheets, made into text before they are parsed.

Four fifths of a sheet are tags and attributes of cells that hold one line each. To parse them and
make a tree of them took three quarters of the time. So of a row that holds nothing but such
cells, only its text is left between its tags, and the parser sees that. Whatever else there
is stays as it stands, and what is left is parsed, so that nothing passes that is no XML.

Source: OASIS OpenDocument 1.3, part 3, 9.1.3 (table:table-row) and 9.1.4 (table:table-cell).
"""

import re
from collections.abc import Callable, Iterable, Iterator

_NAMESPACE = rb"urn:oasis:names:tc:opendocument:xmlns:"
_START, _END = b"<table:table-row", b"</table:table-row>"
_ATTRIBUTES = rb'((?: [\w:.-]++="[^"<]*+")*+)'
_ROW = re.compile(rb"%s%s>" % (_START, _ATTRIBUTES))
_WORDS = rb"((?:[^<&]++|&(?:amp|lt|gt|quot|apos);)*+)"
_CELL = re.compile(
    rb"<table:(?:covered-)?table-cell%s(?:/>|><text:p>%s</text:p></table:(?:covered-)?table-cell>)"
    % (_ATTRIBUTES, _WORDS)
)
_REPEATED, _BLANKS = b"-repeated=", (b"  ", b"\n", b"\t", b"\r")
_CELLS_REPEATED = re.compile(rb'table:number-columns-repeated="(\d{1,10})')
_ROWS_REPEATED = re.compile(rb'table:number-rows-repeated="(\d{1,10})')
_DECLARED = re.compile(rb"\sxmlns:(table|text)=\"([^\"]*)\"")
_AS_DECLARED = [(name, _NAMESPACE + name + b":1.0") for name in (b"table", b"text")]
_OTHER_ENCODING = re.compile(rb"\A<\?xml[^>]*encoding=[\"'](?!utf-8)", re.IGNORECASE)
# Comments, sections that are not parsed, and instructions may hold what looks like a row.
_NOT_PARSED = (b"<!", b"<?")
# Spaces of other scripts and of printers, for which rows are left to what knows them all.
_OTHER_SPACES = re.compile(
    rb"\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80"
)


# Rows are some KiB long; with less than that of each piece left, none is copied often.
_LONGEST_LEFT_BYTES = 1 << 20


def fold_rows(pieces: Iterable[bytes], read_count: Callable[[str], int]) -> Iterator[bytes]:
    """The pieces of a part with the text of rows in the place of their cells, where it can be told.

    Args:
        pieces: The part.
        read_count: How often a cell or row is written, by the attribute that says so.
    """
    left = b""
    is_folding: bool | None = None
    for piece in pieces:
        *rows, left = (left + piece).split(_END)
        if rows:
            whole = _END.join([*rows, b""])
            is_folding = (
                _can_be_told(whole)
                if is_folding is None
                else is_folding and not any(one in whole for one in (*_NOT_PARSED, b" xmlns:t"))
            )
            yield b"".join(_fold(row, read_count) for row in rows) if is_folding else whole
        elif len(left) > _LONGEST_LEFT_BYTES:
            is_folding = False
            yield left
            left = b""
    yield left


def _can_be_told(beginning: bytes) -> bool:
    """Whether a part says at its beginning what the names of its elements mean, and only there."""
    return (
        sorted(_DECLARED.findall(beginning)) == _AS_DECLARED
        and not any(beginning.find(one, 1) > 0 for one in _NOT_PARSED)
        and _OTHER_ENCODING.match(beginning) is None
    )


def _fold(row: bytes, read_count: Callable[[str], int]) -> bytes:
    """What ends with a row, the tag that ends it not counted; with that, and its text if told."""
    start = row.rfind(_START)
    opened = _ROW.match(row, start) if start >= 0 else None
    if opened is None or (not row.isascii() and _OTHER_SPACES.search(row, start)):
        return row + _END
    # What is between cells, their attributes and their words, in turns.
    parts = _CELL.split(row[opened.end() :])
    attributes, texts = parts[1::3], parts[2::3]
    # What a cell shows is not always written: then it is made of its value.
    if any(parts[::3]) or any(
        b"-value" in attribute or b"e:value=" in attribute or b":formula" in attribute
        for attribute, text in zip(attributes, texts, strict=True)
        if not text
    ):
        return row + _END
    while texts and not (texts[-1] and texts[-1].strip()):
        del texts[-1]
    cells = [text or b"" for text in texts]
    if _REPEATED in b"".join(attributes[: len(cells)]):
        cells = [
            cell
            for attribute, cell in zip(attributes, cells, strict=False)
            for _ in range(_count(_CELLS_REPEATED, attribute, read_count))
        ]
    text = b" | ".join(cells)
    if any(blank in text for blank in _BLANKS) or text != text.strip():
        text = b" | ".join(b" ".join(cell.split()) for cell in cells)
    count = _count(_ROWS_REPEATED, opened[1], read_count) if cells else 1
    return b"%s%s>%s%s" % (row[:start], _START, (text + b"\n") * count, _END)


def _count(pattern: re.Pattern[bytes], attributes: bytes, read_count: Callable[[str], int]) -> int:
    found = pattern.search(attributes) if _REPEATED in attributes else None
    return 1 if found is None else read_count(found[1].decode())
