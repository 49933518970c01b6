"""A document whose pages are looked at: each drawn, with the places of its characters.

Runs in the child. Nothing is read here that a summary is made of: the text is the one that
`PdfiumDocument` gives for it too, so that what is quoted from it is found.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.extraction.page_views.letter_boxes import find_letter_box
from pipeline.extraction.page_views.page_drawing import Drawing, draw_page
from pipeline.extraction.page_views.page_layout import (
    MOST_CHARACTERS,
    PageLayout,
    Place,
    encode_view,
)
from pipeline.extraction.pdfium_document import (
    PdfiumDocument,
    PdfiumEncryptionError,
    PdfiumError,
)
from pipeline.extraction.pdfium_opening import read_small_file
from pipeline.extraction.readable_document import (
    EnginePage,
    FileNotTakenError,
    UnreadableDocumentError,
    UnreadablePageError,
)
from pipeline.extraction.shown_text.note_places import NoteSpan
from pipeline.extraction.shown_text.page_characters import PageCharacters
from pipeline.extraction.shown_text.text_page import TextPage
from pipeline.extraction.wholeness.file_scan import scan_file
from shared.errors import RejectionCode

NOT_DRAWN = "PDFium, which draws pages, cannot draw it"
_ONLY_SHOWN = "the document is open to be looked at, not to be read"


class ViewedDocument:
    """A document, open in PDFium alone: what only pypdf opens has no picture.

    Args:
        path: The PDF.

    Raises:
        UnreadableDocumentError: PDFium does not open it.
        MemoryError: The memory limit was reached.

    Attributes:
        page_count: The number of its pages.
        embedded_files: Nothing; they are not looked for.
    """

    def __init__(self, path: Path) -> None:
        self.embedded_files: list[str] = []
        self._data = read_small_file(path)
        scan = scan_file(path, self._data)
        try:
            self._document = PdfiumDocument(
                path,
                self._data,
                may_hide_layers=scan.may_hide_layers,
                may_show_notes=scan.may_show_notes,
            )
        except PdfiumEncryptionError as error:
            raise UnreadableDocumentError(RejectionCode.ENCRYPTED) from error
        except PdfiumError as error:
            raise UnreadableDocumentError(RejectionCode.DAMAGED, scan.damage) from error
        self.page_count = self._document.page_count

    def render_page(self, number: int, dots_per_inch: int, max_pixels: int) -> bytes:
        """A page as a view: a picture in colour, and its characters with their places.

        Raises:
            UnreadablePageError: PDFium cannot draw it.
            MemoryError: The memory limit was reached.
        """
        try:
            drawing = draw_page(self._document, number, dots_per_inch, max_pixels)
            text, places = self._locate_characters(number, drawing)
        except PdfiumError as error:
            raise UnreadablePageError(NOT_DRAWN) from error
        layout = PageLayout(drawing.width, drawing.height, text, places)
        return encode_view(layout, drawing.picture)

    def _locate_characters(
        self, number: int, drawing: Drawing
    ) -> tuple[str, tuple[Place | None, ...]]:
        text: list[str] = []
        places: list[Place | None] = []

        def locate(page: object, characters: PageCharacters, notes: Sequence[NoteSpan]) -> None:
            boxes = {k: note.box for note in notes for k in range(note.start, note.end)}
            for position, letter in enumerate(characters.text[:MOST_CHARACTERS]):
                box = boxes.get(position) or find_letter_box(characters, position)
                text.append(letter)
                places.append(None if box is None or letter.isspace() else drawing.place(box))

        def look(page: object, text_page: TextPage, page_with_notes: object) -> None:
            """Nothing is judged here."""

        self._document.read_page(number, look, locate)
        return _join_pairs(text, places)

    def read_page(self, number: int) -> EnginePage:
        """Nothing is read here."""
        raise UnreadablePageError(_ONLY_SHOWN)

    def find_files(self) -> Iterator[Any]:
        """No file is handed out here."""
        return iter(())

    def read_file(self, file: Any, number: int, max_bytes: int) -> bytes:
        """No file is handed out here."""
        raise FileNotTakenError(_ONLY_SHOWN)

    def renew(self) -> None:
        """Nothing is kept of a page that was shown."""

    def close(self) -> None:
        """Give back what PDFium holds."""
        self._document.close()


def _join_pairs(
    letters: Sequence[str], places: Sequence[Place | None]
) -> tuple[str, tuple[Place | None, ...]]:
    """Characters with the two halves of each pair of surrogates as one, and lone ones left out."""
    joined: list[str] = []
    kept: list[Place | None] = []
    for position, letter in enumerate(letters):
        if "\udc00" <= letter <= "\udfff":
            continue
        if "\ud800" <= letter <= "\udbff":
            pair = letter + "".join(letters[position + 1 : position + 2])
            if not (len(pair) == 2 and "\udc00" <= pair[1] <= "\udfff"):
                continue
            letter = pair.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        joined.append(letter)
        kept.append(places[position])
    return "".join(joined), tuple(kept)
