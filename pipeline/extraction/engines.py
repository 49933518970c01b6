"""The two libraries that read PDFs, behind one open document. Runs in the child.

PDFium reads what it can open. pypdf reads documents that PDFium cannot open, and single pages
that it reports as unreadable. pypdf is imported only then: that takes longer than most documents.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.extraction.page_text import Engine
from pipeline.extraction.pdfium_document import (
    PdfiumDocument,
    PdfiumEncryptionError,
    PdfiumError,
)
from shared.document_formats import PDF
from shared.errors import RejectionCode

if TYPE_CHECKING:
    from pypdf import PdfReader

NO_ENGINE = "neither PDF engine can read it"


class UnreadableDocumentError(Exception):
    """No engine opens the document. Never leaves this package."""

    def __init__(self, code: RejectionCode) -> None:
        super().__init__(code)
        self.code = code


class UnreadablePageError(Exception):
    """No engine reads the page; the message is the reason. Never leaves this package."""


class EngineDocument:
    """A document, open in the engines.

    Only text inside the visible box of a page is read: crop marks and whatever else lies outside
    of it is nothing that a person would see.

    Args:
        path: The PDF.

    Raises:
        UnreadableDocumentError: No engine opens it.
        MemoryError: The memory limit was reached.

    Attributes:
        page_count: The number of its pages.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pypdf: PdfReader | None = None
        self._is_beyond_pypdf = False
        self._pdfium: PdfiumDocument | None = None
        try:
            self._pdfium = PdfiumDocument(path)
            self.page_count = self._pdfium.page_count
        except PdfiumEncryptionError as error:
            raise UnreadableDocumentError(RejectionCode.ENCRYPTED) from error
        except PdfiumError:
            self.page_count = self._count_with_pypdf()

    def read_page(self, number: int) -> tuple[Engine, str]:
        """The engine that reads a page, and the text as it gives it.

        Raises:
            UnreadablePageError: Neither engine reads the page.
            MemoryError: The memory limit was reached.
        """
        if self._pdfium is not None:
            try:
                return Engine.PDFIUM, self._pdfium.read_page(number)
            except PdfiumError:
                pass
        return Engine.PYPDF, self._read_with_pypdf(number)

    def renew(self) -> None:
        """Open the document anew: the engines keep something of each page that they have read."""
        is_open_in_pdfium = self._pdfium is not None
        self.close()
        if is_open_in_pdfium:
            self._pdfium = PdfiumDocument(self._path)

    def close(self) -> None:
        """Give back what the engines hold."""
        if self._pdfium is not None:
            self._pdfium.close()
            self._pdfium = None
        if self._pypdf is not None:
            self._pypdf.close()
            self._pypdf.stream.close()
            self._pypdf = None

    def _read_with_pypdf(self, number: int) -> str:
        if self._is_beyond_pypdf:
            raise UnreadablePageError(NO_ENGINE)
        try:
            count = self._count_with_pypdf()
        except UnreadableDocumentError as error:
            self._is_beyond_pypdf = True
            raise UnreadablePageError(NO_ENGINE) from error
        # Only where both engines count alike is page 7 of the one page 7 of the other.
        if count != self.page_count:
            raise UnreadablePageError("the document has no such page")
        try:
            return self._get_pypdf().pages[number - 1].extract_text()
        except MemoryError:
            raise
        # pypdf documents that broken files raise more than its own exceptions.
        except Exception as error:
            raise UnreadablePageError(f"{NO_ENGINE} ({type(error).__name__})") from error

    def _count_with_pypdf(self) -> int:
        from pypdf.errors import DependencyError, FileNotDecryptedError

        try:
            count = len(self._get_pypdf().pages)
        except MemoryError:
            raise
        except (DependencyError, FileNotDecryptedError) as error:
            raise UnreadableDocumentError(RejectionCode.ENCRYPTED) from error
        # pypdf documents that broken files raise more than its own exceptions.
        except Exception as error:
            raise UnreadableDocumentError(RejectionCode.DAMAGED) from error
        if count == 0:
            raise UnreadableDocumentError(RejectionCode.DAMAGED)
        return count

    def _get_pypdf(self) -> "PdfReader":
        from pypdf import PdfReader

        if self._pypdf is None:
            # Given a path, pypdf would read the whole file into memory.
            self._pypdf = PdfReader(self._path.open("rb"))
        return self._pypdf


# What opens a document, by the suffix of its format.
READERS = {PDF.suffix: EngineDocument}
