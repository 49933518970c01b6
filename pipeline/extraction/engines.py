"""The two libraries that read PDFs, behind one open document. Runs in the child.

PDFium reads what it can open. pypdf reads documents that PDFium cannot open and single pages that
it reports as unreadable, and is asked where the text of a page is doubtful (`second_opinion`) or
the file is under suspicion (`file_scan`). It is imported only then: that takes longer than most
documents.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.extraction.files_inside.embedded_files import (
    FileInside,
    find_embedded_files,
    is_dynamic_form,
    read_file,
)
from pipeline.extraction.fonts.font_codes import mend_codes
from pipeline.extraction.fonts.second_opinion import (
    Opinion,
    choose_text,
    is_doubtful,
    is_sound,
    leave_out_music,
)
from pipeline.extraction.limits import MAX_FILES
from pipeline.extraction.page_pictures import render_page
from pipeline.extraction.page_signs import PageSigns, read_page_signs
from pipeline.extraction.page_text import Engine
from pipeline.extraction.pdfium_document import (
    PdfiumDocument,
    PdfiumEncryptionError,
    PdfiumError,
    ShownText,
)
from pipeline.extraction.pdfium_opening import read_small_file
from pipeline.extraction.pypdf_errors import (
    LazyReader,
    PypdfError,
    translate_pypdf_errors,
)
from pipeline.extraction.readable_document import (
    EnginePage,
    UnreadableDocumentError,
    UnreadablePageError,
)
from pipeline.extraction.shown_text.text_page import TextPage
from pipeline.extraction.wholeness.decrypted_copy import write_decrypted
from pipeline.extraction.wholeness.file_scan import scan_file
from shared.errors import RejectionCode

if TYPE_CHECKING:
    from pypdf import PageObject

NO_ENGINE = "neither PDF engine can read it"
NOT_WHOLE = "parts of the file are broken, and of this page nothing is left"
NOT_CHANGED = "it breaks off in the middle of its last change, and shows what it was before"
NOT_RENDERED = "it cannot be rendered as a picture"
NO_CHARACTERS = "its fonts do not say which characters they draw"


class EngineDocument:
    """A document, open in the engines.

    Only text inside the visible box of a page is read: crop marks and whatever else lies outside
    of it is nothing that a person would see.

    Args:
        path: The PDF.
        explain_unread: Says why the bytes of a file inside are not read; None if they are.

    Raises:
        UnreadableDocumentError: No engine opens it, or its pages are not what it shows.
        MemoryError: The memory limit was reached.

    Attributes:
        page_count: The number of its pages.
        embedded_files: The names of the files inside.
    """

    def __init__(self, path: Path, explain_unread: Callable[[bytes], str | None]) -> None:
        self._path = path
        self._explain_unread = explain_unread
        # Not that of PDFium's document, which changes pages.
        self._pypdf = LazyReader(path)
        self._is_beyond_pypdf = False
        self._pdfium: PdfiumDocument | None = None
        self._data = read_small_file(path)
        self._scan = scan_file(path, self._data)
        # The document without its encryption, where that is what has to be looked at.
        self._decrypted: LazyReader | None = None
        self.embedded_files: list[str] = []
        with ExitStack() as opened:
            # Nobody else can.
            opened.callback(self.close)
            self.page_count = self._open()
            opened.pop_all()

    def read_page(self, number: int) -> EnginePage:
        """The text of a page, if it is all that the page shows as text.

        Raises:
            UnreadablePageError: Neither engine reads the page, or not all of it, or what they give
                is not what the page shows.
            MemoryError: The memory limit was reached.
        """
        if self._pdfium is not None:
            signs = PageSigns()

            def look(page: object, text_page: TextPage, page_with_notes: object) -> None:
                nonlocal signs
                signs = read_page_signs(page, text_page, page_with_notes)

            try:
                shown = self._pdfium.read_page(number, look)
            except PdfiumError:
                pass
            else:
                self._check_whole(number, is_blank=not shown.text.strip())
                return self._judge(number, shown, signs)
        page = self._find_with_pypdf(number)
        text = mend_codes(self._read_with_pypdf(page))
        self._check_whole(number, is_blank=not text.strip())
        if is_doubtful(text):
            raise UnreadablePageError(NO_CHARACTERS, RejectionCode.UNMAPPED_FONTS)
        return EnginePage(Engine.PYPDF, text, not text.strip() and _shows_picture(page))

    def render_page(self, number: int, dots_per_inch: int, max_pixels: int) -> bytes:
        """A page as a picture, in grey, with all that it shows: a PNG.

        Raises:
            UnreadablePageError: PDFium cannot render it.
            MemoryError: The memory limit was reached.
        """
        if self._pdfium is None:
            raise UnreadablePageError(NOT_RENDERED)
        try:
            return render_page(self._pdfium, number, dots_per_inch, max_pixels)
        except PdfiumError as error:
            raise UnreadablePageError(NOT_RENDERED) from error

    def find_files(self) -> Iterator[FileInside]:
        """The files inside, in the order of their names in `embedded_files`."""
        if self._pdfium is None:
            return iter(())
        return find_embedded_files(
            self._pdfium.handle,
            with_annotations=self._scan.has_file_annotations,
            others=self._list_associated_files if self._scan.has_unlisted_files else tuple,
        )

    def _list_associated_files(self) -> list[tuple[str, Any]]:
        from pipeline.extraction.files_inside.associated_files import find_associated_files

        found: list[tuple[str, Any]] = []
        # What was found before something that is broken is not lost with it.
        with suppress(PypdfError), (self._decrypted or self._pypdf).use() as reader:
            for file in islice(find_associated_files(reader), MAX_FILES + 1):
                found.append(file)
        return found

    def read_file(self, file: FileInside, number: int, max_bytes: int) -> bytes:
        """The bytes of a file inside, as `embedded_files.read_file` has it."""
        return read_file(file, number, max_bytes, self._explain_unread)

    def renew(self) -> None:
        """Open the document anew: the engines keep something of each page that they have read."""
        is_open_in_pdfium = self._pdfium is not None
        self.close()
        if is_open_in_pdfium:
            self._pdfium = self._open_in_pdfium()

    def close(self) -> None:
        """Give back what the engines hold."""
        if self._pdfium is not None:
            self._pdfium.close()
            self._pdfium = None
        self._pypdf.close()
        if self._decrypted is not None:
            self._decrypted.close()

    def _open(self) -> int:
        """Open the document; gives the number of its pages."""
        if self._scan.breaks_off_in_change:
            raise UnreadableDocumentError(RejectionCode.DAMAGED, NOT_CHANGED)
        try:
            self._pdfium = self._open_in_pdfium()
        except PdfiumEncryptionError as error:
            return self._count_without_password(error)
        except PdfiumError:
            return self._count_with_pypdf()
        if self._scan.is_encrypted:
            self._look_beyond_encryption(self._pdfium)
        self._look_beyond_pages(self._pdfium)
        return self._pdfium.page_count

    def _open_in_pdfium(self) -> PdfiumDocument:
        return PdfiumDocument(
            self._path,
            self._data,
            may_hide_layers=self._scan.may_hide_layers,
            may_show_notes=self._scan.may_show_notes,
        )

    def _look_beyond_pages(self, document: PdfiumDocument) -> None:
        if is_dynamic_form(document.handle) or document.is_stand_in():
            raise UnreadableDocumentError(RejectionCode.XFA_FORM)
        self.embedded_files = [file.name for file in self.find_files()]

    def _look_beyond_encryption(self, document: PdfiumDocument) -> None:
        copy = write_decrypted(document.handle)
        if copy is None:
            return
        scan = scan_file(self._path, copy, is_decrypted=True)
        self._scan = self._scan._replace(
            is_suspicious=scan.is_suspicious,
            has_renamed_glyphs=scan.has_renamed_glyphs,
            has_file_annotations=scan.has_file_annotations,
            has_unlisted_files=scan.has_unlisted_files,
        )
        if scan.is_suspicious or scan.has_unlisted_files:
            self._decrypted = LazyReader(self._path, copy)

    def _judge(self, number: int, shown: ShownText, signs: PageSigns) -> EnginePage:
        """The text that PDFium gives for a page, or a better one where it is doubtful."""
        is_plain = shown.is_plain
        text = shown.text if is_plain else mend_codes(shown.text, signs.unmapped_share)
        # Fields and notes are what a page says, unless they stand on a scan, or say nothing.
        is_picture = signs.shows_picture and (
            signs.is_covered or not shown.notes or not text.strip()
        )
        first = EnginePage(Engine.PDFIUM, text, is_picture)
        if not is_doubtful(
            text, signs.unmapped_share, is_plain=is_plain, drops_text=signs.drops_text
        ):
            return first
        if is_sound(text) and not signs.drops_text and not self._scan.has_renamed_glyphs:
            return first
        second = self._ask_pypdf(number)
        if second is not None and not signs.drops_text and not shown.noise:
            words = leave_out_music(text, second.text)
            if words is not None:
                return EnginePage(Engine.PDFIUM, words, is_picture)
        chosen = choose_text(text, second, drops_text=signs.drops_text, noise=shown.noise)
        if chosen is None:
            raise UnreadablePageError(NO_CHARACTERS, RejectionCode.UNMAPPED_FONTS)
        if chosen == text:
            return first
        # pypdf gives what is printed; what fields and notes say is PDFium's in any case.
        return EnginePage(Engine.PYPDF, "\n".join([chosen, *shown.notes]))

    def _ask_pypdf(self, number: int) -> Opinion | None:
        from pipeline.extraction.fonts.type3_fonts import has_telling_names

        try:
            page = self._find_with_pypdf(number)
            return Opinion(mend_codes(self._read_with_pypdf(page)), has_telling_names(page))
        except UnreadablePageError:
            return None

    def _check_whole(self, number: int, *, is_blank: bool) -> None:
        """Fail a page that is broken, in a file under suspicion."""
        if not self._scan.is_suspicious:
            return
        from pipeline.extraction.wholeness.page_check import check_page

        try:
            with translate_pypdf_errors():
                reason = check_page(self._find_in_the_clear(number))
        except PypdfError:
            reason = NOT_WHOLE if is_blank else None
        if reason is not None:
            raise UnreadablePageError(self._scan.damage or reason)

    def _find_in_the_clear(self, number: int) -> "PageObject":
        if self._decrypted is None:
            return self._find_with_pypdf(number)
        return self._decrypted.open().pages[number - 1]

    def _find_with_pypdf(self, number: int) -> "PageObject":
        if self._is_beyond_pypdf:
            raise UnreadablePageError(self._scan.damage or NO_ENGINE)
        try:
            count = self._count_with_pypdf()
        except UnreadableDocumentError as error:
            self._is_beyond_pypdf = True
            raise UnreadablePageError(self._scan.damage or NO_ENGINE) from error
        # Only where both engines count alike is page 7 of the one page 7 of the other.
        if count != self.page_count:
            raise UnreadablePageError("the document has no such page")
        return self._pypdf.open().pages[number - 1]

    def _read_with_pypdf(self, page: "PageObject") -> str:
        try:
            with translate_pypdf_errors():
                return page.extract_text()
        except PypdfError as error:
            raise UnreadablePageError(f"{NO_ENGINE} ({error})") from error

    def _count_without_password(self, cause: PdfiumEncryptionError) -> int:
        """The pages of a document that PDFium takes for locked: pypdf may open it all the same."""
        if self._scan.needs_certificate:
            raise UnreadableDocumentError(RejectionCode.NEEDS_CERTIFICATE) from cause
        try:
            return self._count_with_pypdf()
        except UnreadableDocumentError as error:
            raise UnreadableDocumentError(RejectionCode.ENCRYPTED) from error

    def _count_with_pypdf(self) -> int:
        from pypdf.errors import DependencyError, FileNotDecryptedError

        try:
            with self._pypdf.use() as reader:
                count = len(reader.pages)
        except PypdfError as error:
            if isinstance(error.__cause__, (DependencyError, FileNotDecryptedError)):
                raise UnreadableDocumentError(RejectionCode.ENCRYPTED) from error
            raise UnreadableDocumentError(RejectionCode.DAMAGED, self._scan.damage) from error
        if count == 0:
            raise UnreadableDocumentError(RejectionCode.DAMAGED, self._scan.damage)
        return count


def _shows_picture(page: "PageObject") -> bool:
    try:
        with translate_pypdf_errors():
            resources: Any = page["/Resources"]
            objects = resources["/XObject"]
            return any(objects[name].get("/Subtype") == "/Image" for name in objects)
    except PypdfError:
        return False
