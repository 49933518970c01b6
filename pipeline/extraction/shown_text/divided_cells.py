"""Figures of cells that stand close to each other are no one number. Runs in the child.

Of cells that are a fifth of an em apart PDFium makes "1,00010", from 1,000 and 10. A program draws
a number as one piece of text, or letter by letter with no room between. So a word with digits in
it that is drawn in several pieces is looked at piece by piece.
"""

import re
from collections.abc import Iterator

from pipeline.extraction.shown_text.page_characters import Edit, PageCharacters, turn_upright

# From a digit to the end of its word, and the letters of the word before it.
_END_OF_WORD = re.compile(r"[0-9][^ \r\n]*")
_MAX_BEFORE = 20
_ENDS = frozenset("0123456789)%")
# More room than that between two pieces is no kerning, and as little as between close cells. Where
# the next one begins where the one before it ends, no more has to be asked.
_MIN_GAP_EMS, _MIN_GAP_POINTS = 0.1, 0.1
# Less than that between all letters is how the word is set.
_MAX_LETTER_SPACE_EMS = 0.15
# A line further down, or a raised letter, is none of this module's business.
_MAX_ACROSS_EMS = 0.1


def divide_cells(characters: PageCharacters) -> PageCharacters:
    """The page with a space in each word with digits where two pieces of text are apart."""
    edits: list[Edit] = []
    for start, end in characters.list_divided(_find_words_with_digits(characters.text)):
        edits += _divide_word(characters, start, end)
    return characters.edit(edits)


def _find_words_with_digits(text: str) -> Iterator[tuple[int, int]]:
    for found in _END_OF_WORD.finditer(text):
        start, end = found.span()
        if start > 0 and text[start - 1] not in " \n":
            before = text[max(0, start - _MAX_BEFORE) : start]
            start -= len(before) - 1 - max(before.rfind(" "), before.rfind("\n"))
        if end - start > 1:
            yield start, end


def _divide_word(characters: PageCharacters, start: int, end: int) -> list[Edit]:
    text = characters.text
    gaps: dict[int, float] = {}
    # The last character that was looked at, and its piece.
    seen, previous = start, characters.find_piece(start)
    for position in range(start + 1, end):
        if not (text[position - 1] in _ENDS or text[position].isdigit()):
            continue
        if seen < position - 1:
            previous = characters.find_piece(position - 1)
        seen, piece = position, characters.find_piece(position)
        if piece != previous:
            gaps[position] = _measure_gap(characters, position - 1, position)
        previous = piece
    if len(gaps) == end - start - 1 > 1 and max(gaps.values()) <= _MAX_LETTER_SPACE_EMS:
        return []
    return [Edit(place, place, " ") for place, gap in gaps.items() if gap > _MIN_GAP_EMS]


def _measure_gap(characters: PageCharacters, before: int, after: int) -> float:
    """The room between two characters of one line, in ems; 0 where they are not."""
    box, end = characters.find_loose_box(before), characters.find_origin(after)
    if box is None or end is None or abs(end[0] - box.right) < _MIN_GAP_POINTS:
        return 0.0
    start, em = characters.find_origin(before), characters.find_em(before)
    if start is None or not any(em):
        return 0.0
    upright = turn_upright(em)
    begin, height = upright(*start)
    next_begin, next_height = upright(*end)
    if abs(next_height - height) > _MAX_ACROSS_EMS or next_begin <= begin:
        return 0.0
    return next_begin - max(upright(x, y)[0] for x in box[::2] for y in box[1::2])
