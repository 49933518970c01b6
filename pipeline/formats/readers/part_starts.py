"""Short parts of a package, and the first bytes of long ones.

What a slide or a sheet says of itself stands in its first element. `zipfile` takes ten times as
long to list and open the parts as it takes to unpack their beginnings, and a presentation has a
hundred of them; what is found here only adds to what the library reads.

Source: PKWARE, APPNOTE.TXT, 4.3.7 (local file header) and 4.3.12 (central directory structure).
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

START_BYTES = 1 << 11
_PIECE_BYTES = 1 << 16
_END = b"PK\x05\x06"
# The lengths and the place stand 20 and 42 bytes from the beginning, the name after 46.
_ENTRY = rb"PK\x01\x02.{6}(..).{8}(.{4}).{4}(..).{12}(.{4})(%s)"
_LISTED, _LISTED_BYTES, _NAME_BEGINS = b"PK\x01\x02", 46, 30
# Of an entry of the list: the lengths of the name and of what follows it, and the part's place.
_LENGTHS_AND_PLACE, _LENGTHS_AT = struct.Struct("<HHH8xI"), 28
# Each package of Office has it; what of the list is no name has it by chance once in 100,000.
_WITH_BACKSLASHES = re.compile(rb"_rels\\", re.IGNORECASE)


class PartPlace(NamedTuple):
    """Where a part lies in its package.

    Args:
        name: Its name.
        method: How it is packed, as `zipfile` numbers it.
        packed_bytes: How many bytes that is.
        place: Where its header begins.
    """

    name: str
    method: int
    packed_bytes: int
    place: int


def list_parts(package: bytes, name: bytes) -> list[PartPlace]:
    """The parts whose names fit a pattern; none of a list in a form that few archives have."""
    place, end = _find_list(package)
    return [
        PartPlace(
            found[5].decode("utf-8", "replace"),
            *(int.from_bytes(found[group], "little") for group in (1, 2, 4)),
        )
        for found in re.finditer(_ENTRY % name, package[place:end], re.DOTALL)
        if int.from_bytes(found[3], "little") == len(found[5])
    ]


def read_start(package: bytes, part: PartPlace, most_bytes: int = START_BYTES) -> bytes:
    """The first bytes of a part, by default 2 KiB; none where they cannot be unpacked."""
    packed = _read_packed(package, part, most_bytes)
    if part.method == zipfile.ZIP_STORED:
        return packed
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, most_bytes)
    except zlib.error:
        return b""


def read_pieces(package: bytes, part: PartPlace) -> Iterator[bytes]:
    """A packed part in pieces.

    Raises:
        zlib.error: It cannot be unpacked, or not all of it.
    """
    packed = _read_packed(package, part, part.packed_bytes)
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    while piece := unpacker.decompress(packed, _PIECE_BYTES):
        yield piece
        packed = unpacker.unconsumed_tail
    if not unpacker.eof:
        raise zlib.error("it breaks off")


def _read_packed(package: bytes, part: PartPlace, most_bytes: int) -> bytes:
    name_bytes, extra_bytes = (
        int.from_bytes(package[part.place + at : part.place + at + 2], "little") for at in (26, 28)
    )
    start = part.place + 30 + name_bytes + extra_bytes
    return package[start : start + min(part.packed_bytes, most_bytes)]


def read_package(path: Path) -> bytes:
    r"""A package of Office as the library has to get it, with `/` between the folders of a name.

    Some programs of Windows write `\`. A name is as long as before, so that no part moves; where
    two parts had one name then, or a part another name than the list says, all stays as it is.
    """
    package = path.read_bytes()
    at, end = _find_list(package)
    if not _WITH_BACKSLASHES.search(package, at, end):
        return package
    renamed = bytearray(package)
    names: set[bytes] = set()
    while at + _LISTED_BYTES <= end and package.startswith(_LISTED, at):
        name_bytes, extra_bytes, comment_bytes, place = _LENGTHS_AND_PLACE.unpack_from(
            package, at + _LENGTHS_AT
        )
        starts = at + _LISTED_BYTES, place + _NAME_BEGINS
        written = {package[start : start + name_bytes] for start in starts}
        name = written.pop()
        # In some encodings half a letter looks like the sign.
        slashed = name.replace(b"\\", b"/") if name.isascii() else name
        if written or slashed.lower() in names:
            return package
        names.add(slashed.lower())
        for start in starts:
            renamed[start : start + name_bytes] = slashed
        at += _LISTED_BYTES + name_bytes + extra_bytes + comment_bytes
    return bytes(renamed)


def _find_list(package: bytes) -> tuple[int, int]:
    """Where the list of parts begins and ends; nowhere, if there is none."""
    end = package.rfind(_END)
    if end < 0:
        return 0, 0
    size_bytes, place = (
        int.from_bytes(package[end + at : end + at + 4], "little") for at in (12, 16)
    )
    return place, min(place + size_bytes, len(package))
