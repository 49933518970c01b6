"""A document open in PDFium. Runs in the child.

The C functions are called directly: pypdfium2's own classes add a weak reference and a finalizer
to each page and text page, which costs as much as all that this package does to a page.
"""

import ctypes
from collections.abc import Callable
from pathlib import Path

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]  # it ships no type information

from pipeline.extraction.pdfium_opening import load_document

# Either a password is needed, or the security handler is one that PDFium does not know.
ENCRYPTION_ERRORS = frozenset({pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY})

# The text inside a box has line ends that the characters of the page do not count.
_ROOM_PER_CHARACTER = 2


class PdfiumError(Exception):
    """PDFium cannot do what it was asked to. Never leaves this package."""


class PdfiumEncryptionError(PdfiumError):
    """The document does not open without a password. Never leaves this package."""


class PdfiumDocument:
    """A document and its pages. To be closed.

    Args:
        path: The PDF.

    Raises:
        PdfiumError: PDFium cannot open it, or finds no page in it.

    Attributes:
        page_count: The number of its pages.
    """

    def __init__(self, path: Path) -> None:
        # The bytes of a file without a header where PDFium looks for it; they outlive the handle.
        self._handle, self._data = load_document(path)
        if not self._handle:
            # Only now does the last error mean anything: a success leaves that of an earlier call.
            if pdfium.FPDF_GetLastError() in ENCRYPTION_ERRORS:
                raise PdfiumEncryptionError
            raise PdfiumError
        self.page_count: int = pdfium.FPDF_GetPageCount(self._handle)
        if self.page_count < 1:
            self.close()
            raise PdfiumError

    @property
    def handle(self) -> object:
        """What PDFium knows the document by."""
        return self._handle

    def read_page(self, number: int, look: Callable[[object, object], None]) -> str:
        """The text inside the visible box of a page, numbered from 1; all of it if none is there.

        Args:
            number: The number of the page.
            look: Is given PDFium's handles of the page and of its text while both are open.

        Raises:
            PdfiumError: The page cannot be loaded.
        """
        page = pdfium.FPDF_LoadPage(self._handle, number - 1)
        if not page:
            raise PdfiumError
        try:
            text_page = pdfium.FPDFText_LoadPage(page)
            if not text_page:
                raise PdfiumError
            try:
                look(page, text_page)
                visible = _read_visible_text(page, text_page)
                # A page whose box is wrong shows nothing and holds its text all the same.
                return visible if visible.strip() else _read_whole_text(text_page)
            finally:
                pdfium.FPDFText_ClosePage(text_page)
        finally:
            pdfium.FPDF_ClosePage(page)

    def close(self) -> None:
        """Give back what PDFium holds of the document."""
        pdfium.FPDF_CloseDocument(self._handle)


def _read_visible_text(page: object, text_page: object) -> str:
    box = pdfium.FS_RECTF()
    if not pdfium.FPDF_GetPageBoundingBox(page, box):
        raise PdfiumError
    area = (text_page, box.left, box.top, box.right, box.bottom)
    # PDFium puts the text together anew at each call, so it is not asked for its size first. Sizes
    # are in units of UTF-16, of which a page may end in half a pair.
    room = _ROOM_PER_CHARACTER * max(0, pdfium.FPDFText_CountChars(text_page)) + 1
    text = (ctypes.c_ushort * room)()
    size = pdfium.FPDFText_GetBoundedText(*area, text, room)
    if size >= room:
        room = pdfium.FPDFText_GetBoundedText(*area, None, 0)
        text = (ctypes.c_ushort * room)()
        size = pdfium.FPDFText_GetBoundedText(*area, text, room)
    return ctypes.string_at(text, 2 * size).decode("utf-16-le", errors="ignore").rstrip("\0")


def _read_whole_text(text_page: object) -> str:
    size = pdfium.FPDFText_CountChars(text_page)
    if size <= 0:
        return ""
    # One more, for the zero at the end.
    text = (ctypes.c_ushort * (size + 1))()
    written = pdfium.FPDFText_GetText(text_page, 0, size, text)
    return ctypes.string_at(text, 2 * max(0, written - 1)).decode("utf-16-le", errors="ignore")
