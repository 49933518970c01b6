"""Mails parsed by Python's `email` within bounds, of which it has none of its own.

It parses a header anew each time one asks for it, and long ones in a time that grows with the
square of their length: a subject of 1 MB took 45 seconds, a mail of 20,000 parts ten. So each is
parsed once; a mail of more parts than any program writes is refused as soon as they are counted,
and so are headers that say how parts are to be read and are too long. Headers that are shown are
decoded, and not parsed by their grammar: where they do not fit it, an address for the name of
another's sender, it leaves words out.
"""

import re
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import EmailPolicy
from typing import Self, cast

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.readers.mail.encoded_words import decode_line, quote_names
from pipeline.formats.text_encoding import decode_named
from shared.errors import RejectionCode

MAX_PARTS = 1_000
MAX_HEADER_BYTES = 1 << 20
# Of what says how a part is to be read (RFC 2045) and is parsed: one, and all of a mail.
_PARSED = frozenset({"content-type", "content-disposition"})
MAX_PART_HEADER_BYTES, MAX_PART_HEADERS_BYTES = 1 << 12, 1 << 19
_PACKING, _FIRST_WORD = "content-transfer-encoding", re.compile(r"[^\s;()]*")
_LINE_END = re.compile(r"\r\n?|\n")


@dataclass
class _Counts:
    """What has been met of a mail so far.

    Args:
        parts: How many parts.
        header_bytes: The bytes of those of their headers that are parsed.
        parsed: Headers that have been asked for, by their name in small letters and their value.
    """

    parts: int = 0
    header_bytes: int = 0
    parsed: dict[tuple[str, str], str] = field(default_factory=dict)


class _ParsedHeader(str):
    """What is asked of a header that has been parsed. What Python keeps takes hundreds of times."""

    content_disposition: str | None

    def __new__(cls, parsed: str) -> Self:
        """Keep what it is made of in one line, and by it whether a part is attached."""
        kept = super().__new__(cls, parsed)
        kept.content_disposition = getattr(parsed, "content_disposition", None)
        return kept


class _BoundedPolicy(EmailPolicy):
    """The policy by which one mail is parsed. Headers of attached mails stay as they came."""

    # By which Python would refuse to write a header again that it has read.
    verify_generated_headers = False

    def __init__(self, counts: _Counts) -> None:
        super().__init__(message_factory=EmailMessage)
        # A policy refuses to be changed in any other way.
        vars(self)["counts"] = counts

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Take a header as it is, if it is not too long."""
        name, _, value = "".join(sourcelines).rstrip("\r\n").partition(":")
        if len(value) > MAX_HEADER_BYTES:
            raise _refuse("one of its headers is longer than 1 MiB")
        if name.lower() in _PARSED:
            counts: _Counts = vars(self)["counts"]
            counts.header_bytes += len(value)
            if len(value) > MAX_PART_HEADER_BYTES or counts.header_bytes > MAX_PART_HEADERS_BYTES:
                raise _refuse("what it says of its parts is too long")
        return name, value

    def header_fetch_parse(self, name: str, value: str) -> str:
        """Parse a header that says how a part is to be read; any other is decoded and no more."""
        counts: _Counts = vars(self)["counts"]
        key = name.lower(), value
        # Each is asked for some ten times, and parsing it takes long.
        if key not in counts.parsed:
            counts.parsed[key] = self._read(*key)
        return counts.parsed[key]

    def fold(self, name: str, value: str) -> str:
        """Write a header as it came."""
        return _LINE_END.sub("\n", f"{name}:{value}") + "\n"

    def fold_binary(self, name: str, value: str) -> bytes:
        """Write a header as it came, with letters that are no ASCII."""
        return self.fold(name, value).encode("ascii", "surrogateescape")

    def _read(self, name: str, value: str) -> str:
        if name not in _PARSED:
            line = decode_line(value)
            # Some programs write a remark behind it, or a sign as behind a type.
            return line if name != _PACKING else _FIRST_WORD.findall(line)[0]
        # Some programs write the letters of a file's name as they are.
        letters = decode_named(value.strip().encode("ascii", "surrogateescape"), None)
        return _ParsedHeader(super().header_fetch_parse(name, quote_names(letters)))


def parse_mail(data: bytes) -> EmailMessage:
    """Parse a mail.

    Raises:
        UnreadableDocumentError: It has too many parts, or too long headers.
        MessageError: And `ValueError`, `LookupError`, `AttributeError` or `TypeError`: the parser
            cannot make sense of it.
    """
    counts = _Counts()
    bounded = _BoundedPolicy(counts)

    def make_part(policy: _BoundedPolicy = bounded) -> EmailMessage:
        counts.parts += 1
        # The mail as a whole is one, and the parser makes one to see whether it can.
        if counts.parts > MAX_PARTS + 2:
            raise _refuse(f"it has more than {MAX_PARTS} parts")
        return EmailMessage(policy)

    return cast("EmailMessage", BytesParser(make_part, policy=bounded).parsebytes(data))


def _refuse(reason: str) -> UnreadableDocumentError:
    return UnreadableDocumentError(RejectionCode.OVER_LIMITS, reason)
