"""Where in a page's text the words of its fields and notes belong. Pure functions, in the child.

A value stands where a reader meets it: after the label to its left, or below the label over it. A
box to be ticked stands before the label to its right. What has no label near it follows the text
of the page, with the name that the form gives it.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence

from pipeline.extraction.annotations import Note
from pipeline.extraction.pdfium_characters import Edit, PageCharacters, turn_box, turn_point
from pipeline.extraction.text_page import Box

# In points. A label that is further off belongs to something else.
_MAX_LEFT = 250.0
_MAX_RIGHT_OF_BOX = 30.0
_MAX_ABOVE = 24.0
_OVERLAP = 2.0
# The name of a field may say more than the label beside it, if it is made of words.
_NAME = re.compile(r"[^\W\d_]{3,}(?: [^\W\d_]+)*")
_MAX_NAME = 40
_LINES = re.compile(r"[^ \r\n][^\r\n]*")
# A field of several lines begins at its upper edge.
_MAX_LINE_HEIGHT = 20.0


def place_notes(
    characters: PageCharacters, notes: Sequence[Note], quarter_turns: int, visible: Box
) -> PageCharacters:
    """The page with the words of its notes where they belong.

    Args:
        characters: The text, and where each character stands.
        notes: The fields and notes.
        quarter_turns: By how many right angles the page is shown turned, clockwise.
        visible: What of the page is shown; notes outside of it are left out.
    """
    notes = [note for note in notes if not note.box.is_apart_from(visible)]
    printed = _list_printed(characters, notes, quarter_turns) if notes else []
    if not printed:
        notes = [note for note in notes if not note.is_empty]
    places: dict[int, list[tuple[float, str]]] = defaultdict(list)
    lines: list[tuple[float, float, str]] = []
    for note in notes:
        box = turn_box(note.box, quarter_turns)
        place, words = _find_place(note, box, printed, characters.text)
        if place is None:
            lines.append((-round(box.top), box.left, words))
        else:
            places[place].append((box.left, words))
    edits = [
        Edit(place, place, "".join(words for _, words in sorted(there)))
        for place, there in places.items()
    ]
    end = len(characters.text)
    if lines:
        edits.append(Edit(end, end, "".join(f"\n{words}" for *_, words in sorted(lines))))
    return characters.edit(edits)


def _list_printed(
    characters: PageCharacters, notes: Sequence[Note], quarter_turns: int
) -> list[tuple[int, Box]]:
    """The letters of the lines near a note, and where each stands, from the foot up."""
    near = [
        (box.bottom - _MAX_ABOVE, box.top + 2 * _MAX_ABOVE)
        for box in (turn_box(note.box, quarter_turns) for note in notes)
    ]
    printed: list[tuple[int, Box]] = []
    for line in _LINES.finditer(characters.text):
        start = characters.find_origin(line.start())
        height = turn_point(start, quarter_turns)[1] if start else 0.0
        if start and not any(bottom <= height <= top for bottom, top in near):
            continue
        for position in range(*line.span()):
            if (box := characters.find_box(position)) and characters.text[position] != " ":
                printed.append((position, turn_box(box, quarter_turns)))
    return sorted(printed, key=_find_height)


def _find_height(letter: tuple[int, Box]) -> float:
    return (letter[1].bottom + letter[1].top) / 2


def _take_between(
    printed: Sequence[tuple[int, Box]], bottom: float, top: float
) -> Sequence[tuple[int, Box]]:
    start = bisect_left(printed, bottom, key=_find_height)
    return printed[start : bisect_right(printed, top, lo=start, key=_find_height)]


def _find_place(
    note: Note, box: Box, printed: Sequence[tuple[int, Box]], text: str
) -> tuple[int | None, str]:
    """Where in the text the words of a note go, None for its end; and they with their spaces."""
    bottom = max(box.bottom, box.top - _MAX_LINE_HEIGHT)
    about = _take_between(printed, bottom - _MAX_LINE_HEIGHT, box.top + _MAX_LINE_HEIGHT)
    middle = (bottom + box.top) / 2
    beside = [
        (position, other)
        for position, other in about
        if bottom < _find_height((position, other)) < box.top or other.bottom < middle < other.top
    ]
    if note.is_box:
        place = _find_label_of_box(note, box, about, text)
        if place is not None:
            return _find_word_start(text, place), f"{note.text} "
    place = _find_nearest(
        (max(0.0, box.left - other.right), -position)
        for position, other in beside
        if other.left < box.left + _OVERLAP and box.left - other.right <= _MAX_LEFT
    )
    if place is not None:
        return _find_word_end(text, -place), f" {_name_words(note, text, -place)}"
    place = _find_nearest(
        (other.bottom - box.top, -position)
        for position, other in _take_between(printed, box.top - _OVERLAP, box.top + 2 * _MAX_ABOVE)
        if -_OVERLAP <= other.bottom - box.top <= _MAX_ABOVE
        and other.right > box.left
        and other.left < box.right
    )
    if place is not None:
        return _find_line_end(text, -place), f"\n{_name_words(note, text, -place)}"
    return None, f"{note.name}: {note.text}" if note.name else note.text


def _find_label_of_box(
    note: Note, box: Box, about: Sequence[tuple[int, Box]], text: str
) -> int | None:
    """The first character to the right of a box to be ticked.

    Where it stands between two lines, it is that of the line that begins with its name.
    """
    name = note.name.rpartition(": ")[2].casefold()
    middle = (box.bottom + box.top) / 2
    candidates = [
        (abs((other.bottom + other.top) / 2 - middle), other.left - box.right, position)
        for position, other in about
        if -_OVERLAP <= other.left - box.right <= _MAX_RIGHT_OF_BOX
        and other.bottom < box.top
        and other.top > box.bottom
    ]
    named = [
        place
        for place in candidates
        if name and text[place[2] : place[2] + len(name)].casefold() == name
    ]
    beside = [place for place in candidates if place[0] <= (box.top - box.bottom) / 2]
    return _find_nearest((gap, position) for _, gap, position in named or beside)


def _find_nearest(candidates: Iterable[tuple[float, int]]) -> int | None:
    return min(candidates, default=(0.0, None))[1]


def _name_words(note: Note, text: str, position: int) -> str:
    """The words of a note, after the name of its field if the label beside it is another one."""
    if note.is_box or len(note.name) > _MAX_NAME or not _NAME.fullmatch(note.name):
        return note.text
    start = max(text.rfind("\n", 0, position), text.rfind("\r", 0, position)) + 1
    label = text[start : _find_line_end(text, position)].casefold()
    is_said = any(word in label for word in note.name.casefold().split())
    return note.text if is_said else f"{note.name}: {note.text}"


def _find_word_start(text: str, position: int) -> int:
    while position > 0 and not text[position - 1].isspace():
        position -= 1
    return position


def _find_word_end(text: str, position: int) -> int:
    while position < len(text) and not text[position].isspace():
        position += 1
    return position


def _find_line_end(text: str, position: int) -> int:
    while position < len(text) and text[position] not in "\r\n":
        position += 1
    return position
