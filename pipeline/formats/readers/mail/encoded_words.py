"""Letters that a header keeps in ASCII (RFC 2047), as programs write them in earnest.

Some leave spaces in a word or none around it, divide a letter between two words, or leave signs in
base64 that are none of it. What is decoded otherwise would be lost or shown as it is packed.
"""

import binascii
import re
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from pipeline.formats.text_encoding import decode_named

# An encoding, how it is packed, and what is packed: in which no other word begins, so that each is
# looked for no further than to the next. Base64 may end in what ends the word.
_PATTERN = r"=\?([^\s?*]{1,40})(?:\*[^\s?]{0,40})?\?([bqBQ])\?((?:[^?=]|\?(?!=)|=(?!\?(?!=)))*+)\?="
_WORD = re.compile(_PATTERN)
_BARE_NAME = re.compile(rf"(?<=name=)({_PATTERN})", re.IGNORECASE)
_NO_BASE64 = re.compile(r"[^A-Za-z0-9+/=]+")
# To look for an encoding that there is none of takes long.
_MOST_ENCODINGS = 100
_Kind = tuple[str, str]


def decode_line(value: str) -> str:
    """A header in one line, with its encoded words as they are read (RFC 2047, 6.2).

    Some programs write letters as they are, in the encoding of their country.

    Args:
        value: The header, with bytes that are no ASCII as `surrogateescape` has them.
    """
    pieces = groupby(_list_pieces(" ".join(value.split())), itemgetter(0))
    words = "".join(
        decode_named(b"".join(data for _, data in group), kind and kind[0])
        for kind, group in pieces
    )
    # What is encoded may have line ends in it.
    return " ".join(words.split())


def quote_names(value: str) -> str:
    """A header with quotes around names of files that have none; the grammar gives up there."""
    return _BARE_NAME.sub(r'"\1"', value)


def _list_pieces(line: str) -> Iterator[tuple[_Kind | None, bytes]]:
    """The bytes of a line, each with what is said of them: no encoding, or that of a word."""
    end = 0
    encodings: set[str] = set()
    for word in _WORD.finditer(line):
        between = line[end : word.start()]
        # White space between two words only keeps them apart.
        if between.strip() or not end:
            yield None, _to_bytes(between)
        kind = word[1].lower(), word[2].lower()
        data = _unpack(kind[1], word[3])
        if data is not None and len(encodings) < _MOST_ENCODINGS:
            encodings.add(kind[0])
        if data is None or kind[0] not in encodings:
            yield None, _to_bytes(word[0])
        else:
            yield kind, data
        end = word.end()
    yield None, _to_bytes(line[end:])


def _unpack(packing: str, packed: str) -> bytes | None:
    """The bytes of a word; None if they cannot be told."""
    if packing == "q":
        return binascii.a2b_qp(_to_bytes(packed), header=True)
    runs = _NO_BASE64.sub("", packed).split("=")
    try:
        return b"".join(binascii.a2b_base64(run + "=" * (-len(run) % 4)) for run in runs)
    except binascii.Error:
        return None


def _to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
