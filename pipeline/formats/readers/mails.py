"""Mails as they travel (RFC 5322): what people read of them, and what is attached."""

import re
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import Message, MIMEPart
from pathlib import Path

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.readers.web_pages import decode_page, read_page_units
from pipeline.formats.text_encoding import decode_named
from pipeline.formats.units import InnerFile, UnitsDocument
from shared.errors import RejectionCode

SHOWN_HEADERS = ("From", "To", "Cc", "Date", "Subject")


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
    text = "" if body is None else _read_text(body)
    other_forms: list[MIMEPart] = []
    if text.strip():
        other_forms = _list_other_forms(mail, body)
    else:
        # Some programs leave the plain form empty.
        body = mail.get_body(("html",)) or body
        text = "" if body is None else _read_text(body)
    shown = [text]
    files = []
    for part in _list_leaves(mail):
        if part is body or any(part is one for one in other_forms):
            continue
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload(0)
            if isinstance(inner, Message):
                files.append(InnerFile(f"{inner['Subject'] or 'mail'}.eml", inner.as_bytes()))
        elif part.get_filename() or part.get_content_disposition() == "attachment":
            if not _is_shown_picture(part):
                files.append(InnerFile(part.get_filename() or "", _read_bytes(part)))
        # What says that it has parts and has none, since no line divides it, is a text.
        elif part.get_content_maintype() in ("text", "multipart"):
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
            if isinstance(inner, list):
                waiting += reversed(inner)
                continue
        leaves.append(part)
    return leaves


def _list_other_forms(mail: MIMEPart, body: MIMEPart | None) -> list[MIMEPart]:
    """Parts that say in HTML what the body says in plain text (RFC 2046, 5.1.4)."""
    if body is None or body.get_content_type() != "text/plain":
        return []
    for one in mail.walk():
        if isinstance(one, MIMEPart) and one.get_content_type() == "multipart/alternative":
            leaves = _list_leaves(one)
            if any(leaf is body for leaf in leaves):
                return [
                    leaf
                    for leaf in leaves
                    if leaf.get_content_type() == "text/html" and leaf.get_filename() is None
                ]
    return []


def _is_shown_picture(part: MIMEPart) -> bool:
    return part.get_content_maintype() == "image" and (
        part["Content-ID"] is not None or part.get_content_disposition() == "inline"
    )


def _read_bytes(part: MIMEPart) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _read_text(part: MIMEPart) -> str:
    data, named = _read_bytes(part), part.get_content_charset()
    if part.get_content_type() == "text/html":
        page = decode_named(data, named) if named else decode_page(data)
        return "\n".join(read_page_units(page))
    return re.sub(r"\r\n?", "\n", decode_named(data, named))
