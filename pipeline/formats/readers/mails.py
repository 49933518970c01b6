"""Mails as they travel (RFC 5322): what people read of them, and what is attached."""

import re
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import Message, MIMEPart
from pathlib import Path

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.readers.web_pages import decode_page, read_page_units
from pipeline.formats.units import InnerFile, UnitsDocument
from shared.errors import RejectionCode

SHOWN_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_MOST_PARTS = 1_000


def open_mail(path: Path) -> UnitsDocument:
    """Open a mail: one unit for its headers and body, one for each further text in it.

    Mails and files that are attached are files inside; pictures that a body shows are not.
    """
    try:
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        return read_mail(mail)
    except (MessageError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, "its parts do not fit") from error


def read_mail(mail: MIMEPart) -> UnitsDocument:
    """The units of a mail and the files inside."""
    headers = [f"{name}: {mail[name]}" for name in SHOWN_HEADERS if mail[name]]
    body = mail.get_body(("plain", "html"))
    shown = [("" if body is None else _read_text(body))]
    files = []
    for number, part in enumerate(_list_leaves(mail)):
        if number >= _MOST_PARTS:
            break
        if part is body or _is_other_form(part, body, mail):
            continue
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload(0)
            if isinstance(inner, Message):
                files.append(InnerFile(f"{inner['Subject'] or 'mail'}.eml", inner.as_bytes()))
        elif part.get_filename() or part.get_content_disposition() == "attachment":
            if not _is_shown_picture(part):
                files.append(InnerFile(part.get_filename() or "", _read_bytes(part)))
        elif part.get_content_maintype() == "text":
            shown.append(_read_text(part))
    texts = ["\n".join([*headers, "", shown[0]]), *(text for text in shown[1:] if text.strip())]
    return UnitsDocument(texts, files)


def _list_leaves(mail: MIMEPart) -> list[MIMEPart]:
    """Parts that hold no others; what lies in an attached mail is that mail's."""
    leaves: list[MIMEPart] = []
    waiting: list[object] = [mail]
    while waiting:
        part = waiting.pop()
        if not isinstance(part, MIMEPart):
            continue
        if part.get_content_maintype() == "multipart":
            inner = part.get_payload()
            waiting += reversed(inner) if isinstance(inner, list) else []
        else:
            leaves.append(part)
    return leaves


def _is_other_form(part: MIMEPart, body: MIMEPart | None, mail: MIMEPart) -> bool:
    """Whether a part says in HTML what the body says in plain text."""
    return (
        body is not None
        and body.get_content_type() == "text/plain"
        and part.get_content_type() == "text/html"
        and part.get_filename() is None
        and any(one.get_content_type() == "multipart/alternative" for one in mail.walk())
    )


def _is_shown_picture(part: MIMEPart) -> bool:
    return part.get_content_maintype() == "image" and (
        part["Content-ID"] is not None or part.get_content_disposition() == "inline"
    )


def _read_bytes(part: MIMEPart) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _read_text(part: MIMEPart) -> str:
    data = _read_bytes(part)
    if part.get_content_type() == "text/html":
        named = part.get_content_charset()
        page = _decode(data, named) if named else decode_page(data)
        return "\n".join(read_page_units(page))
    text = _decode(data, part.get_content_charset() or "utf-8")
    return re.sub(r"\r\n?", "\n", text)


def _decode(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset, "replace")
    except LookupError:
        return data.decode("utf-8", "replace")
