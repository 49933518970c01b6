"""Why a document is refused, in words for the person who uploaded it."""

from pathlib import Path

from pipeline.extraction.limits import MEBIBYTE, ExtractionLimits
from shared.document_formats import (
    ANY_ONE,
    MOST_MAGIC_BYTES,
    PDF,
    DocumentFormat,
    identify_format,
)
from shared.errors import RejectedDocumentError, RejectionCode


def check_file(path: Path, limits: ExtractionLimits) -> DocumentFormat:
    """Refuse what needs no parser to be refused. The suffix of the name is no evidence.

    Returns:
        Its format.

    Raises:
        RejectedDocumentError: The file is empty, too large or of no format that is read.
    """
    size_bytes = path.stat().st_size
    if size_bytes == 0:
        raise RejectedDocumentError(
            RejectionCode.EMPTY, "The file is empty (0 bytes). Upload it again."
        )
    if size_bytes > limits.max_document_bytes:
        raise refuse_size(size_bytes, limits.max_document_bytes)
    with path.open("rb") as file:
        found = identify_format(file.read(MOST_MAGIC_BYTES))
    if found is None:
        raise RejectedDocumentError(
            RejectionCode.NOT_A_PDF,
            f"The file is not {ANY_ONE}: its first bytes are not those of one. "
            f"Convert it to {PDF.label} and upload that.",
        )
    return found


def refuse_size(size_bytes: int, max_document_bytes: int) -> RejectedDocumentError:
    """The refusal of a file that is too large."""
    return RejectedDocumentError(
        RejectionCode.TOO_LARGE,
        f"The file has {size_bytes / MEBIBYTE:.1f} MiB, more than the "
        f"{max_document_bytes / MEBIBYTE:.1f} MiB allowed. "
        "Split it, or raise the limit.",
    )


def refuse_page_count(
    page_count: int, unit: str, limits: ExtractionLimits
) -> RejectedDocumentError:
    """The refusal of a document with too many pages."""
    return RejectedDocumentError(
        RejectionCode.TOO_MANY_PAGES,
        f"The document has {page_count} {unit}s, more than the {limits.max_pages} allowed. "
        "Split it, or raise the limit.",
    )


def refuse_document(code: str, reason: str | None = None) -> RejectedDocumentError:
    """The refusal of a document that a reader cannot open.

    Args:
        code: A `RejectionCode`, as an untrusted reader gives it.
        reason: What happened, where more is known than that no engine opens it.
    """
    if code == RejectionCode.ENCRYPTED:
        return RejectedDocumentError(
            RejectionCode.ENCRYPTED,
            "The document is encrypted and does not open without its password. "
            "Upload a copy without a password.",
        )
    if code == RejectionCode.OVER_LIMITS:
        return RejectedDocumentError(
            RejectionCode.OVER_LIMITS,
            "The document cannot be opened within the limits: "
            f"{reason or 'it needs more memory than a document may use'}. "
            "Export it anew from its source, or print it to a new PDF.",
        )
    return RejectedDocumentError(
        RejectionCode.DAMAGED,
        "The document is damaged or incomplete: "
        f"{reason or 'neither of two PDF engines can open it'}. "
        "Upload it again, or export it anew from its source.",
    )
