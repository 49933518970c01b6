"""The records of a presentation: their kinds, and where what they hold lies ([MS-PPT], 2.3.1).

The four lowest bits of the first number of a header are its version, those above its instance,
which tells apart records of one kind. Kinds are those of 2.13.24, RecordType, and, of drawings,
those of [MS-ODRAW].
"""

import struct
from collections.abc import Iterator

HEADER_BYTES = 8
_read_header = struct.Struct("<HHI").unpack_from
_read_number = struct.Struct("<I").unpack_from


def list_records(stream: bytes, place: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """The records one after the other between two places.

    Returns:
        Of each its kind, its instance, and where what it holds begins and ends: with `end` at the
        latest, whatever it says itself. Not named, as there are hundreds on a slide.
    """
    last = end - HEADER_BYTES
    while place <= last:
        version, kind, size = _read_header(stream, place)
        start = place + HEADER_BYTES
        place = start + size
        yield kind, version >> 4, start, place if place < end else end


def find_record(stream: bytes, place: int, end: int, kind: int) -> tuple[int, int]:
    """Where what the first record of a kind holds begins and ends; nowhere, if there is none."""
    last = end - HEADER_BYTES
    while place <= last:
        _, found, size = _read_header(stream, place)
        start = place + HEADER_BYTES
        place = start + size
        if found == kind:
            return start, min(place, end)
    return end, end


def read_record(stream: bytes, place: int) -> tuple[int, int, int, int]:
    """The record that begins at a place, as `list_records` has it; of kind 0 if there is none."""
    if place > len(stream) - HEADER_BYTES:
        return 0, 0, 0, 0
    version, kind, size = _read_header(stream, place)
    start = place + HEADER_BYTES
    return kind, version >> 4, start, min(start + size, len(stream))


def read_number(stream: bytes, place: int, end: int) -> int:
    """The number of 32 bits at a place; 0 if it is not all there."""
    return int(_read_number(stream, place)[0]) if place + 4 <= end else 0
