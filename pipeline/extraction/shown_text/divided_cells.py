"""Figures of cells that stand close to each other are no one number, nor are words one word.

Of cells that are a fifth of an em apart PDFium makes "1,00010", from 1,000 and 10. A program draws
a number as one piece of text, or letter by letter with no room between. So a word with digits in
it that is drawn in several pieces is looked at piece by piece. Of TeX's spaces, which are room and
no character, PDFium leaves out some: "a clarinet" becomes "aclarinet". Runs in the child.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, islice

from pipeline.extraction.shown_text.page_characters import Edit, PageCharacters
from pipeline.extraction.shown_text.raised_digits import divide_struck

# What a cell ends with, and what the next one begins with: a digit on one side at least, and on the
# other a digit, a sign, a bracket or a word. One letter beside a digit is a formula, "A1".
# A sign is first in its class, or it would be a range.
_WORD, _SIGN = r"[^\W\d_]{2}", "-\N{EN DASH}\N{MINUS SIGN}"
_BEGINNING = f"(?:[{_SIGN}0-9(+±$€£¥]|{_WORD})"
_JUNCTION = re.compile(
    f"(?<=[0-9)%])(?={_BEGINNING})|(?<={_WORD})(?=[0-9])|(?<=[{_SIGN}.])(?=[0-9])"
)
# From the first of such places, or the digit after it, to the end of the word. A pattern that
# begins with what is rare is quick.
_END_OF_WORD = re.compile(
    rf"[0-9)%](?:(?={_BEGINNING})|(?<={_WORD}[0-9])|(?<=[{_SIGN}.][0-9]))[^ \r\n]*"
)
# What no number has: a sign that ends one, or a bracket after one, before an amount, or points and
# commas that change twice. A formula has none of these.
_TWO_NUMBERS = re.compile(
    r"(?:[%)]|[0-9][(])[0-9]+[.,][0-9]|[.][0-9]+(?:,[0-9]+)+[.]|,[0-9]+(?:[.][0-9]+)+,"
)
# By kinds of characters: what is in each of them. To look through a page takes as long as to look
# at so many words.
_SIGN_OF_TWO_NUMBERS = re.compile(rb"[%().,]0+[.,]0")
_MANY_WORDS = 50
# More room than that between two pieces is no kerning, and as little as between close cells. Where
# the next one begins where the one before it ends, no more has to be asked.
_MIN_GAP_EMS, _MIN_GAP_POINTS = 0.1, 0.1
# Less than that between all letters is how the word is set.
_MAX_LETTER_SPACE_EMS = 0.15
# Nor may more than that be how two figures are set.
_MAX_ROOM_OF_FIGURES_EMS = 0.9
# From one figure to the next in a number of large print: only what is more is looked at.
_MIN_STEP_POINTS = 9.0
# A line further down, or a raised letter, is none of this module's business.
_MAX_ACROSS_EMS = 0.1
# The number of a line in the margin, which some programs draw after the line, in one piece with it.
# By kinds of characters.
_LINE_NUMBER = re.compile(rb"0\r(?:(?<=[^ \n0,]00\r)|(?<=[^ \n0,]0\r))")
# The way back to the margin, at the least.
_MIN_WAY_BACK_EMS = 1.0
# Where a number lies over the end of the word before it, or a word over that of a number, it begins
# so far before the last letter does. Only text that runs to the right can tell.
_MIN_OVERLAP_EMS = 0.25
_MOST_CHARACTERS_BEFORE = 40
_WORD_AND_NUMBER = re.compile("[0-9][A-Za-z\u00c0-\u052f]|[A-Za-z\u00c0-\u052f][0-9]")

# What words have that PDFium has left the space between out of: many letters, or a sign within that
# ends a phrase. The first of them on a page tell whether it is looked through: of a word all
# letters but the first, before which there is room.
_LETTER = "A-Za-z\u00c0-\u024f\u0370-\u052f"
# Patterns that begin with one plain character, or one of few, are quick.
_LONG_WORD = re.compile(rf" [{_LETTER}]([{_LETTER}]{{14,}})")
_SIGN_WITHIN = re.compile(rf"[.,;:]([{_LETTER}])(?<=[{_LETTER}]{{2}}[.,;:].)(?=[{_LETTER}])")
_SAMPLED_SIGNS = 2
_RUN = re.compile(r"[^ \r\n]{3,}")
_CELLS = re.compile(r"[^ \r\n]{2,}")
_BETWEEN_LETTERS = re.compile(rf"(?<=[0-9{_LETTER}.,;:)!?])(?=[0-9{_LETTER}(])")
# More room than between the other letters of a word, and on how few places of a page.
_MIN_SPACE_EMS = 0.12
# Where spaces are drawn: of those beside a kerned letter Ghostscript makes room, and no less of it.
_MIN_WHOLE_SPACE_EMS = 0.2
_MAX_SHARE_OF_SPACES = 0.1


def divide_cells(characters: PageCharacters, page: object) -> PageCharacters:
    """The page with a space in each word with digits where two pieces of text are apart.

    Args:
        characters: The page.
        page: PDFium's handle of the page.
    """
    characters = _divide_line_numbers(characters)
    text = characters.text
    ends = [found.span() for found in _END_OF_WORD.finditer(text)]
    if not ends:
        return characters
    # What is before the first digit is looked at with it, if it is of the same word.
    words = [(start - (start > 0 and text[start - 1] not in " \n"), end) for start, end in ends]
    divided = characters.list_divided(words)
    spread = _list_spread(characters, words, divided)
    edits: list[Edit] = []
    if junctions := _list_junctions(text, [*divided, *spread]):
        apart = characters.list_apart([place for place, _ in junctions], _MIN_GAP_POINTS)
        edits = _divide_at(characters, [junctions[k] for k in apart])
    starts = {edit.start for edit in edits}
    if any(not starts.isdisjoint(range(*word)) for word in spread):
        edits += _divide_rows(characters, starts)
    starts = {edit.start for edit in edits}
    edits += [edit for edit in _divide_merged(characters, words) if edit.start not in starts]
    edits += divide_struck(characters, divided, {edit.start for edit in edits}, page)
    return characters.edit(edits) if edits else characters


def divide_words(characters: PageCharacters, *, is_set_by_groff: bool = False) -> PageCharacters:
    """The page with the spaces between words that PDFium leaves out.

    Args:
        characters: The page.
        is_set_by_groff: Whether it is of a program of whose spaces some are known to be left out.
    """
    text = characters.text
    least = _MIN_WHOLE_SPACE_EMS if is_set_by_groff else _find_least_space(characters)
    if least is None:
        return characters
    words = [_list_places_within(run) for run in _RUN.finditer(text)]
    size = sum(map(len, words))
    words = _leave_out_even(characters, words)
    places = list(chain.from_iterable(words))
    rooms = iter(characters.measure_rooms(places, _MAX_ACROSS_EMS))
    lost: list[int] = []
    for within in words:
        of_word = list(islice(rooms, len(within)))
        if len(of_word) > 1 and max(of_word) >= _MIN_SPACE_EMS + min(of_word):
            # Kerning, which draws two letters together, is not how far the others are apart.
            usual = max(0.0, sorted(of_word)[(len(of_word) - 1) // 2])
            lost += [
                place for place, room in zip(within, of_word, strict=True) if room >= usual + least
            ]
    # A font that says nothing of its widths has room everywhere.
    if len(lost) > _MAX_SHARE_OF_SPACES * size:
        return characters
    return characters.edit(Edit(place, place, " ") for place in lost)


def _find_least_space(characters: PageCharacters) -> float | None:
    """How wide the spaces that are left out on a page are at the least; None if none is."""
    text = characters.text
    words, signs = (
        [found.span(1) for found in islice(pattern.finditer(text), _SAMPLED_SIGNS)]
        for pattern in (_LONG_WORD, _SIGN_WITHIN)
    )
    samples = [*words, *signs]
    if not samples:
        return None
    # Spaces that are drawn are in the text, and who draws one draws all but whole ones, of which
    # the signs tell: few pages have more than these two places to be asked about.
    spaces = (characters.find_advance(text.find(" ", start - 2)) for start, _ in samples)
    if any(right > left for left, right in spaces):
        least, sampled = _MIN_WHOLE_SPACE_EMS, [start for start, _ in signs]
    else:
        least = _MIN_SPACE_EMS
        sampled = [place for start, end in samples for place in range(start, end)]
        # Few pages have such a space, and to tell where takes longer.
        if max(characters.list_most_rooms(sampled) or [least]) < least:
            return None
    if max(characters.measure_rooms(sampled, _MAX_ACROSS_EMS), default=0.0) < least:
        return None
    return least


def _divide_merged(characters: PageCharacters, words: Sequence[tuple[int, int]]) -> list[Edit]:
    """The spaces in words with digits of a page that has rows of cells as one piece of text.

    Whose shape shows that they are two numbers tell that it has: to measure all costs too much.
    """
    if len(words) > _MANY_WORDS and not _SIGN_OF_TWO_NUMBERS.search(characters.kinds):
        return []
    text = characters.text
    signs = [word for word in words if _TWO_NUMBERS.search(text, *word)]
    if not signs or not _divide_at(characters, _list_junctions(text, signs)):
        return []
    return _divide_at(characters, _list_junctions(text, words))


def _list_junctions(
    text: str, words: Iterable[tuple[int, int]]
) -> list[tuple[int, tuple[int, int]]]:
    """Where in words cells may be apart, each with its word."""
    return [
        (found.start(), word)
        for word in words
        for found in _JUNCTION.finditer(text, word[0] + 1, word[1])
    ]


def _divide_at(
    characters: PageCharacters, junctions: Sequence[tuple[int, tuple[int, int]]]
) -> list[Edit]:
    """The spaces at those of some places, each with its word, that have room."""
    gaps: dict[tuple[int, int], dict[int, float]] = defaultdict(dict)
    rooms = characters.measure_rooms([place for place, _ in junctions], _MAX_ACROSS_EMS)
    for (place, word), room in zip(junctions, rooms, strict=True):
        gaps[word][place] = room
    edits: list[Edit] = []
    for (start, _), of_word in gaps.items():
        edits += _divide_word(characters, start, of_word)
    return edits


def _list_spread(
    characters: PageCharacters, words: Iterable[tuple[int, int]], divided: Iterable[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Those of many words that begin with figures of one piece of text, and far apart.

    Such are cells of a table with one figure in each.
    """
    text = characters.text
    others = set(divided)
    numbers = {
        word[0] + 1: word
        for word in words
        if text[word[0] : word[0] + 2].isdecimal()
        and word not in others
        and text[slice(*word)].isalnum()
    }
    spread = characters.list_spread(list(numbers), _MIN_STEP_POINTS) if numbers else []
    return [numbers[place] for place in spread]


def _divide_rows(characters: PageCharacters, done: Collection[int]) -> list[Edit]:
    """The spaces between cells of one letter each, but for those at places that are done.

    As a row of figures a table may have rows of letters, and of figures and letters: as one piece
    each, of which nothing tells what it is. So far apart are the letters of no word.
    """
    text = characters.text
    places = [
        place
        for run in _CELLS.finditer(text)
        for place in range(run.start() + 1, run.end())
        if place not in done and (text[place - 1].isalnum() or text[place].isalnum())
    ]
    rooms = characters.measure_rooms(places, _MAX_ACROSS_EMS)
    return [
        Edit(place, place, " ")
        for place, room in zip(places, rooms, strict=True)
        if room > _MAX_ROOM_OF_FIGURES_EMS
    ]


def _leave_out_even(
    characters: PageCharacters, words: Sequence[Sequence[int]]
) -> list[Sequence[int]]:
    """Those of many words, by their places, that may have more room in one than in another."""
    rooms = characters.list_most_rooms(list(chain.from_iterable(words)))
    if rooms is None:
        return list(words)
    uneven, start = [], 0
    for within in words:
        of_word = rooms[start : start + len(within)]
        start += len(within)
        if of_word and not max(0.0, *of_word) - min(0.0, *of_word) < _MIN_SPACE_EMS:
            uneven.append(within)
    return uneven


def _list_places_within(word: re.Match[str]) -> Sequence[int]:
    """Where in a word, behind its first character, a word may begin."""
    # Nearly all words are nothing but letters.
    letters, (start, end) = word[0], word.span()
    if letters.isascii() and letters.isalnum():
        return range(start + 1, end)
    return [found.start() for found in _BETWEEN_LETTERS.finditer(word.string, start, end)]


def _divide_line_numbers(characters: PageCharacters) -> PageCharacters:
    """The page with a space before the number of a line that is drawn at its end, further left."""
    text = characters.text
    ends = [found.end() - 1 for found in _LINE_NUMBER.finditer(characters.kinds)]
    if not ends:
        return characters
    places = [end - (2 if text[end - 2].isdecimal() else 1) for end in ends]
    if not characters.turn([(place - 1, place) for place in places]):
        return characters
    return characters.edit(
        Edit(place, place, " ")
        for place, room in zip(
            places, characters.measure_rooms(places, _MAX_ACROSS_EMS), strict=True
        )
        if room < -_MIN_WAY_BACK_EMS
    )


def _divide_word(characters: PageCharacters, start: int, gaps: Mapping[int, float]) -> list[Edit]:
    """The spaces in a word, from the room at each of some places in it."""
    edits = [
        Edit(place, place, " ")
        for place, gap in gaps.items()
        if gap < 0.0 and _lies_over(characters, place, gap)
    ]
    if max(gaps.values()) <= _MIN_GAP_EMS:
        return edits
    if max(gaps.values()) <= _MAX_LETTER_SPACE_EMS and _is_set_apart(characters, start):
        return edits
    return edits + [
        Edit(place, place, " ")
        for place, gap in gaps.items()
        if gap > _MIN_GAP_EMS and gap > _MIN_GAP_EMS + _measure_tracking(characters, place, gaps)
    ]


def _lies_over(characters: PageCharacters, place: int, gap: float) -> bool:
    """Whether a number lies over the end of the word or number before it, or a word over one's."""
    text = characters.text
    if text[place - 1].isdecimal() and text[place].isdecimal():
        number = text[max(0, place - _MOST_CHARACTERS_BEFORE) : place].split()[-1]
        # Where one begins before the one under it does, the gap is only how long before. Along a
        # curve boxes lie over each other, and what is turned twice has its em the wrong way round.
        along, aside = characters.find_em(place - 1)
        # A line is longer than it is drawn where PDFium takes its letters for wider.
        if aside or along <= 0.0 or any(map(str.isalpha, number)):
            return False
    elif gap >= -_MIN_OVERLAP_EMS or not _WORD_AND_NUMBER.match(text, place - 1):
        return False
    overlap = characters.measure_letter_gap(place - 1, place)
    if overlap is None or overlap >= -_MIN_OVERLAP_EMS:
        return False
    # Figures that are set one by one touch nowhere, whatever widths their font gives them.
    last, first = characters.find_box(place - 1), characters.find_box(place)
    return last is not None and first is not None and first.left < last.right


def _measure_tracking(characters: PageCharacters, place: int, gaps: Mapping[int, float]) -> float:
    """The room between the letters before and after a place, in ems.

    A justified line may be drawn with some between all its letters, and more where a piece ends.
    Where it has no other letters beside it, the rest of the word tells. Of two figures that are all
    of a piece, and of a word, nothing does: up to an em may be how they are set.
    """
    text = characters.text
    neighbours = [
        near
        for near in (place - 1, place + 1)
        if near > 0
        and gaps.get(near, 0.0) <= 0
        and f"{text[near - 1]}{text[near : near + 1]:1}".isalnum()
    ]
    if neighbours or characters.list_divided([(place - 1, place + 1)]):
        return max(characters.measure_rooms(neighbours, _MAX_ACROSS_EMS), default=0.0)
    others = [gap for near, gap in gaps.items() if near != place]
    return max(0.0, min([_MAX_ROOM_OF_FIGURES_EMS, *others]))


def _is_set_apart(characters: PageCharacters, place: int) -> bool:
    """Whether a word is drawn letter by letter, with little room between all of them.

    Room in one place alone is that between two cells, as little as it is.
    """
    text = characters.text
    start, end = place, place + 1
    while start > 0 and text[start - 1] not in " \n":
        start -= 1
    while end < len(text) and text[end] not in " \r\n":
        end += 1
    pairs = range(start + 1, end)
    divided = characters.list_divided([(after - 1, after + 1) for after in pairs])
    if not 1 < len(divided) == len(pairs):
        return False
    rooms = sorted(characters.measure_rooms(pairs, _MAX_ACROSS_EMS))
    return rooms[-1] <= min(_MAX_LETTER_SPACE_EMS, rooms[len(rooms) // 2] + _MIN_GAP_EMS)
