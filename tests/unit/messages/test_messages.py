import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import MessageDecodeError
from shared.messages.document_messages import Combine, SummarizeChunk
from shared.messages.message import encode_message
from shared.messages.work_items import decode_work_message

MESSAGES = st.one_of(
    st.builds(
        SummarizeChunk,
        document_id=st.text(min_size=1, max_size=64),
        run=st.integers(1, 9),
        chunk_number=st.integers(1, 10_000),
        text_key=st.text(min_size=1),
        first_page=st.integers(1, 10_000),
        last_page=st.integers(1, 10_000),
    ),
    st.builds(
        Combine,
        document_id=st.text(min_size=1, max_size=64),
        run=st.integers(1, 9),
        chunks_done=st.integers(0, 10_000),
    ),
)

VALID = {"kind": "combine", "v": 1, "document_id": "d1", "run": 1, "chunks_done": 2}


@given(MESSAGES)
def test_a_message_survives_its_encoding(message):
    again = decode_work_message(encode_message(message))
    assert again == message
    assert again.item_id == message.item_id


@given(st.text())
def test_any_other_text_is_refused_with_the_named_error(text):
    with pytest.raises(MessageDecodeError):
        decode_work_message(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.sampled_from([*VALID, "other"]), JSON))
def test_any_other_json_is_refused_with_the_named_error(content):
    try:
        message = decode_work_message(json.dumps(content))
    except MessageDecodeError:
        return
    assert message.model_dump(mode="json") == {"v": 1} | content


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "unknown"},
        {"v": 2},
        {"run": 0},
        {"document_id": ""},
        {"surprise": 1},
        {"chunks_done": "many"},
    ],
)
def test_a_wrong_field_is_named(change):
    with pytest.raises(MessageDecodeError) as caught:
        decode_work_message(json.dumps(VALID | change))
    assert next(iter(change)) in str(caught.value)


@pytest.mark.parametrize("body", ["", "[]", "null", '"text"', "{", "å" * 100, "x" * 1024 * 1024])
def test_a_body_that_is_no_object_is_refused(body):
    with pytest.raises(MessageDecodeError, match="not a work message"):
        decode_work_message(body)


def test_the_error_does_not_repeat_the_body():
    with pytest.raises(MessageDecodeError) as caught:
        decode_work_message(json.dumps(VALID | {"run": "secret words"}))
    assert "secret" not in str(caught.value)
