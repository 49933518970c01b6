"""The formats of documents that the pipeline reads: one entry for each.

What reads a format is in `pipeline/extraction/engines.py`, which no function but ingest may load.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class DocumentFormat:
    """A format.

    Args:
        suffix: What names of its files end with, in lower case.
        media_type: What S3 and browsers call it.
        magic: What its files begin with.
        magic_within_bytes: How far from its first byte a file may begin with it.
        label: What people call it.
        one: The same with its article.
        unit: What its text is counted in, one of them.
    """

    suffix: str
    media_type: str
    magic: bytes
    magic_within_bytes: int
    label: str
    one: str
    unit: str = "page"


PDF = DocumentFormat(
    suffix=".pdf",
    media_type="application/pdf",
    magic=b"%PDF-",
    # PDF readers look for the header within the first kilobyte (ISO 32000-1, Annex H.3.4.1).
    magic_within_bytes=1024,
    label="PDF",
    one="a PDF",
)

DOCUMENT_FORMATS = (PDF,)
# As they stand in a sentence: `PDF or ODT`, `a PDF or an ODT`.
ANY_LABEL = " or ".join(found.label for found in DOCUMENT_FORMATS)
ANY_ONE = " or ".join(found.one for found in DOCUMENT_FORMATS)
MOST_MAGIC_BYTES = max(found.magic_within_bytes for found in DOCUMENT_FORMATS)


def find_format(name: str) -> DocumentFormat | None:
    """The format that the name of a file or object promises, or None."""
    suffix = PurePosixPath(name).suffix.lower()
    return next((found for found in DOCUMENT_FORMATS if found.suffix == suffix), None)


def identify_format(start: bytes) -> DocumentFormat | None:
    """The format of a file by its first `MOST_MAGIC_BYTES`, or None."""
    return next(
        (found for found in DOCUMENT_FORMATS if found.magic in start[: found.magic_within_bytes]),
        None,
    )
