"""Where the rows that a model has read stand in the text: a line for each, in order. Pure.

A model gives rows and the source that they are in. The line is looked for here: the next one that
bears out all of a row's values, as rows are given in the order of the text; so two rows that are
truly equal have a line each, and one that is given twice has none for its second copy.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pipeline.tasks.extract.answer_shape import FoundRows
from pipeline.tasks.extract.evidence import Evidence, Gap, Level, keep_borne_out, list_levels
from pipeline.tasks.extract.field_lists import list_leaves
from pipeline.tasks.extract.field_schema import is_choice
from pipeline.tasks.extract.text_lines import Part, TextLine

# A row may go on for so many lines, over the end of a page too.
_MOST_LINES = 5


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A row with the lines that bear it out.

    Args:
        value: What is left of it: its values that stand on its page.
        gaps: What is not there of it; their paths begin within the row.
        lines: The lines: that which it begins in, and those which it goes on in.
        weight: How many of its values those lines bear out.
        level: How the least sure of its values is borne out.
    """

    value: Any
    gaps: tuple[Gap, ...]
    lines: tuple[TextLine, ...]
    weight: int
    level: Level

    @property
    def page(self) -> int:
        """The page that it begins on; 0 in a text without pages."""
        return self.lines[0].page

    @property
    def words(self) -> str:
        """The words that bear it out, as they stand there."""
        return "\n".join(line.text.strip() for line in self.lines)


@dataclass(frozen=True)
class PlacedRows:
    """The rows of one list in one part, and those dropped, as they stand nowhere in it."""

    rows: Sequence[PlacedRow]
    dropped: Sequence["DroppedRow"]


@dataclass(frozen=True, slots=True)
class DroppedRow:
    """A row as it was given, and the pages of the source that it was said to be in."""

    value: Any
    pages: tuple[int, ...]


class PartText:
    """The lines of a part, to look for the values of rows in them.

    Args:
        part: The part.
    """

    def __init__(self, part: Part) -> None:
        self.lines = part.all_lines
        self._evidence = [Evidence(line.text) for line in self.lines]
        self._ranges: list[range] = []
        start = 0
        for stretch in part.list_stretches():
            self._ranges.append(range(start, start + len(stretch)))
            start += len(stretch)
        self._pages: dict[int, Evidence] = {}

    @property
    def all(self) -> range:
        """All lines."""
        return range(len(self.lines))

    def find_range(self, source: int) -> range:
        """The lines of a source; all of them if there is no such source."""
        return self._ranges[source - 1] if 0 < source <= len(self._ranges) else self.all

    def count_borne_out(self, values: Sequence[Any], index: int) -> int:
        """How many of some values a line bears out."""
        return sum(map(self._evidence[index].bears_out, values))

    def join(self, first: int, count: int) -> Evidence:
        """Lines that follow one another, as one text."""
        if count == 1:
            return self._evidence[first]
        return Evidence("\n".join(line.text for line in self.lines[first : first + count]))

    def find_page(self, index: int) -> Evidence:
        """All that the part has of the page of a line."""
        page = self.lines[index].page
        if page not in self._pages:
            texts = [line.text for line in self.lines if line.page == page]
            self._pages[page] = Evidence("\n".join(texts))
        return self._pages[page]


@dataclass(frozen=True)
class _Row:
    """A row as a model has given it, with its values that a text can bear out."""

    value: Any
    schema: Mapping[str, Any]

    @cached_property
    def leaves(self) -> list[Any]:
        return [
            value
            for value, schema in list_leaves(self.value, schema=self.schema)
            if not isinstance(value, bool) and not is_choice(value, schema)
        ]


class RowPlacer:
    """Finds the lines of the rows of one list in one part.

    Args:
        text: The part.
        schema: The schema of a row.

    Attributes:
        dropped: The rows that stand nowhere.
    """

    def __init__(self, text: PartText, schema: Mapping[str, Any]) -> None:
        self._text = text
        self._schema = schema
        self.dropped: list[DroppedRow] = []
        self._used: set[int] = set()
        self._next: dict[int, int] = {}
        self._seen: set[tuple[int, str]] = set()

    def place(self, value: Any, source: int) -> PlacedRow | None:
        """Find the lines of the next row.

        Returns:
            The row with what its page bears out; None if that is nothing, or the row was there.
        """
        row = _Row(value, self._schema)
        where = self._text.find_range(source)
        if not row.leaves:
            # Truth values and choices are judgements: the source is enough.
            line = self._text.lines[where.start]
            return PlacedRow(value, (), (line,), 0, Level.JUDGEMENT)
        found = self._find(row, where, source)
        if found is None:
            self._drop(value, where)
            return None
        first, count = found
        key = first, repr(value)
        if first in self._used and key in self._seen:
            return None
        self._seen.add(key)
        self._used.update(range(first, first + count))
        self._next[source] = first + count
        placed = self._build(row, first, count)
        if placed is None:
            self._drop(value, where)
        return placed

    def _drop(self, value: Any, where: range) -> None:
        pages = {self._text.lines[index].page for index in where} - {0}
        self.dropped.append(DroppedRow(value, tuple(sorted(pages))))

    def _find(self, row: _Row, where: range, source: int) -> tuple[int, int] | None:
        """The first line and how many there are."""
        ahead = self._order(where, source)
        wanted = len(row.leaves)
        counts: dict[int, int] = {}
        beyond = (index for index in self._text.all if index not in where)
        for index in (*ahead, *beyond):
            if index not in self._used:
                counts[index] = self._text.count_borne_out(row.leaves, index)
                if counts[index] == wanted:
                    return index, 1
        for index in ahead:
            if index in self._used and self._text.count_borne_out(row.leaves, index) == wanted:
                return index, 1
        near = [index for index in ahead if index in counts]
        best = max(near, key=lambda index: counts[index], default=None)
        if best is not None and counts[best]:
            return best, self._extend(row, best)
        return self._find_wrapped(row, near)

    def _order(self, where: range, source: int) -> list[int]:
        start = max(where.start, min(self._next.get(source, where.start), where.stop))
        return [*range(start, where.stop), *range(where.start, start)]

    def _extend(self, row: _Row, first: int) -> int:
        """How many lines it takes until no further one bears out more of a row."""
        best, best_count = 1, self._text.count_borne_out(row.leaves, first)
        for count in range(2, _MOST_LINES + 1):
            if first + count > len(self._text.lines) or first + count - 1 in self._used:
                break
            evidence = self._text.join(first, count)
            borne_out = sum(map(evidence.bears_out, row.leaves))
            if borne_out > best_count:
                best, best_count = count, borne_out
        return best

    def _find_wrapped(self, row: _Row, near: Iterable[int]) -> tuple[int, int] | None:
        """Lines that bear out a row together of which none does so alone: a sentence, say."""

        def count(first: int) -> int:
            return sum(map(self._text.join(first, _MOST_LINES).bears_out, row.leaves))

        for first in near:
            borne_out = count(first)
            if borne_out:
                # The last line at which all of it can begin.
                while count(first + 1) == borne_out:
                    first += 1
                return first, self._extend(row, first)
        return None

    def _build(self, row: _Row, first: int, count: int) -> PlacedRow | None:
        text = self._text
        lines = text.lines[first : first + count]
        evidence = text.join(first, count)
        weight = sum(map(evidence.bears_out, row.leaves))
        if weight < len(row.leaves):
            page = text.find_page(first).text
            evidence = Evidence(f"{page}\n{evidence.text}") if count > 1 else text.find_page(first)
        kept, gaps = keep_borne_out(row.value, self._schema, evidence, "")
        if kept is None:
            return None
        order = list(Level)
        levels = (level for _, level in list_levels(kept, self._schema, evidence, ""))
        level = max(levels, key=order.index, default=Level.JUDGEMENT)
        return PlacedRow(kept, tuple(gaps), lines, weight, level)


def place_rows(found: Iterable[FoundRows], text: PartText, schema: Mapping[str, Any]) -> PlacedRows:
    """The rows of one list in one part, in the order given.

    Args:
        found: The rows, as a model has given them.
        text: The part.
        schema: The schema of a row.
    """
    placer = RowPlacer(text, schema)
    placed = [placer.place(row, one.source) for one in found for row in one.rows]
    return PlacedRows([row for row in placed if row is not None], placer.dropped)
