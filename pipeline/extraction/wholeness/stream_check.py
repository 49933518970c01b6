"""Whether a stream of a PDF decodes from its first byte to its last. Pure functions.

The engines are lenient: a stream that breaks off or that was changed gives as much as decodes, and
the page looks read. Here a stream is whole or it is not (ISO 32000-2, 7.4, "Filters"; the end and
the checksum of Flate data: RFC 1950 and RFC 1951).
"""

import operator
import re
import struct
import zlib
from collections.abc import Sequence

# Names of filters, with their short forms, which some producers write where only inline images
# may have them.
FLATE = frozenset({"FlateDecode", "Fl"})
ASCII85 = frozenset({"ASCII85Decode", "A85"})
ASCII_HEX = frozenset({"ASCIIHexDecode", "AHx"})
LZW = frozenset({"LZWDecode", "LZW"})
RUN_LENGTH = frozenset({"RunLengthDecode", "RL"})
BROTLI = frozenset({"BrotliDecode", "Br"})

# A stream that unpacks to more is not looked at further: the limits of a page are another matter.
MAX_UNPACKED_BYTES = 64 << 20
# Flate packs a thousandfold at the most, so that the first piece unpacks to 16 MiB. What packs so
# well from that piece on is no text but a bomb, and a reader's limits are for those.
_FIRST_PIECE_BYTES = 16 << 10
# Text packs to a fifth, more or less; where there is room for all, nothing has to be moved.
_ROOM_RATIO = 6
_PIECE_BYTES = 32 << 10
_MAX_RATIO = 200
# What only Python decodes takes a second for so much, and is not looked at if there is more.
MAX_SLOW_BYTES = 4 << 20
_ZLIB_HEADER_BYTES = 2
_CHECKSUM_BYTES = 4
_WRONG_CHECKSUM = "incorrect data check"

# Codes of LZW: the one that clears the table, the one that ends the data, and those that follow.
_LZW_CLEAR, _LZW_END, _LZW_FIRST_FREE = 256, 257, 258
_LZW_MIN_WIDTH, _LZW_MAX_WIDTH, _LZW_MAX_COUNT = 9, 12, 4096
_RUN_END = 128

_END_OF_HEX, _END_OF_ASCII85 = b">", b"~"
_WHITE_SPACE = b" \t\r\n\f\0"
_NOT_ASCII85 = re.compile(rb"[^!-uz]")
_ASCII85_OFFSET = 33 * (85**4 + 85**3 + 85**2 + 85 + 1)


class BrokenStreamError(Exception):
    """A stream is not whole; the message says how. Never leaves this package."""


def check_stream(data: bytes | memoryview, filters: Sequence[str]) -> None:
    """Hold a stream against its filters.

    Args:
        data: The stream as the file has it.
        filters: The names of its filters, without the slash, in the order of decoding.

    Raises:
        BrokenStreamError: It does not decode, or breaks off, or was changed.
    """
    for position, name in enumerate(filters):
        if name not in FLATE and len(data) > MAX_SLOW_BYTES:
            return
        if name in FLATE:
            if position == len(filters) - 1:
                check_flate(data)
                return
            data = unpack_flate(data)
            if len(data) == MAX_UNPACKED_BYTES:
                return
        elif name in ASCII85 or name in ASCII_HEX:
            data = bytes(data)
            end = _END_OF_ASCII85 if name in ASCII85 else _END_OF_HEX
            # What is packed in it would tell by itself that it breaks off.
            if position == len(filters) - 1 and end not in data:
                raise BrokenStreamError("its content breaks off")
            data = decode_ascii85(data) if name in ASCII85 else _decode_hex(data)
        elif name in LZW or name in RUN_LENGTH:
            # What it decodes to goes on to another filter in no file that anybody writes.
            _check_old_packing(bytes(data), is_lzw=name in LZW)
            return
        elif name in BROTLI:
            raise BrokenStreamError("it is packed with Brotli, which no engine here unpacks")
        else:
            raise BrokenStreamError("it is packed by a filter that no engine here knows")


def check_flate(data: bytes | memoryview) -> int:
    """Hold Flate data against its own end and checksum.

    Data that ends after its last block and before its checksum is whole: some producers leave it
    out. So is data whose checksum agrees in all bytes but one: it is the checksum that was damaged.

    Returns:
        How many bytes it unpacks to, as far as was looked.

    Raises:
        BrokenStreamError: It does not unpack, or breaks off, or was changed.
    """
    if len(data) > _FIRST_PIECE_BYTES:
        return _check_in_pieces(data)
    try:
        return len(zlib.decompress(data, bufsize=_ROOM_RATIO * len(data)))
    except zlib.error:
        # This does not say why.
        return _check_in_pieces(data)


def _check_in_pieces(data: bytes | memoryview) -> int:
    decompressor = zlib.decompressobj()
    view, end = memoryview(data), _FIRST_PIECE_BYTES
    try:
        size = len(decompressor.decompress(view[:end]))
        while not decompressor.eof and end < len(view):
            if size > min(MAX_UNPACKED_BYTES, _MAX_RATIO * end):
                return size
            size += len(decompressor.decompress(view[end : end + _PIECE_BYTES]))
            end += _PIECE_BYTES
    except zlib.error as error:
        return len(_unpack_in_spite_of(error, data))
    if not decompressor.eof:
        return len(_unpack_in_spite_of(None, data))
    return size


def unpack_flate(data: bytes | memoryview) -> bytes:
    """Flate data, unpacked; no more of it than is looked at.

    Raises:
        BrokenStreamError: As `check_flate`.
    """
    decompressor = zlib.decompressobj()
    try:
        unpacked = decompressor.decompress(data, MAX_UNPACKED_BYTES)
    except zlib.error as error:
        return _unpack_in_spite_of(error, data)
    if not decompressor.eof and not decompressor.unconsumed_tail:
        return _unpack_in_spite_of(None, data)
    return unpacked


def decode_ascii85(data: bytes) -> bytes:
    """ASCII85 data, decoded.

    The module `base64` does the same, five times as slowly; every page of some producers is
    packed so.

    Raises:
        BrokenStreamError: It has characters that ASCII85 has not.
    """
    data = data.translate(None, _WHITE_SPACE).removeprefix(b"<~").split(b"~", 1)[0]
    if _NOT_ASCII85.search(data):
        raise BrokenStreamError("its content has characters that its coding has not")
    data = data.replace(b"z", b"!!!!!")
    lacking = -len(data) % 5
    groups = struct.iter_unpack("5B", data + b"u" * lacking)
    numbers = [
        (((a * 85 + b) * 85 + c) * 85 + d) * 85 + e - _ASCII85_OFFSET for a, b, c, d, e in groups
    ]
    try:
        decoded = struct.pack(f">{len(numbers)}I", *numbers)
    except struct.error as error:
        raise BrokenStreamError("its content has characters that its coding has not") from error
    return decoded[: len(decoded) - lacking]


def _decode_hex(data: bytes) -> bytes:
    digits = data.split(b">", 1)[0].translate(None, _WHITE_SPACE)
    try:
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))
    except ValueError as error:
        raise BrokenStreamError("its content has characters that its coding has not") from error


def _check_old_packing(data: bytes, *, is_lzw: bool) -> None:
    if not is_lzw:
        _check_run_length(data)
        return
    try:
        _check_lzw(data, early=1)
    except BrokenStreamError:
        # What `/EarlyChange 0` says, which few files have (ISO 32000-2, table 8).
        _check_lzw(data, early=0)


def _check_lzw(data: bytes, early: int) -> None:
    """Follow the codes of LZW data, without what they stand for, to the one that ends them.

    Args:
        data: The data.
        early: How many codes before they have to, codes become longer.
    """
    held, bits, width, count = 0, 0, _LZW_MIN_WIDTH, _LZW_FIRST_FREE
    is_first = True
    for byte in data:
        held, bits = (held << 8 | byte) & 0xFFFFFF, bits + 8
        if bits < width:
            continue
        bits -= width
        code = held >> bits & (1 << width) - 1
        if code == _LZW_END:
            return
        if code == _LZW_CLEAR:
            width, count, is_first = _LZW_MIN_WIDTH, _LZW_FIRST_FREE, True
            continue
        if code > count or (is_first and code > _LZW_END):
            raise BrokenStreamError("its content does not unpack")
        if not is_first and count < _LZW_MAX_COUNT:
            count += 1
        is_first = False
        while width < _LZW_MAX_WIDTH and count + early >= 1 << width:
            width += 1
    raise BrokenStreamError("its content breaks off")


def _check_run_length(data: bytes) -> None:
    place = 0
    while place < len(data):
        length = data[place]
        if length == _RUN_END:
            return
        place += 2 + length if length < _RUN_END else 2
    if place > len(data) + 1:
        raise BrokenStreamError("its content breaks off")


def _unpack_in_spite_of(error: zlib.error | None, data: bytes | memoryview) -> bytes:
    """Data that does not end as Flate data should, unpacked, if its last block is there in full."""
    if error is not None and _WRONG_CHECKSUM not in str(error):
        raise BrokenStreamError("its content does not unpack") from error
    decompressor = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        unpacked = decompressor.decompress(data[_ZLIB_HEADER_BYTES:], MAX_UNPACKED_BYTES)
    except zlib.error as cause:
        raise BrokenStreamError("its content does not unpack") from cause
    if not decompressor.eof:
        raise BrokenStreamError("its content breaks off")
    if error is not None:
        expected = zlib.adler32(unpacked).to_bytes(_CHECKSUM_BYTES, "big")
        given = decompressor.unused_data[:_CHECKSUM_BYTES]
        if sum(map(operator.eq, expected, given)) < _CHECKSUM_BYTES - 1:
            raise BrokenStreamError("its content was changed: its checksum is of other bytes")
    return unpacked
