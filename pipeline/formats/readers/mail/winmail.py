"""What Outlook sends as `winmail.dat`: files that are attached, and the body in rich text.

Source: [MS-OXTNEF], 2.1 (attributes), and 2.1.3.3 to 2.1.3.5 (properties within them).
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.extraction.limits import MAX_FILES
from pipeline.formats.readers.mail import outlook_parts as outlook
from pipeline.formats.text_encoding import decode_text
from pipeline.formats.units import InnerFile

_SIGNATURE = 0x223E9F78
_HEADER_BYTES, _CHECKSUM_BYTES = 6, 2
_SUBJECT, _BODY, _PROPERTIES = 0x8004, 0x800C, 0x9003
_FILE_BEGINS, _FILE_NAME, _FILE_DATA, _FILE_PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
# What a mail within the mail begins with: the name of an interface.
_INTERFACE_BYTES = 16
_NAMED_FROM, _MANY = 0x8000, 0x1000
_FIXED_BYTES = {
    **{0x0002: 4, 0x0003: 4, 0x0004: 4, 0x000A: 4, 0x000B: 4},
    **{0x0005: 8, 0x0006: 8, 0x0007: 8, 0x0014: 8, 0x0040: 8, 0x0048: 16, 0x0001: 0},
}
_VARIABLE = frozenset({outlook.NARROW, outlook.WIDE, outlook.BINARY, outlook.OBJECT})
_DAMAGED = InnerFile("winmail.dat", b"", "a file of Outlook that is damaged: save the mail as .eml")


class Winmail(NamedTuple):
    """What is in such a file.

    Args:
        body: The text of the mail; none where it is not there, as in most.
        files: The files that are attached.
    """

    body: str
    files: list[InnerFile]


def read_winmail(data: bytes) -> Winmail:
    """What Outlook has put into a file of its own; the file itself where it is damaged."""
    try:
        _, body, files = _read(data, 0)
    except (struct.error, ValueError):
        return Winmail("", [_DAMAGED])
    return Winmail(body, files)


def _read(data: bytes, depth: int) -> tuple[dict[str, str], str, list[InnerFile]]:
    if data[:4] != _SIGNATURE.to_bytes(4, "little"):
        raise ValueError("it begins with something else")
    about: dict[int, bytes] = {}
    text = subject = b""
    attached: list[tuple[dict[int, bytes], bytes, bytes]] = []
    for number, value in _list_attributes(data):
        if number == _PROPERTIES:
            about = _read_properties(value)
        elif number == _BODY:
            text = value.rstrip(b"\0")
        elif number == _SUBJECT:
            subject = value.rstrip(b"\0")
        elif number == _FILE_BEGINS:
            attached.append(({}, b"", b""))
        elif number in (_FILE_NAME, _FILE_DATA, _FILE_PROPERTIES) and attached:
            properties, name, content = attached.pop()
            if number == _FILE_PROPERTIES:
                properties = _read_properties(value)
            elif number == _FILE_NAME:
                name = value.rstrip(b"\0")
            else:
                content = value
            attached.append((properties, name, content))
    page, rich = about.get(outlook.HTML_BODY, b""), about.get(outlook.RICH_BODY, b"")
    plain = _read_text(about, outlook.BODY) or decode_text(text)
    body, files = outlook.read_body(plain, page, rich)
    for properties, name, content in attached[: MAX_FILES + 1]:
        shown = outlook.first_of(
            [_read_text(properties, one) for one in (outlook.LONG_NAME, outlook.SHOWN_NAME)]
        ) or decode_text(name)
        if not outlook.is_shown_picture(
            shown, _read_text(properties, outlook.CONTENT_ID), page, rich
        ):
            files.append(_make_file(properties, shown, content, depth))
    headers = {
        "From": _read_text(about, outlook.SENDER),
        "To": _read_text(about, outlook.TO),
        "Cc": _read_text(about, outlook.CC),
        "Date": outlook.show_time(about.get(outlook.SENT_AT, b"")),
        "Subject": _read_text(about, outlook.SUBJECT) or decode_text(subject),
    }
    return headers, body, files


def _make_file(properties: dict[int, bytes], name: str, data: bytes, depth: int) -> InnerFile:
    inner = properties.get(outlook.FILE_DATA, b"")
    if not inner[_INTERFACE_BYTES:].startswith(_SIGNATURE.to_bytes(4, "little")):
        return InnerFile(name, data or inner)
    if depth == outlook.MOST_DEEP:
        return InnerFile(name, b"", outlook.IN_PIECES)
    headers, body, files = _read(inner[_INTERFACE_BYTES:], depth + 1)
    return InnerFile(outlook.name_mail(headers), outlook.pack_mail(headers, body, files))


def _list_attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The number and the value of each attribute; the checksum after it is not looked at."""
    place = _HEADER_BYTES
    while place + 9 <= len(data):
        number, size = struct.unpack_from("<HxxI", data, place + 1)
        place += 9
        if place + size > len(data):
            raise ValueError("it breaks off")
        yield number, data[place : place + size]
        place += size + _CHECKSUM_BYTES


def _read_properties(data: bytes) -> dict[int, bytes]:
    """The first value of each property that has a number; texts in UTF-16."""
    found: dict[int, bytes] = {}
    (count,) = struct.unpack_from("<I", data)
    place = 4
    for _ in range(count):
        kind, number = struct.unpack_from("<HH", data, place)
        place += 4
        if number >= _NAMED_FROM:
            (is_text,) = struct.unpack_from("<I", data, place + 16)
            place += 20
            if is_text:
                (size,) = struct.unpack_from("<I", data, place)
                place += -(-size // 4) * 4
            place += 4
        values, place = _read_values(data, place, kind)
        if number < _NAMED_FROM and values:
            is_narrow = kind & ~_MANY == outlook.NARROW
            text = decode_text(values[0].rstrip(b"\0")) if is_narrow else ""
            found[number] = text.encode("utf-16-le") if is_narrow else values[0]
    return found


def _read_values(data: bytes, place: int, kind: int) -> tuple[list[bytes], int]:
    """The values of a property, and where they end."""
    one = kind & ~_MANY
    count = 1
    if kind & _MANY or one in _VARIABLE:
        (count,) = struct.unpack_from("<I", data, place)
        place += 4
        # Each takes room, but those of no kind at all.
        if count > len(data) or not _FIXED_BYTES.get(one, 4):
            raise ValueError("a property has more values than there is room for")
    values = []
    for _ in range(count):
        if one in _VARIABLE:
            (size,) = struct.unpack_from("<I", data, place)
            place += 4
        elif one in _FIXED_BYTES:
            size = _FIXED_BYTES[one]
        else:
            raise ValueError("a property is of no known kind")
        if place + size > len(data):
            raise ValueError("a property breaks off")
        values.append(data[place : place + size])
        place += -(-size // 4) * 4
    return values, place


def _read_text(properties: dict[int, bytes], number: int) -> str:
    return properties.get(number, b"").decode("utf-16-le", "replace").rstrip("\0")
