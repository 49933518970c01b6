"""From a stretch of a page's text to boxes on its picture, one a line. Pure functions.

A box that would cover anything else of the page is made of smaller ones: a mark says "this is what
was quoted", and nothing else may be in it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from pipeline.extraction.page_views.page_layout import SPAN, PageLayout, Place
from pipeline.page_views.quote_places import Stretch

# More room than this between two characters, in heights of a line, may hold something else.
_MOST_ROOM = 1.5
# Two characters are in one line if they share so much of the height of the smaller one.
_LEAST_SHARED = 0.4
MOST_MARKS = 400


class LineMarker:
    """Marks stretches of one page.

    Args:
        layout: The page.
    """

    def __init__(self, layout: PageLayout) -> None:
        self._layout = layout
        # Twice the middle of each character, as whole numbers, from the head of the page down.
        self._middles = sorted(
            (place[1] + place[3], place[0] + place[2], position)
            for position, place in enumerate(layout.places)
            if place is not None
        )

    def mark(self, stretch: Stretch) -> list[Place]:
        """The boxes of a stretch, in reading order; none where nothing of it is drawn."""
        marks: list[Place] = []
        for line in _divide_lines(self._layout, stretch):
            drawn = [place for k in line if (place := self._layout.places[k]) is not None]
            box = _join(drawn)
            # One box around the line, or one around each character.
            marks += drawn if self._holds_others(box, set(line)) else [box]
        return marks[:MOST_MARKS]

    def _holds_others(self, box: Place, own: set[int]) -> bool:
        """Whether the middle of any other character lies in a box."""
        left, top, right, bottom = (2 * edge for edge in box)
        first = bisect_right(self._middles, (top, SPAN * 2, 0))
        last = bisect_left(self._middles, (bottom, -1, 0))
        return any(
            left < middle < right and position not in own
            for _, middle, position in self._middles[first:last]
        )


def measure_drawn_share(layout: PageLayout, stretch: Stretch) -> float:
    """Which share of the characters of a stretch has a place on the picture."""
    positions = range(stretch.start, stretch.end)
    letters = [k for k in positions if not layout.text[k].isspace()]
    drawn = [k for k in letters if layout.places[k] is not None]
    return len(drawn) / len(letters) if letters else 0.0


def _divide_lines(layout: PageLayout, stretch: Stretch) -> Iterator[list[int]]:
    """The places in the text of the characters of each line."""
    line: list[int] = []
    before: Place | None = None
    for position in range(stretch.start, stretch.end):
        place = layout.places[position]
        if layout.text[position] in "\r\n":
            before = None
        if place is None:
            continue
        if line and (before is None or not _are_beside(before, place)):
            yield line
            line = []
        line.append(position)
        before = place
    if line:
        yield line


def _are_beside(one: Place, other: Place) -> bool:
    height = min(one[3] - one[1], other[3] - other[1])
    shared = min(one[3], other[3]) - max(one[1], other[1])
    apart = max(one[0], other[0]) - min(one[2], other[2])
    if shared >= _LEAST_SHARED * height:
        return apart <= _MOST_ROOM * max(one[3] - one[1], other[3] - other[1])
    # A line that runs down the page, or up.
    width = min(one[2] - one[0], other[2] - other[0])
    most_room = _MOST_ROOM * max(one[2] - one[0], other[2] - other[0])
    return -apart >= _LEAST_SHARED * width and -shared <= most_room


def _join(places: Iterable[Place]) -> Place:
    lefts, tops, rights, bottoms = zip(*places, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
