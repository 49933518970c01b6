"""Mails as Outlook saves them ([MS-OXMSG]), by `olefile`: properties are streams with names."""

import io
import struct
from pathlib import Path

import olefile

from pipeline.extraction.limits import MAX_FILES
from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.readers.mail import outlook_parts as outlook
from pipeline.formats.units import InnerFile, UnitsDocument
from shared.errors import RejectionCode

_ATTACHMENT = "__attach_version1.0_#"
_INNER_MAIL = f"__substg1.0_{outlook.FILE_DATA:04X}{outlook.OBJECT:04X}"
# Properties of a size that is known stand in one stream, after its header ([MS-OXMSG], 2.4.1).
_PROPERTIES = "__properties_version1.0"
_HEADER_BYTES, _INNER_HEADER_BYTES, _PROPERTY_BYTES = 32, 24, 16


def open_outlook_mail(path: Path) -> UnitsDocument:
    """Open a mail: one unit for its headers and body; what is attached are files inside.

    A mail that is attached, which Outlook keeps in pieces, is put together as a file. A body that
    is there in compressed rich text only, and damaged, is a file that is not read.
    """
    try:
        with olefile.OleFileIO(io.BytesIO(path.read_bytes())) as mail:
            headers, body, files = _read_mail(mail, "", 0)
    except (
        *(OSError, ValueError, IndexError, KeyError, AttributeError, TypeError, struct.error),
    ) as error:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, "its parts do not fit") from error
    return UnitsDocument(["\n".join([*outlook.list_headers(headers), "", body])], files)


def _read_mail(
    mail: olefile.OleFileIO, folder: str, depth: int
) -> tuple[dict[str, str], str, list[InnerFile]]:
    """The headers, the body and the attached files of a mail, or of one in a folder of its file."""
    page = _read_stream(mail, folder, outlook.HTML_BODY, outlook.BINARY)
    rich = _read_stream(mail, folder, outlook.RICH_BODY, outlook.BINARY)
    # HTML is bytes by the specification, and text as some programs save it.
    shown = page or _read_text(mail, folder, outlook.HTML_BODY)
    body, files = outlook.read_body(_read_text(mail, folder, outlook.BODY), shown, rich)
    parents = folder.split("/") if folder else []
    below = (entry for entry in mail.listdir() if entry[: len(parents)] == parents)
    names = {entry[len(parents)] for entry in below if len(entry) > len(parents) + 1}
    attachments = sorted(name for name in names if name.startswith(_ATTACHMENT))
    for name in attachments[: MAX_FILES + 1]:
        attached = f"{folder}/{name}" if folder else name
        content_id = _read_text(mail, attached, outlook.CONTENT_ID)
        file = _read_attachment(mail, attached, depth)
        if not outlook.is_shown_picture(file.name, content_id, page, rich):
            files.append(file)
    return _read_headers(mail, folder), body, files


def _read_headers(mail: olefile.OleFileIO, folder: str) -> dict[str, str]:
    sender = (_read_text(mail, folder, one) for one in (outlook.SENDER, outlook.SENDER_ADDRESS))
    sent = _find_date(_read_text(mail, folder, outlook.TRANSPORT_HEADERS))
    return {
        "From": " ".join(filter(None, sender)),
        "To": _read_text(mail, folder, outlook.TO),
        "Cc": _read_text(mail, folder, outlook.CC),
        "Date": sent or _find_time(mail, folder),
        "Subject": _read_text(mail, folder, outlook.SUBJECT),
    }


def _find_date(headers: str) -> str:
    lines = (line for line in headers.splitlines() if line.lower().startswith("date:"))
    return next(lines, "date:")[len("date:") :].strip()


def _find_time(mail: olefile.OleFileIO, folder: str) -> str:
    """When a mail was sent, else when it came: one that was only sent has no headers of travel."""
    data = _read(mail, folder, _PROPERTIES)
    times = {}
    start = _INNER_HEADER_BYTES if folder else _HEADER_BYTES
    for place in range(start, len(data) - _PROPERTY_BYTES + 1, _PROPERTY_BYTES):
        kind, number = struct.unpack_from("<HH", data, place)
        if kind == outlook.TIME:
            times[number] = data[place + 8 : place + _PROPERTY_BYTES]
    found = (times.get(one, b"") for one in (outlook.SENT_AT, outlook.CAME_AT))
    return outlook.first_of(map(outlook.show_time, found))


def _read_attachment(mail: olefile.OleFileIO, folder: str, depth: int) -> InnerFile:
    numbers = (outlook.LONG_NAME, outlook.SHOWN_NAME, outlook.SHORT_NAME)
    name = outlook.first_of(_read_text(mail, folder, one) for one in numbers)
    inner = f"{folder}/{_INNER_MAIL}"
    if not mail.exists(inner):
        return InnerFile(name, _read_stream(mail, folder, outlook.FILE_DATA, outlook.BINARY))
    if depth == outlook.MOST_DEEP or mail.get_type(inner) != olefile.STGTY_STORAGE:
        return InnerFile(name or "mail", b"", outlook.IN_PIECES)
    headers, body, files = _read_mail(mail, inner, depth + 1)
    return InnerFile(outlook.name_mail(headers), outlook.pack_mail(headers, body, files))


def _read_text(mail: olefile.OleFileIO, folder: str, number: int) -> str:
    wide = _read_stream(mail, folder, number, outlook.WIDE)
    if wide:
        return wide.decode("utf-16-le", "replace").rstrip("\0")
    narrow = _read_stream(mail, folder, number, outlook.NARROW)
    return narrow.decode("cp1252", "replace").rstrip("\0")


def _read_stream(mail: olefile.OleFileIO, folder: str, number: int, kind: int) -> bytes:
    return _read(mail, folder, f"__substg1.0_{number:04X}{kind:04X}")


def _read(mail: olefile.OleFileIO, folder: str, name: str) -> bytes:
    path = f"{folder}/{name}" if folder else name
    if not mail.exists(path):
        return b""
    with mail.openstream(path) as stream:
        data = stream.read()
    return data if isinstance(data, bytes) else b""
