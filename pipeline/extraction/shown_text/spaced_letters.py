"""Words that are set with room between their letters are words all the same. Runs in the child.

Of "Quarterly Report" in such letters PDFium makes "Q u a r t e r l y Re p o r t": the room between
two letters is as wide as a narrow space. But it is the same from letter to letter, and wider
between two words. Programs that lay recognised text over a scan draw the last letter of each word
by itself, and PDFium makes "Unite d Ara b" of it: there, too, the room before it is that between
the others.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from pipeline.extraction.shown_text.page_characters import Edit, PageCharacters

# What is in each of them. A pattern that begins with a plain character is found quickly, and here
# the second of its spaces is rarer than the first.
_THREE_LETTERS = re.compile(r" (?<= [^\W\d_] )[^\W\d_] [^\W\d_](?![^ \r\n])")
# Four letters, each by itself, and what follows them in their line in pieces of one or two.
_SPACED = re.compile(
    r"(?<![^ \n])(?:[^\W\d_] ){3,}[^\W\d_](?![^ \r\n])(?: [^ \r\n]{1,2}(?![^ \r\n]))*"
)
_MIN_LETTERS = 6
# Characters by themselves, one after the other, and how many of those after a space make a page one
# of such words. Where the word before has one letter, nothing tells how it is spaced.
_LONE = re.compile(r" [^ \r\n](?![^ \r\n])(?: [^ \r\n](?![^ \r\n]))*")
_LONE_SIZE = 2
_WHITE_SPACE = " \r\n"
_MIN_LAST_LETTERS = 3
_MIN_LAST_SHARE = 0.15
# How many words of a page are looked at to tell whether any may be spaced.
_SAMPLED_WORDS = 5
# The last letters of a word tell how it is spaced.
_COMPARED_LETTERS = 4
_MIN_LETTER_SPACE_EMS = 0.08
_MAX_DIFFERENCE_EMS = 0.05
# Between letters of a word, in ems; a space between words is wider by more than half of its own.
_MAX_LETTER_SPACE_EMS = 0.45
_MIN_MORE_EMS = 0.15


def join_spaced_letters(characters: PageCharacters) -> PageCharacters:
    """The page without the spaces between the letters of a word.

    Letters by themselves that are capitals, all with the same room between them, stay as they are:
    they may be a word or a row of marks.
    """
    text = characters.text
    rows = [found.span() for found in _LONE.finditer(text)]
    lone = _count_lone(rows)
    # Either kind has three characters by themselves at the least.
    if lone < _MIN_LAST_LETTERS:
        return characters
    edits: list[Edit] = []
    if any(
        end - start >= 3 * _LONE_SIZE and _THREE_LETTERS.search(text, start, end)
        for start, end in rows
    ):
        for found in _SPACED.finditer(text):
            edits += _join_letters(characters, *found.span())
    if edits:
        characters = characters.edit(edits)
        text = characters.text
        rows = [found.span() for found in _LONE.finditer(text)]
        lone = _count_lone(rows)
    if lone < max(_MIN_LAST_LETTERS, _MIN_LAST_SHARE * text.count(" ")):
        return characters
    # Of those in a row, only the first may be the last letter of a word.
    return _join_last_letters(characters, [start for start, _ in rows])


def _count_lone(rows: Iterable[tuple[int, int]]) -> int:
    return sum(end - start for start, end in rows) // _LONE_SIZE


def _join_last_letters(characters: PageCharacters, spaces: Sequence[int]) -> PageCharacters:
    """The page without those of some spaces that are before the last letter of a word."""
    text = characters.text
    spaces = [
        space
        for space in spaces
        if space > 1 and text[space - 1] not in _WHITE_SPACE and text[space - 2] not in _WHITE_SPACE
    ]
    # A page of formulas has hundreds of these, and none of its words is spaced.
    samples = spaces[:: -(-len(spaces) // _SAMPLED_WORDS) or 1]
    if not any(_has_room_within(characters, space) for space in samples):
        return characters
    return characters.edit(
        Edit(space, space + 1, "") for space in spaces if _is_last_letter_at(characters, space)
    )


def _has_room_within(characters: PageCharacters, space: int) -> bool:
    """Whether there is room before the last letter of the word before a space."""
    gap = characters.measure_letter_gap(space - 2, space - 1)
    return gap is not None and gap >= _MIN_LETTER_SPACE_EMS


def _is_last_letter_at(characters: PageCharacters, space: int) -> bool:
    """Whether the character after a space has the room before it that those of the word have."""
    if not _has_room_within(characters, space):
        return False
    text = characters.text
    # A page of one line is not looked through for each of its words.
    first = max(0, space - _COMPARED_LETTERS)
    start = max(first, *(text.rfind(end, first, space) + 1 for end in " \n"))
    gap = characters.measure_letter_gap(space - 1, space + 1)
    gaps = [characters.measure_letter_gap(place, place + 1) for place in range(start, space - 1)]
    known = [one for one in gaps if one is not None]
    if gap is None or not known or len(known) < len(gaps) or not _is_put_in(characters, space):
        return False
    letter_space = _find_median(known)
    return letter_space >= _MIN_LETTER_SPACE_EMS and gap <= letter_space + _MAX_DIFFERENCE_EMS


def _join_letters(characters: PageCharacters, start: int, end: int) -> list[Edit]:
    text = characters.text
    places = [place for place in range(start, end) if text[place] != " "]
    if len(places) < _MIN_LETTERS:
        return []
    gaps: dict[int, float] = {}
    wide = 0
    for before, place in pairwise(places):
        gap = characters.measure_letter_gap(before, place)
        if gap is None:
            return []
        wide += gap > _MAX_LETTER_SPACE_EMS
        # The middle one of all is too wide then.
        if 2 * wide >= len(places):
            return []
        gaps[place] = gap
    if not all(text[place - 1] != " " or _is_put_in(characters, place - 1) for place in gaps):
        return []
    letter_space = _find_median(gaps.values())
    limit = letter_space + _MIN_MORE_EMS
    has_words = max(gaps.values()) > limit or not text[start:end].isupper()
    if not has_words or not 0 < letter_space <= _MAX_LETTER_SPACE_EMS:
        return []
    return [
        Edit(place - 1, place, "")
        for place, gap in gaps.items()
        if text[place - 1] == " " and gap <= limit
    ]


def _find_median(gaps: Iterable[float]) -> float:
    """The middle one. `statistics` would take half a MiB of each reader."""
    ordered = sorted(gaps)
    return ordered[len(ordered) // 2]


def _is_put_in(characters: PageCharacters, space: int) -> bool:
    """Whether it is PDFium that has put a space in: one that is drawn has room of its own."""
    left, right = characters.find_advance(space)
    return right <= left
