"""Pictures, decoded and set straight by Leptonica, which tesserocr's wheel brings. In the child.

tesserocr hands nothing of it on, so it is called by ctypes. Lines that lie askew by two degrees
cost the engine up to all words of a page; to turn the picture first takes a twentieth of the time.
Source: Leptonica, "skew.c" and "readfile.c".
"""

import ctypes
import math
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pipeline.pictures.picture_header import (
    JPEG_START,
    PNG_START,
    DamagedPictureError,
    PictureBombError,
    PictureHeader,
    read_picture_header,
)

# Its own reduction for the search of the angle.
_USUAL_REDUCTION = 0
_KEEP_NO_COLOURS = 0
_BYTES_PER_WORD = 4
_NOT_PROGRESSIVE = 0
# Of pictures that are sent on: what letters do not suffer from, and what is left for those that are
# still too many bytes, as grain is.
_JPEG_QUALITIES = (85, 60, 35)
_PNG_COLOUR_TYPE = 25
MOST_SENT_BYTES = 4 << 20
# Amazon Textract Developer Guide, "Set Quotas in Amazon Textract": the most of a side.
MOST_SENT_SIDE = 10_000
# A page of A3 at 200 dots an inch; larger pictures are made smaller, which also evens their grain.
MOST_PIXELS = 8_000_000
# Quarters to be turned clockwise, and whether left and right are to be exchanged before, for each
# orientation from 1 on that a camera notes (CIPA DC-008, "Orientation").
_TURNS = (
    (0, False),
    (0, True),
    (2, False),
    (2, True),
    (3, True),
    (1, False),
    (1, True),
    (3, False),
)


_MAKERS = (
    *("pixRead", "pixRemoveAlpha", "pixConvertTo8", "pixScale", "pixFlipLR", "pixRotateOrth"),
    *("pixFindSkewAndDeskew", "pixGetData"),
)


class UnreadablePictureError(Exception):
    """The picture cannot be read; the message is the reason. Never leaves this package."""


@dataclass(frozen=True)
class GreyPicture:
    """A picture in grey whose lines are level.

    Args:
        rows: Its pixels, a byte each.
        width: In pixels.
        height: The same.
        bytes_per_row: With what fills a row up.
        dots_per_inch: How fine it says that it is; 0 if it does not.
        turned_degrees: By how much it was turned, clockwise.
    """

    rows: bytes
    width: int
    height: int
    bytes_per_row: int
    dots_per_inch: int
    turned_degrees: float


class _Upright(NamedTuple):
    """A picture that is held by the library, and what was done to it."""

    picture: ctypes.c_void_p
    dots_per_inch: int
    quarters: int


class Leptonica:
    """The library.

    Args:
        folder: Where the wheel's libraries are, beside its package.

    Raises:
        OSError: It is not there.
    """

    def __init__(self, folder: Path) -> None:
        found = sorted(folder.glob("libleptonica*"))
        if not found:
            raise OSError(f"there is no Leptonica in {folder}")
        self._library = ctypes.CDLL(str(found[0]))
        for name in _MAKERS:
            getattr(self._library, name).restype = ctypes.c_void_p

    def read(self, path: Path) -> GreyPicture:
        """A picture of a file: PNG, JPEG, TIFF, WebP and some that are seldom.

        Raises:
            UnreadablePictureError: It is none, or there is no memory for it.
        """
        call = self._library
        angle, sureness = ctypes.c_float(0), ctypes.c_float(0)
        with ExitStack() as kept:
            upright = self._open(kept, path)
            # A picture that is level already is handed back as it is, and is still to be freed.
            level = self._keep(
                kept,
                call.pixFindSkewAndDeskew(
                    upright.picture,
                    _USUAL_REDUCTION,
                    ctypes.byref(angle),
                    ctypes.byref(sureness),
                ),
            )
            height = call.pixGetHeight(level)
            bytes_per_row = call.pixGetWpl(level) * _BYTES_PER_WORD
            # Its words of four pixels are those of the machine, the engine's rows are bytes.
            call.pixEndianByteSwap(level)
            rows = ctypes.string_at(call.pixGetData(level), bytes_per_row * height)
            turned_degrees = angle.value if level.value != upright.picture.value else 0.0
            return GreyPicture(
                rows,
                call.pixGetWidth(level),
                height,
                bytes_per_row,
                upright.dots_per_inch,
                round(90 * upright.quarters + turned_degrees, 2),
            )

    def pack(self, path: Path) -> bytes:
        """A picture of a file as a JPEG in grey, upright and not too large.

        Raises:
            UnreadablePictureError: It is none, or there is no memory for it.
        """
        with ExitStack() as kept:
            upright = self._open(kept, path, most_side=MOST_SENT_SIDE)
            packed = b""
            for quality in _JPEG_QUALITIES:
                packed = self._write_jpeg(upright.picture, quality)
                if len(packed) <= MOST_SENT_BYTES:
                    break
            return packed

    def _write_jpeg(self, picture: ctypes.c_void_p, quality: int) -> bytes:
        data, size = ctypes.c_void_p(), ctypes.c_size_t()
        has_failed = self._library.pixWriteMemJpeg(
            ctypes.byref(data), ctypes.byref(size), picture, quality, _NOT_PROGRESSIVE
        )
        if has_failed or not data.value:
            raise UnreadablePictureError("it cannot be packed")
        try:
            return ctypes.string_at(data, size.value)
        finally:
            self._library.lept_free(data)

    def _open(self, kept: ExitStack, path: Path, most_side: int | None = None) -> _Upright:
        """A picture in grey, of no more than `MOST_PIXELS`, as it is to be looked at."""
        call = self._library
        quarters, is_mirrored = _read_turns(path)
        picture = self._keep(kept, call.pixRead(str(path).encode()))
        dots_per_inch = call.pixGetXRes(picture)
        # The larger ones would not fit beside each other: each goes when the next is made.
        picture = self._replace(kept, call.pixRemoveAlpha(picture))
        picture = self._replace(kept, call.pixConvertTo8(picture, _KEEP_NO_COLOURS))
        width, height = call.pixGetWidth(picture), call.pixGetHeight(picture)
        share = math.sqrt(MOST_PIXELS / (width * height))
        if most_side is not None:
            share = min(share, most_side / max(width, height))
        if share < 1:
            factor = ctypes.c_float(share)
            picture = self._replace(kept, call.pixScale(picture, factor, factor))
            dots_per_inch = round(dots_per_inch * share)
        if is_mirrored:
            picture = self._replace(kept, call.pixFlipLR(None, picture))
        if quarters:
            picture = self._replace(kept, call.pixRotateOrth(picture, quarters))
        return _Upright(picture, dots_per_inch, quarters)

    def _keep(self, kept: ExitStack, address: int | None) -> ctypes.c_void_p:
        """A picture that is freed at the end."""
        if not address:
            raise UnreadablePictureError("it is no picture that can be read")
        picture = ctypes.c_void_p(address)
        kept.callback(self._library.pixDestroy, ctypes.byref(picture))
        return picture

    def _replace(self, kept: ExitStack, address: int | None) -> ctypes.c_void_p:
        """A picture in the place of those that were kept before."""
        made = ExitStack()
        try:
            return self._keep(made, address)
        finally:
            kept.close()
            kept.push(made)


def is_sent_as_it_is(path: Path) -> bool:
    """Whether a picture may be sent on untouched: a PNG or JPEG, upright and not too large.

    One whose paper is not there may be put on black by whoever gets it, as its ink is.
    """
    data = path.read_bytes()
    if len(data) > MOST_SENT_BYTES or not data.startswith((PNG_START, JPEG_START)):
        return False
    if data.startswith(PNG_START) and _has_alpha(data):
        return False
    header = _read_header(data)
    return (
        header is not None
        and header.orientation == 1
        and header.pixels <= MOST_PIXELS
        and max(header.width, header.height) <= MOST_SENT_SIDE
    )


def _has_alpha(png: bytes) -> bool:
    """Whether a PNG may be transparent ("PNG Specification", "IHDR" and "tRNS")."""
    colour_type = png[_PNG_COLOUR_TYPE : _PNG_COLOUR_TYPE + 1]
    return colour_type in (b"\x04", b"\x06") or b"tRNS" in png[: png.find(b"IDAT")]


def _read_turns(path: Path) -> tuple[int, bool]:
    """How a picture is to be turned by what its camera has noted; Leptonica knows that of TIFFs."""
    header = _read_header(path.read_bytes())
    return _TURNS[0 if header is None else header.orientation - 1]


def _read_header(data: bytes) -> PictureHeader | None:
    try:
        return read_picture_header(data)
    except (DamagedPictureError, PictureBombError):
        return None
