"""Mails as Outlook saves them ([MS-OXMSG]), by `olefile`: properties are streams with names."""

import io
from pathlib import Path

import olefile

from pipeline.extraction.limits import MAX_FILES
from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.readers.web_pages import decode_page, read_page_units
from pipeline.formats.units import InnerFile, UnitsDocument
from shared.errors import RejectionCode

# Properties by their numbers ([MS-OXPROPS]).
_SENDER, _SENDER_ADDRESS, _TO, _CC, _SUBJECT = "0C1A", "5D01", "0E04", "0E03", "0037"
_BODY, _HTML_BODY, _RICH_BODY, _TRANSPORT_HEADERS = "1000", "1013", "1009", "007D"
_FILE_DATA, _LONG_NAME, _SHORT_NAME, _SHOWN_NAME = "3701", "3707", "3704", "3001"
_UTF_16, _NARROW, _BINARY = "001F", "001E", "0102"
_ATTACHMENT = "__attach_version1.0_#"
_OBJECT = "__substg1.0_3701000D"
_RICH_BODY_ONLY = "Outlook keeps it in compressed rich text: save the mail as .eml"
_IN_PIECES = "a mail that Outlook keeps in pieces: save it by itself"


def open_outlook_mail(path: Path) -> UnitsDocument:
    """Open a mail: one unit for its headers and body; what is attached are files inside.

    A mail that is attached, which Outlook keeps in pieces, is a file that is not read; so is the
    body where it is there in compressed rich text only.
    """
    try:
        with olefile.OleFileIO(io.BytesIO(path.read_bytes())) as mail:
            folders = sorted({entry[0] for entry in mail.listdir() if len(entry) > 1})
            attachments = [name for name in folders if name.startswith(_ATTACHMENT)]
            body = _read_body(mail)
            text = _read_mail(mail, body)
            files = []
            if not body.strip() and _read_stream(mail, _RICH_BODY + _BINARY):
                files.append(InnerFile("the body of the mail", b"", _RICH_BODY_ONLY))
            files += [_read_attachment(mail, name) for name in attachments[: MAX_FILES + 1]]
    except (OSError, ValueError, IndexError, KeyError, AttributeError, TypeError) as error:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, "its parts do not fit") from error
    return UnitsDocument([text], files)


def _read_mail(mail: olefile.OleFileIO, body: str) -> str:
    sender = " ".join(filter(None, (_read_text(mail, one) for one in (_SENDER, _SENDER_ADDRESS))))
    told = (
        ("From", sender),
        ("To", _read_text(mail, _TO)),
        ("Cc", _read_text(mail, _CC)),
        ("Date", _find_date(_read_text(mail, _TRANSPORT_HEADERS))),
        ("Subject", _read_text(mail, _SUBJECT)),
    )
    return "\n".join([*(f"{name}: {value}" for name, value in told if value), "", body])


def _read_body(mail: olefile.OleFileIO) -> str:
    body = _read_text(mail, _BODY)
    if body.strip():
        return body
    # HTML is bytes by the specification, and text as some programs save it.
    data = _read_stream(mail, _HTML_BODY + _BINARY)
    page = decode_page(data) if data else _read_text(mail, _HTML_BODY)
    return "\n".join(read_page_units(page))


def _find_date(headers: str) -> str:
    lines = (line for line in headers.splitlines() if line.lower().startswith("date:"))
    return next(lines, "date:")[len("date:") :].strip()


def _read_attachment(mail: olefile.OleFileIO, folder: str) -> InnerFile:
    names = (_read_text(mail, one, folder) for one in (_LONG_NAME, _SHOWN_NAME, _SHORT_NAME))
    name = next((one for one in names if one), "")
    if mail.exists(f"{folder}/{_OBJECT}"):
        return InnerFile(name or "mail", b"", _IN_PIECES)
    return InnerFile(name, _read_stream(mail, _FILE_DATA + _BINARY, folder))


def _read_text(mail: olefile.OleFileIO, number: str, folder: str = "") -> str:
    wide = _read_stream(mail, number + _UTF_16, folder)
    if wide:
        return wide.decode("utf-16-le", "replace").rstrip("\0")
    return _read_stream(mail, number + _NARROW, folder).decode("cp1252", "replace").rstrip("\0")


def _read_stream(mail: olefile.OleFileIO, tag: str, folder: str = "") -> bytes:
    name = f"{folder}/__substg1.0_{tag}" if folder else f"__substg1.0_{tag}"
    if not mail.exists(name):
        return b""
    with mail.openstream(name) as stream:
        data = stream.read()
    return data if isinstance(data, bytes) else b""
