"""Bodies of responses: streams in the shapes that servers give them, and answers in a piece."""

import json

import httpx2
import pytest

from shared.errors import ModelAnswerError
from shared.llm.chat_completions.chat_replies import find_error, read_reply
from shared.llm.chat_completions.paid_failures import read_error_usage
from shared.llm.chat_completions.server_errors.error_translation import (
    ServerFailure,
    classify_failure,
)
from shared.llm.chat_completions.streaming.response_bodies import BodyReader


def delta(finish_reason=None, **fields):
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": finish_reason}]}


def read(*chunks, kind="text/event-stream", end="data: [DONE]\n\n", piece=7):
    lines = "".join(
        chunk if isinstance(chunk, str) else f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"
        for chunk in chunks
    )
    body = (lines + end).encode()
    pieces = (body[start : start + piece] for start in range(0, len(body), piece))
    reader = BodyReader(httpx2.Response(200, headers={"content-type": kind}, content=pieces))
    return reader.read(), reader


def reply(*chunks, **stream):
    return read_reply(read(*chunks, **stream)[0], 10)


USAGE = {"choices": [], "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}}


@pytest.mark.parametrize("piece", [1, 7, 10_000])
def test_text_comes_in_pieces_and_usage_at_the_end(piece):
    chunks = (delta(role="assistant", content=""), delta(content="Seals \u2028"), ": ping\n\n")
    got = reply(*chunks, delta(content="dive\u0085."), delta("stop"), USAGE, piece=piece)
    assert got.text == "Seals \u2028dive\u0085."
    assert (got.usage.input_tokens, got.usage.output_tokens) == (12, 3)
    assert not got.cut_off


def test_a_stream_is_known_by_its_lines_where_its_type_is_wrong():
    assert reply(delta("stop", content="Seals."), kind="text/plain").text == "Seals."
    assert reply(delta("stop", content="Seals."), kind="").text == "Seals."


def test_windows_line_ends_and_an_end_without_a_mark():
    text = json.dumps(delta("stop", content="Seals."))
    assert reply(f"data:{text}\r\n\r\n", end="").text == "Seals."


@pytest.mark.parametrize(("reason", "cut_off"), [("stop", False), ("length", True), (None, True)])
def test_the_reason_of_the_end_counts_as_for_whole_answers(reason, cut_off):
    assert reply(delta(content="Seals."), delta(reason)).cut_off is cut_off


def test_thoughts_are_no_part_of_a_streamed_answer():
    chunks = [
        delta(reasoning_content="Hm."),
        delta(content="<thi"),
        delta(content="nk>Hm.</think>"),
    ]
    assert reply(*chunks, delta("stop", content="Seals.")).text.strip() == "Seals."
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]
    assert reply(delta(content=parts), delta("stop", content="Seals.")).text == "Seals."


def call(index, name=None, arguments=None, call_id=None):
    part = {"function": {"name": name, "arguments": arguments}, "id": call_id, "index": index}
    if index is None:
        del part["index"]
    return delta(tool_calls=[part])


@pytest.mark.parametrize(
    "chunks",
    [
        # OpenAI: a name first, then the arguments in parts.
        [call(0, "find", "", "a"), call(0, None, '{"q":'), call(0, None, " 1}"),
         call(1, "read", "", "b"), call(1, None, "{}")],
        # Gemini: whole calls, all of one index.
        [call(0, "find", '{"q": 1}', "a"), call(0, "read", "{}", "b")],
        # Without an index, and with the name again.
        [call(None, "find", '{"q":', "a"), call(None, "find", " 1}", "a"),
         call(None, "read", "{}", "b")],
        # openai/openai-agents-js #712 (Bedrock), microsoft/autogen #7549 (Gemini): `{}` first.
        [call(0, "find", "{}", "a"), call(0, None, '{"q": 1}'), call(1, "read", "{}", "b"),
         call(1, None, "")],
        # SillyTavern/SillyTavern #5948 (Fireworks): id and name with each part, the last empty.
        [call(0, "find", "", "a"), call(0, "find", '{"q":', "a"), call(0, "find", " 1}", "a"),
         call(0, "find", "", "a"), call(1, "read", "{}", "b"), call(1, "read", None, "b")],
        # BerriAI/litellm #20480: all of it once more at the end, as text in a text.
        [call(0, "find", '{"q": 1}', "a"), call(0, "find", json.dumps('{"q": 1}'), "a"),
         call(1, "read", "{}", "b")],
        # lidge-jun/opencodex #361: all of the arguments once more.
        [call(0, "find", "", "a"), call(0, None, '{"q": 1}'), call(0, None, '{"q": 1}'),
         call(1, "read", "{}", "b"), call(1, None, "{}")],
        # What is behind a whole call is none of it.
        [call(0, "find", '{"q": 1}', "a"), call(0, None, "\n"), call(1, "read", "{}", "b")],
        # One index and no id, and arguments that come later.
        [call(0, "find", '{"q": 1}'), call(0, "read", ""), call(0, None, "{}")],
        # One id for all calls.
        [call(0, "find", '{"q": 1}', "a"), call(0, "read", "{}", "a")],
    ],
)  # fmt: skip
def test_tool_calls_are_put_together(chunks):
    got = reply(*chunks, delta("tool_calls"))
    assert [(call.name, call.arguments) for call in got.tool_calls] == [
        ("find", '{"q": 1}'),
        ("read", "{}"),
    ]


@pytest.mark.parametrize(
    ("chunk", "failure"),
    [
        ({"error": {"message": "Rate limit reached", "code": 429}}, ServerFailure.THROTTLED),
        ({"error": {"message": "overloaded", "code": 503}}, ServerFailure.UNAVAILABLE),
        ({"error": "the request exceeds the available context size"}, ServerFailure.OVERFLOW),
        (
            'event: error\ndata: {"message": "Rate limit reached", "code": 429}\n\n',
            ServerFailure.THROTTLED,
        ),
    ],
)
def test_an_error_in_the_middle_counts_and_not_what_came_before_it(chunk, failure):
    completion, reader = read(delta(content="Seals "), chunk, delta("stop", content="dive."))
    assert reader.streamed.has_failed
    assert classify_failure(find_error(completion)) is failure


def test_an_answer_that_is_whole_has_not_failed():
    whole = delta("tool_calls", content="Seals.")
    whole["choices"][0]["native_finish_reason"] = "MALFORMED_FUNCTION_CALL"
    assert find_error(read(whole)[0]) is None


def test_answers_in_a_piece():
    whole = {"choices": [{"message": {"content": "Seals."}, "finish_reason": "stop"}]}
    for kind in ("application/json", "application/json; charset=utf-8", "text/plain"):
        assert reply(json.dumps(whole), kind=kind, end="").text == "Seals."
    assert read("<html></html>", kind="text/html", end="")[0] == "<html></html>"
    with pytest.raises(json.JSONDecodeError):
        read('{"choices', kind="application/json", end="")


def whole(message, usage):
    choices = [{"index": 0, "finish_reason": "stop", "message": message}]
    body = json.dumps({"choices": choices, "usage": usage})
    return read(body, kind="application/json", end="")[0]


@pytest.mark.parametrize("usage", ["none", [], [1], 3, True, float("nan"), {"prompt_tokens": "3"}])
def test_usage_of_another_shape_is_no_usage(usage):
    got = read_reply(whole({"content": "Seals."}, usage), 10)
    assert (got.text, got.read_tokens) == ("Seals.", 0)
    assert (got.usage.input_tokens, got.usage.estimated) == (10, True)


@pytest.mark.parametrize("message", ["Seals.", ["Seals."], 3, None])
def test_a_message_of_another_shape_is_no_answer(message):
    with pytest.raises(ModelAnswerError, match="no chat completion"):
        read_reply(whole(message, None), 10)


@pytest.mark.parametrize(("read_tokens", "counted"), [(12, 12), (float("nan"), 0), ("12", 0)])
def test_an_error_in_an_answer_tells_what_it_has_used_up_if_it_can(read_tokens, counted):
    usage = {"prompt_tokens": read_tokens, "completion_tokens": 3}
    body = json.dumps({"error": {"code": 502}, "usage": usage})
    error = find_error(read(body, kind="application/json", end="")[0])
    assert read_error_usage(error).input_tokens == counted
