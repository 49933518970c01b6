"""Where the characters of a page stand on its picture, and how that gets out of the reader.

Pure. The parent trusts nothing that a reader sends: `decode_view` refuses what no sane one would.
"""

import json
import struct
from dataclasses import dataclass

# Places are whole numbers, of which a page is so many wide and so many high.
SPAN = 10_000
# A page of a telephone book has about 20,000; what is beyond cannot be marked.
MOST_CHARACTERS = 60_000
MOST_PIXELS_A_SIDE = 1_600
PNG_BEGINNING = b"\x89PNG\r\n\x1a\n"
# Width and height of a PNG follow its signature, and the length and the name of its first chunk.
_PNG_SIZE = struct.Struct(">II")
_PNG_SIZE_START = 16
_LENGTH = struct.Struct(">I")
_NOWHERE = [-1] * 4

# Left, top, right and bottom.
Place = tuple[int, int, int, int]


class ViewError(ValueError):
    """What a reader has sent is no view of a page."""


@dataclass(frozen=True)
class PageLayout:
    """The characters of a page and where they stand on its picture.

    Args:
        width: Of the picture, in pixels.
        height: The same.
        text: The characters, in reading order.
        places: Of each its place, in parts of `SPAN`; None for what is not drawn, as a space.
    """

    width: int
    height: int
    text: str
    places: tuple[Place | None, ...]


def encode_layout(layout: PageLayout) -> str:
    """A layout as JSON."""
    return json.dumps(
        {
            "width": layout.width,
            "height": layout.height,
            "text": layout.text,
            "places": [edge for place in layout.places for edge in place or _NOWHERE],
        },
        separators=(",", ":"),
    )


def decode_layout(content: str | bytes) -> PageLayout:
    """The layout in a JSON text.

    Raises:
        ViewError: It is none.
    """
    try:
        told = json.loads(content)
        width, height, text, edges = (told[n] for n in ("width", "height", "text", "places"))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ViewError("it is not JSON, or something is missing") from error
    is_sized = all(type(side) is int and side > 0 for side in (width, height))
    if not is_sized or max(width, height) > MOST_PIXELS_A_SIDE:
        raise ViewError("no picture has that size")
    if not isinstance(text, str) or not isinstance(edges, list) or len(text) > MOST_CHARACTERS:
        raise ViewError("it has no text, or too much")
    if len(edges) != len(_NOWHERE) * len(text):
        raise ViewError("not every character has a place")
    places = tuple(_read_place(edges[k : k + 4]) for k in range(0, len(edges), 4))
    return PageLayout(width, height, text, places)


def _read_place(edges: list[int]) -> Place | None:
    if edges == _NOWHERE:
        return None
    if not all(type(edge) is int for edge in edges):
        raise ViewError("a place is not made of whole numbers")
    left, top, right, bottom = edges
    if not (0 <= left < right <= SPAN and 0 <= top < bottom <= SPAN):
        raise ViewError("a place lies outside of the page")
    return left, top, right, bottom


def encode_view(layout: PageLayout, picture: bytes) -> bytes:
    """A layout and a picture as one."""
    told = encode_layout(layout).encode()
    return _LENGTH.pack(len(told)) + told + picture


def decode_view(data: bytes) -> tuple[PageLayout, bytes]:
    """The layout and the picture that were made one.

    Raises:
        ViewError: They were not, or the picture is no PNG of the size that the layout tells.
    """
    if len(data) < _LENGTH.size:
        raise ViewError("it is too short")
    end = _LENGTH.size + _LENGTH.unpack_from(data)[0]
    layout, picture = decode_layout(data[_LENGTH.size : end]), data[end:]
    is_png = picture.startswith(PNG_BEGINNING) and len(picture) > _PNG_SIZE_START + _PNG_SIZE.size
    if not is_png or _PNG_SIZE.unpack_from(picture, _PNG_SIZE_START) != (
        layout.width,
        layout.height,
    ):
        raise ViewError("its picture is no PNG of its size")
    return layout, picture
