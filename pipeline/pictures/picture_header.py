"""What a PNG, a JPEG or a WebP says of itself: its size, how to turn it, whether it is all there.

Sources: PNG Specification (Third Edition), "Chunk layout"; ITU-T T.81, annex B; Google, "WebP
Container Specification"; CIPA DC-008 (Exif), "Orientation".
"""

import re
from dataclasses import dataclass
from itertools import islice

from pipeline.pictures.tiff_directory import DamagedTiffError, find_orientation

PNG_START = b"\x89PNG\r\n\x1a\n"
JPEG_START = b"\xff\xd8\xff"

_UPRIGHT = 1
_EXIF = b"Exif\0\0"
_JPEG_END = b"\xff\xd9"
# A frame's header, of each coding process; between them lie tables that are none.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_EXIF, _JPEG_SCAN = 0xE1, 0xDA
_JPEG_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})
# Progressive pictures have some ten scans; each is a run over all pixels.
_MOST_SCANS = 100
_SCAN_START = re.compile(rb"\xff\xda")


class DamagedPictureError(Exception):
    """A picture breaks off or contradicts itself; the message says how."""


class PictureBombError(Exception):
    """A picture is made to take far more time than its size says; the message says how."""


@dataclass(frozen=True)
class PictureHeader:
    """A picture as it describes itself.

    Args:
        width: In pixels, as they are stored.
        height: The same.
        orientation: How it is to be turned, from 1 (not at all) to 8, as Exif counts it.
    """

    width: int
    height: int
    orientation: int = _UPRIGHT

    @property
    def pixels(self) -> int:
        """How many it has."""
        return self.width * self.height


def read_picture_header(data: bytes) -> PictureHeader | None:
    """What a PNG, JPEG or WebP says of itself; None of anything else.

    Raises:
        DamagedPictureError: It breaks off.
        PictureBombError: It takes far more time than its size says.
    """
    if data.startswith(PNG_START):
        return _read_png(data)
    if data.startswith(JPEG_START):
        return _read_jpeg(data)
    if is_webp(data):
        return _read_webp(data)
    return None


def is_webp(start: bytes) -> bool:
    """Whether bytes begin as a WebP does."""
    return start[:4] == b"RIFF" and start[8:12] == b"WEBP"


def is_moving_webp(start: bytes) -> bool:
    """Whether a WebP says in its first chunk that it is an animation."""
    return is_webp(start) and start[12:16] == b"VP8X" and start[20:21] > b"" and start[20] & 2 > 0


def is_moving_png(start: bytes) -> bool:
    """Whether a PNG says before its first picture that it has several (W3C, PNG 3, 11.3.6.1)."""
    if not start.startswith(PNG_START):
        return False
    place, picture = start.find(b"acTL"), start.find(b"IDAT")
    is_told = place > 0 and (picture < 0 or place < picture)
    return is_told and int.from_bytes(start[place + 4 : place + 8]) > 1


def _read_png(data: bytes) -> PictureHeader:
    width = height = 0
    orientation = _UPRIGHT
    at = len(PNG_START)
    while True:
        length, name = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        content_at, at = at + 8, at + 12 + length
        if at > len(data):
            raise DamagedPictureError("it breaks off")
        if name == b"IHDR" and not width:
            width = int.from_bytes(data[content_at : content_at + 4])
            height = int.from_bytes(data[content_at + 4 : content_at + 8])
        elif not width:
            raise DamagedPictureError("it does not say how large it is")
        elif name == b"eXIf":
            orientation = _read_orientation(data[content_at : content_at + length])
        elif name == b"IEND":
            return _check(width, height, orientation)


def _read_jpeg(data: bytes) -> PictureHeader:
    width = height = 0
    orientation = _UPRIGHT
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise DamagedPictureError("its parts do not fit")
        marker = data[at + 1]
        if marker == 0xFF:
            # What fills up.
            at += 1
            continue
        if marker in _JPEG_WITHOUT_LENGTH:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4])
        content = data[at + 4 : at + 2 + length]
        if marker in _JPEG_FRAMES and not width:
            height, width = int.from_bytes(content[1:3]), int.from_bytes(content[3:5])
        elif marker == _JPEG_EXIF and content.startswith(_EXIF):
            orientation = _read_orientation(content)
        elif marker == _JPEG_SCAN:
            _check_scans(data, at)
            return _check(width, height, orientation)
        at += 2 + max(length, 2)
    raise DamagedPictureError("it breaks off")


def _check_scans(data: bytes, first_scan: int) -> None:
    if data.find(_JPEG_END, first_scan) < 0:
        raise DamagedPictureError("it breaks off")
    further_scans = islice(_SCAN_START.finditer(data, first_scan), _MOST_SCANS, None)
    if next(further_scans, None) is not None:
        raise PictureBombError(f"it is drawn over in more than {_MOST_SCANS} passes")


def _read_webp(data: bytes) -> PictureHeader:
    if int.from_bytes(data[4:8], "little") + 8 > len(data):
        raise DamagedPictureError("it breaks off")
    width = height = 0
    orientation = _UPRIGHT
    at = 12
    while at + 8 <= len(data):
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        content = data[at + 8 : at + 8 + min(length, 1 << 20)]
        if name == b"EXIF":
            orientation = _read_orientation(content)
        elif not width:
            width, height = _read_webp_size(name, content)
        at += 8 + length + length % 2
    return _check(width, height, orientation)


def _read_webp_size(name: bytes, content: bytes) -> tuple[int, int]:
    """The size in a chunk of a WebP; zeros where it has none."""
    if name == b"VP8X" and len(content) >= 10:
        width = int.from_bytes(content[4:7], "little") + 1
        return width, int.from_bytes(content[7:10], "little") + 1
    if name == b"VP8 " and len(content) >= 10:
        sizes = (int.from_bytes(content[at : at + 2], "little") & 0x3FFF for at in (6, 8))
        width, height = sizes
        return width, height
    if name == b"VP8L" and len(content) >= 5:
        bits = int.from_bytes(content[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return 0, 0


def _read_orientation(exif: bytes) -> int:
    """How a picture is to be turned; not at all where its notes are damaged."""
    try:
        return find_orientation(exif.removeprefix(_EXIF))
    except DamagedTiffError:
        return _UPRIGHT


def _check(width: int, height: int, orientation: int) -> PictureHeader:
    if not width or not height:
        raise DamagedPictureError("it does not say how large it is")
    return PictureHeader(width, height, orientation)
