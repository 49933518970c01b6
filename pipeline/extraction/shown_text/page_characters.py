"""Where the characters of a page stand, as PDFium tells it one by one. Runs in the child.

To ask costs about a microsecond, so the modules that use this first look, in the text alone,
whether a page has anything for them.
"""

import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple

from pipeline.extraction.shown_text.geometry import Box, LineLimits
from pipeline.extraction.shown_text.text_page import TextPage

# What PDFium writes for a hyphen that divides a word at a line end, and for what has no character.
HYPHEN_OR_UNKNOWN = "\ufffe"
LINE_END_HYPHEN = 2
_find_place = itemgetter(0, 1)


class Edit(NamedTuple):
    """A stretch of a page's text that is replaced.

    Args:
        start, end: Where it begins and ends in the text.
        text: What takes its place.
    """

    start: int
    end: int
    text: str


class PageCharacters:
    """The text of a page, and where each of its characters stands.

    Args:
        page: The characters as PDFium has them.
        text: As PDFium writes it; each character is one unit of UTF-16.
        runs: Where its stretches stand in PDFium's text: the length of each, and its start there,
            -1 for one that is not from there. None where the text is PDFium's own.
        has_unwritten: Whether PDFium counts characters that its text has not.
    """

    def __init__(
        self,
        page: TextPage,
        text: str,
        runs: Sequence[tuple[int, int]] | None = None,
        *,
        has_unwritten: bool,
    ) -> None:
        self.text = text
        self._page = page
        self._has_unwritten = has_unwritten
        # Where each run starts in the text, and there.
        self._starts: list[int] = []
        self._sources: list[int] = []
        start = 0
        for length, source in [(len(text), 0)] if runs is None else runs:
            self._starts.append(start)
            self._sources.append(source)
            start += length
        # The run that was asked for last: where it begins and ends, and what PDFium's numbers are
        # more than places in the text; None if there are none.
        self._here = range(0)
        self._shift: int | None = None
        # The same for a page of one run. Most are: as PDFium writes them, or one part of that.
        is_one_run = not has_unwritten and len(self._sources) == 1 and self._sources[0] >= 0
        self._shift_of_all = self._sources[0] if is_one_run else None

    def find_box(self, position: int) -> Box | None:
        """The box that a character fills; None where it is not drawn."""
        index = self._find_index(position)
        return None if index < 0 else self._page.find_box(index)

    def find_origin(self, position: int) -> tuple[float, float] | None:
        """The point of the baseline at which a character begins."""
        index = self._find_index(position)
        return None if index < 0 else self._page.find_origin(index)

    def find_em(self, position: int) -> tuple[float, float]:
        """The vector of one em along the writing direction of a character, in points."""
        index = self._find_index(position)
        return (0.0, 0.0) if index < 0 else self._page.find_em(index)

    def find_advance(self, position: int) -> tuple[float, float]:
        """Where a character of a horizontal line begins and where the next one may, in points."""
        index = self._find_index(position)
        return (0.0, 0.0) if index < 0 else self._page.find_advance(index)

    def find_loose_box(self, position: int) -> Box | None:
        """The box that a character has room in: from its origin to where the next one may begin."""
        index = self._find_index(position)
        return None if index < 0 else self._page.find_loose_box(index)

    def list_divided(self, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Those of many spans whose ends are not drawn with one piece of text.

        Args:
            spans: Where each begins and ends in the text.
        """
        return [spans[k] for k in self._page.list_divided(*self._find_ends(spans))]

    def list_uneven(
        self, spans: Sequence[tuple[int, int]], tolerance: float
    ) -> list[tuple[int, int]]:
        """Those of many spans whose first and last characters do not have their edges in line.

        Args:
            spans: Where each begins and ends in the text.
            tolerance: What is still in line, as a share of the height of a character.
        """
        return [spans[k] for k in self._page.list_uneven(*self._find_ends(spans), tolerance)]

    def list_boxes(self, spans: Sequence[tuple[int, int]]) -> list[Box | None]:
        """The boxes that the first and the last character of many spans fill together.

        Args:
            spans: Where each begins and ends in the text.

        Returns:
            None for each of which one of the two is not drawn.
        """
        return self._page.list_boxes(*self._find_ends(spans))

    def list_apart(self, places: Sequence[int], points: float) -> list[int]:
        """Which of many characters have room before them and are of another piece of text.

        Args:
            places: Where each is in the text.
            points: The least room between the end of the one before it and its beginning.
        """
        before = self._find_indexes([place - 1 for place in places])
        return self._page.list_apart(before, self._find_indexes(list(places)), points)

    def measure_gaps(
        self, separators: Sequence[tuple[int, int]], line: LineLimits, *, onward: bool
    ) -> list[float | None]:
        """The room between the characters before and after many separators.

        Args:
            separators: Where each begins and ends in the text.
            line: What is in one line.
            onward: Whether the next line begins further to the left.

        Returns:
            Of each, in ems; infinity where they are not in one line, None where it is not known.
        """
        before = self._find_indexes([start - 1 for start, _ in separators])
        after = self._find_indexes([end for _, end in separators])
        return self._page.measure_gaps(before, after, line, onward=onward)

    def falls(self, pairs: Sequence[tuple[int, int]]) -> bool:
        """Whether the second character of any of some pairs stands lower than the first."""
        before = self._find_indexes([first for first, _ in pairs])
        return self._page.falls(before, self._find_indexes([second for _, second in pairs]))

    def _find_ends(self, spans: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
        """PDFium's numbers of the first and of the last characters of many spans."""
        firsts, lasts = [start for start, _ in spans], [end - 1 for _, end in spans]
        return self._find_indexes(firsts), self._find_indexes(lasts)

    def _find_indexes(self, positions: list[int]) -> list[int]:
        """PDFium's numbers of characters, in order; -1 for each that is not from there."""
        shift = self._shift_of_all
        if shift is not None:
            return [position + shift for position in positions] if shift else positions
        if self._has_unwritten:
            return list(map(self._find_index, positions))
        if len(positions) < len(self._starts):
            return list(map(self._find_source, positions))
        indexes: list[int] = []
        # Run by run, as there are more positions than runs on most pages.
        for start, stop, source in zip(
            self._starts, [*self._starts[1:], sys.maxsize], self._sources, strict=True
        ):
            done = len(indexes)
            here = positions[done : bisect_left(positions, stop, done)]
            indexes += (
                [position + source - start for position in here]
                if source >= 0
                else [-1] * len(here)
            )
        return indexes

    def is_drawn(self, position: int) -> bool:
        """Whether a character is from the file, and not put in by PDFium or by an edit."""
        index = self._find_index(position)
        return index >= 0 and self._page.is_drawn(index)

    def is_hyphen(self, position: int) -> bool:
        """Whether `HYPHEN_OR_UNKNOWN` at a position stands for a hyphen at a line end."""
        return self._page.find_code(self._find_index(position)) == LINE_END_HYPHEN

    def edit(self, edits: Iterable[Edit]) -> "PageCharacters":
        """The page with some stretches replaced. They must not overlap."""
        edits = list(edits)
        if not edits:
            return self
        if len(edits) > 1:
            edits.sort(key=_find_place)
        parts: list[str] = []
        runs: list[tuple[int, int]] = []
        done = 0
        for start, end, new in edits:
            parts += (self.text[done:start], new)
            runs += self._list_runs(done, start)
            if new:
                runs.append((len(new), -1))
            done = end
        parts.append(self.text[done:])
        runs += self._list_runs(done, len(self.text))
        return self._renew("".join(parts), runs)

    def replace_letters(self, old: str, new: str) -> "PageCharacters":
        """The page with each of one character replaced by another one."""
        return self._renew(self.text.replace(old, new), self._list_runs(0, len(self.text)))

    def rebuild(self, pieces: Iterable[int | str]) -> "PageCharacters":
        """The page put together from places in its text and from characters that are new to it."""
        text: list[str] = []
        runs: list[tuple[int, int]] = []
        for piece in pieces:
            text.append(piece if isinstance(piece, str) else self.text[piece])
            runs.append((1, -1 if isinstance(piece, str) else self._find_source(piece)))
        return self._renew("".join(text), runs)

    def _find_index(self, position: int) -> int:
        # Asked for thousands of characters of a page of formulas: as a rule, no call within.
        if self._shift_of_all is not None:
            return position + self._shift_of_all
        if position not in self._here:
            self._turn_to_run(position)
        if self._shift is None:
            return -1
        source = position + self._shift
        return self._page.find_index(source) if self._has_unwritten else source

    def _turn_to_run(self, position: int) -> None:
        run = bisect_right(self._starts, position) - 1
        start, source = self._starts[run], self._sources[run]
        is_last = run + 1 == len(self._starts)
        self._here = range(start, sys.maxsize if is_last else self._starts[run + 1])
        self._shift = None if source < 0 else source - start

    def _find_source(self, position: int) -> int:
        run = bisect_right(self._starts, position) - 1
        source = self._sources[run]
        return source if source < 0 else source + position - self._starts[run]

    def _list_runs(self, start: int, end: int) -> list[tuple[int, int]]:
        """The runs of a stretch of the text: the length of each, and its start there."""
        runs: list[tuple[int, int]] = []
        starts, sources = self._starts, self._sources
        run = bisect_right(starts, start)
        while start < end:
            stop = min(end, starts[run]) if run < len(starts) else end
            source = sources[run - 1]
            runs.append((stop - start, source if source < 0 else source + start - starts[run - 1]))
            start = stop
            run += 1
        return runs

    def _renew(self, text: str, runs: Iterable[tuple[int, int]]) -> "PageCharacters":
        return PageCharacters(self._page, text, list(runs), has_unwritten=self._has_unwritten)
