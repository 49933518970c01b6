"""A stream is whole or it is not."""

import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extraction.wholeness.stream_check import (
    BrokenStreamError,
    check_flate,
    check_stream,
    decode_ascii85,
    unpack_flate,
)


@given(st.binary(max_size=2_000))
def test_what_is_packed_is_whole(data):
    packed = zlib.compress(data)
    assert check_flate(packed) == len(data)
    assert check_flate(packed + b"\r\n") == len(data)
    assert unpack_flate(packed) == data
    check_stream(base64.a85encode(packed) + b"~>", ["ASCII85Decode", "FlateDecode"])
    check_stream(zlib.compress(packed), ["Fl", "Fl"])
    check_stream(packed.hex().encode() + b">", ["AHx", "FlateDecode"])


@given(st.binary(max_size=500))
def test_ascii85_is_decoded_as_the_standard_library_does(data):
    assert decode_ascii85(base64.a85encode(data, wrapcol=40)) == data


@given(st.binary(min_size=1, max_size=2_000), st.data())
def test_a_stream_that_breaks_off_before_its_checksum_is_not_whole(data, draw):
    packed = zlib.compress(data)
    cut = packed[: draw.draw(st.integers(0, len(packed) - 6))]
    with pytest.raises(BrokenStreamError):
        check_flate(cut)


@given(st.binary(min_size=200, max_size=2_000), st.data())
def test_a_byte_that_is_changed_before_the_checksum_is_seen(data, draw):
    packed = bytearray(zlib.compress(data))
    packed[draw.draw(st.integers(2, len(packed) - 5))] ^= draw.draw(st.integers(1, 255))
    try:
        unpacked = unpack_flate(bytes(packed))
    except BrokenStreamError:
        return
    # The last bits of the last block are of no meaning. And what was the checksum may now be read
    # as a last block: then the stream ends without one, as that of some producers does.
    rest = zlib.decompressobj(-zlib.MAX_WBITS)
    rest.decompress(bytes(packed[2:]))
    assert unpacked == data or len(rest.unused_data) < 4


@given(
    st.binary(max_size=300),
    st.lists(
        st.sampled_from(
            [
                "FlateDecode",
                "ASCII85Decode",
                "ASCIIHexDecode",
                "LZWDecode",
                "RunLengthDecode",
                "Crypt",
                "X",
            ]
        ),
        max_size=3,
    ),
)
def test_any_bytes_are_whole_or_not(data, filters):
    try:
        check_stream(data, filters)
    except BrokenStreamError as error:
        assert str(error)
