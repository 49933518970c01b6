"""The tasks that users may send: as messages, and as the JSON Schema that they are told."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from shared.errors import MessageDecodeError
from shared.messages.message import encode_message
from shared.messages.tasks import AgentTask, AskTask, ExtractTask, SummarizeTask, describe_tasks
from shared.messages.work_items import decode_work_item

EXAMPLES = [
    {"kind": "summarize", "text": "A text."},
    {"kind": "summarize", "document": "reports/a b.pdf", "id": "s-1"},
    {"kind": "ask", "question": "Why?", "documents": ["d0123456789abcdef0123"]},
    {"kind": "ask", "v": 1, "question": "Why?", "documents": ["a.pdf", "b.pdf"], "id": "A.b_c-1"},
    {"kind": "extract", "document": "a.pdf", "schema": {"type": "object", "properties": {}}},
    {"kind": "extract", "text": "x", "schema": {}, "callback": "arn:aws:sns:r:1:t"},
    {"kind": "agent", "prompt": "Compare all reports.", "max_steps": 20, "max_tokens": 1000},
]
REFUSED = [
    {"question": "Why?", "documents": ["a.pdf"]},
    {"kind": "ask", "question": "Why?", "documents": []},
    {"kind": "ask", "question": "Why?", "documents": ["a"] * 21},
    {"kind": "ask", "question": "", "documents": ["a.pdf"]},
    {"kind": "ask", "question": " \n\u00a0", "documents": ["a.pdf"]},
    {"kind": "ask", "question": "Why?"},
    {"kind": "summarize"},
    {"kind": "summarize", "text": "x", "document": "a.pdf"},
    {"kind": "summarize", "text": ""},
    {"kind": "summarize", "text": "\t \x1c\n"},
    {"kind": "extract", "text": "\u3000", "schema": {}},
    {"kind": "extract", "document": "a.pdf"},
    {"kind": "extract", "document": "a.pdf", "fields": {}},
    {"kind": "extract", "document": "a.pdf", "schema": []},
    {"kind": "agent", "prompt": " "},
    {"kind": "agent", "prompt": "x", "max_steps": 0},
    {"kind": "agent", "prompt": "x", "max_tokens": 10},
    {"kind": "agent", "prompt": "x", "surprise": 1},
    {"kind": "agent", "prompt": "x", "v": 2},
    {"kind": "agent", "prompt": "x", "id": ""},
    {"kind": "agent", "prompt": "x", "id": "no/slash"},
    {"kind": "agent", "prompt": "x", "id": "i" * 101},
    {"kind": "combine", "document_id": "d", "run": 1, "chunks_done": 1},
]


@pytest.fixture(scope="module")
def validator():
    schema = describe_tasks()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_the_schema_takes_the_worker_takes(validator, example):
    assert validator.is_valid(example)
    item = decode_work_item(json.dumps(example), "m-1")
    assert item.message.task_id == example.get("id", "m-1")
    assert decode_work_item(encode_message(item.message), "other") == item


@pytest.mark.parametrize("example", REFUSED)
def test_what_the_schema_refuses_the_worker_refuses_as_a_task(validator, example):
    assert not validator.is_valid(example)
    if example.get("kind") != "combine":
        with pytest.raises(MessageDecodeError):
            decode_work_item(json.dumps(example), "m-1")


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
WORDS = NAMES.filter(str.strip)
TASKS = st.one_of(
    st.builds(SummarizeTask, text=WORDS),
    st.builds(SummarizeTask, document=NAMES),
    st.builds(AskTask, question=WORDS, documents=st.lists(NAMES, min_size=1, max_size=3)),
    st.builds(
        lambda text, schema: ExtractTask(text=text, schema=schema),
        WORDS,
        st.dictionaries(NAMES, st.integers() | NAMES),
    ),
    st.builds(AgentTask, prompt=WORDS, max_steps=st.integers(1, 20)),
)


@given(TASKS)
def test_every_task_fits_the_schema_and_survives_its_encoding(validator, task):
    body = task.model_dump_json(by_alias=True, exclude_none=True)
    assert validator.is_valid(json.loads(body))
    again = decode_work_item(body, "m-1").message
    assert again == task.model_copy(update={"id": "m-1"})
    assert again.digest == task.digest
    assert again.about


def test_a_task_is_the_same_work_by_id_and_content():
    body = {"kind": "ask", "id": "q", "question": "Why?", "documents": ["a.pdf"]}
    first = decode_work_item(json.dumps(body), "m-1")
    assert decode_work_item(json.dumps(dict(reversed(body.items()))), "m-2") == first
    other = decode_work_item(json.dumps(body | {"question": "How?"}), "m-3")
    assert other.item_id != first.item_id
    assert other.message.task_id == first.message.task_id


def test_a_task_without_an_id_is_its_message():
    body = json.dumps({"kind": "agent", "prompt": "x"})
    one, copy, other = (decode_work_item(body, name) for name in ("m-1", "m-1", "m-2"))
    assert one == copy
    assert one.item_id != other.item_id


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"kind": "summarize", "text": "å" * 100_001}, "200002 bytes"),
        ({"kind": "agent", "prompt": " \n"}, "prompt: it is empty"),
        ({"kind": "extract", "text": "x", "schema": {"a": "b" * 20_001}}, "20000 are the most"),
    ],
)
def test_what_is_too_large_or_empty_is_refused_with_a_word(content, words):
    with pytest.raises(MessageDecodeError) as caught:
        decode_work_item(json.dumps(content), "m-1")
    assert words in str(caught.value)
