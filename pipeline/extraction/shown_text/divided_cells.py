"""Figures of cells that stand close to each other are no one number. Runs in the child.

Of cells that are a fifth of an em apart PDFium makes "1,00010", from 1,000 and 10. A program draws
a number as one piece of text, or letter by letter with no room between. So a word with digits in
it that is drawn in several pieces is looked at piece by piece.
"""

import re
from collections.abc import Iterator

from pipeline.extraction.shown_text.page_characters import Edit, PageCharacters, turn_upright

# What a cell ends with, and what the next one begins with: a digit on one side at least, and on the
# other a digit, a sign, a bracket or a word. One letter beside a digit is a formula, "A1".
_ENDS = frozenset("0123456789)%")
_BEGINNINGS = frozenset("0123456789(+-±$€£¥\N{EN DASH}\N{MINUS SIGN}")
_DIGITS, _LEADERS = frozenset("0123456789"), frozenset(".-\N{EN DASH}\N{MINUS SIGN}")
# From the first of such places, or the digit after it, to the end of the word, and the letters of
# the word before it.
_END_OF_WORD = re.compile(
    "[0-9)%](?:(?=[-0-9(+±$€£¥\N{EN DASH}\N{MINUS SIGN}])|(?=[^\\W\\d_]{2})"
    "|(?<=[^\\W\\d_]{2}[0-9])|(?<=[-.\N{EN DASH}\N{MINUS SIGN}][0-9]))[^ \r\n]*"
)
_MAX_BEFORE = 20
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
    gaps = {
        place: gap
        for place in range(start + 1, end)
        if _may_divide(text[max(start, place - 2) : place], text[place : min(end, place + 2)])
        and (gap := _measure_gap(characters, place)) is not None
    }
    if not gaps or max(gaps.values()) <= _MIN_GAP_EMS:
        return []
    if max(gaps.values()) <= _MAX_LETTER_SPACE_EMS and _is_set_apart(characters, start, end):
        return []
    return [Edit(place, place, " ") for place, gap in gaps.items() if gap > _MIN_GAP_EMS]


def _may_divide(before: str, after: str) -> bool:
    """Whether a cell may end with some characters and the next one begin with some others."""
    is_word_before, is_word_after = (len(two) > 1 and two.isalpha() for two in (before, after))
    if before[-1] in _ENDS and (is_word_after or after[0] in _BEGINNINGS):
        return True
    return after[0] in _DIGITS and (is_word_before or before[-1] in _LEADERS)


def _is_set_apart(characters: PageCharacters, start: int, end: int) -> bool:
    """Whether a word of more than two letters is drawn letter by letter with room between all."""
    gaps = [_measure_gap(characters, place) for place in range(start + 1, end)]
    return len(gaps) > 1 and all(gap is not None and gap <= _MAX_LETTER_SPACE_EMS for gap in gaps)


def _measure_gap(characters: PageCharacters, after: int) -> float | None:
    """The room between a character and the one before it, in ems; 0 where they are not in line.

    Returns:
        None where both are drawn with one piece of text.
    """
    before = after - 1
    if characters.find_piece(before) == characters.find_piece(after):
        return None
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
