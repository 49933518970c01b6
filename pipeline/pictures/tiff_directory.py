"""The directories of a TIFF, one a page, and a page as a file of its own. Nothing is decoded.

A page is taken out with its compressed strips as they are, so that what decodes it sees nothing of
the others. Source: Adobe, "TIFF Revision 6.0", section 2 and 15.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

TIFF_STARTS = (b"II*\0", b"MM\0*")

WIDTH, HEIGHT, COMPRESSION = 256, 257, 259
_SUBFILE_TYPE, _ORIENTATION = 254, 274
_STRIPS, _TILES = (273, 279), (324, 325)
_OLD_JPEG = 6
# Previews and masks are no pages: bits of the subfile's type.
_NO_PAGE_BITS = 0b101
# What a page needs to be decoded: no notes, no private tags, nothing that points elsewhere.
_KEPT_TAGS = frozenset(
    {
        *(256, 257, 258, 259, 262, 266, 274, 277, 278, 282, 283, 284, 290, 291, 292, 293, 296),
        *(301, 317, 318, 319, 320, 322, 323, 332, 333, 338, 339, 347, 529, 530, 531, 532),
    }
)
# Bytes of a value, by its type.
_BYTES_OF = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_SHORT, _LONG = 3, 4
_FORMATS = {1: "B", _SHORT: "H", _LONG: "I"}
_ENTRY_BYTES = 12
# A page of A0 in strips of one line each has 33,000 of them.
_MOST_VALUE_BYTES = 4 << 20
_MOST_ENTRIES = 1_000


class DamagedTiffError(Exception):
    """A TIFF, or a page of it, does not fit together; the message says how."""


@dataclass(frozen=True)
class TiffPage:
    """A directory: the values of its tags as they are stored.

    Args:
        tags: Type, number of values and their bytes, by tag.
        order: How numbers are stored.
    """

    tags: dict[int, tuple[int, int, bytes]]
    order: Literal["<", ">"]

    def read_numbers(self, tag: int) -> tuple[int, ...]:
        """The values of a tag of whole numbers; none where it is missing."""
        kind, count, data = self.tags.get(tag, (_LONG, 0, b""))
        if kind not in _FORMATS:
            raise DamagedTiffError(f"tag {tag} is of a wrong type")
        return struct.unpack(f"{self.order}{count}{_FORMATS[kind]}", data)

    def read_number(self, tag: int, otherwise: int = 0) -> int:
        """The first value of a tag."""
        return next(iter(self.read_numbers(tag)), otherwise)


def read_pages(data: bytes, most: int) -> list[TiffPage]:
    """The pages of a TIFF, in order; it is looked no further than at one more than the most.

    Raises:
        DamagedTiffError: The first cannot be read; later ones that cannot are the end of it.
    """
    pages: list[TiffPage] = []
    try:
        for page in _walk(data):
            if not page.read_number(_SUBFILE_TYPE) & _NO_PAGE_BITS:
                pages.append(page)
            if len(pages) > most:
                break
    except DamagedTiffError:
        if not pages:
            raise
    return pages


def find_orientation(data: bytes) -> int:
    """How a picture is to be turned by the notes in it, which are a TIFF without a picture.

    Raises:
        DamagedTiffError: They are none.
    """
    for page in _walk(data):
        orientation = page.read_number(_ORIENTATION, 1)
        return orientation if 1 <= orientation <= 8 else 1
    return 1


def _walk(data: bytes) -> Iterator[TiffPage]:
    if data[:4] not in TIFF_STARTS:
        raise DamagedTiffError("its beginning is not that of a TIFF")
    order: Literal["<", ">"] = "<" if data[:2] == b"II" else ">"
    at = _unpack(order, "I", data, 4)
    seen: set[int] = set()
    while at and at not in seen:
        seen.add(at)
        page, at = _read_directory(data, at, order)
        yield page


def _read_directory(data: bytes, at: int, order: Literal["<", ">"]) -> tuple[TiffPage, int]:
    """A directory, and where the next one is; 0 after the last."""
    count = _unpack(order, "H", data, at)
    if not 0 < count <= _MOST_ENTRIES:
        raise DamagedTiffError("the list of what it holds does not fit")
    tags = {}
    for entry in range(at + 2, at + 2 + count * _ENTRY_BYTES, _ENTRY_BYTES):
        tag, kind = _unpack(order, "H", data, entry), _unpack(order, "H", data, entry + 2)
        values = _unpack(order, "I", data, entry + 4)
        size = _BYTES_OF.get(kind, 0) * values
        if not size or size > _MOST_VALUE_BYTES:
            continue
        start = entry + 8 if size <= 4 else _unpack(order, "I", data, entry + 8)
        if start + size <= len(data):
            tags[tag] = kind, values, data[start : start + size]
    next_at = at + 2 + count * _ENTRY_BYTES
    # The last of some producers breaks off right before.
    return TiffPage(tags, order), _unpack(order, "I", data, next_at) if next_at < len(data) else 0


def _unpack(order: str, kind: str, data: bytes, at: int) -> int:
    try:
        return int(struct.unpack_from(order + kind, data, at)[0])
    except struct.error:
        raise DamagedTiffError("it breaks off") from None


def count_packed_bytes(page: TiffPage) -> int:
    """How many bytes a page has by its own words, of which others may have the same.

    Raises:
        DamagedTiffError: It does not say so in numbers.
    """
    return sum(page.read_numbers(_STRIPS[1])) + sum(page.read_numbers(_TILES[1]))


def write_page(data: bytes, page: TiffPage) -> bytes:
    """A TIFF of one page.

    Raises:
        DamagedTiffError: Its strips are not all in the file, or it is packed in the old form of
            JPEG, whose parts lie anywhere.
    """
    if page.read_number(COMPRESSION, 1) == _OLD_JPEG:
        raise DamagedTiffError("it is packed in a form of JPEG that is out of use")
    offsets_tag, sizes_tag = _TILES if _TILES[0] in page.tags else _STRIPS
    pieces = _find_pieces(data, page.read_numbers(offsets_tag), page.read_numbers(sizes_tag))
    tags = {tag: page.tags[tag] for tag in sorted(page.tags.keys() & _KEPT_TAGS)}
    out = bytearray((TIFF_STARTS[0] if page.order == "<" else TIFF_STARTS[1]) + bytes(4))
    offsets = []
    for piece in pieces:
        offsets.append(len(out))
        out += piece
        out += bytes(len(out) % 2)
    for tag, numbers in ((offsets_tag, offsets), (sizes_tag, [len(piece) for piece in pieces])):
        packed = struct.pack(f"{page.order}{len(numbers)}I", *numbers)
        tags[tag] = _LONG, len(numbers), packed
    entries = bytearray()
    for tag, (kind, count, value) in sorted(tags.items()):
        place = value.ljust(4, b"\0")
        if len(value) > 4:
            place = struct.pack(f"{page.order}I", len(out))
            out += value + bytes(len(value) % 2)
        entries += struct.pack(f"{page.order}HHI", tag, kind, count) + place
    out[4:8] = struct.pack(f"{page.order}I", len(out))
    return bytes(out + struct.pack(f"{page.order}H", len(tags)) + entries + bytes(4))


def _find_pieces(data: bytes, offsets: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
    if len(offsets) == 1 and not sizes:
        # Left out by old programs, of pages that are not packed.
        sizes = [max(0, len(data) - offsets[0])]
    if not offsets or len(offsets) != len(sizes):
        raise DamagedTiffError("it does not say where its picture is")
    if any(offset + size > len(data) for offset, size in zip(offsets, sizes, strict=True)):
        raise DamagedTiffError("it breaks off")
    return [data[offset : offset + size] for offset, size in zip(offsets, sizes, strict=True)]
