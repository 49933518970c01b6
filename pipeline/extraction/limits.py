"""What a document may cost."""

from typing import NamedTuple

MEBIBYTE = 1024 * 1024

# Files inside of a document that are handed out; what is beyond them is one entry more.
MAX_FILES = 50
MAX_NAME_CHARACTERS = 120


class ExtractionLimits(NamedTuple):
    """Limits on one document and on the process that reads it.

    Time spent by the caller between two pages counts towards none of them.

    Args:
        max_document_bytes: The largest file that is opened.
        max_pages: The most pages that a document may have.
        max_page_characters: A page with more text than this is failed.
        memory_bytes: The address space of a reader, which itself takes about 40 MiB of it.
        document_cpu_seconds: CPU time for one reading of a document, over all readers that it uses
            up.
        document_wall_seconds: Time spent waiting for the pages of a document, over all readings.
        open_wall_seconds: Time for opening a document and counting its pages.
        page_wall_seconds: Time for one page.
        max_reader_losses: A document that uses up this many readers in one reading is read no
            further in it.
        start_wall_seconds: Time for starting a reader.
    """

    max_document_bytes: int = 100 * MEBIBYTE
    max_pages: int = 10_000
    max_page_characters: int = 1_000_000
    memory_bytes: int = 512 * MEBIBYTE
    document_cpu_seconds: float = 300.0
    document_wall_seconds: float = 600.0
    open_wall_seconds: float = 30.0
    page_wall_seconds: float = 10.0
    max_reader_losses: int = 20
    start_wall_seconds: float = 30.0
