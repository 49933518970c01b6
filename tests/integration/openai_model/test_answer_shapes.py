"""What comes of what servers are known to answer: a table, each row with its source."""

import functools
import json
import logging

import pytest

from shared.deadline import Deadline
from shared.errors import (
    ContextOverflowError,
    ModelAccessError,
    ModelAnswerError,
    ModelRefusalError,
    ModelRequestError,
    ModelThrottledError,
    ModelUnavailableError,
)
from shared.llm.turns import Tool, ToolsNotTakenError, TurnRequest
from tests.fakes.model.chat_behaviours import sending
from tests.fakes.model.openai_requests import SECRET_KEY, SECRET_TEXT, answer, formats, request_for
from tests.integration.openai_model.answer_shapes import (
    access_shapes,
    content_shapes,
    stream_shapes,
    turn_shapes,
)
from tests.integration.openai_model.answer_shapes import load_shapes as load
from tests.integration.openai_model.answer_shapes import reply_shapes as replies
from tests.integration.openai_model.answer_shapes.rows import ANSWER, MADE
from tests.integration.openai_model.conftest import model_of

ERRORS = [
    *access_shapes.ROWS,
    *content_shapes.REFUSED,
    *content_shapes.OVERFLOWS,
    *content_shapes.UNUSABLE,
    *load.THROTTLED,
    *load.UNAVAILABLE,
    *load.REQUESTS,
    *replies.FAILURES,
]
REPLIES = [*replies.REASONS, *replies.THOUGHTS, *replies.BILLS]
TABLE = [
    *ERRORS,
    *REPLIES,
    *stream_shapes.ROWS,
    *turn_shapes.ROWS,
    *access_shapes.FIRST,
    *content_shapes.ROOMS,
    *load.FORMATS,
    *load.TOOLS,
]

OUTCOMES = {
    "access": ModelAccessError,
    "refused": ModelRefusalError,
    "overflow": ContextOverflowError,
    "unusable": ModelAnswerError,
    "throttled": ModelThrottledError,
    "unavailable": ModelUnavailableError,
    "request": ModelRequestError,
}
# As often as one call is tried.
TRIES = 3
TOOL = Tool("look", "Look somewhere.", {"type": "object", "properties": {}})


@pytest.fixture
def server(lasting_server):
    lasting_server.forget()
    return lasting_server


@pytest.fixture
def build(lasting_client, waits):
    return functools.partial(model_of, lasting_client, waits)


def rows(table):
    return pytest.mark.parametrize(
        "row", [pytest.param(row, id=f"{place}-{row.source}") for place, row in enumerate(table)]
    )


def take_turn(model):
    request = TurnRequest("agent", "Do as asked.", "Find it.", (), (TOOL,), 500)
    return model.take_turn(request, Deadline.after(30))


def test_the_table_is_long_and_every_row_is_another():
    sourced = [row.source for row in TABLE if row.source != MADE]
    assert len(sourced) >= 180
    assert len(set(sourced)) == len(sourced)


@rows(ERRORS)
def test_errors(model, server, caplog, row):
    # A server that has answered before: its objections are no dislike of a format.
    answer(model)
    caplog.set_level(logging.INFO)
    server.script(*[row.behaviour] * TRIES)
    with pytest.raises(OUTCOMES[row.outcome]) as caught:
        answer(model)
    assert type(caught.value) is OUTCOMES[row.outcome]
    assert caught.value.__cause__ is None
    if row.delay_seconds is not None:
        assert caught.value.delay_seconds == pytest.approx(row.delay_seconds)
    if row.outcome not in ("throttled", "unavailable"):
        assert len(server.calls) == 2
    said = caplog.text + str(caught.value) + "".join(str(vars(r)) for r in caplog.records)
    assert SECRET_TEXT not in said
    assert SECRET_KEY not in said


@rows([row for row in ERRORS if row.outcome in ("access", "refused", "overflow", "unusable")])
def test_only_a_setting_stops_the_calls_after_it(model, server, row):
    answer(model)
    server.script(row.behaviour)
    with pytest.raises(OUTCOMES[row.outcome]):
        answer(model)
    if row.outcome == "access":
        with pytest.raises(ModelAccessError, match="a short while ago"):
            answer(model)
        assert len(server.calls) == 2
    else:
        answer(model)
        assert len(server.calls) == 3


@rows(REPLIES)
def test_answers(model, server, row):
    server.script(*[row.behaviour] * 2)
    if row.outcome == "whole":
        got = answer(model)
        assert got.value.title == "Answer"
        assert len(server.calls) == 1
        assert row.output_tokens in (None, got.usage.output_tokens)
        return
    error = ModelRefusalError if row.outcome == "refused" else ModelAnswerError
    with pytest.raises(error, match="cut off" if row.outcome == "cut_off" else None) as caught:
        answer(model)
    assert len(server.calls) == caught.value.calls == (1 if row.outcome == "refused" else 2)


@rows(REPLIES)
def test_turns(model, server, row):
    server.script(*[row.behaviour] * 2)
    if row.outcome == "whole":
        turn = take_turn(model).turn
        assert '"Answer"' in turn.text
        assert "Draft" not in turn.text
        assert not any(mark in turn.text for mark in ("think", "<|", "|>", "unused", "THINK"))
        return
    error = ModelRefusalError if row.outcome == "refused" else ModelAnswerError
    with pytest.raises(error, match="cut off" if row.outcome == "cut_off" else None):
        take_turn(model)


@rows(stream_shapes.ROWS)
def test_streams(model, server, row):
    answer(model)
    server.script(*[row.behaviour] * TRIES)
    if row.outcome == "whole":
        got = answer(model)
        assert (got.value.title, got.usage.calls, got.usage.estimated) == ("Answer", 1, False)
        assert take_turn(model).turn.text == ANSWER
        assert len(server.calls) == 3
        return
    with pytest.raises(OUTCOMES[row.outcome]) as caught:
        answer(model)
    assert type(caught.value) is OUTCOMES[row.outcome]


@rows(turn_shapes.ROWS)
def test_turns_that_call(model, server, row):
    server.script(row.behaviour)
    if row.text is None and not row.calls:
        with pytest.raises(ModelAnswerError):
            take_turn(model)
        return
    turn = take_turn(model).turn
    assert turn.text == (row.text or "")
    assert [(call.name, json.loads(call.arguments)) for call in turn.calls] == (
        [("look", {"where": "here"})] if row.calls else []
    )


@rows(access_shapes.FIRST)
def test_what_is_rejected_before_any_answer_is_a_setting(model, server, row):
    server.script(*[row.behaviour] * 4)
    with pytest.raises(ModelAccessError):
        answer(model)
    with pytest.raises(ModelAccessError, match="a short while ago"):
        answer(model)
    assert formats(server) == ["json_schema", "json_schema", "json_object", "text"]


@rows(content_shapes.ROOMS)
def test_an_answer_that_may_not_be_so_long_is_asked_for_shorter(build, server, row):
    server.script(sending(400, row.body))
    request = request_for("Seals rest on sand.", max_output_tokens=row.asked_tokens)
    answer(build(window=1_000_000), request)
    rooms = [call.body["max_tokens"] for call in server.calls]
    assert rooms == [row.asked_tokens, row.limit_tokens]


@rows(load.FORMATS)
def test_a_format_that_is_not_known_is_left(model, server, row):
    server.script(row.behaviour)
    assert answer(model).value.title == "Seals"
    assert formats(server) == ["json_schema", "json_object"]


@rows(load.TOOLS)
def test_tools_that_are_not_known_are_left(model, server, row):
    server.script(row.behaviour)
    with pytest.raises(ToolsNotTakenError):
        take_turn(model)


@rows([row for row in content_shapes.UNUSABLE if row.status != 200])
def test_a_call_that_a_model_wrote_badly_does_not_mean_that_there_are_no_tools(model, server, row):
    server.script(row.behaviour)
    with pytest.raises(ModelAnswerError):
        take_turn(model)
    assert take_turn(model).turn.calls
