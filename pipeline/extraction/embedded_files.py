"""What a document is besides its pages, from PDFium: its files inside, and forms that it hides.

Runs in the child. Only names are read: what is inside of a file is nothing that a page shows.
"""

import ctypes
from collections.abc import Callable, Iterator

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]  # it ships no type information

MAX_NAMES = 50
MAX_NAME_CHARACTERS = 120
_MAX_PAGES_LOOKED_AT = 500
_MAX_ANNOTATIONS = 500
# Other forms of what the pages show (ISO 32000-2, 7.11.3, table 43): the data of an invoice, the
# file that the document was made from, an equation's MathML. Nothing is lost where they are not
# read.
_SAME_CONTENT = frozenset({"Alternative", "Data", "Source", "Supplement"})


def is_dynamic_form(document: object) -> bool:
    """Whether the pages are drawn by a program from XFA, and those in the file stand in for them.

    Args:
        document: PDFium's handle of the document.
    """
    return bool(pdfium.FPDF_GetFormType(document) == pdfium.FORMTYPE_XFA_FULL)


def find_embedded_files(document: object, *, with_annotations: bool) -> list[str]:
    """The names of the files inside, in one line each; no more than `MAX_NAMES`.

    Args:
        document: PDFium's handle of the document.
        with_annotations: Whether to look for files that hang on pages, too; that loads each page.
    """
    names: dict[str, None] = {}
    attachments = _find_attachments(document)
    for attachment in attachments:
        _note(attachment, names)
    if with_annotations:
        for attachment in _find_annotation_files(document):
            _note(attachment, names)
    return list(names)[:MAX_NAMES]


def _note(attachment: object, names: dict[str, None]) -> None:
    if len(names) >= MAX_NAMES:
        return
    relation = _read_string(
        lambda buffer, size: pdfium.FPDFAttachment_GetAFRelationship(attachment, buffer, size)
    )
    if relation not in _SAME_CONTENT:
        name = _read_string(
            lambda buffer, size: pdfium.FPDFAttachment_GetName(attachment, buffer, size)
        )
        names[" ".join(name.split())[:MAX_NAME_CHARACTERS] or "a file without a name"] = None


def _find_attachments(document: object) -> Iterator[object]:
    for index in range(min(MAX_NAMES, pdfium.FPDFDoc_GetAttachmentCount(document))):
        attachment = pdfium.FPDFDoc_GetAttachment(document, index)
        if attachment:
            yield attachment


def _find_annotation_files(document: object) -> Iterator[object]:
    for number in range(min(_MAX_PAGES_LOOKED_AT, pdfium.FPDF_GetPageCount(document))):
        page = pdfium.FPDF_LoadPage(document, number)
        if not page:
            continue
        try:
            for index in range(min(_MAX_ANNOTATIONS, pdfium.FPDFPage_GetAnnotCount(page))):
                annotation = pdfium.FPDFPage_GetAnnot(page, index)
                if not annotation:
                    continue
                attachment = pdfium.FPDFAnnot_GetFileAttachment(annotation)
                if attachment:
                    yield attachment
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
