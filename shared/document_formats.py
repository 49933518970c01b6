"""The formats of documents that the pipeline reads: one entry for each.

What tells a format by the content of a file is in `pipeline/formats/identify.py`, what reads it in
`pipeline/formats/child.py`; PDFs are read by `pipeline/extraction`.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath

PAGE, SHEET, SLIDE, SECTION, PART = "page", "sheet", "slide", "section", "part"


@dataclass(frozen=True)
class DocumentFormat:
    """A format.

    Args:
        suffix: What names of its files end with, in lower case.
        media_type: What S3 and browsers call it.
        label: What people call it.
        one: The same with its article.
        unit: What people cite of it, one of them: its text is counted in these.
        other_suffixes: What else names of its files end with.
    """

    suffix: str
    media_type: str
    label: str
    one: str
    unit: str = PAGE
    other_suffixes: tuple[str, ...] = ()


_OPEN_XML = "application/vnd.openxmlformats-officedocument"
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument"

PDF = DocumentFormat(".pdf", "application/pdf", "PDF", "a PDF")
DOCX = DocumentFormat(
    ".docx", f"{_OPEN_XML}.wordprocessingml.document", "Word", "a Word document", SECTION
)
XLSX = DocumentFormat(
    ".xlsx", f"{_OPEN_XML}.spreadsheetml.sheet", "Excel", "an Excel workbook", SHEET
)
PPTX = DocumentFormat(
    ".pptx",
    f"{_OPEN_XML}.presentationml.presentation",
    "PowerPoint",
    "a PowerPoint presentation",
    SLIDE,
    (".ppsx",),
)
DOC = DocumentFormat(
    ".doc", "application/msword", "Word 97-2003", "a Word 97-2003 document", SECTION
)
XLS = DocumentFormat(
    ".xls", "application/vnd.ms-excel", "Excel 97-2003", "an Excel 97-2003 workbook", SHEET
)
PPT = DocumentFormat(
    ".ppt",
    "application/vnd.ms-powerpoint",
    "PowerPoint 97-2003",
    "a PowerPoint 97-2003 presentation",
    SLIDE,
    (".pps",),
)
ODT = DocumentFormat(
    ".odt", f"{_OPEN_DOCUMENT}.text", "OpenDocument text", "an OpenDocument text", SECTION
)
ODS = DocumentFormat(
    ".ods",
    f"{_OPEN_DOCUMENT}.spreadsheet",
    "OpenDocument spreadsheet",
    "an OpenDocument spreadsheet",
    SHEET,
)
ODP = DocumentFormat(
    ".odp",
    f"{_OPEN_DOCUMENT}.presentation",
    "OpenDocument presentation",
    "an OpenDocument presentation",
    SLIDE,
)
RTF = DocumentFormat(".rtf", "application/rtf", "RTF", "an RTF document", SECTION)
EPUB = DocumentFormat(".epub", "application/epub+zip", "EPUB", "an EPUB book", SECTION)
HTML = DocumentFormat(".html", "text/html", "web page", "a web page", SECTION, (".htm", ".xhtml"))
MARKDOWN = DocumentFormat(
    ".md", "text/markdown", "Markdown", "a Markdown text", SECTION, (".markdown",)
)
CSV = DocumentFormat(".csv", "text/csv", "CSV", "a CSV table", PART, (".tsv",))
TEXT = DocumentFormat(".txt", "text/plain", "text", "a text", PART, (".text", ".log"))
EML = DocumentFormat(".eml", "message/rfc822", "mail", "a mail", PART)
MSG = DocumentFormat(".msg", "application/vnd.ms-outlook", "Outlook mail", "an Outlook mail", PART)
PNG = DocumentFormat(".png", "image/png", "PNG", "a PNG picture")
JPEG = DocumentFormat(".jpg", "image/jpeg", "JPEG", "a JPEG picture", PAGE, (".jpeg",))
TIFF = DocumentFormat(".tiff", "image/tiff", "TIFF", "a TIFF picture", PAGE, (".tif",))
WEBP = DocumentFormat(".webp", "image/webp", "WebP", "a WebP picture")

DOCUMENT_FORMATS = (
    *(PDF, DOCX, XLSX, PPTX, DOC, XLS, PPT, ODT, ODS, ODP, RTF, EPUB),
    *(HTML, MARKDOWN, CSV, TEXT, EML, MSG),
    *(PNG, JPEG, TIFF, WEBP),
)
# As they stand in a sentence.
ANY_LABEL = "document of a kind that is read"
ANY_ONE = "a document of a kind that is read"
ALL_LABELS = ", ".join(found.label for found in DOCUMENT_FORMATS)


def find_format(name: str) -> DocumentFormat | None:
    """The format that the name of a file or object promises, or None."""
    suffix = PurePosixPath(name).suffix.lower()
    return next(
        (
            found
            for found in DOCUMENT_FORMATS
            if suffix == found.suffix or suffix in found.other_suffixes
        ),
        None,
    )


def cite_units(unit: str, numbers: str) -> str:
    """Units in a citation: `p. 3,5-7` of pages, `slide 3` and `slides 3,5-7` of others."""
    return f"p. {numbers}" if unit == PAGE else name_units(unit, numbers)


def name_units(unit: str, numbers: str) -> str:
    """Units in a sentence: `page 3`, and `pages 3,5-7`."""
    return f"{unit} {numbers}" if numbers.isdecimal() else f"{unit}s {numbers}"


def count_units(count: int, unit: str) -> str:
    """A number of units in words: `1 sheet`, `3 sheets`."""
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
