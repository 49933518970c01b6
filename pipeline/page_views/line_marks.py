"""From a stretch of a page's text to boxes on its picture, one a line. Pure functions.

A box that would cover anything else of the page is made of smaller ones: a mark says "this is what
was quoted", and nothing else may be in it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pipeline.extraction.page_views.page_layout import SPAN, PageLayout, Place
from pipeline.page_views.quote_places import Stretch

# More room than this between two characters, in heights of a line, may hold something else.
_MOST_ROOM = 1.5
# Two characters are in one line if they share so much of the height of the smaller one.
_LEAST_SHARED = 0.4
# The same letter again, no further off than this share of its width and height, is one letter.
_TWIN_SHARE = 0.3
MOST_MARKS = 400


@dataclass(frozen=True)
class MarkedStretch:
    """The boxes of a stretch.

    Args:
        places: The boxes, in reading order.
        is_exact: Whether they hold all of its letters and nothing else. They do not where words
            are printed over each other, or where a part of a field is quoted, which has one box.
    """

    places: tuple[Place, ...]
    is_exact: bool


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

    def mark(self, stretch: Stretch) -> MarkedStretch:
        """The boxes of a stretch; no place where nothing of it is drawn."""
        marks: list[Place] = []
        is_alone = True
        for line in _divide_lines(self._layout, stretch):
            own = {k: place for k in line if (place := self._layout.places[k]) is not None}
            drawn = list(own.values())
            box = _join(drawn)
            if self._holds_others(box, own):
                # One box around each character; those of one field have one box together.
                is_alone = is_alone and not any(self._holds_others(one, own) for one in drawn)
                marks += dict.fromkeys(drawn)
            else:
                marks.append(box)
        positions = range(stretch.start, stretch.end)
        is_drawn = all(
            self._layout.places[k] is not None for k in positions if self._layout.text[k].isalnum()
        )
        return MarkedStretch(tuple(marks[:MOST_MARKS]), is_alone and is_drawn)

    def _holds_others(self, box: Place, own: Mapping[int, Place]) -> bool:
        """Whether the middle of any other character lies in a box."""
        left, top, right, bottom = (2 * edge for edge in box)
        first = bisect_right(self._middles, (top, SPAN * 2, 0))
        last = bisect_left(self._middles, (bottom, -1, 0))
        return any(
            left < middle < right and position not in own and not self._is_twin(position, own)
            for _, middle, position in self._middles[first:last]
        )

    def _is_twin(self, position: int, own: Mapping[int, Place]) -> bool:
        """Whether a character is printed over the same one of the line, to look bold."""
        letter, place = self._layout.text[position], self._layout.places[position]
        return place is not None and any(
            self._layout.text[k] == letter and _lie_together(place, one) for k, one in own.items()
        )


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


def _lie_together(one: Place, other: Place) -> bool:
    """Whether two boxes have their middles in nearly the same place."""
    width, height = one[2] - one[0], one[3] - one[1]
    right = abs(one[0] + one[2] - other[0] - other[2]) / 2
    down = abs(one[1] + one[3] - other[1] - other[3]) / 2
    return right <= _TWIN_SHARE * width and down <= _TWIN_SHARE * height


def _join(places: Iterable[Place]) -> Place:
    lefts, tops, rights, bottoms = zip(*places, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
