"""Fields of documents by a JSON Schema, through the real worker on moto."""

import json

import pytest

from shared.lifecycle import TaskStatus
from tests.fakes.desks.command_line import open_command_line
from tests.fakes.desks.task_desk import HARBOUR_PAGES, HARBOUR_SCHEMA, open_task_desk
from tests.fakes.model.chat_behaviours import saying
from tests.fakes.pdf.pdf_files import make_text_pdf


def test_fields_come_with_their_pages_and_missing_ones_are_named(desk):
    document = desk.put("skagen.pdf", make_text_pdf(*HARBOUR_PAGES))
    answer = {
        "opened": {"value": "1907", "source": 1},
        "depth_m": {"value": 7.5, "source": 99},
        "owner": {"value": None, "source": None},
    }
    desk.server.script(saying(json.dumps(answer)))
    task = desk.do("extract", id="e", document="skagen.pdf", schema=HARBOUR_SCHEMA)
    result = desk.result(task)
    # A source that was not given says nothing.
    assert result["fields"] == {"opened": "1907", "depth_m": None, "owner": None}
    assert result["pages"] == {"opened": 1}
    assert result["missing"] == ["depth_m", "owner"]
    assert result["is_complete"] is False
    assert result["document_id"] == document.document_id
    assert "| opened | 1907 | 1 |" in desk.markdown(task)
    # The answer is kept, floats and all: the same task under another id is not asked again.
    calls = len(desk.server.calls)
    again = desk.do("extract", id="e-2", document="skagen.pdf", schema=HARBOUR_SCHEMA)
    assert desk.result(again)["fields"] == result["fields"]
    assert again.cost_micro_usd == 0
    assert len(desk.server.calls) == calls


def test_a_value_that_does_not_fit_the_schema_is_asked_for_once_more(desk):
    wrong = {"opened": {"value": "1907", "source": 1}, "depth_m": {"value": 0, "source": 1}}
    right = {"opened": {"value": "1907", "source": 1}, "depth_m": {"value": 2, "source": 1}}
    owner = {"owner": {"value": "the town", "source": 1}}
    desk.server.script(saying(json.dumps(wrong | owner)), saying(json.dumps(right | owner)))
    text = "It is 2 m deep, opened in 1907, and belongs to the town."
    result = desk.result(desk.do("extract", text=text, schema=HARBOUR_SCHEMA))
    assert result["fields"]["depth_m"] == 2
    assert result["pages"] == {}
    assert result["is_complete"] is True
    complaint = desk.server.calls[-1].body["messages"][-1]["content"]
    assert "does not fit minimum 1" in complaint


def test_only_what_its_page_says_is_a_value(desk):
    line = {
        "type": "object",
        "properties": {"what": {"type": "string"}, "fee": {"type": "number"}},
        "required": ["fee"],
    }
    properties = {
        "name": {"type": "string"},
        "opened": {"type": "string", "format": "date"},
        "lines": {"type": "array", "items": line},
    }
    schema = {"type": "object", "properties": properties, "required": ["name"]}
    answer = {
        "name": {"value": "Skagen Havn", "source": 1},
        "opened": {"value": "1907-03-01", "source": 1},
        "lines": [
            {"source": 1, "rows": [{"what": "Mooring", "fee": 12.5}]},
            {"source": 2, "rows": [{"what": "Crane", "fee": 99}]},
        ],
    }
    desk.put(
        "fees.pdf",
        make_text_pdf("Opened on 1 March 1907.\nMooring: 12,50 EUR", "Crane: on request"),
    )
    desk.server.script(saying(json.dumps(answer)))
    result = desk.result(desk.do("extract", document="fees.pdf", schema=schema))
    assert result["fields"] == {
        "name": None,
        "opened": "1907-03-01",
        "lines": [{"what": "Mooring", "fee": 12.5}, {"what": "Crane", "fee": None}],
    }
    assert result["missing"] == ["name", "lines[1].fee"]
    assert result["is_complete"] is False
    assert result["pages"] == {"opened": 1, "lines": 1}
    assert result["rows"]["lines"] == [
        {"page": 1, "words": "Mooring: 12,50 EUR", "level": "other_form"},
        {"page": 2, "words": "Crane: on request", "level": "word_for_word"},
    ]
    assert result["levels"] == {"opened": "other_form"}


def test_what_no_page_bears_out_is_shown_for_a_review_and_nowhere_else(desk, tmp_path):
    answer = {
        "opened": {"value": "1907", "source": 1},
        "depth_m": {"value": 7.5, "source": 1},
        "owner": {"value": "Harbour Trust", "source": 2},
    }
    desk.put("skagen.pdf", make_text_pdf(*HARBOUR_PAGES))
    desk.server.script(saying(json.dumps(answer)))
    task = desk.do("extract", id="r", document="skagen.pdf", schema=HARBOUR_SCHEMA)
    result = desk.result(task)
    assert result["levels"] == {"opened": "word_for_word"}
    assert result["not_borne_out"] == 2
    assert "Trust" not in json.dumps(result) + desk.markdown(task)
    candidates = [
        {"path": "depth_m", "value": 7.5, "pages": [1]},
        {"path": "owner", "value": "Harbour Trust", "pages": [2]},
    ]
    with open_command_line(desk.account) as seashore:
        shown = seashore("show", "r", "--review").stdout
        assert "owner: Harbour Trust (p. 2)" in shown
        assert "Trust" not in seashore("show", "r").stdout
        assert (
            json.loads(seashore("show", "r", "--review", "--json").stdout)["candidates"]
            == candidates
        )
        assert "candidates" not in json.loads(seashore("show", "r", "--json").stdout)
        copied = seashore("download", "r", tmp_path).stdout
        assert "result.json" in copied
        assert "review" not in copied
        # Of a result in which all stands, there is nothing to look at.
        del answer["owner"], answer["depth_m"]
        desk.server.script(saying(json.dumps(answer)))
        desk.do("extract", id="r-2", text="It opened in 1907.", schema=HARBOUR_SCHEMA)
        assert "stands on its page" in seashore("show", "r-2", "--review").stdout


def test_a_document_beyond_the_window_is_read_in_parts_and_differing_pages_once_more():
    filler = "\n".join(["words about nothing in particular and still more of them"] * 30)
    pages = [f"Page {number} is not like others. {filler}" for number in range(1, 13)]
    with open_task_desk(context_window_tokens=7_000) as desk:
        desk.put("long.pdf", make_text_pdf(*pages))
        calls = len(desk.server.calls)
        schema = {"type": "object", "properties": {"a": {"type": "string"}}}
        task = desk.do("extract", document="long.pdf", schema=schema)
        asked = [call.body["messages"][1]["content"] for call in desk.server.calls[calls:]]
        assert task.status is TaskStatus.DONE
        assert len(asked) == 4
        result = desk.result(task)
        assert result["fields"]["a"] == "Page 1 is not like others."
        assert [one["pages"] for one in result["conflicts"]["a"]] == [[1], [6], [11]]
        assert "a is told differently: Page 1 is not like others" in desk.markdown(task)
        read = "".join(asked[:-1])
        assert all(f", page {number}\n" in read for number in range(1, 13))
        assert asked[-1].count("BEGIN ") == 3


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array"},
        {"type": "object", "properties": {"a": {"type": "string", "pattern": "(a+)+$"}}},
        {"type": "object", "properties": {"a": {"type": "strong"}}},
    ],
)
def test_a_schema_that_is_not_taken_is_refused_with_a_sentence(desk, schema):
    task = desk.do("extract", text="x", schema=schema)
    assert task.status is TaskStatus.FAILED
    assert task.reason.startswith("the schema ")
    assert desk.server.calls == []
