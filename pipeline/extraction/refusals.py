"""Why a document is refused, in words for the person who uploaded it."""

from pathlib import Path

from pipeline.extraction.file_header import (
    HEADER_WITHIN_BYTES,
    is_zip_too,
    looks_like_pdf,
    name_other_kind,
)
from pipeline.extraction.limits import MEBIBYTE, ExtractionLimits
from shared.document_formats import PDF, DocumentFormat
from shared.errors import RejectedDocumentError, RejectionCode

_EXPORT_ANEW = (
    "Upload it again from where it is whole (packed there as a ZIP archive and unpacked here, it "
    "comes as it is), or export it anew from its source."
)
_PRINT_IT = "Print the file to a new PDF and upload that."
_SPLIT_IT = (
    "Split it (of a PDF, qpdf --split-pages=100 in.pdf out.pdf makes files of 100 pages), or raise "
    "the limit"
)
_SAVE_SMALLER = "Save it smaller and upload that."
_SENTENCES = {
    RejectionCode.ENCRYPTED: (
        "The document is encrypted and does not open without its password. Upload a copy without a "
        "password: of a PDF, qpdf --decrypt --password=PASSWORD in.pdf out.pdf"
        " makes one; Word, Excel and PowerPoint take the password away under File, Info, Protect, "
        "Encrypt with Password."
    ),
    RejectionCode.NEEDS_CERTIFICATE: (
        "The document is encrypted for a certificate: it has no password, and only its recipients' "
        "keys open it. Have a recipient open it and save or print a copy without security, and "
        "upload that."
    ),
    RejectionCode.HAS_MACROS: (
        "The document holds macros, programs that run when it is opened, and such files are not "
        "taken. Save it as one without macros (.docx, .xlsx, .pptx, .odt) and upload that."
    ),
    RejectionCode.EXPANDS_TOO_FAR: (
        "The file is small and what is packed in it is not: it expands too far to be opened. "
        "Export it anew from its source, or print it to a PDF."
    ),
    RejectionCode.TWO_FORMATS: (
        "The file is of two kinds at once, and what a program shows of it depends on the program. "
        "Save the one that is meant as a file of its own and upload that."
    ),
    RejectionCode.XFA_FORM: (
        "The document is a dynamic form (XFA): its pages are made by the program that shows it, "
        "and the file holds a placeholder. Open it in Adobe Acrobat or Reader, print it to a PDF, "
        "and upload that."
    ),
    RejectionCode.UNMAPPED_FONTS: (
        "The document's fonts do not say which characters they draw, so that its text can be seen "
        "and not be read. Run text recognition (OCR) on it and upload the result: "
        "ocrmypdf --force-ocr in.pdf out.pdf makes one."
    ),
}

_ADVICE_OF_PAGES = {
    RejectionCode.OVER_LIMITS: _PRINT_IT,
    RejectionCode.TOO_MANY_PIXELS: _SAVE_SMALLER,
}


def check_file(path: Path, limits: ExtractionLimits) -> DocumentFormat:
    """Refuse what needs no parser to be refused. The suffix of the name is no evidence.

    Returns:
        Its format.

    Raises:
        RejectedDocumentError: The file is empty, too large or of no format that is read.
    """
    check_size(path, limits)
    if looks_like_pdf(path):
        if is_zip_too(path):
            raise refuse_document(RejectionCode.TWO_FORMATS)
        return PDF
    with path.open("rb") as file:
        kind = name_other_kind(file.read(HEADER_WITHIN_BYTES))
    what = f"it is {kind}" if kind else "its first bytes are not those of one"
    raise RejectedDocumentError(
        RejectionCode.NOT_A_PDF,
        f"The file is not {PDF.one}: {what}. Convert it to {PDF.label} and upload that.",
    )


def check_size(path: Path, limits: ExtractionLimits) -> None:
    """Refuse a file for its size alone.

    Raises:
        RejectedDocumentError: The file is empty or too large.
    """
    size_bytes = path.stat().st_size
    if size_bytes == 0:
        raise RejectedDocumentError(
            RejectionCode.EMPTY, "The file is empty (0 bytes). Upload it again."
        )
    if size_bytes > limits.max_document_bytes:
        raise refuse_size(size_bytes, limits.max_document_bytes)


def refuse_size(size_bytes: int, max_document_bytes: int) -> RejectedDocumentError:
    """The refusal of a file that is too large."""
    return RejectedDocumentError(
        RejectionCode.TOO_LARGE,
        f"The file has {size_bytes / MEBIBYTE:.1f} MiB, more than the "
        f"{max_document_bytes / MEBIBYTE:.1f} MiB allowed. "
        f"{_SPLIT_IT} (the parameter MaxDocumentBytes).",
    )


def refuse_page_count(
    page_count: int, unit: str, limits: ExtractionLimits
) -> RejectedDocumentError:
    """The refusal of a document with too many pages."""
    return RejectedDocumentError(
        RejectionCode.TOO_MANY_PAGES,
        f"The document has {page_count} {unit}s, more than the {limits.max_pages} allowed. "
        f"{_SPLIT_IT} (the parameter MaxDocumentPages).",
    )


def refuse_document(code: RejectionCode, reason: str = "") -> RejectedDocumentError:
    """The refusal of a document that a reader cannot open, or whose pages are not what it shows.

    Args:
        code: The code that an untrusted reader gives.
        reason: What happened, where more is known than that no engine opens it.
    """
    if code is RejectionCode.OVER_LIMITS:
        reason = reason or "it needs more memory than a document may use"
        return RejectedDocumentError(
            code,
            f"The document cannot be opened within the limits: {reason}. "
            "Export it anew from its source, or print it to a new PDF.",
        )
    if code is RejectionCode.TOO_MANY_PIXELS:
        return RejectedDocumentError(
            code, f"The picture cannot be opened: {reason}. {_SAVE_SMALLER}"
        )
    if code in _SENTENCES:
        return RejectedDocumentError(code, _SENTENCES[code])
    return RejectedDocumentError(
        RejectionCode.DAMAGED,
        f"The document is damaged or incomplete: "
        f"{reason or 'nothing that reads its kind can open it'}. {_EXPORT_ANEW}",
    )


def refuse_pages(code: RejectionCode, reason: str, pages: str) -> RejectedDocumentError:
    """The refusal of a document without text, of which pages could not be read.

    Args:
        code: What its failed pages have in common, or most of them.
        reason: The same in words.
        pages: Ranges of all failed pages.
    """
    if code is RejectionCode.UNMAPPED_FONTS:
        return RejectedDocumentError(code, _SENTENCES[code])
    advice = _ADVICE_OF_PAGES.get(code, _EXPORT_ANEW)
    return RejectedDocumentError(
        code,
        f"No text was found, and these pages could not be read: {pages} ({reason}). {advice}",
    )
