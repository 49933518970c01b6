"""What mails that Outlook has saved and mails that it has sent have in common.

Source: [MS-OXRTFCP] (compressed rich text), [MS-OXPROPS] (numbers of properties), [MS-DTYP], 2.3.3
(FILETIME).
"""

import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from functools import lru_cache

from pipeline.formats.readers.rich_text import read_rich_text
from pipeline.formats.readers.web.web_pages import decode_page, read_page_units
from pipeline.formats.units import InnerFile

# Properties by their numbers.
SENDER, SENDER_ADDRESS, TO, CC, SUBJECT = 0x0C1A, 0x5D01, 0x0E04, 0x0E03, 0x0037
SENT_AT, CAME_AT, TRANSPORT_HEADERS = 0x0039, 0x0E06, 0x007D
BODY, HTML_BODY, RICH_BODY = 0x1000, 0x1013, 0x1009
FILE_DATA, LONG_NAME, SHORT_NAME, SHOWN_NAME = 0x3701, 0x3707, 0x3704, 0x3001
CONTENT_ID = 0x3712
# Their types ([MS-OXCDATA], 2.11.1).
NARROW, WIDE, BINARY, OBJECT, TIME = 0x001E, 0x001F, 0x0102, 0x000D, 0x0040

IN_PIECES = "a mail that Outlook keeps in pieces: save it by itself"
# Mails in mails: further down each is named, and not read.
MOST_DEEP = 5

_UNREADABLE_BODY = InnerFile(
    "the body of the mail",
    b"",
    "Outlook keeps it in compressed rich text: save the mail as .eml",
)
_COMPRESSED, _NOT_COMPRESSED = b"LZFu", b"MELA"
_HEADER_BYTES, _RING_BYTES = 16, 4096
# What the ring holds at the beginning ([MS-OXRTFCP], 2.1.2.1).
_RING_START = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".emz", ".wmz")


# It is asked again for each picture that is attached.
@lru_cache(maxsize=1)
def decompress_rich_text(data: bytes) -> bytes:
    """Rich text as it is in a file.

    Raises:
        ValueError: It is none, or breaks off.
    """
    if data[8:12] == _NOT_COMPRESSED:
        return data[_HEADER_BYTES:]
    if data[8:12] != _COMPRESSED:
        raise ValueError("it is no compressed rich text")
    text = bytearray(_RING_START)
    place = _HEADER_BYTES
    while place < len(data):
        control = data[place]
        place += 1
        for bit in range(8):
            if not control >> bit & 1:
                text += data[place : place + 1]
                place += 1
                continue
            if place + 2 > len(data):
                raise ValueError("it breaks off")
            reference = data[place] << 8 | data[place + 1]
            place += 2
            back = (len(text) - (reference >> 4)) % _RING_BYTES
            if back == 0:
                return bytes(text[len(_RING_START) :])
            # What it refers to may go on in what is being written.
            for _ in range((reference & 15) + 2):
                text.append(text[-back] if back <= len(text) else 0)
    return bytes(text[len(_RING_START) :])


def read_body(text: str, page: str | bytes, rich_text: bytes) -> tuple[str, list[InnerFile]]:
    """The body of a mail in the first of its forms that has words.

    One that is there as rich text alone, which cannot be read, is a file that says so.
    """
    if text.strip():
        return text, []
    shown = "\n".join(read_page_units(decode_page(page) if isinstance(page, bytes) else page))
    if shown.strip() or not rich_text:
        return shown, []
    try:
        return "\n".join(read_rich_text(decompress_rich_text(rich_text))), []
    except ValueError:
        return "", [_UNREADABLE_BODY]


def is_shown_picture(name: str, content_id: str, page: bytes, rich_text: bytes) -> bool:
    """Whether an attached file is a picture that a form of the body refers to."""
    if not content_id or not name.lower().endswith(_PICTURES):
        return False
    reference = f"cid:{content_id}"
    try:
        rich = decompress_rich_text(rich_text) if rich_text else b""
    except ValueError:
        rich = b""
    return any(
        reference.encode(encoding) in form
        for form, encoding in ((page, "utf-8"), (page, "utf-16-le"), (rich, "utf-8"))
    )


def show_time(filetime: bytes) -> str:
    """A moment as mails write it, in UTC; nothing of one that is none."""
    if len(filetime) != 8 or not any(filetime):
        return ""
    (ticks,) = struct.unpack("<Q", filetime)
    try:
        moment = datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return ""
    return format_datetime(moment.replace(microsecond=0))


def list_headers(values: dict[str, str]) -> list[str]:
    """The lines of those headers that there are."""
    return [f"{name}: {' '.join(value.split())}" for name, value in values.items() if value.strip()]


def pack_mail(headers: dict[str, str], body: str, files: Sequence[InnerFile]) -> bytes:
    """A mail within a mail as a file of its own, with what is attached to it."""
    mail = EmailMessage()
    mail.set_content(body)
    for file in files:
        name = " ".join(file.name.split()) or "attachment"
        mail.add_attachment(file.data, "application", "octet-stream", filename=name)
    # As lines before the rest: no check of addresses is to refuse what Outlook has shown.
    first = "".join(f"{line}\n" for line in list_headers(headers)) or "Subject: \n"
    return first.encode() + mail.as_bytes()


def name_mail(headers: dict[str, str]) -> str:
    """What a mail within a mail is called as a file."""
    return f"{' '.join(headers.get('Subject', '').split()) or 'mail'}.eml"


def first_of(values: Iterable[str]) -> str:
    """The first that is not empty."""
    return next((value for value in values if value), "")
