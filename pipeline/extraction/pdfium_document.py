"""A document open in PDFium. Runs in the child.

The C functions are called directly: pypdfium2's own classes add a weak reference and a finalizer
to each page and text page, which costs as much as all that this package does to a page.
"""

import os
from pathlib import Path

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]  # it ships no type information

from pipeline.extraction.pdfium_text import join_pairs, read_visible_text
from pipeline.extraction.raised_digits import separate_raised_digits

# Either a password is needed, or the security handler is one that PDFium does not know.
ENCRYPTION_ERRORS = frozenset({pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY})


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
        self._handle = pdfium.FPDF_LoadDocument(os.fsencode(path), None)
        if not self._handle:
            # Only now does the last error mean anything: a success leaves that of an earlier call.
            if pdfium.FPDF_GetLastError() in ENCRYPTION_ERRORS:
                raise PdfiumEncryptionError
            raise PdfiumError
        self.page_count: int = pdfium.FPDF_GetPageCount(self._handle)
        if self.page_count < 1:
            self.close()
            raise PdfiumError

    def read_page(self, number: int) -> str:
        """The text inside the visible box of a page, numbered from 1; all of it if none is there.

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
                return _read_text(page, text_page)
            finally:
                pdfium.FPDFText_ClosePage(text_page)
        finally:
            pdfium.FPDF_ClosePage(page)

    def close(self) -> None:
        """Give back what PDFium holds of the document."""
        pdfium.FPDF_CloseDocument(self._handle)


def _read_text(page: object, text_page: object) -> str:
    characters = read_visible_text(page, text_page)
    if characters is None:
        raise PdfiumError
    characters = separate_raised_digits(characters)
    return join_pairs(characters.text)
