"""Shared libraries in a package without what only debuggers read.

A wheel's libraries may hold four times as much of that as of code. What is loaded is what the
segments name (ELF specification, "Program Header"). All else is overwritten with zeros, which take
no room in a zip: tools that prepare wheels put what is loaded behind it, so it cannot be cut off.
"""

import struct
from pathlib import Path

_MAGIC_OF_64_BITS = b"\x7fELF\x02\x01"
_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
# Where in the header the table of sections is named: its offset, and the number of its entries with
# that of the one that has their names.
_SECTIONS_AT, _SECTION_COUNTS_AT = 40, 60


def blank_debug_tables(path: Path) -> bytes | None:
    """The bytes of a 64-bit shared library, with zeros for what lies outside of its segments.

    Args:
        path: A file, of whatever kind.

    Returns:
        None where the file is no such library.
    """
    data = path.read_bytes()
    if not data.startswith(_MAGIC_OF_64_BITS) or len(data) < _HEADER.size:
        return None
    header = _HEADER.unpack_from(data)
    segments_at, segment_size, segment_count = header[5], header[9], header[10]
    loaded = [(0, _HEADER.size), (segments_at, segments_at + segment_size * segment_count)]
    for number in range(segment_count):
        segment = _SEGMENT.unpack_from(data, segments_at + number * segment_size)
        loaded.append((segment[2], segment[2] + segment[5]))
    blanked = bytearray(len(data))
    for start, end in loaded:
        blanked[start:end] = data[start:end]
    struct.pack_into("<Q", blanked, _SECTIONS_AT, 0)
    struct.pack_into("<HH", blanked, _SECTION_COUNTS_AT, 0, 0)
    return bytes(blanked)
