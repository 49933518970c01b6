"""Short parts of a package, and the first bytes of long ones.

What a slide or a sheet says of itself stands in its first element. `zipfile` takes ten times as
long to list and open the parts as it takes to unpack their beginnings, and a presentation has a
hundred of them; what is found here only adds to what the library reads.

Source: PKWARE, APPNOTE.TXT, 4.3.7 (local file header) and 4.3.12 (central directory structure).
"""

import re
import zipfile
import zlib
from typing import NamedTuple

START_BYTES = 1 << 11
_END = b"PK\x05\x06"
# The lengths and the place stand 20 and 42 bytes from the beginning, the name after 46.
_ENTRY = rb"PK\x01\x02.{6}(..).{8}(.{4}).{4}(..).{12}(.{4})(%s)"


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
    end = package.rfind(_END)
    size_bytes, place = (
        int.from_bytes(package[end + at : end + at + 4], "little") for at in (12, 16)
    )
    listed = package[place : place + size_bytes] if end >= 0 else b""
    return [
        PartPlace(
            found[5].decode("utf-8", "replace"),
            *(int.from_bytes(found[group], "little") for group in (1, 2, 4)),
        )
        for found in re.finditer(_ENTRY % name, listed, re.DOTALL)
        if int.from_bytes(found[3], "little") == len(found[5])
    ]


def read_start(package: bytes, part: PartPlace, most_bytes: int = START_BYTES) -> bytes:
    """The first bytes of a part, by default 2 KiB; none where they cannot be unpacked."""
    name_bytes, extra_bytes = (
        int.from_bytes(package[part.place + at : part.place + at + 2], "little") for at in (26, 28)
    )
    start = part.place + 30 + name_bytes + extra_bytes
    packed = package[start : start + min(part.packed_bytes, most_bytes)]
    if part.method == zipfile.ZIP_STORED:
        return packed
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, most_bytes)
    except zlib.error:
        return b""
