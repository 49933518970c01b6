"""How PDFium opens a file whose header is late or missing. Runs in the child."""

import mmap
import os
from pathlib import Path

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]  # it ships no type information

from pipeline.extraction.file_header import HEADER, HEADER_WITHIN_BYTES

# For a file without any: PDFium asks for one and makes nothing of the version.
_MADE_UP_HEADER = b"%PDF-1.7\n"


def load_document(path: Path) -> tuple[object, bytes | None]:
    """Open a file in PDFium, from its header on, be it late; a missing one is made up.

    Returns:
        PDFium's handle, which is false where it opens nothing, and the bytes that it reads from,
        if not from the file: they must outlive the handle.
    """
    with path.open("rb", buffering=0) as file:
        if HEADER in file.read(HEADER_WITHIN_BYTES):
            return pdfium.FPDF_LoadDocument(os.fsencode(path), None), None
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            place = whole.find(HEADER)
            data = whole[place:] if place >= 0 else _MADE_UP_HEADER + whole[:]
    return pdfium.FPDF_LoadMemDocument64(data, len(data), None), data
