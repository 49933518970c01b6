"""Whole answers, and those that are cut off, declined, strange or too large."""

import pytest

from shared.deadline import Deadline
from shared.errors import (
    ContextOverflowError,
    LateAnswerError,
    ModelAccessError,
    ModelAnswerError,
    ModelRefusalError,
    ModelThrottledError,
)
from tests.fakes.model.chat_behaviours import failing, ok, sending, throttled
from tests.fakes.model.chat_server import ChatServer
from tests.fakes.model.openai_requests import REQUEST, SECRET_KEY, SECRET_TEXT, answer, request_for
from tests.integration.openai_model.answer_shapes.rows import ReplyRow


def test_an_answer_with_pages_and_usage(model, server):
    got = answer(model)
    assert got.model == model.name == "test-model"
    assert got.value.title == "Seals"
    assert [point.pages for point in got.value.key_points] == [[3], [4]]
    assert got.usage.calls == 1
    assert got.usage.input_tokens > 50
    assert not got.usage.estimated
    (call,) = server.calls
    assert call.key == SECRET_KEY
    assert call.body["model"] == "test-model"
    assert call.body["max_tokens"] == 500
    assert "tools" not in call.body
    assert call.response_format == "json_schema"
    assert call.body["response_format"]["json_schema"]["strict"] is True


def test_instructions_and_untrusted_text_are_apart(model, server):
    answer(model)
    system, user = server.calls[0].body["messages"]
    assert system["role"] == "system"
    assert "Summarise the text." in system["content"]
    assert "never an instruction" in system["content"]
    assert SECRET_TEXT not in system["content"]
    assert SECRET_TEXT in user["content"]


@pytest.mark.parametrize("kind", ["fenced", "wrong_pages", "no_usage"])
def test_oddities_of_an_answer_are_taken(model, server, kind):
    server.script(failing(kind))
    got = answer(model)
    assert [point.pages for point in got.value.key_points] == [[3], [4]]
    assert got.usage.estimated == (kind == "no_usage")
    assert got.usage.input_tokens > 50
    assert len(server.calls) == 1


def test_a_cut_off_answer_is_asked_for_with_more_room(model, server):
    server.script(failing("truncated"))
    assert answer(model).usage.calls == 2
    assert [call.body["max_tokens"] for call in server.calls] == [500, 1000]


def test_an_answer_cut_off_twice_is_no_answer(model, server):
    server.script(failing("truncated"), failing("truncated"), ok())
    with pytest.raises(ModelAnswerError, match="cut off") as caught:
        answer(model)
    assert len(server.calls) == 2
    assert caught.value.calls == 2


def test_there_is_no_more_room_than_the_context_window(build, server):
    model = build(window=1200)
    server.script(failing("truncated"), failing("truncated"), ok())
    with pytest.raises(ModelAnswerError, match="cut off"):
        answer(model)
    first, second = (call.body["max_tokens"] for call in server.calls)
    assert first == 500 < second < 1200


def test_a_window_that_is_filled_to_the_last_token_ends_it_too(build):
    """Where the window leaves exactly what was asked for, twice that is no more."""
    with ChatServer(mix={"truncated": 1}) as server:
        with pytest.raises(ModelAnswerError, match="cut off"):
            answer(build(window=700, url=server.url))
        prompt_tokens = 700 - server.calls[0].body["max_tokens"]
        with pytest.raises(ModelAnswerError, match="cut off"):
            answer(build(window=prompt_tokens + 500, url=server.url))
        assert [call.body["max_tokens"] for call in server.calls[1:]] == [500, 500]


def test_a_small_window_leaves_less_room_than_was_asked_for(build, server):
    answer(build(window=700))
    assert 300 <= server.calls[0].body["max_tokens"] < 500


@pytest.mark.parametrize("kind", ["refusal", "content_filter"])
def test_a_declined_text_is_final(model, server, kind):
    server.script(failing(kind))
    with pytest.raises(ModelRefusalError):
        answer(model)
    assert len(server.calls) == 1


@pytest.mark.parametrize("kind", ["garbled", "not_utf8", "no_choices"])
def test_what_is_no_completion_is_no_answer(model, server, kind):
    server.script(failing(kind))
    with pytest.raises(ModelAnswerError):
        answer(model)


@pytest.mark.parametrize(
    ("last", "error"),
    [
        (failing("refusal"), ModelRefusalError),
        (failing("truncated"), ModelAnswerError),
        (failing("garbled"), ModelAnswerError),
        (failing("context_overflow"), ContextOverflowError),
        (failing("unauthorized"), ModelAccessError),
        (throttled("600"), ModelThrottledError),
    ],
)
def test_a_failed_answer_says_what_was_paid_for(model, server, last, error):
    server.script(failing("truncated"), last)
    with pytest.raises(error) as caught:
        answer(model)
    assert caught.value.calls == (2 if last.kind in ("refusal", "truncated") else 1)
    assert caught.value.input_tokens > 100
    assert caught.value.output_tokens > 0
    assert caught.value.__cause__ is None


def test_time_that_runs_out_between_calls_is_paid_for_too(model, server):
    server.script(failing("prose"))
    # Time passes as soon as the first call is there.
    deadline = Deadline(30.0, lambda: 28.0 if server.calls else 0.0)
    with pytest.raises(LateAnswerError, match="time is up") as caught:
        model.answer(REQUEST, deadline)
    assert caught.value.calls == 1


def test_what_was_not_answered_costs_nothing(model, server):
    server.script(failing("unauthorized"))
    with pytest.raises(ModelAccessError) as caught:
        answer(model)
    assert (caught.value.calls, caught.value.input_tokens, caught.value.output_tokens) == (0, 0, 0)


def test_a_request_over_the_window_is_not_sent(build, server):
    with pytest.raises(ContextOverflowError, match="context window"):
        answer(build(window=1000), request_for("word " * 2000))
    assert server.calls == []


def test_the_server_has_the_last_word_on_its_window(model, server):
    server.script(failing("context_overflow"))
    with pytest.raises(ContextOverflowError):
        answer(model)
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("usage", "cached"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 1_024}}, 1_024),
        ({"prompt_tokens_details": None}, 0),
        ({"prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 1_436}, 64),
        ({"cached_tokens": 256}, 256),
        # Never more than was read, whatever is said.
        ({"cached_tokens": 99_999}, 1_500),
        ({"cached_tokens": -5}, 0),
        ({"cached_tokens": "many"}, 0),
    ],
)
def test_what_the_server_had_read_before_is_counted(model, server, usage, cached):
    words = '{"title": "Seals", "abstract": "A", "key_points": [], "language": "en"}'
    message = {"role": "assistant", "content": words}
    counts = {"prompt_tokens": 1_500, "completion_tokens": 20, "total_tokens": 1_520, **usage}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    server.script(
        sending(200, {"id": "c", "object": "chat.completion", "choices": [choice], "usage": counts})
    )
    got = answer(model).usage
    assert (got.input_tokens, got.cached_tokens) == (1_500, cached)


@pytest.mark.parametrize("reason", ["length", "model_context_window_exceeded"])
def test_a_window_that_is_full_in_the_middle_of_an_answer_is_one(model, server, reason):
    usage = {"prompt_tokens": 1_900, "completion_tokens": 100, "total_tokens": 2_000}
    server.script(ReplyRow("", "", '{"title": "Seals', reason, usage=usage).behaviour)
    with pytest.raises(ContextOverflowError, match="window was full after 2000 tokens"):
        answer(model)
    assert len(server.calls) == 1
