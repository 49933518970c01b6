"""Where in a page's text the words of its fields and notes belong. Pure functions, in the child.

A value stands where a reader meets it: after the label to its left, or below the label over it. A
box to be ticked stands before the label to its right. What has no label near it follows the text
of the page, with the name that the form gives it.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

from pipeline.extraction.shown_text.annotations import Note
from pipeline.extraction.shown_text.geometry import Box, turn_box, turn_point
from pipeline.extraction.shown_text.page_characters import Edit, PageCharacters

# In points. A label that is further off belongs to something else.
_MAX_LEFT = 250.0
_MAX_RIGHT_OF_BOX = 30.0
_MAX_ABOVE = 24.0
_OVERLAP = 2.0
# The name of a field may say more than the label beside it, if it is made of words.
_NAME = re.compile(r"[^\W\d_]{3,}(?: [^\W\d_]+)*")
_MAX_NAME = 40
_LINES, _WORDS = re.compile(r"[^ \r\n][^\r\n]*"), re.compile(r"\S+")
# A field of several lines begins at its upper edge.
_MAX_LINE_HEIGHT = 20.0
_find_order = itemgetter(0, 1, 2)


class Word(NamedTuple):
    """A word that is printed on the page.

    Args:
        start, end: Where it begins and ends in the text.
        box: Where it stands on the page as it is shown.
    """

    start: int
    end: int
    box: Box


class Printed:
    """The words that are printed on a page, from its foot to its head.

    Args:
        words: The words, in any order.
    """

    def __init__(self, words: Iterable[Word]) -> None:
        self._words = sorted(words, key=_find_height)
        self._heights = list(map(_find_height, self._words))

    def __bool__(self) -> bool:
        return bool(self._words)

    def take_between(self, bottom: float, top: float) -> list[Word]:
        """Those whose middles are at a height between two, both included."""
        start = bisect_left(self._heights, bottom)
        return self._words[start : bisect_right(self._heights, top, lo=start)]


class NoteSpan(NamedTuple):
    """What a note says, as it was put into the text: where it begins and ends, and its box."""

    start: int
    end: int
    box: Box


def place_notes(
    characters: PageCharacters, notes: Sequence[Note], quarter_turns: int, visible: Box
) -> tuple[PageCharacters, list[NoteSpan]]:
    """The page with the words of its notes where they belong, and where that is.

    Args:
        characters: The text, and where each character stands.
        notes: The fields and notes.
        quarter_turns: By how many right angles the page is shown turned, clockwise.
        visible: What of the page is shown; notes outside of it are left out.
    """
    notes = [note for note in notes if not note.box.is_apart_from(visible)]
    printed = _find_printed(characters, notes, quarter_turns) if notes else Printed(())
    if not printed:
        notes = [note for note in notes if not note.is_empty]
    places: dict[int, list[tuple[bool, float, str, Note]]] = defaultdict(list)
    lines: list[tuple[float, float, str, Note]] = []
    for note in notes:
        box = turn_box(note.box, quarter_turns)
        if _is_printed(note, box, printed, characters.text):
            continue
        place, words = _find_place(note, box, printed, characters.text)
        if place is None:
            lines.append((-round(box.top), box.left, f"\n{words}", note))
        else:
            # What is in a line comes before what is under it.
            places[place].append((words.startswith("\n"), box.left, words, note))
    inserted = [
        (place, [one[2:] for one in sorted(there, key=_find_order)])
        for place, there in sorted(places.items())
    ]
    if lines:
        inserted.append((len(characters.text), [one[2:] for one in sorted(lines, key=_find_order)]))
    edits = [Edit(place, place, "".join(words for words, _ in there)) for place, there in inserted]
    return characters.edit(edits), list(_list_spans(inserted))


def _list_spans(inserted: Iterable[tuple[int, list[tuple[str, Note]]]]) -> Iterator[NoteSpan]:
    """Where the words of each note stand once all of them are in the text."""
    shift = 0
    for place, there in inserted:
        for words, note in there:
            # A box to be ticked stands before its label, all else behind what names it.
            before = 0 if words.startswith(note.text) else len(words) - len(note.text)
            start = place + shift + before
            yield NoteSpan(start, start + len(note.text), note.box)
            shift += len(words)


def _find_printed(characters: PageCharacters, notes: Sequence[Note], quarter_turns: int) -> Printed:
    """The words of the lines near a note."""
    bottoms, tops = _merge_heights(
        (box.bottom - _MAX_LINE_HEIGHT, box.top + _MAX_ABOVE)
        for box in (turn_box(note.box, quarter_turns) for note in notes)
    )
    words: list[tuple[int, int]] = []
    for line in _LINES.finditer(characters.text):
        start = characters.find_origin(line.start())
        height = turn_point(start, quarter_turns)[1] if start else 0.0
        place = bisect_right(bottoms, height) - 1
        if start and (place < 0 or height > tops[place]):
            continue
        words += [word.span() for word in _WORDS.finditer(characters.text, *line.span())]
    return Printed(
        Word(start, end, turn_box(box, quarter_turns) if quarter_turns else box)
        for (start, end), box in zip(words, characters.list_boxes(words), strict=True)
        if box
    )


def _merge_heights(heights: Iterable[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """Stretches of a page as those that do not overlap: where each begins and where it ends."""
    bottoms: list[float] = []
    tops: list[float] = []
    for bottom, top in sorted(heights):
        if tops and bottom <= tops[-1]:
            tops[-1] = max(top, tops[-1])
        else:
            bottoms.append(bottom)
            tops.append(top)
    return bottoms, tops


def _find_height(word: Word) -> float:
    return (word.box.bottom + word.box.top) / 2


def _find_place(note: Note, box: Box, printed: Printed, text: str) -> tuple[int | None, str]:
    """Where in the text the words of a note go, None for its end; and they with their spaces."""
    bottom = max(box.bottom, box.top - _MAX_LINE_HEIGHT)
    middle = (bottom + box.top) / 2
    about = printed.take_between(bottom - _MAX_LINE_HEIGHT, box.top + _MAX_LINE_HEIGHT)
    if note.is_box and (label := _find_label_of_box(note, box, about, text)):
        return label.start, f"{note.text} "
    left = min(
        (
            word
            for word in about
            if (bottom < _find_height(word) < box.top or word.box.bottom < middle < word.box.top)
            and word.box.left < box.left + _OVERLAP
            and box.left - word.box.right <= _MAX_LEFT
        ),
        key=lambda word: (max(0.0, box.left - word.box.right), -word.start),
        default=None,
    )
    if left is not None:
        return left.end, f" {_name_words(note, text, left.start)}"
    above = min(
        (
            word
            for word in printed.take_between(box.top - _OVERLAP, box.top + 2 * _MAX_ABOVE)
            if -_OVERLAP <= word.box.bottom - box.top <= _MAX_ABOVE
            and word.box.right > box.left
            and word.box.left < box.right
        ),
        key=lambda word: (word.box.bottom - box.top, -word.start),
        default=None,
    )
    if note.is_box and (below := _find_label_below(box, printed, above, text)):
        return below.start, f"{note.text} "
    if above is not None:
        return _find_line_end(text, above.end), f"\n{_name_words(note, text, above.start)}"
    return None, f"{note.name}: {note.text}" if note.name else note.text


def _find_label_below(box: Box, printed: Printed, above: Word | None, text: str) -> Word | None:
    """The first word under a box to be ticked, if none over it is as close."""
    limit = _MAX_ABOVE if above is None else above.box.bottom - box.top
    under = [
        word
        for word in printed.take_between(box.bottom - 2 * _MAX_ABOVE, box.bottom + _OVERLAP)
        if -_OVERLAP <= box.bottom - word.box.top < limit
        and word.box.right > box.left
        and word.box.left < box.right
        and text[word.start].isalnum()
    ]
    return min(under, key=lambda word: (box.bottom - word.box.top, word.start), default=None)


def _is_printed(note: Note, box: Box, printed: Printed, text: str) -> bool:
    """Whether the page itself has the same words in the same place, as LaTeX does for buttons."""
    inside = [
        word
        for word in printed.take_between(box.bottom, box.top)
        if box.left - _OVERLAP <= word.box.left and word.box.right <= box.right + _OVERLAP
    ]
    words = [text[word.start : word.end] for word in sorted(inside)]
    return bool(words) and words == note.text.split()


def _find_label_of_box(note: Note, box: Box, about: Sequence[Word], text: str) -> Word | None:
    """The first word to the right of a box to be ticked.

    Where the box stands between two lines, it is that of the line that begins with its name.
    """
    name = note.name.rpartition(": ")[2].casefold()
    middle = (box.bottom + box.top) / 2
    candidates = [
        word
        for word in about
        if -_OVERLAP <= word.box.left - box.right <= _MAX_RIGHT_OF_BOX
        and word.box.bottom < box.top
        and word.box.top > box.bottom
    ]
    # Not a word within a line: "I agree" beside the box of `agree`.
    named = [
        word
        for word in candidates
        if name
        and text[word.start : word.start + len(name)].casefold() == name
        and not any(other.end == word.start - 1 for other in candidates)
    ]
    beside = [
        word
        for word in candidates
        if abs(_find_height(word) - middle) <= (box.top - box.bottom) / 2
    ]
    return min(named or beside, key=lambda word: (word.box.left, word.start), default=None)


def _name_words(note: Note, text: str, position: int) -> str:
    """The words of a note, after the name of its field if the label beside it is another one."""
    if note.is_box or len(note.name) > _MAX_NAME or not _NAME.fullmatch(note.name):
        return note.text
    start = max(text.rfind("\n", 0, position), text.rfind("\r", 0, position)) + 1
    label = text[start : _find_line_end(text, position)].casefold()
    is_said = any(word in label for word in note.name.casefold().split() if len(word) > 2)
    return note.text if is_said else f"{note.name}: {note.text}"


def _find_line_end(text: str, position: int) -> int:
    while position < len(text) and text[position] not in "\r\n":
        position += 1
    return position
