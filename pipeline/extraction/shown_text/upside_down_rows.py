"""Rows of text that stands upside down are read from their own beginning. Runs in the child.

Where a table is turned by 180 degrees, or a page is, a row begins at the right. PDFium takes its
cells for words of a line that runs to the right, so it gives the last cell first; each of the cells
by itself is in order. A last row that begins to the right of where the one before it ends is to
PDFium the end of that row. Where each letter is a piece of its own, each is a cell.
"""

import re
from itertools import pairwise

from pipeline.extraction.shown_text.geometry import measure_gap, turn_point
from pipeline.extraction.shown_text.page_characters import PageCharacters

_ROWS = re.compile(r"[^ \r\n\x02][^\r\n\x02]* [^\r\n\x02]*[^ \r\n\x02]")
_LINES = re.compile(r"[^\r\n\x02]{2,}")
_WORDS = re.compile(r"[^ ]+")
_LETTERS = re.compile(r"[^\s\x02]{2}")
# In ems: letters of one row. A raised or lowered one is of its row, too.
_MAX_ACROSS_EMS = 0.3
_MIN_LINE_EMS = 0.6
_MIN_SPACE_EMS = 0.1
# Between letters that are pieces of their own, as PDFium puts spaces elsewhere.
_MIN_SPACE_OF_LETTERS_EMS = 0.15
_LINE_END = "\r\n"


def order_upside_down_rows(characters: PageCharacters, quarter_turns: int) -> PageCharacters:
    """The page with the cells of rows that run to the left in the order in which they are read.

    Args:
        characters: The text, and where each character stands.
        quarter_turns: By how many right angles the page is shown turned, clockwise.
    """
    text = characters.text
    pieces: list[int | str] = []
    done = 0
    for found in _ROWS.finditer(text):
        rows = _find_rows(characters, found, quarter_turns)
        if len(rows) < 2 and all(len(cells) < 2 for cells in rows):
            continue
        pieces += range(done, found.start())
        for cells in rows:
            if cells is not rows[0]:
                pieces.append(_LINE_END)
            for (before, after), (start, end) in reversed(list(pairwise([(0, 0), *cells]))):
                pieces += range(start, end)
                # The space that stood before a cell stands behind it, if PDFium is right about it.
                if after and not _touches(characters, end - 1, before, after):
                    pieces += range(after, start)
        done = found.end()
    return characters.rebuild([*pieces, *range(done, len(text))]) if pieces else characters


def order_upside_down_letters(characters: PageCharacters) -> PageCharacters:
    """The page with its lines that are drawn letter by letter, upside down, read from the right.

    Where a page says that it is shown turned, PDFium gives the letters in order.
    """
    text = characters.text
    pieces: list[int | str] = []
    done = 0
    for line in _LINES.finditer(text):
        letters = _LETTERS.search(text, *line.span())
        if letters is None or not _follows_upside_down(characters, letters.start()):
            continue
        drawn = [k for k in range(*line.span()) if text[k] != " " and characters.is_drawn(k)]
        if any(characters.find_em(place)[0] >= 0 for place in drawn):
            continue
        pieces += range(done, line.start())
        end = None
        for left, right, place in sorted(
            ((*characters.find_advance(place), place) for place in drawn), reverse=True
        ):
            em = -characters.find_em(place)[0]
            if end is not None and end - right > _MIN_SPACE_OF_LETTERS_EMS * em:
                pieces.append(" ")
            pieces.append(place)
            end = left
        done = line.end()
    return characters.rebuild([*pieces, *range(done, len(text))]) if pieces else characters


def _follows_upside_down(characters: PageCharacters, position: int) -> bool:
    """Whether a character stands upside down, and what follows it in the text is before it."""
    along, aside = characters.find_em(position)
    move = characters.find_move(position, position + 1, 0)
    box, origin = characters.find_box(position), characters.find_origin(position)
    if move is None or along >= 0 or abs(aside) > -_MAX_ACROSS_EMS * along:
        return False
    # What is turned twice, the second time by a size below zero, stands upright.
    if box is None or origin is None or box.bottom + box.top >= 2 * origin[1]:
        return False
    return move[0] > 0 and abs(move[1]) <= -_MAX_ACROSS_EMS * along


def _find_rows(
    characters: PageCharacters, line: re.Match[str], quarter_turns: int
) -> list[list[tuple[int, int]]]:
    """The rows of a line that runs to the left: where the cells of each begin and end.

    Words of one cell follow each other to the left, cells do to the right.
    """
    letters = _LETTERS.search(line.string, *line.span())
    if letters is None or not _runs_to_the_left(characters, letters.start(), quarter_turns):
        return []
    em = max(map(abs, characters.find_em(letters.start())))
    words = [word.span() for word in _WORDS.finditer(line.string, *line.span())]
    places = [_find_place(characters, start, quarter_turns) for start, _ in words]
    rows = [[words[0]]]
    for (here, there), (start, end) in zip(pairwise(places), words[1:], strict=True):
        if here is None or there is None:
            return []
        if abs(there[1] - here[1]) > _MIN_LINE_EMS * em:
            if end - start > 1 and not _runs_to_the_left(characters, start, quarter_turns):
                # What is turned otherwise is none of this module's business.
                return [*rows, [(start, line.end())]]
            rows.append([(start, end)])
        elif there[0] > here[0]:
            rows[-1].append((start, end))
        else:
            rows[-1][-1] = (rows[-1][-1][0], end)
    return rows


def _touches(characters: PageCharacters, end: int, start: int, space: int) -> bool:
    """Whether a character begins where another one ends, and no space between them is drawn.

    Of "Paris", P may be a piece by itself, and further to the right.
    """
    em, box = characters.find_em(end), characters.find_loose_box(end)
    origin = characters.find_origin(start)
    if box is None or origin is None or not any(em) or characters.is_drawn(space):
        return False
    return measure_gap(em, box, origin) < _MIN_SPACE_EMS


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


def _find_place(
    characters: PageCharacters, position: int, quarter_turns: int
) -> tuple[float, float] | None:
    """Where a character stands on the page as it is shown."""
    origin = characters.find_origin(position)
    return None if origin is None else turn_point(origin, quarter_turns)
