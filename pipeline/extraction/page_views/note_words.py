"""Where the words of fields and notes are shown that were put into a page's text. Pure functions.

`place_notes` writes them where a reader meets them, as words that no character of the page stands
for. Each is shown in the box of its note; where two say the same, nothing tells which is which
but the line that the label before it stands on.
"""

import re
from collections.abc import Iterator, Sequence

from pipeline.extraction.shown_text.annotations import Note
from pipeline.extraction.shown_text.geometry import Box
from pipeline.extraction.shown_text.page_characters import PageCharacters


def find_note_boxes(characters: PageCharacters, notes: Sequence[Note]) -> dict[int, Box]:
    """The boxes of the characters that notes have put into a text, by their places in it."""
    boxes: dict[int, Box] = {}
    if not notes:
        return boxes
    for start, end in _list_inserted(characters):
        inserted = characters.text[start:end]
        for note in notes:
            if not note.text or sum(other.text == note.text for other in notes) > 1:
                continue
            for found in re.finditer(re.escape(note.text), inserted):
                for position in range(start + found.start(), start + found.end()):
                    boxes.setdefault(position, note.box)
    return boxes


def _list_inserted(characters: PageCharacters) -> Iterator[tuple[int, int]]:
    """Where the stretches begin and end that the page itself has not."""
    start = -1
    for position, letter in enumerate(characters.text):
        is_inserted = characters.find_loose_box(position) is None and not (
            start < 0 and letter.isspace()
        )
        if is_inserted and start < 0:
            start = position
        elif not is_inserted and start >= 0:
            yield start, position
            start = -1
    if start >= 0:
        yield start, len(characters.text)
