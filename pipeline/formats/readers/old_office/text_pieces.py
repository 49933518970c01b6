"""The text of an old Word file: its header, and the pieces that its text is in ([MS-DOC]).

Text stands in pieces somewhere in the file, of bytes or of UTF-16, and is counted in characters as
UTF-16 has them; what it looks like is told of places in the file.
"""

import codecs
import struct
from array import array
from itertools import pairwise
from typing import NamedTuple

from pipeline.extraction.readable_document import UnreadableDocumentError
from shared.errors import RejectionCode

# 2.5.2, FibBase: flags; whether it is encrypted, and which of two streams holds its tables.
_FLAGS_AT, _ENCRYPTED, _SECOND_TABLE = 10, 0x0100, 0x0200
# 2.5.4, FibRgLw97: characters of the text, notes, headers, (macros,) remarks, endnotes, boxes, and
# boxes in headers.
_COUNTS = struct.Struct("<76x8I")
# 2.5.6, FibRgFcLcb97: place and length of each table.
_TABLES_AT, _TABLES = 154, struct.Struct("<186I")
_NOTES, _END_NOTES = 2, 46
_STYLES, _HEADERS, _CHARACTERS, _PARAGRAPHS, _FONTS, _PIECES = 1, 11, 12, 13, 15, 33
# 2.9.38, Clx: formats for pieces, then the pieces.
_FORMAT, _PIECE_TABLE = 1, 2
# It is read with each different paragraph of its pieces.
_MOST_OF_FORMAT = 1024
# 2.9.177, Pcd: place in the file, format.
_PIECE = struct.Struct("<2xIH")
_IN_BYTES, _PLACE = 0x40000000, 0x3FFFFFFF


def _make_signs() -> str:
    """What a byte is in a piece of bytes: Windows-1252 (2.9.73, FcCompressed), all of it."""
    return "".join(bytes((n,)).decode("cp1252", "ignore") or chr(n) for n in range(256))


SIGNS = _make_signs()


class Piece(NamedTuple):
    """A piece of the text.

    Args:
        begin: The number of its first character.
        end: The number of the one after its last.
        place: Where it begins in the file.
        width: Bytes of a character.
        format: What changes the look of all of it.
    """

    begin: int
    end: int
    place: int
    width: int
    format: bytes


class WordParts(NamedTuple):
    """What is in a file.

    Args:
        stream: The stream of the text.
        text: All of the text, a character for each that the file counts.
        pieces: The pieces that it was in.
        counts: Characters of each part of the text, in the order in which they stand.
        headers: The table of headers and footers.
        styles: The table of styles.
        paragraphs: The table of what paragraphs look like.
        characters: The table of what characters look like.
        fonts: The table of fonts.
        notes: Where notes at the foot of pages are referred to, and where in their part of the
            text they begin.
        end_notes: The same of those at the end.
    """

    stream: bytes
    text: str
    pieces: list[Piece]
    counts: tuple[int, ...]
    headers: bytes
    styles: bytes
    paragraphs: bytes
    characters: bytes
    fonts: bytes
    notes: tuple[bytes, bytes]
    end_notes: tuple[bytes, bytes]


def read_parts(streams: dict[str, bytes]) -> WordParts:
    """What is in a file.

    Args:
        streams: Its streams.

    Raises:
        UnreadableDocumentError: It is encrypted or damaged.
        struct.error: It is damaged.
    """
    stream = streams["WordDocument"]
    (flags,) = struct.unpack_from("<H", stream, _FLAGS_AT)
    if flags & _ENCRYPTED:
        raise UnreadableDocumentError(RejectionCode.ENCRYPTED, "it is encrypted")
    tables = streams.get("1Table" if flags & _SECOND_TABLE else "0Table", b"")
    places = _TABLES.unpack_from(stream, _TABLES_AT)

    def take(number: int) -> bytes:
        place = places[2 * number]
        return tables[place : place + places[2 * number + 1]]

    pieces = _list_pieces(take(_PIECES))
    text = "".join([_read_piece(stream, piece) for piece in pieces])
    return WordParts(
        stream=stream,
        text=text,
        pieces=pieces,
        counts=_COUNTS.unpack_from(stream),
        headers=take(_HEADERS),
        styles=take(_STYLES),
        paragraphs=take(_PARAGRAPHS),
        characters=take(_CHARACTERS),
        fonts=take(_FONTS),
        notes=(take(_NOTES), take(_NOTES + 1)),
        end_notes=(take(_END_NOTES), take(_END_NOTES + 1)),
    )


def unpack_table(table: bytes, item_bytes: int) -> tuple[tuple[int, ...], int]:
    """The ends of so many things of a table, one more than things; and where these begin.

    2.2.2, PLC: numbers, in the order of their size, and then a thing between any two of them.
    """
    if len(table) < 4:
        return (0,), 0
    count = (len(table) - 4) // (4 + item_bytes)
    return struct.unpack_from(f"<{count + 1}I", table), 4 * (count + 1)


def _list_pieces(table: bytes) -> list[Piece]:
    formats = []
    place = 0
    while table[place] == _FORMAT:
        (length,) = struct.unpack_from("<H", table, place + 1)
        formats.append(table[place + 3 : place + 3 + min(length, _MOST_OF_FORMAT)])
        place += 3 + length
    (length,) = struct.unpack_from("<I", table, place + 1)
    ends, start = unpack_table(table[place + 5 : place + 5 + length], 8)
    if table[place] != _PIECE_TABLE or ends[0] or any(a > b for a, b in pairwise(ends)):
        raise UnreadableDocumentError(RejectionCode.DAMAGED, "the order of its text is lost")
    pieces = []
    for number, (begin, end) in enumerate(pairwise(ends)):
        where, which = _PIECE.unpack_from(table, place + 5 + start + 8 * number)
        in_bytes = bool(where & _IN_BYTES)
        pieces.append(
            Piece(
                begin,
                end,
                (where & _PLACE) >> in_bytes,
                2 - in_bytes,
                _read_format(which, formats),
            )
        )
    return pieces


def _read_format(which: int, formats: list[bytes]) -> bytes:
    """2.9.214, Prm0: one property in few bits, of which two hide text; 2.9.215, Prm1: a list."""
    if which & 1:
        return formats[which >> 1] if which >> 1 < len(formats) else b""
    sprm = {0x41: b"\x00\x08", 0x5C: b"\x3c\x08"}.get(which >> 1 & 0x7F)
    return sprm + bytes((which >> 8,)) if sprm else b""


def _read_piece(stream: bytes, piece: Piece) -> str:
    count = piece.end - piece.begin
    data = stream[piece.place : piece.place + count * piece.width]
    if len(data) < count * piece.width:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, "its text breaks off")
    if piece.width == 1:
        return codecs.charmap_decode(data, "strict", SIGNS)[0]
    text = data.decode("utf-16-le", "replace")
    # A sign of two counts as two, and is put together again with the rest.
    return text if len(text) == count else "".join(map(chr, array("H", data)))
