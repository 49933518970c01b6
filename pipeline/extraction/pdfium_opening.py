"""PDFium made ready, and how it opens a file: a small one, one whose header is late or missing.

Runs in the child.
"""

import mmap
import os
from pathlib import Path

import pypdfium2_raw as pdfium

from pipeline.extraction.file_header import HEADER, HEADER_WITHIN_BYTES

# To read a file whole costs less than to have PDFium read it piece by piece, also one of pictures.
# Of nearly all documents that is little beside what a reader may use.
MAX_READ_BYTES = 8 << 20
# For a file without any: PDFium asks for one and makes nothing of the version.
_MADE_UP_HEADER = b"%PDF-1.7\n"

# `pypdfium2` would do it, and load classes that nothing here uses: a twentieth of a reader's start.
pdfium.FPDF_InitLibraryWithConfig(pdfium.FPDF_LIBRARY_CONFIG(version=2))


def read_small_file(path: Path) -> bytes | None:
    """The bytes of a file; None of one that is too large to be held in memory."""
    with path.open("rb", buffering=0) as file:
        is_small = os.fstat(file.fileno()).st_size <= MAX_READ_BYTES
        return file.read() if is_small else None


def load_document(path: Path, data: bytes | None) -> tuple[object, bytes | None]:
    """Open a file in PDFium, from its header on, be it late; a missing one is made up.

    Args:
        path: The file.
        data: Its bytes, where it is held in memory.

    Returns:
        PDFium's handle, which is false where it opens nothing, and the bytes that it reads from,
        if not from the file: they must outlive the handle.
    """
    if data is not None:
        if HEADER not in data[:HEADER_WITHIN_BYTES]:
            data = _give_header(data)
        return pdfium.FPDF_LoadMemDocument64(data, len(data), None), data
    with path.open("rb", buffering=0) as file:
        if HEADER in file.read(HEADER_WITHIN_BYTES):
            return pdfium.FPDF_LoadDocument(os.fsencode(path), None), None
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            data = _give_header(whole)
    return pdfium.FPDF_LoadMemDocument64(data, len(data), None), data


def _give_header(whole: bytes | mmap.mmap) -> bytes:
    """The bytes of a file from its header on, with one made up where it has none."""
    place = whole.find(HEADER)
    return whole[place:] if place >= 0 else _MADE_UP_HEADER + whole[:]
