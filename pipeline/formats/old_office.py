"""Compound files of old Office and of Outlook: which format one is, by the names in its directory.

The names stand in UTF-16 in entries of 128 bytes, the root's first, which has the identity of the
program that wrote the file (Microsoft, [MS-CFB], 2.6).
"""

from pipeline.extraction.refusals import refuse_document
from shared.document_formats import DOC, MSG, PPT, XLS, DocumentFormat
from shared.errors import RejectionCode

OLE_START = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SECTOR_SHIFT_AT, _DIRECTORY_AT, _CLASS_ID_AT = 30, 48, 80
_LARGEST_SECTOR_SHIFT = 12

# By the first bytes of the root's class id; a document may hold others whose names are there too.
_BY_CLASS_ID = {
    bytes.fromhex("06090200"): DOC,
    bytes.fromhex("00090200"): DOC,
    bytes.fromhex("20080200"): XLS,
    bytes.fromhex("10080200"): XLS,
    bytes.fromhex("108d8164"): PPT,
}
_BY_NAME = (
    ("__properties_version1.0", MSG),
    ("WordDocument", DOC),
    ("PowerPoint Document", PPT),
    ("Workbook", XLS),
    ("Book", XLS),
)


def identify_old_office(data: bytes) -> DocumentFormat | None:
    """The format of a compound file; None if it is none that is read.

    Raises:
        RejectedDocumentError: It is an encrypted document, or holds macros.
    """
    if _has_name(data, "EncryptedPackage"):
        raise refuse_document(RejectionCode.ENCRYPTED)
    found = _BY_CLASS_ID.get(_read_class_id(data)) or next(
        (one for name, one in _BY_NAME if _has_name(data, name)), None
    )
    # A mail may have a document with macros attached, which is refused by itself.
    if found is not MSG and _has_name(data, "_VBA_PROJECT"):
        raise refuse_document(RejectionCode.HAS_MACROS)
    return found


def _has_name(data: bytes, name: str) -> bool:
    """Whether an entry of the directory, most likely, has a name; it ends with a null."""
    return f"{name}\0".encode("utf-16-le") in data


def _read_class_id(data: bytes) -> bytes:
    shift = int.from_bytes(data[_SECTOR_SHIFT_AT : _SECTOR_SHIFT_AT + 2], "little")
    if shift > _LARGEST_SECTOR_SHIFT:
        return b""
    sector = int.from_bytes(data[_DIRECTORY_AT : _DIRECTORY_AT + 4], "little")
    place = ((sector + 1) << shift) + _CLASS_ID_AT
    return data[place : place + 4]
