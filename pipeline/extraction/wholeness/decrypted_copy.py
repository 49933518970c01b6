"""An encrypted document once more without its encryption, so that its streams can be looked at.

PDFium opens what needs no password, and reads as much of a broken stream as it decrypts and decodes
to, silently. Nothing else here decrypts AES: pypdf would need a library that is in no zip. But
PDFium also writes a document anew, its streams packed as they were. Runs in the child.
"""

import ctypes

import pypdfium2_raw as pdfium

_FILE_WRITE_VERSION = 1
# Written anew are also objects that were packed, so it may be larger than the file.
_MAX_COPY_BYTES = 32 << 20


def write_decrypted(document: object) -> bytes | None:
    """All of an open document without its encryption; None if it is too large or not written.

    Args:
        document: PDFium's handle of the document.

    Raises:
        MemoryError: The memory limit was reached.
    """
    copy = bytearray()
    failures: list[MemoryError] = []

    def write(_: object, data: int, size: int) -> int:
        if len(copy) + size > _MAX_COPY_BYTES:
            return 0
        try:
            copy.extend(ctypes.string_at(data, size))
        except MemoryError as error:
            # Nothing that is raised here would come out of PDFium.
            failures.append(error)
            return 0
        return 1

    kind = dict(pdfium.FPDF_FILEWRITE._fields_)["WriteBlock"]
    target = pdfium.FPDF_FILEWRITE(version=_FILE_WRITE_VERSION, WriteBlock=kind(write))
    is_written = pdfium.FPDF_SaveAsCopy(document, target, pdfium.FPDF_REMOVE_SECURITY)
    if failures:
        raise failures[0]
    return bytes(copy) if is_written else None
