"""A document open in PDFium. Runs in the child.

The C functions are called directly: pypdfium2's own classes add a weak reference and a finalizer
to each page and text page, which costs as much as all that this package does to a page.
"""

import ctypes
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pypdfium2_raw as pdfium

from pipeline.extraction.fonts.glyph_numbers import read_glyph_numbers
from pipeline.extraction.fonts.ligature_names import write_ligatures
from pipeline.extraction.pdfium_opening import load_document
from pipeline.extraction.pypdf_errors import LazyReader
from pipeline.extraction.shown_text.appearances import Appearances
from pipeline.extraction.shown_text.character_pairs import CharacterPairs
from pipeline.extraction.shown_text.divided_cells import divide_cells, divide_words
from pipeline.extraction.shown_text.downward_lines import order_turned_lines
from pipeline.extraction.shown_text.layers import Layers
from pipeline.extraction.shown_text.page_characters import PageCharacters
from pipeline.extraction.shown_text.raised_digits import separate_raised_digits
from pipeline.extraction.shown_text.spaced_letters import join_spaced_letters
from pipeline.extraction.shown_text.stacked_letters import join_stacked_letters
from pipeline.extraction.shown_text.text_page import TextPage
from pipeline.extraction.shown_text.visible_text import (
    find_visible_box,
    join_pairs,
    read_visible_text,
)
from pipeline.extraction.text_cleanup import is_plain

# What few documents need is imported where it is needed: the start of a reader takes longer than
# most documents.
if TYPE_CHECKING:
    from pipeline.extraction.shown_text.annotations import Note
    from pipeline.extraction.shown_text.form_fields import Form
    from pipeline.extraction.shown_text.note_places import NoteSpan

# Either a password is needed, or the security handler is one that PDFium does not know.
ENCRYPTION_ERRORS = frozenset({pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY})


# From Hebrew to Myanmar, Khmer, and the letters of Hebrew and Arabic as they are drawn.
_OTHER_SCRIPTS = re.compile("[\u0590-\u109f\u1780-\u17ff\ufb1d-\ufdff\ufe70-\ufefc]")
_PROGRAM = re.compile(r"\bAdobe\W+(?:Acrobat\W+)?Reader\b|\bAdobe\W+Acrobat\b")
_MAX_STAND_IN_CHARACTERS = 1500
_CREATOR_BYTES, _GROFF = 64, "groff version".encode("utf-16-le")
# Room for the name of a direction, "L2R" or "R2L".
_DIRECTION_BYTES = 8


class PdfiumError(Exception):
    """PDFium cannot do what it was asked to. Never leaves this package."""


class PdfiumEncryptionError(PdfiumError):
    """The document does not open without a password. Never leaves this package."""


class ShownText(NamedTuple):
    """What a page shows.

    Args:
        text: All of it, fields and notes in their places.
        is_plain: Whether it has nothing but plain characters (`text_cleanup.PLAIN`).
        notes: What fields and notes say, once more by themselves.
        noise: Words of fonts that do not say what they draw, which are marked in the text.
    """

    text: str
    is_plain: bool
    notes: tuple[str, ...] = ()
    noise: tuple[str, ...] = ()


# Is given PDFium's handle of a page, or of a copy without what it does not show, its characters,
# and the handle of the page itself, which has its fields and notes.
Look = Callable[[object, TextPage, object], None]
# Is given PDFium's handle of a page, all that it shows as text, and where fields and notes are in
# that.
Locate = Callable[[object, PageCharacters, "Sequence[NoteSpan]"], None]


class PdfiumDocument:
    """A document and its pages. To be closed.

    Args:
        path: The PDF.
        data: Its bytes, where it is held in memory.
        may_hide_layers: Whether layers of it may be off.
        may_show_notes: Whether there may be fields, or annotations that show words.

    Raises:
        PdfiumError: PDFium cannot open it, or finds no page in it.

    Attributes:
        page_count: The number of its pages.
    """

    def __init__(
        self, path: Path, data: bytes | None, *, may_hide_layers: bool, may_show_notes: bool
    ) -> None:
        # The bytes that PDFium reads from, if not from the file; they outlive the handle.
        self._handle, self._data = load_document(path, data)
        if not self._handle:
            # Only now does the last error mean anything: a success leaves that of an earlier call.
            if pdfium.FPDF_GetLastError() in ENCRYPTION_ERRORS:
                raise PdfiumEncryptionError
            raise PdfiumError
        self._text_page = CharacterPairs()
        self._form: Form | None = None
        self._pypdf = LazyReader(path)
        self._appearances = Appearances(self._pypdf)
        self._layers = Layers(self._pypdf) if may_hide_layers else None
        self._may_show_notes = may_show_notes
        self.page_count: int = pdfium.FPDF_GetPageCount(self._handle)
        if self.page_count < 1:
            self.close()
            raise PdfiumError
        self._is_right_to_left = _is_right_to_left(self._handle)
        self._is_set_by_groff = _is_set_by_groff(self._handle)
        if pdfium.FPDF_GetFormType(self._handle) != pdfium.FORMTYPE_NONE:
            from pipeline.extraction.shown_text import form_fields

            self._form = form_fields.Form(self._handle)

    @property
    def handle(self) -> object:
        """What PDFium knows the document by."""
        return self._handle

    @property
    def form(self) -> "Form | None":
        """The form of the document, if it has one."""
        return self._form

    def is_stand_in(self) -> bool:
        """Whether the one page stands in for a form that a program draws from XFA.

        `/NeedsRendering` says so, but not all forms have it. The page that Adobe's programs put in
        has no field, and few words, in any language: they name the program that shows the form.
        """
        if pdfium.FPDF_GetFormType(self._handle) != pdfium.FORMTYPE_XFA_FOREGROUND:
            return False
        if self.page_count != 1:
            return False
        try:
            with open_page(self._handle, 1) as page:
                has_fields = pdfium.FPDFPage_GetAnnotCount(page) > 0
                text = "" if has_fields else self._read_own_text(page)
        except PdfiumError:
            return False
        return len(text) <= _MAX_STAND_IN_CHARACTERS and bool(_PROGRAM.search(text))

    def read_page(
        self,
        number: int,
        look: Look,
        locate: Locate | None = None,
    ) -> ShownText:
        """What a page, numbered from 1, shows: its text, its fields and its notes.

        The text is that inside the visible box; all of it if none is there.

        Args:
            number: The number of the page.
            look: Is called while the page is open.
            locate: Is given the text that results, of which each character may be asked where it
                stands, while the page is open.

        Raises:
            PdfiumError: The page cannot be loaded.
            MemoryError: The memory limit was reached.
        """
        with open_page(self._handle, number) as page:
            if self._layers is None and not self._is_right_to_left:
                return self._read_shown(page, page, number, look, locate)
            with self._open_copy(page, number) as copy:
                return self._read_shown(page, copy, number, look, locate)

    def close(self) -> None:
        """Give back what PDFium holds of the document."""
        self._pypdf.close()
        if self._form is not None:
            self._form.close()
        pdfium.FPDF_CloseDocument(self._handle)

    def _read_own_text(self, page: object) -> str:
        text_page = pdfium.FPDFText_LoadPage(page)
        if not text_page:
            raise PdfiumError
        try:
            self._text_page.turn_to(text_page)
            return self._text_page.read_text()
        finally:
            pdfium.FPDFText_ClosePage(text_page)

    @contextmanager
    def _open_copy(self, page: object, number: int) -> Iterator[object]:
        """A copy of a page without what would make PDFium read it wrong, or the page itself."""
        shown = self._layers.write_shown(number) if self._layers is not None else None
        if shown is not None:
            with open_document(shown) as document, open_page(document, 1) as copy:
                yield copy
        elif self._is_right_to_left:
            with copy_page(self._handle, number) as copy:
                yield copy
        else:
            yield page

    def _read_shown(
        self,
        page: object,
        page_of_text: object,
        number: int,
        look: Look,
        locate: Locate | None,
    ) -> ShownText:
        visible = find_visible_box(page)
        text_page = pdfium.FPDFText_LoadPage(page_of_text)
        if visible is None or not text_page:
            raise PdfiumError
        try:
            self._text_page.turn_to(text_page)
            look(page_of_text, self._text_page, page)
            quarter_turns = pdfium.FPDFPage_GetRotation(page)
            characters = read_visible_text(self._text_page, visible)
            characters, noise = read_glyph_numbers(characters)
            has_plain_text = is_plain(characters.text)
            if not has_plain_text:
                characters = write_ligatures(characters, self._pypdf, number)
                characters = join_stacked_letters(characters, quarter_turns)
            characters = order_turned_lines(characters, quarter_turns)
            if not has_plain_text and _OTHER_SCRIPTS.search(characters.text):
                from pipeline.extraction.shown_text.clustered_scripts import mend_clusters
                from pipeline.extraction.shown_text.right_to_left import order_right_to_left

                characters = order_right_to_left(characters)
                characters = mend_clusters(characters, page_of_text)
            characters = divide_words(characters, is_set_by_groff=self._is_set_by_groff)
            characters = join_spaced_letters(divide_cells(characters, page_of_text))
            characters = separate_raised_digits(characters)
            notes: Sequence[Note] = ()
            spans: Sequence[NoteSpan] = ()
            if self._may_show_notes:
                from pipeline.extraction.shown_text.annotations import read_notes

                notes = read_notes(page, number, self._form, self._appearances, self._layers)
            if notes:
                from pipeline.extraction.shown_text.note_places import place_notes

                characters, spans = place_notes(characters, notes, quarter_turns, visible)
                has_plain_text = is_plain(characters.text)
            if locate is not None:
                locate(page, characters, spans)
            text = characters.text if has_plain_text else join_pairs(characters.text)
            return ShownText(text, has_plain_text, tuple(note.text for note in notes), noise)
        finally:
            pdfium.FPDFText_ClosePage(text_page)


@contextmanager
def open_page(document: object, number: int) -> Iterator[object]:
    """PDFium's handle of a page, numbered from 1.

    Raises:
        PdfiumError: The page cannot be loaded.
    """
    page = pdfium.FPDF_LoadPage(document, number - 1)
    if not page:
        raise PdfiumError
    try:
        yield page
    finally:
        pdfium.FPDF_ClosePage(page)


@contextmanager
def open_document(data: bytes) -> Iterator[object]:
    """PDFium's handle of a document in memory.

    Raises:
        PdfiumError: PDFium cannot open it.
    """
    document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        raise PdfiumError
    try:
        yield document
    finally:
        pdfium.FPDF_CloseDocument(document)


@contextmanager
def copy_page(document: object, number: int) -> Iterator[object]:
    """PDFium's handle of a page in a document that has nothing but a copy of it.

    Raises:
        PdfiumError: The page cannot be copied.
    """
    copy = pdfium.FPDF_CreateNewDocument()
    if not copy:
        raise PdfiumError
    try:
        index = (ctypes.c_int * 1)(number - 1)
        if not pdfium.FPDF_ImportPagesByIndex(copy, document, index, 1, 0):
            raise PdfiumError
        with open_page(copy, 1) as page:
            yield page
    finally:
        pdfium.FPDF_CloseDocument(copy)


def _is_right_to_left(document: object) -> bool:
    """Whether viewers are asked to turn pages from right to left.

    PDFium takes that for the direction of every line, also of those in Latin letters; typst asks
    for it wherever the first language that a source names is one of a right-to-left script.
    """
    name = ctypes.create_string_buffer(_DIRECTION_BYTES)
    pdfium.FPDF_VIEWERREF_GetName(document, b"Direction", name, _DIRECTION_BYTES)
    return name.value == b"R2L"


def _is_set_by_groff(document: object) -> bool:
    """Whether groff has made the pages: manuals of Unix, a page or two long."""
    name = ctypes.create_string_buffer(_CREATOR_BYTES)
    pdfium.FPDF_GetMetaText(document, b"Creator", name, _CREATOR_BYTES)
    return name.raw.startswith(_GROFF)
