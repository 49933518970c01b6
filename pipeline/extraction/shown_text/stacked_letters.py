"""Letters that stand one under the other are a line that runs down. Runs in the child.

Chromium places each letter of vertical Japanese and Chinese by itself. Where such text is the most
of a page PDFium sees lines that run down; beside text that runs to the right it gives each letter a
line of its own.
"""

import re
from itertools import pairwise

from pipeline.extraction.shown_text.page_characters import Edit, PageCharacters

# Kana, Han, and the punctuation and full-width signs that go with them.
_LETTERS = (
    *(("\u3001", "\u30ff"), ("\u3400", "\u4dbf"), ("\u4e00", "\u9fff")),
    *(("\uf900", "\ufaff"), ("\ufe30", "\ufe4f"), ("\uff01", "\uff60")),
)
# Between characters that may be such. A pattern of just these takes as long to compile as a page
# takes to be read.
_ENDS = re.compile("\r\n(?<=[^\0-\u3000]\r\n)(?=[^\0-\u3000])")
_END_SIZE = len("\r\n")
# In ems. Rows of a table, or of a list, are further from each other than letters of a line.
_MAX_ASIDE_EMS, _MIN_STEP_EMS, _MAX_STEP_EMS = 0.3, 0.5, 1.2
_MIN_LETTERS = 3


def join_stacked_letters(characters: PageCharacters, quarter_turns: int) -> PageCharacters:
    """The page with a line for each column of letters that stand one under the other.

    Args:
        characters: The text, and where each character stands.
        quarter_turns: By how many right angles the page is shown turned, clockwise.
    """
    text = characters.text
    ends = [found.start() for found in _ENDS.finditer(text)]
    stacked = [
        end
        for end in ends
        # After a line of one letter.
        if text[max(0, end - 2) : end - 1] in ("", "\n")
        and _is_letter(text[end - 1])
        and _is_letter(text[end + _END_SIZE])
        and _is_stacked(characters, end, quarter_turns)
    ]
    columns: list[list[int]] = [stacked[:1]]
    for before, end in pairwise(stacked):
        if end == before + 1 + _END_SIZE:
            columns[-1].append(end)
        else:
            columns.append([end])
    return characters.edit(
        Edit(end, end + _END_SIZE, "")
        for column in columns
        if len(column) >= _MIN_LETTERS - 1
        for end in column
    )


def _is_letter(character: str) -> bool:
    return any(first <= character <= last for first, last in _LETTERS)


def _is_stacked(characters: PageCharacters, end: int, quarter_turns: int) -> bool:
    """Whether the letter after a line end stands under the one before it."""
    move = characters.find_move(end - 1, end + _END_SIZE, quarter_turns)
    if move is None:
        return False
    aside, up = move
    em = max(map(abs, characters.find_em(end - 1)))
    is_below = _MIN_STEP_EMS * em <= -up <= _MAX_STEP_EMS * em
    return is_below and abs(aside) <= _MAX_ASIDE_EMS * em
