"""Pictures, decoded and set straight by Leptonica, which tesserocr's wheel brings. In the child.

tesserocr hands nothing of it on, so it is called by ctypes. Lines that lie askew by two degrees
cost the engine up to all words of a page; to turn the picture first takes a twentieth of the time.
Source: Leptonica, "skew.c" and "readfile.c".
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# Its own reduction for the search of the angle.
_USUAL_REDUCTION = 0
_KEEP_NO_COLOURS = 0
_BYTES_PER_WORD = 4


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
        for name in ("pixRead", "pixConvertTo8", "pixFindSkewAndDeskew", "pixGetData"):
            getattr(self._library, name).restype = ctypes.c_void_p

    def read(self, path: Path) -> GreyPicture:
        """A picture of a file: PNG, JPEG, TIFF, WebP and some that are seldom.

        Raises:
            UnreadablePictureError: It is none, or there is no memory for it.
        """
        call = self._library
        angle, sureness = ctypes.c_float(0), ctypes.c_float(0)
        with (
            self._keep(call.pixRead(str(path).encode())) as picture,
            self._keep(call.pixConvertTo8(picture, _KEEP_NO_COLOURS)) as grey,
            self._keep(
                call.pixFindSkewAndDeskew(
                    grey, _USUAL_REDUCTION, ctypes.byref(angle), ctypes.byref(sureness)
                )
            ) as level,
        ):
            height = call.pixGetHeight(level)
            bytes_per_row = call.pixGetWpl(level) * _BYTES_PER_WORD
            # Its words of four pixels are those of the machine, the engine's rows are bytes.
            call.pixEndianByteSwap(level)
            rows = ctypes.string_at(call.pixGetData(level), bytes_per_row * height)
            # A picture that is level already is handed back as it is, and is still to be freed.
            return GreyPicture(
                rows,
                call.pixGetWidth(level),
                height,
                bytes_per_row,
                call.pixGetXRes(picture),
                round(angle.value, 2) if level.value != grey.value else 0.0,
            )

    @contextmanager
    def _keep(self, address: int | None) -> Iterator[ctypes.c_void_p]:
        if not address:
            raise UnreadablePictureError("it is no picture that can be read")
        picture = ctypes.c_void_p(address)
        try:
            yield picture
        finally:
            self._library.pixDestroy(ctypes.byref(picture))
