"""Lines that do not run to the right: those that run down follow each other from the right.

Lines run down where Japanese is written vertically, and where a page with `/Rotate 90` holds text
that is not turned, or a table is turned clockwise. PDFium takes lines that begin at one height for
parts of a row, and gives them from left to right: the last line first. What stands upside down is
the business of `upside_down_rows`. Runs in the child.
"""

import re
from typing import NamedTuple

from pipeline.extraction.shown_text.geometry import turn_point
from pipeline.extraction.shown_text.page_characters import PageCharacters
from pipeline.extraction.shown_text.upside_down_rows import (
    order_upside_down_letters,
    order_upside_down_rows,
)

# A line with what ends it: line ends, or a hyphen after which PDFium writes none.
_LINES = re.compile(r"([^\r\n\x02]+)(\x02|[\r\n]+|$)")
_TWO_LETTERS = re.compile(r" *([^\s\x02]) *([^\s\x02])")
_HYPHEN = "\x02"
# How many lines tell whether a page may have any that run down.
_SAMPLES = 4
# Shares of an em: lines that begin at one height, and letters that stand one under the other.
_MAX_START_EMS = 0.6
_MAX_ASIDE_EMS = 0.1


class _DownwardLine(NamedTuple):
    """A line that runs down the page as it is shown: where it begins, and the size of its em."""

    x: float
    y: float
    em: float

    def is_wrongly_followed_by(self, other: "_DownwardLine") -> bool:
        """Whether the next line begins at the same height, but further to the right."""
        return other.x > self.x and abs(other.y - self.y) <= _MAX_START_EMS * self.em


def order_turned_lines(characters: PageCharacters, quarter_turns: int) -> PageCharacters:
    """The page with its lines that run down, or to the left, in the order in which they are read.

    Args:
        characters: The text, and where each character stands.
        quarter_turns: By how many right angles the page is shown turned, clockwise.
    """
    if not quarter_turns:
        samples, found = _find_samples(characters.text)
        # One of them tells of a page that lies upside down.
        if found and characters.find_em(found[0].start(1))[0] < 0:
            characters = order_upside_down_letters(characters)
            samples, found = _find_samples(characters.text)
        # Most lines run to the right of a page that is not turned.
        if not characters.turn([(match.start(1), match.start(2)) for match in found]):
            return characters
        characters = order_upside_down_rows(characters, quarter_turns)
        if not any(_find_downward_line(characters, start, quarter_turns) for start in samples):
            return characters
    else:
        characters = order_upside_down_rows(characters, quarter_turns)
    return _order_downward_lines(characters, quarter_turns)


def _find_samples(text: str) -> tuple[set[int], list[re.Match[str]]]:
    """Where some of the lines begin, and the first two letters of those that have them."""
    step = max(1, len(text) // _SAMPLES)
    samples = {text.find("\n", place) + 1 for place in range(0, len(text), step)}
    samples = samples - {0} or samples
    return samples, [match for start in samples if (match := _TWO_LETTERS.match(text, start))]


def _order_downward_lines(characters: PageCharacters, quarter_turns: int) -> PageCharacters:
    text = characters.text
    lines = list(_LINES.finditer(text))
    runs = _find_reversed_runs(characters, lines, quarter_turns)
    if not runs:
        return characters
    pieces: list[int | str] = []
    done = 0
    for run in runs:
        pieces += range(done, run[0].start())
        for line in reversed(run):
            pieces += range(*line.span(1))
            pieces += _HYPHEN if line[2] == _HYPHEN else "\r\n" if line is not run[0] else ""
        end = run[-1][2]
        pieces += "" if end == _HYPHEN else end
        done = run[-1].end()
    return characters.rebuild([*pieces, *range(done, len(text))])


def _find_reversed_runs(
    characters: PageCharacters, lines: list[re.Match[str]], quarter_turns: int
) -> list[list[re.Match[str]]]:
    runs: list[list[re.Match[str]]] = []
    previous: _DownwardLine | None = None
    for line in lines:
        here = _find_downward_line(characters, line.start(), quarter_turns)
        if here and previous and previous.is_wrongly_followed_by(here):
            runs[-1].append(line)
        else:
            runs.append([line])
        previous = here
    return [run for run in runs if len(run) > 1]


def _find_downward_line(
    characters: PageCharacters, start: int, quarter_turns: int
) -> _DownwardLine | None:
    found = _TWO_LETTERS.match(characters.text, start)
    if found is None:
        return None
    first = characters.find_origin(found.start(1))
    second = characters.find_origin(found.start(2))
    if first is None or second is None:
        return None
    x, y = turn_point(first, quarter_turns)
    next_x, next_y = turn_point(second, quarter_turns)
    if next_y >= y:
        return None
    em = max(map(abs, characters.find_em(found.start(1))))
    return _DownwardLine(x, y, em) if abs(next_x - x) <= _MAX_ASIDE_EMS * em else None
