"""A document open in PDFium. Runs in the child.

The C functions are called directly: pypdfium2's own classes add a weak reference and a finalizer
to each page and text page, which costs as much as all that this package does to a page.
"""

import os
from pathlib import Path

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]  # it ships no type information

from pipeline.extraction.annotations import read_notes
from pipeline.extraction.appearances import Appearances
from pipeline.extraction.form_fields import Form
from pipeline.extraction.note_places import place_notes
from pipeline.extraction.pdfium_text import find_visible_box, join_pairs, read_visible_text
from pipeline.extraction.raised_digits import separate_raised_digits
from pipeline.extraction.right_to_left import order_right_to_left

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
        self._form: Form | None = None
        self._appearances = Appearances(path)
        self.page_count: int = pdfium.FPDF_GetPageCount(self._handle)
        if self.page_count < 1:
            self.close()
            raise PdfiumError
        if pdfium.FPDF_GetFormType(self._handle) != pdfium.FORMTYPE_NONE:
            self._form = Form(self._handle)

    def read_page(self, number: int) -> str:
        """What a page, numbered from 1, shows: its text, its fields and its notes.

        The text is that inside the visible box; all of it if none is there.

        Raises:
            PdfiumError: The page cannot be loaded.
            MemoryError: The memory limit was reached.
        """
        page = pdfium.FPDF_LoadPage(self._handle, number - 1)
        if not page:
            raise PdfiumError
        try:
            text_page = pdfium.FPDFText_LoadPage(page)
            if not text_page:
                raise PdfiumError
            try:
                return self._read_text(page, text_page, number)
            finally:
                pdfium.FPDFText_ClosePage(text_page)
        finally:
            pdfium.FPDF_ClosePage(page)

    def close(self) -> None:
        """Give back what PDFium holds of the document."""
        self._appearances.close()
        if self._form is not None:
            self._form.close()
        pdfium.FPDF_CloseDocument(self._handle)

    def _read_text(self, page: object, text_page: object, number: int) -> str:
        visible = find_visible_box(page)
        if visible is None:
            raise PdfiumError
        characters = read_visible_text(text_page, visible)
        characters = order_right_to_left(characters)
        characters = separate_raised_digits(characters)
        notes = read_notes(page, number, self._form, self._appearances)
        if notes:
            quarter_turns = pdfium.FPDFPage_GetRotation(page)
            characters = place_notes(characters, notes, quarter_turns, visible)
        return join_pairs(characters.text)
