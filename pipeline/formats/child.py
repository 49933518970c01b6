"""The reader of all formats but PDF: the process that the convert function has documents read by.

One line a format says what opens it. Each reader is imported when its first document comes.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from pipeline.extraction.readable_document import ReadableDocument, UnreadableDocumentError
from pipeline.extraction.reader import run_reader
from shared.document_formats import (
    CSV,
    DOC,
    DOCX,
    EML,
    EPUB,
    HTML,
    JPEG,
    MARKDOWN,
    MSG,
    ODP,
    ODS,
    ODT,
    PNG,
    PPT,
    PPTX,
    RTF,
    TEXT,
    TIFF,
    WEBP,
    XLS,
    XLSX,
)
from shared.errors import RejectionCode

_OFFICE = "pipeline.formats.readers.office"
_OLD_OFFICE = "pipeline.formats.readers.old_office"
_WORKBOOKS = "pipeline.formats.readers.workbooks"
_OPEN_DOCUMENT = "pipeline.formats.readers.open_document"
_TEXTS = "pipeline.formats.readers.texts"
_PICTURES = "pipeline.formats.readers.pictures"

# Module and function for each format, by its suffix; the function takes a path.
OPENERS = {
    DOCX.suffix: (_OFFICE, "open_text"),
    DOC.suffix: (f"{_OLD_OFFICE}.old_texts", "open_old_text"),
    XLSX.suffix: (_WORKBOOKS, "open_workbook"),
    XLS.suffix: (_WORKBOOKS, "open_old_workbook"),
    PPTX.suffix: ("pipeline.formats.readers.slides", "open_slides"),
    PPT.suffix: (f"{_OLD_OFFICE}.presentations", "open_presentation"),
    ODT.suffix: (_OPEN_DOCUMENT, "open_text"),
    ODS.suffix: (_OPEN_DOCUMENT, "open_spreadsheet"),
    ODP.suffix: (_OPEN_DOCUMENT, "open_presentation"),
    RTF.suffix: ("pipeline.formats.readers.rich_text", "open_rich_text"),
    EPUB.suffix: ("pipeline.formats.readers.web.books", "open_book"),
    HTML.suffix: ("pipeline.formats.readers.web.web_pages", "open_web_page"),
    MARKDOWN.suffix: (_TEXTS, "open_markdown"),
    CSV.suffix: (_TEXTS, "open_table"),
    TEXT.suffix: (_TEXTS, "open_text"),
    EML.suffix: ("pipeline.formats.readers.mail.mails", "open_mail"),
    MSG.suffix: ("pipeline.formats.readers.mail.outlook_mails", "open_outlook_mail"),
    PNG.suffix: (_PICTURES, "open_picture"),
    JPEG.suffix: (_PICTURES, "open_picture"),
    WEBP.suffix: (_PICTURES, "open_picture"),
    TIFF.suffix: (_PICTURES, "open_tiff"),
}


def main() -> None:
    """Serve requests until the parent closes the pipe."""
    run_reader(open_file, lambda: None)


def open_file(path: Path, suffix: str) -> ReadableDocument:
    """Open a document of the format that a suffix names.

    Raises:
        UnreadableDocumentError: It cannot be opened.
        MemoryError: The memory limit was reached.
    """
    module, function = OPENERS[suffix]
    opener: Callable[[Path], ReadableDocument] = getattr(import_module(module), function)
    try:
        return opener(path)
    except RecursionError as error:
        reason = "its parts are nested too deeply"
        raise UnreadableDocumentError(RejectionCode.OVER_LIMITS, reason) from error


if __name__ == "__main__":
    main()
