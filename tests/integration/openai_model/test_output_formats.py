"""Asking for structured output of servers that know all, some or none of it."""

import json

import pytest

from shared.errors import ModelAnswerError, ModelUnavailableError
from shared.llm.prompt_rendering import render_prompt
from tests.fakes.model.chat_behaviours import failing, ok, saying, sending
from tests.fakes.model.chat_server import ChatServer
from tests.fakes.model.openai_requests import REQUEST, answer, formats
from tests.integration.openai_model.answer_shapes.rows import DRAFT, ReplyRow
from tests.integration.openai_model.answer_shapes.stream_shapes import COUNTED, chunk, events

UNBOUNDED_THEN = ["json_schema", "json_object"]


@pytest.mark.parametrize(
    ("traits", "steps", "last"),
    [
        # Where it does not say what it is that it does not take, it may be the bounds alone.
        ({"json_schema_status": 500}, ["json_schema", *UNBOUNDED_THEN], "json_object"),
        ({"json_schema_status": 400}, ["json_schema", "json_object"], "json_object"),
        ({"json_schema_status": 501}, ["json_schema", *UNBOUNDED_THEN], "json_object"),
        (
            {"json_schema_status": 500, "json_object_status": 400},
            ["json_schema", *UNBOUNDED_THEN, "text"],
            "text",
        ),
        (
            {"json_schema_status": 422, "json_object_status": 422},
            ["json_schema", "json_object", "text"],
            "text",
        ),
        ({"ignores_format": True}, ["json_schema", "json_object"], None),
    ],
)
def test_the_ladder_is_gone_down_once_and_remembered(build, waits, traits, steps, last):
    with ChatServer(**traits) as server:
        model = build(url=server.url)
        if last is None:
            with pytest.raises(ModelAnswerError, match="no JSON object"):
                answer(model)
            assert formats(server) == steps
            return
        assert answer(model).value.title == "Seals"
        assert formats(server) == steps
        answer(model)
        assert formats(server) == [*steps, last]
    assert waits.seconds == []


def test_the_schema_is_in_the_prompt_where_the_server_does_not_enforce_it(build):
    with ChatServer(json_schema_status=500) as server:
        answer(build(url=server.url))
        *_, first, second = (call.body["messages"][1]["content"] for call in server.calls)
    assert "key_points" not in first
    assert "key_points" in second


def test_an_internal_error_on_every_step_is_an_outage(build, waits):
    with ChatServer(mix={"error_500": 1}) as server:
        with pytest.raises(ModelUnavailableError) as caught:
            answer(build(url=server.url))
        assert formats(server) == ["json_schema", *UNBOUNDED_THEN, "text", "text", "text"]
    assert caught.value.delay_seconds == 30
    assert caught.value.reason == "model_unavailable"
    assert len(waits.seconds) == 2


def test_an_internal_error_is_an_outage_once_the_step_has_served(model, server):
    answer(model)
    server.script(*[failing("error_500")] * 3)
    with pytest.raises(ModelUnavailableError):
        answer(model)
    assert formats(server) == ["json_schema"] * 4


def test_a_step_left_on_suspicion_is_tried_again_later(build, server):
    now = [1000.0]
    model = build(clock=lambda: now[0])
    server.script(failing("error_500"), failing("error_500"))
    answer(model)
    answer(model)
    assert formats(server) == ["json_schema", *UNBOUNDED_THEN, "json_object"]
    now[0] += 601
    answer(model)
    answer(model)
    assert formats(server)[4:] == ["json_schema", "json_schema"]
    assert all(map(_has_bounds, server.calls[4:]))


NO_BOUNDS = (
    (400, "Invalid schema for response_format 'Summary': 'minLength' is not permitted."),
    (400, "Failed to initialize samplers: number of repetitions exceeds sane defaults"),
    (422, "Unsupported keyword: maxItems"),
)


@pytest.mark.parametrize(("status", "message"), NO_BOUNDS)
def test_bounds_that_a_server_names_are_left_out_from_then_on(model, server, status, message):
    answer(model)
    server.script(sending(status, {"error": {"message": message}}))
    answer(model)
    answer(model)
    assert formats(server) == ["json_schema"] * 4
    assert [_has_bounds(call) for call in server.calls] == [True, True, False, False]


def test_bounds_are_left_out_before_the_schema_and_tried_again_after_a_while(build, server):
    now = [1000.0]
    model = build(clock=lambda: now[0])
    server.script(failing("error_500"))
    answer(model)
    answer(model)
    now[0] += 601
    answer(model)
    assert formats(server) == ["json_schema"] * 4
    assert [_has_bounds(call) for call in server.calls] == [True, False, False, True]


def _has_bounds(call):
    return "minLength" in json.dumps(call.body["response_format"])


def test_an_answer_that_repeats_the_prompts_own_lines_is_misshapen(model, server):
    line = render_prompt(REQUEST, "").user.splitlines()[2]
    assert line.startswith("BEGIN ")
    echo = {"title": line, "abstract": "A", "key_points": [], "language": "en"}
    server.script(saying(json.dumps(echo)))
    assert answer(model).value.title == "Seals"
    assert "repeats the lines" in server.calls[1].body["messages"][3]["content"]


@pytest.mark.parametrize("kind", ["bad_json", "prose"])
def test_a_misshapen_answer_is_asked_for_once_more(model, server, kind):
    server.script(failing(kind))
    got = answer(model)
    assert got.usage.calls == 2
    second = server.calls[1].body["messages"]
    assert [message["role"] for message in second] == ["system", "user", "assistant", "user"]
    assert "does not fit" in second[3]["content"]


def test_a_misshapen_answer_is_asked_for_only_once_more(model, server):
    server.script(failing("prose"), failing("bad_json"), ok())
    with pytest.raises(ModelAnswerError, match="no JSON object") as caught:
        answer(model)
    assert len(server.calls) == 2
    assert caught.value.calls == 2
    assert caught.value.input_tokens > 0
    assert caught.value.output_tokens > 0


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_who_holds_thoughts_to_the_format_is_asked_without_one(server, model, field):
    # lmstudio-ai/lmstudio-bug-tracker #1773 (Qwen 3.5), vllm-project/vllm #16182 and #19222.
    server.script(ReplyRow("", "", "", message={field: DRAFT}).behaviour)
    assert answer(model).value.title == "Seals"
    answer(model)
    assert formats(server) == ["json_schema", "text", "text"]
    streamed = events(chunk({field: DRAFT}), chunk({}, "stop"), COUNTED, "[DONE]")
    asked = server.calls[1].body["messages"][1]["content"]
    assert "does not fit: it is empty. Give it again" in asked
    assert "Draft" not in asked
    server.forget()
    server.script(sending(200, streamed))
    answer(model)
    assert formats(server) == ["text", "text"]


def test_who_gives_thoughts_alone_whatever_is_asked_for_is_named(server, model):
    # vllm-project/vllm #19839: a reasoning parser that is another model's.
    server.script(*[ReplyRow("", "", "", message={"reasoning_content": DRAFT}).behaviour] * 2)
    with pytest.raises(ModelAnswerError, match="has it the reasoning parser of this model"):
        answer(model)
    assert formats(server) == ["json_schema", "text"]


def test_thoughts_alone_are_doubted_for_ten_minutes_and_not_where_a_format_has_served(
    server, build
):
    now = [0.0]
    model = build(clock=lambda: now[0])
    alone = ReplyRow("", "", "", message={"reasoning_content": DRAFT}).behaviour
    server.script(alone)
    answer(model)
    now[0] += 601
    answer(model)
    server.script(alone)
    answer(model)
    assert formats(server) == ["json_schema", "text", *["json_schema"] * 3]
