"""Pictures: documents whose pages are recognised. They are looked over here and decoded elsewhere.

A page is handed on as it is packed, so that nothing here decodes a stranger's picture.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.extraction.limits import MEBIBYTE
from pipeline.extraction.page_text import Engine
from pipeline.extraction.readable_document import (
    EnginePage,
    UnreadableDocumentError,
    UnreadablePageError,
)
from pipeline.pictures.picture_header import (
    DamagedPictureError,
    PictureBombError,
    PictureHeader,
    read_picture_header,
)
from pipeline.pictures.tiff_directory import (
    HEIGHT,
    WIDTH,
    DamagedTiffError,
    TiffPage,
    count_packed_bytes,
    read_pages,
    write_page,
)
from shared.errors import RejectionCode

# A page of A3 at 600 dots an inch has 70 million, and decoding takes up to 8 bytes for each.
MAX_PICTURE_PIXELS = 80_000_000
_MOST_PAGES = 100_000
# Pages may share their data, as where a logo stands on each; a bomb does so with everything.
_MOST_BYTES_OF_ALL = 200 * MEBIBYTE


class _PicturePages:
    """What has pictures for pages; no text and no file is inside."""

    page_count = 1

    def __init__(self) -> None:
        self.embedded_files: list[str] = []

    def find_files(self) -> Iterator[Any]:
        """None."""
        return iter(())

    def read_file(self, file: Any, number: int, max_bytes: int) -> bytes:
        """There is none to be asked for."""
        raise NotImplementedError

    def renew(self) -> None:
        """Nothing grows while pages are read."""

    def close(self) -> None:
        """Nothing is held but the file's bytes."""


class WholePicture(_PicturePages):
    """A document that is one picture. Implements `ReadableDocument`.

    Args:
        data: Its bytes.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data = data

    def read_page(self, number: int) -> EnginePage:
        """A page that shows a picture."""
        return EnginePage(Engine.CONVERTER, "", shows_picture=True)

    def render_page(self, number: int, dots_per_inch: int, max_pixels: int) -> bytes:
        """The picture as it is."""
        return self._data


class TiffPictures(_PicturePages):
    """A TIFF, with a page for each of its pictures. Implements `ReadableDocument`.

    Args:
        data: Its bytes.

    Raises:
        UnreadableDocumentError: It is none, or made to grow.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data = data
        try:
            self._pages = read_pages(data, _MOST_PAGES)
            packed_bytes = sum(map(count_packed_bytes, self._pages))
        except DamagedTiffError as error:
            raise UnreadableDocumentError(RejectionCode.DAMAGED, str(error)) from error
        if packed_bytes > max(_MOST_BYTES_OF_ALL, len(data)):
            raise UnreadableDocumentError(
                RejectionCode.EXPANDS_TOO_FAR,
                "its pages lie over one another, and are too large one by one",
            )
        self.page_count = len(self._pages)
        self._check_that_one_is_whole()

    def read_page(self, number: int) -> EnginePage:
        """A page that shows a picture.

        Raises:
            UnreadablePageError: It is too large, or not all there.
        """
        self._take(number)
        return EnginePage(Engine.CONVERTER, "", shows_picture=True)

    def render_page(self, number: int, dots_per_inch: int, max_pixels: int) -> bytes:
        """The page as a TIFF of its own."""
        return self._take(number)

    def _check_that_one_is_whole(self) -> None:
        first: UnreadablePageError | None = None
        for number in range(1, self.page_count + 1):
            try:
                self._take(number)
            except UnreadablePageError as error:
                first = first or error
            else:
                return
        if first is None:
            raise UnreadableDocumentError(RejectionCode.DAMAGED, "there is no page in it")
        raise UnreadableDocumentError(first.code, str(first))

    def _take(self, number: int) -> bytes:
        page: TiffPage = self._pages[number - 1]
        try:
            pixels = page.read_number(WIDTH) * page.read_number(HEIGHT)
            if pixels > MAX_PICTURE_PIXELS:
                raise UnreadablePageError(_describe_size(pixels), RejectionCode.TOO_MANY_PIXELS)
            if not pixels:
                raise UnreadablePageError("it does not say how large it is")
            return write_page(self._data, page)
        except DamagedTiffError as error:
            raise UnreadablePageError(str(error)) from error


def open_picture(path: Path) -> WholePicture:
    """Open a PNG, a JPEG or a WebP.

    Raises:
        UnreadableDocumentError: It is damaged, has too many pixels, or is made to take long.
    """
    data = path.read_bytes()
    try:
        header: PictureHeader | None = read_picture_header(data)
    except DamagedPictureError as error:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, str(error)) from error
    except PictureBombError as error:
        raise UnreadableDocumentError(RejectionCode.EXPANDS_TOO_FAR, str(error)) from error
    if header is None:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, "it is no picture")
    if header.pixels > MAX_PICTURE_PIXELS:
        raise UnreadableDocumentError(RejectionCode.TOO_MANY_PIXELS, _describe_size(header.pixels))
    return WholePicture(data)


def open_tiff(path: Path) -> TiffPictures:
    """Open a TIFF.

    Raises:
        UnreadableDocumentError: It is damaged.
    """
    return TiffPictures(path.read_bytes())


def _describe_size(pixels: int) -> str:
    return (
        f"it has {pixels / 1e6:,.0f} million pixels, more than the "
        f"{MAX_PICTURE_PIXELS / 1e6:.0f} million allowed"
    )
