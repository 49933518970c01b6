"""The box that marks a character: as wide as its room, as high as a line of its font. Pure.

What a glyph fills would make marks that jump from letter to letter, and says nothing of a font that
is not in the file. What a font says of the height of its lines may be many times that: fonts of
formulas do.
"""

from pipeline.extraction.shown_text.geometry import Box
from pipeline.extraction.shown_text.page_characters import PageCharacters

# In ems: how far a line of letters reaches below its baseline, and above.
_BELOW, _ABOVE = -0.22, 0.8
# What a matrix says of the height of letters holds where their box is not far from it.
_LEAST_HEIGHT, _MOST_HEIGHT = 0.3, 6.0
# Text that runs more aslant than this, as a share of its way, has boxes as the engine tells them.
_MOST_SLANT = 0.05


def find_letter_box(characters: PageCharacters, position: int) -> Box | None:
    """The box of a character; None where it is not drawn."""
    room = characters.find_loose_box(position)
    if room is None:
        return None
    origin, (along, aside) = characters.find_origin(position), characters.find_em(position)
    if origin is None:
        return room
    x, y = origin
    if along and abs(aside) <= _MOST_SLANT * abs(along):
        low, high = sorted((y + _BELOW * along, y + _ABOVE * along))
        if _is_like(room.top - room.bottom, abs(along)):
            return Box(room.left, low, room.right, high)
    elif aside and abs(along) <= _MOST_SLANT * abs(aside):
        left, right = sorted((x - _BELOW * aside, x - _ABOVE * aside))
        if _is_like(room.right - room.left, abs(aside)):
            return Box(left, room.bottom, right, room.top)
    return characters.find_box(position)


def _is_like(height: float, em: float) -> bool:
    return _LEAST_HEIGHT * em <= height <= _MOST_HEIGHT * em
