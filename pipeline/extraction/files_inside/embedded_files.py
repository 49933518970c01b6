"""What a document is besides its pages: its files inside, and forms that it hides.

Runs in the child. A file inside is never parsed here: what it begins and ends with says whether it
is read; one that is becomes a document of its own, with a reader of its own.
"""

import ctypes
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

import pypdfium2_raw as pdfium

from pipeline.extraction.file_header import is_pdf, name_other_kind
from pipeline.extraction.limits import MAX_FILES
from pipeline.extraction.pypdf_errors import PypdfError, translate_pypdf_errors
from pipeline.extraction.readable_document import FileNotTakenError, name_in_one_line

# Stands in the list of names for all that are beyond `MAX_FILES`.
FURTHER_FILES = "further files"
# More than `MAX_FILES`, as some of them may be other forms of the pages.
_MAX_ATTACHMENTS = 500
_MAX_PAGES_LOOKED_AT = 500
_MAX_FILE_ANNOTATIONS = 500
# Other forms of what the pages show (ISO 32000-2, 7.11.3, table 43): the data of an invoice, the
# file that the document was made from, an equation's MathML. Nothing is lost where they are not
# read.
_SAME_CONTENT = frozenset({"Alternative", "Data", "Source", "Supplement"})
# What an invoice is based on is a supplement of it by the standards for invoices, and is no other
# form of what its pages show.
_SUPPLEMENT = "Supplement"
# Of `shared.document_formats` those of PDF and Office. It is not loaded for this: a reader, which
# has no other need of it, would take a fifth longer to load.
_DOCUMENTS = (
    *(".pdf", ".docx", ".xlsx", ".pptx", ".ppsx", ".doc", ".xls", ".ppt", ".pps"),
    *(".odt", ".ods", ".odp", ".rtf"),
)
_TOO_LARGE = "too large together with those before it"
_UNREAD = "its content cannot be read"


class FileInside(NamedTuple):
    """A file inside of a document.

    Args:
        name: Its name, in one line.
        handle: What PDFium knows it by, while the document is open and the next is not asked for;
            None where it does not know it.
        may_be_locked: Whether the document is encrypted. One that opens may still have files inside
            that do not: those have a crypt filter of their own (ISO 32000-2, 7.6.6).
        stream: What pypdf knows its bytes by, where PDFium does not know the file.
    """

    name: str
    handle: object
    may_be_locked: bool = False
    stream: Any = None


def is_same_content(relation: str, name: str) -> bool:
    """Whether a file is another form of what the pages show.

    Args:
        relation: What the document says of it, '' if nothing.
        name: The name of the file.
    """
    is_document = name.lower().endswith(_DOCUMENTS)
    return relation in _SAME_CONTENT and not (relation == _SUPPLEMENT and is_document)


def is_dynamic_form(document: object) -> bool:
    """Whether the pages are drawn by a program from XFA, and those in the file stand in for them.

    Args:
        document: PDFium's handle of the document.
    """
    return bool(pdfium.FPDF_GetFormType(document) == pdfium.FORMTYPE_XFA_FULL)


def find_embedded_files(
    document: object,
    *,
    with_annotations: bool,
    others: Callable[[], Iterable[tuple[str, Any]]] = tuple,
) -> Iterator[FileInside]:
    """The files inside, in an order that is the same each time; at most one more than `MAX_FILES`.

    Args:
        document: PDFium's handle of the document.
        with_annotations: Whether to look for files that hang on pages, too; that loads each page.
        others: Gives the names and streams of files that PDFium does not know.
    """
    attachments = _find_attachments(document)
    if with_annotations:
        attachments = chain(attachments, _find_annotation_files(document))
    is_encrypted = pdfium.FPDF_GetSecurityHandlerRevision(document) >= 0
    seen: set[int | None] = set()
    for attachment in attachments:
        # The document's own list and a page may both have the same file.
        address = ctypes.cast(attachment, ctypes.c_void_p).value
        name = _read_name(attachment)
        if address in seen or is_same_content(_read_relation(attachment), name):
            continue
        seen.add(address)
        if len(seen) > MAX_FILES:
            yield FileInside(FURTHER_FILES, None)
            return
        yield FileInside(name, attachment, is_encrypted)
    for place, (name, stream) in enumerate(others(), start=len(seen) + 1):
        if place > MAX_FILES:
            yield FileInside(FURTHER_FILES, None)
            return
        yield FileInside(name_in_one_line(name), None, is_encrypted, stream)


def read_file(
    file: FileInside,
    number: int,
    max_bytes: int,
    explain_unread: Callable[[bytes], str | None],
) -> bytes:
    """The bytes of a file inside, if they are those of a document that is read.

    Args:
        file: The file.
        number: Its place among the files inside, from 1.
        max_bytes: The most that it may have.
        explain_unread: Says why such bytes are not read; None if they are.

    Raises:
        FileNotTakenError: It has more, is of no kind that is read, is broken, or stands for
            further files.
        MemoryError: The memory limit was reached.
    """
    if number > MAX_FILES:
        raise FileNotTakenError(f"beyond the first {MAX_FILES}")
    data = _read_handle(file.handle, max_bytes) if file.handle else _read_stream(file.stream)
    if len(data) > max_bytes:
        raise FileNotTakenError(_TOO_LARGE)
    reason = explain_unread(data)
    if reason is None:
        return data
    if name_other_kind(data) is None and file.may_be_locked:
        raise FileNotTakenError("of no kind that is read, or locked with a password")
    raise FileNotTakenError(reason)


def _read_handle(handle: object, max_bytes: int) -> bytes:
    size = ctypes.c_ulong()
    if not pdfium.FPDFAttachment_GetFile(handle, None, 0, size):
        raise FileNotTakenError("its content is missing")
    if size.value > max_bytes:
        raise FileNotTakenError(_TOO_LARGE)
    buffer = ctypes.create_string_buffer(size.value)
    if not pdfium.FPDFAttachment_GetFile(handle, buffer, size.value, size):
        raise FileNotTakenError(_UNREAD)
    return buffer.raw


def _read_stream(stream: Any) -> bytes:
    try:
        with translate_pypdf_errors():
            return bytes(stream.get_data())
    except PypdfError as error:
        raise FileNotTakenError(_UNREAD) from error


def explain_no_pdf(data: bytes) -> str | None:
    """Why the bytes of a file are not those of a PDF; None if they are."""
    return None if is_pdf(data) else name_other_kind(data) or "not a PDF"


def _read_relation(attachment: object) -> str:
    return _read_string(
        lambda buffer, size: pdfium.FPDFAttachment_GetAFRelationship(attachment, buffer, size)
    )


def _read_name(attachment: object) -> str:
    name = _read_string(
        lambda buffer, size: pdfium.FPDFAttachment_GetName(attachment, buffer, size)
    )
    return name_in_one_line(name)


def _find_attachments(document: object) -> Iterator[Any]:
    for index in range(min(_MAX_ATTACHMENTS, pdfium.FPDFDoc_GetAttachmentCount(document))):
        attachment = pdfium.FPDFDoc_GetAttachment(document, index)
        if attachment:
            yield attachment


def _find_annotation_files(document: object) -> Iterator[Any]:
    for number in range(min(_MAX_PAGES_LOOKED_AT, pdfium.FPDF_GetPageCount(document))):
        page = pdfium.FPDF_LoadPage(document, number)
        if not page:
            continue
        try:
            for index in range(min(_MAX_FILE_ANNOTATIONS, pdfium.FPDFPage_GetAnnotCount(page))):
                annotation = pdfium.FPDFPage_GetAnnot(page, index)
                if not annotation:
                    continue
                try:
                    attachment = pdfium.FPDFAnnot_GetFileAttachment(annotation)
                    if attachment:
                        yield attachment
                finally:
                    pdfium.FPDFPage_CloseAnnot(annotation)
        finally:
            pdfium.FPDF_ClosePage(page)


def _read_string(read: Callable[[object, int], int]) -> str:
    """A string that PDFium writes in UTF-16, in as much room as it says."""
    size = read(None, 0)
    if not 2 < size <= 1 << 16:
        return ""
    buffer = ctypes.create_string_buffer(size)
    read(ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace")
