"""Messages that use up what SQS allows, and what looks like them."""

import base64
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.messages.packing import PACKED_NAME, pack_if_full, unpack

MOST_BYTES = 1_048_576
ROOM = 16_384
TEN = {f"own{n}": {"dataType": "String", "stringValue": f"value {n}"} for n in range(10)}

# The characters that a body may hold (Amazon SQS API Reference, SendMessage).
ALLOWED = st.characters(
    exclude_categories=["Cs"],
    exclude_characters="".join(map(chr, (*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF))),
)
VALUES = st.one_of(
    st.fixed_dictionaries(
        {"dataType": st.sampled_from(["String", "Number"]), "stringValue": st.text(ALLOWED)}
    ),
    st.binary().map(
        lambda data: {"dataType": "Binary", "binaryValue": base64.b64encode(data).decode()}
    ),
)


@given(st.text(ALLOWED), st.dictionaries(st.text(ALLOWED, min_size=1), VALUES, max_size=10))
def test_what_is_unpacked_is_what_was_packed(body, attributes):
    assert unpack(*pack_if_full(body, attributes)) == (body, attributes)


def test_a_message_with_room_is_left_as_it_is():
    nine = dict(list(TEN.items())[:9])
    assert pack_if_full("body", nine) == ("body", nine)
    large = "x" * (MOST_BYTES - 2 * ROOM)
    assert pack_if_full(large, {}) == (large, {})


def test_ten_attributes_become_one():
    body, attributes = pack_if_full("body", TEN)
    assert set(attributes) == {PACKED_NAME}
    assert "dlq show" in body
    past = {"seashore": {"dataType": "String", "stringValue": "{}"}}
    assert unpack(body, {**attributes, **past}) == ("body", {**TEN, **past})


@pytest.mark.parametrize("most", [262_144, MOST_BYTES])
@pytest.mark.parametrize(
    "letters",
    [
        [range(32, 127)],
        [range(0x80, 0x800)],
        [range(0x800, 0xD800)],
        [range(0x10000, 0x20000)],
        [b'"\\\n'],
        [range(32, 127), range(0xA0, 0x200), range(0x4E00, 0x4E80)],
    ],
    ids=["ASCII", "two bytes", "three bytes", "four bytes", "escaped", "mixed"],
)
def test_a_body_without_any_order_that_is_as_long_as_can_be_gets_room(letters, most):
    characters = [chr(code) for codes in letters for code in codes]
    fewest_bytes = min(len(character.encode()) for character in characters)
    body = "".join(random.Random(7).choices(characters, k=-(-most // fewest_bytes)))
    body = body.encode()[:most].decode(errors="ignore")
    assert most - 4 < len(body.encode()) <= most
    stub, attributes = pack_if_full(body, {})
    packed = base64.b64decode(attributes[PACKED_NAME]["binaryValue"])
    assert len(stub.encode()) + len(packed) < most - ROOM
    assert unpack(stub, attributes) == (body, {})


@pytest.mark.parametrize(
    "value",
    [
        {"dataType": "String", "stringValue": "mine"},
        {"dataType": "Binary", "binaryValue": "AAH/"},
        {"dataType": "Binary", "binaryValue": "not Base64"},
        {"dataType": "Binary", "binaryValue": base64.b64encode(zlib.compress(b"[1]")).decode()},
        {
            "dataType": "Binary",
            "binaryValue": base64.b64encode(zlib.compress(b" " * 10 * MOST_BYTES)).decode(),
        },
    ],
    ids=["string", "bytes", "no Base64", "other JSON", "larger than any message"],
)
def test_an_attribute_of_that_name_that_holds_something_else_is_the_sender_s(value):
    assert unpack("body", {PACKED_NAME: value}) == ("body", {PACKED_NAME: value})
