"""Glyphs that PDFium has no character for and leaves out of its text. Runs in the child."""

import math
import re
from collections.abc import Sequence

from pipeline.extraction.shown_text.page_characters import Edit, PageCharacters
from pipeline.extraction.shown_text.text_page import TextPage

# What stands for a glyph without a character.
_UNCODED = "\ufffd"
_UNCODED_BETWEEN = re.compile(r"[^\W_][^\W_]|[0-9].|.[0-9]", re.DOTALL)
_NO_SPACE_BETWEEN = re.compile(r"[^ \r\n]{2}")
# UTF-16 in a font with codes of one byte has one before each letter.
_MIN_PADDING_SHARE = 0.5
# What PDFium takes for no text, and is the number of the space in most fonts: a font that does not
# say what it draws gives it for a space.
_SPACE_GLYPH = 3
# A glyph that draws nothing has a box without height, and as wide as it has room.
_MAX_BLANK_EMS = 0.02
_MIN_SPACE_EMS = 0.15


def mark_uncoded(characters: PageCharacters) -> PageCharacters:
    """The page with a sign where a glyph without a character stands in a word, or by a digit.

    Without it "dell'Impresa" is one word more that nobody wrote, and "1,5" is 15. With many such
    glyphs it is not a sign that is missing but the letters themselves, and the page is doubtful.
    One that draws nothing and has room is a space, and one between any two letters is a byte of
    theirs.
    """
    page = characters.unwritten_page
    if page is None:
        return characters
    drawn, spaces = map(characters.find_again, _list_uncoded(page))
    marked = _list_between(_UNCODED_BETWEEN, characters.text, drawn)
    if len(marked) > _MIN_PADDING_SHARE * len(characters.text):
        marked = []
    written = dict.fromkeys(_list_between(_NO_SPACE_BETWEEN, characters.text, spaces), " ")
    written |= dict.fromkeys(marked, _UNCODED)
    return characters.edit(Edit(place, place, written[place]) for place in sorted(written))


def _list_between(pattern: re.Pattern[str], text: str, places: Sequence[int]) -> list[int]:
    """Those of many places that are between two characters that fit a pattern."""
    return [
        place
        for place in places
        if pattern.match(f"{text[place - 1 : place]:1}{text[place : place + 1]:1}")
    ]


def _list_uncoded(page: TextPage) -> tuple[list[int], list[int]]:
    """Places in PDFium's text right before which is a glyph that it has no character for.

    Returns:
        Places of those that draw something, and of those that leave room as a space does.
    """
    drawn: list[int] = []
    spaces: list[int] = []
    place, last = 0, -1
    for index, code in enumerate(page.list_codes()):
        if code not in (0, _SPACE_GLYPH):
            continue
        # What is not in the text has no place in it, and a row of such is looked at once.
        for before in range(index - 1, last, -1):
            if (found := page.find_place(before)) >= 0:
                place = found + 1
                break
        last = index
        least, most = _measure_ems(page, index)
        if least > _MAX_BLANK_EMS and not code:
            drawn.append(place)
        elif least <= _MAX_BLANK_EMS and most >= _MIN_SPACE_EMS:
            spaces.append(place)
    return drawn, spaces


def is_blank(page: TextPage | PageCharacters, index: int) -> bool:
    """Whether a glyph draws nothing and has room, as a space does."""
    least, most = _measure_ems(page, index)
    return least <= _MAX_BLANK_EMS and most >= _MIN_SPACE_EMS


def _measure_ems(page: TextPage | PageCharacters, index: int) -> tuple[float, float]:
    """The smaller and the larger of the width and the height of a character, in ems."""
    box, em = page.find_box(index), math.hypot(*page.find_em(index))
    if box is None or em <= 0:
        return 0.0, 0.0
    width, height = (box.right - box.left) / em, (box.top - box.bottom) / em
    return min(width, height), max(width, height)
