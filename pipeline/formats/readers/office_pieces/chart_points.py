"""Charts of new Office files, in whose lists of values some are missing.

A series says of each value at which place it stands, and leaves out those that are empty
(ECMA-376-1, 21.2.2.132, pt). The library lists the values that there are, so that each behind a gap
would be the one of another category: in the place of a gap a dash is written.
"""

import re
from collections.abc import Iterator

from pipeline.formats.readers.office_pieces.piece_changes import Change

_LIST = re.compile(
    rb"<((?:[\w.-]+:)?)ptCount\s+val=\"(\d{1,6})\"\s*(?:/>|></\1ptCount>)"
    rb"((?:\s*<\1pt\s[^<>]*>(?:[^<]++|<(?!/?(?:[\w.-]+:)?pt(?:Count)?\b))*+</\1pt>)*+)"
)
_POINT = re.compile(rb"<(?:[\w.-]+:)?pt\s[^<>]*?\bidx=\"(\d{1,6})\"")
# More no chart has that people read.
_MOST_POINTS = 5_000
# By how much a part may grow besides its own length.
_MOST_ADDED_BYTES = 1 << 16


def fill_gaps(content: bytes) -> Iterator[Change]:
    """Dashes in the place of values that a chart leaves out."""
    left_bytes = len(content) + _MOST_ADDED_BYTES
    for found in _LIST.finditer(content):
        prefix, count, points = found[1], int(found[2]), found[3]
        places = [(int(point[1]), point.start()) for point in _POINT.finditer(points)]
        if len(places) == count or not places or count > _MOST_POINTS:
            continue
        expected = 0
        for number, start in [*places, (count, len(points))]:
            left_bytes -= max(0, number - expected) * len(_write(prefix, number))
            if left_bytes < 0:
                return
            gap = b"".join(_write(prefix, one) for one in range(expected, number))
            if gap:
                yield Change(found.start(3) + start, found.start(3) + start, gap)
            expected = max(expected, number + 1)


def _write(prefix: bytes, number: int) -> bytes:
    return b'<%spt idx="%d"><%sv>-</%sv></%spt>' % (prefix, number, prefix, prefix, prefix)
