"""Mails parsed by Python's `email` within bounds, of which it has none of its own.

It parses a header anew each time one asks for it, and long ones in a time that grows with the
square of their length: a subject of 1 MB took 45 seconds, a mail of 20,000 parts ten. So a mail of
more parts than any program writes is refused as soon as they are counted, and so are headers of its
parts that are too long. Headers that are shown are decoded, and not parsed by their grammar: where
they do not fit it, an address for the name of another's sender, it leaves words out.
"""

import re
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import EmailPolicy
from typing import cast

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.text_encoding import decode_named
from shared.errors import RejectionCode

MAX_PARTS = 1_000
MAX_HEADER_BYTES = 1 << 20
# Of what says how a part is to be read (RFC 2045): one, and all of a mail.
_OF_PARTS = "content-"
MAX_PART_HEADER_BYTES, MAX_PART_HEADERS_BYTES = 1 << 12, 1 << 18
_ENCODED_WORD = re.compile(r"=\?[^\s?]+\?[bqBQ]\?[^\s?]*\?=")
_BETWEEN_ENCODED_WORDS = re.compile(r"(?<=\?=) (?==\?)")


@dataclass
class _Counts:
    """What has been met of a mail so far: its parts, and the bytes of their headers."""

    parts: int = 0
    header_bytes: int = 0


class _BoundedPolicy(EmailPolicy):
    """The policy by which one mail is parsed. Headers of attached mails stay as they are."""

    refold_source = "none"

    def __init__(self, counts: _Counts) -> None:
        super().__init__(message_factory=EmailMessage)
        # A policy refuses to be changed in any other way.
        vars(self)["counts"] = counts

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Take a header as it is, if it is not too long."""
        name, value = super().header_source_parse(sourcelines)
        if len(value) > MAX_HEADER_BYTES:
            raise _refuse("one of its headers is longer than 1 MiB")
        if name.lower().startswith(_OF_PARTS):
            counts: _Counts = vars(self)["counts"]
            counts.header_bytes += len(value)
            if len(value) > MAX_PART_HEADER_BYTES or counts.header_bytes > MAX_PART_HEADERS_BYTES:
                raise _refuse("what it says of its parts is too long")
        return name, value

    def header_fetch_parse(self, name: str, value: str) -> str:
        """Parse a header that says how a part is to be read; any other is decoded and no more."""
        if not name.lower().startswith(_OF_PARTS):
            return _decode_line(value)
        parsed: str = super().header_fetch_parse(name, value)
        return parsed


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


def _decode_line(value: str) -> str:
    """A header in one line, with its encoded words as they are read (RFC 2047, 6.2).

    Some programs write letters as they are, in the encoding of their country.
    """
    line = " ".join(decode_named(value.encode("ascii", "surrogateescape"), None).split())
    words = _ENCODED_WORD.sub(_decode_word, _BETWEEN_ENCODED_WORDS.sub("", line))
    # What is encoded may have line ends in it.
    return " ".join(words.split())


def _decode_word(word: re.Match[str]) -> str:
    try:
        ((said, encoding),) = decode_header(word[0])
    except (HeaderParseError, ValueError):
        return word[0]
    return said if isinstance(said, str) else decode_named(said, encoding)


def _refuse(reason: str) -> UnreadableDocumentError:
    return UnreadableDocumentError(RejectionCode.OVER_LIMITS, reason)
