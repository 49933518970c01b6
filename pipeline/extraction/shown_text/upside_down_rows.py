"""Rows of text that stands upside down are read from their own beginning. Runs in the child.

Where a table is turned by 180 degrees, or a page is, a row begins at the right. PDFium takes its
cells for words of a line that runs to the right, so it gives the last cell first; each of the cells
by itself is in order.
"""

import re
from itertools import pairwise

from pipeline.extraction.shown_text.geometry import turn_point
from pipeline.extraction.shown_text.page_characters import PageCharacters

_ROWS = re.compile(r"[^ \r\n\x02][^\r\n\x02]* [^\r\n\x02]*[^ \r\n\x02]")
_WORDS = re.compile(r"[^ ]+")
_LETTERS = re.compile(r"[^\s\x02]{2}")
# In ems: letters of one row.
_MAX_ACROSS_EMS = 0.3


def order_upside_down_rows(characters: PageCharacters, quarter_turns: int) -> PageCharacters:
    """The page with the cells of rows that run to the left in the order in which they are read.

    Args:
        characters: The text, and where each character stands.
        quarter_turns: By how many right angles the page is shown turned, clockwise.
    """
    text = characters.text
    pieces: list[int | str] = []
    done = 0
    for row in _ROWS.finditer(text):
        cells = _find_cells(characters, row, quarter_turns)
        if len(cells) < 2:
            continue
        pieces += range(done, row.start())
        for (_, before), (start, end) in reversed(list(pairwise([(0, 0), *cells]))):
            pieces += range(start, end)
            # The space that stood before a cell stands behind it.
            pieces += range(before, start) if before else ()
        done = row.end()
    return characters.rebuild([*pieces, *range(done, len(text))]) if pieces else characters


def _find_cells(
    characters: PageCharacters, row: re.Match[str], quarter_turns: int
) -> list[tuple[int, int]]:
    """Where the cells of a row that runs to the left begin and end, as far as they follow wrongly.

    Words of one cell follow each other to the left, cells do to the right.
    """
    letters = _LETTERS.search(row.string, *row.span())
    if letters is None or not _runs_to_the_left(characters, letters.start(), quarter_turns):
        return []
    words = [word.span() for word in _WORDS.finditer(row.string, *row.span())]
    places = [_find_place(characters, start, quarter_turns) for start, _ in words]
    cells = [words[0]]
    for (here, there), (start, end) in zip(pairwise(places), words[1:], strict=True):
        if here is None or there is None:
            return []
        if there > here:
            cells.append((start, end))
        else:
            cells[-1] = (cells[-1][0], end)
    return cells


def _runs_to_the_left(characters: PageCharacters, position: int, quarter_turns: int) -> bool:
    move = characters.find_move(position, position + 1, quarter_turns)
    if move is None:
        return False
    along, up = move
    # Nearly all rows run to the right.
    if along >= 0:
        return False
    em = turn_point(characters.find_em(position), quarter_turns)
    # Letters of right-to-left scripts run to the left, too, but stand upright.
    return em[0] < 0 and abs(up) <= -_MAX_ACROSS_EMS * em[0]


def _find_place(characters: PageCharacters, position: int, quarter_turns: int) -> float | None:
    """How far to the right a character stands on the page as it is shown."""
    origin = characters.find_origin(position)
    return None if origin is None else turn_point(origin, quarter_turns)[0]
