"""`seashore chat` against a server that answers as the API does."""

import io
import json
from functools import partial

import pytest
from rich.console import Console
from typer.testing import CliRunner

from infra.cli.app import app
from infra.cli.chat.api_client import ApiClient
from infra.cli.chat.chat import run_chat
from infra.cli.exit_codes import ExitCode
from infra.cli.output import Output
from infra.stacks import Stack
from shared.errors import ApiRefusalError
from tests.fakes.aws.cloudformation_server import serve_stack
from tests.fakes.desks.scripted_api import KEY, KEY_ID, serve_scripted_api

ANSWER = {
    "message": "The harbour opened in 1907.\n\nThe auction begins at six.",
    "thread_id": "t-1",
    "request_id": "r-1",
    "steps": [
        {"tool": "search_pages", "arguments": '{"words": "harbour"}', "is_error": False},
        {"tool": "read_pages", "arguments": "{" + "x" * 300, "is_error": True},
    ],
    "usage": {"model": "a-model", "input_tokens": 100, "output_tokens": 20, "cost_usd": 0.0012},
    "sources": [{"document_id": "d1", "key": "harbour.pdf", "pages": "1-2"}],
    "stopped_by": "answer",
}


@pytest.fixture
def api():
    with serve_scripted_api() as api:
        yield api


@pytest.fixture
def outputs(api):
    return {"ApiUrl": f"{api.address}/v1", "ApiKeyId": KEY_ID, "ApiAuthorizer": "none"}


@pytest.fixture
def chat(api, outputs, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_API_GATEWAY", api.address)
    monkeypatch.setenv("SEASHORE_STACK", "pipeline")

    def run(*arguments, command="chat", **more):
        with serve_stack("pipeline", outputs) as address:
            monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", address)
            return CliRunner().invoke(app, [command, *arguments], **more)

    return run


def test_an_answer_goes_to_stdout_and_the_steps_to_stderr(api, chat):
    api.script(200, {"thread_id": "t-1"})
    api.script(200, ANSWER)
    result = chat("When did it open?", "--thread", "t-1")
    assert result.exit_code == 0, result.output
    assert result.stdout == "The harbour opened in 1907.\n\nThe auction begins at six.\n"
    assert '  search_pages {"words": "harbour"}\n' in result.stderr
    assert "x… was refused\n" in result.stderr
    assert "Read: harbour.pdf p. 1-2\n" in result.stderr
    assert "conversation t-1 · a-model · 120 tokens · $0.0012\n" in result.stderr
    look, (method, path, headers, body) = api.requests
    assert look[:2] == ("GET", "/v1/threads/t-1")
    assert (method, path, headers["x-api-key"]) == ("POST", "/v1/chat", KEY)
    assert json.loads(body) == {"message": "When did it open?", "thread_id": "t-1"}


def test_a_mistyped_conversation_is_told_and_none_is_begun(api, chat):
    api.refuse(404, "not_found", "there is no such conversation")
    result = chat("When did it open?", "--thread", "t 1/x")
    assert result.exit_code == ExitCode.UNKNOWN_DOCUMENT
    assert "There is no conversation 't 1/x': `seashore conversations` lists yours" in result.stderr
    assert [request[:2] for request in api.requests] == [("GET", "/v1/threads/t%201%2Fx")]


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_a_message_is_read_from_stdin(api, chat, arguments):
    api.script(200, ANSWER)
    assert chat(*arguments, input="Why?\nAnd when?\n").exit_code == 0
    assert json.loads(api.requests[0][3]) == {"message": "Why?\nAnd when?\n"}


def test_json_is_the_answer_as_it_is(api, chat):
    api.script(200, ANSWER)
    assert json.loads(chat("Why?", "--json").stdout) == ANSWER


def test_an_escape_sequence_in_an_answer_does_not_reach_the_terminal(api, chat):
    step = {"tool": "\x1b[2J", "arguments": "\x1b]0;x\x07", "is_error": False}
    api.script(200, {**ANSWER, "message": "a\x1b[31mb", "steps": [step]})
    result = chat("Why?")
    assert "\x1b" not in result.output


def test_a_limit_that_cut_the_answer_short_is_told(api, chat):
    api.script(200, {**ANSWER, "stopped_by": "steps"})
    assert "cut short by the limit of steps" in chat("Why?").stderr


@pytest.mark.parametrize(
    ("status", "code", "message", "hint", "headers", "said"),
    [
        (
            403, "forbidden", "the API key is missing or wrong", "Send the key.", {},
            "The API answered 403: the API key is missing or wrong. Send the key.",
        ),
        (
            429, "throttled", "there are too many requests at once", "Try again.",
            {"Retry_After": "7"}, "Try again. (Retry-After: 7 s)",
        ),
        (
            504, "timeout", "the time was up", "Send it as a task.", {},
            "The API answered 504: the time was up. Send it as a task.",
        ),
        (409, "conversation_busy", "it is busy", None, {}, "The API answered 409: it is busy."),
    ],
)  # fmt: skip
def test_a_refusal_is_one_line_with_what_to_do(
    api, chat, status, code, message, hint, headers, said
):
    api.refuse(status, code, message, hint, **headers)
    result = chat("Why?")
    assert result.exit_code == ExitCode.FAILED
    assert said in result.stderr
    assert "(request request-1)" in result.stderr
    assert result.stdout == ""


def test_a_refusal_of_another_shape_is_told_too(api, chat):
    # Names of headers as API Gateway writes them, and as some proxy may.
    api.script(503, b"<html>busy", **{"x_amzn_RequestId": "r-9", "retry_after": "3"})
    result = chat("Why?")
    assert result.exit_code == ExitCode.FAILED
    assert "503: <html>busy. (Retry-After: 3 s) (request r-9)" in result.stderr


def test_an_answer_that_breaks_off_is_told(api, chat):
    api.script(200, ANSWER, Content_Length="9999")
    result = chat("Why?")
    assert result.exit_code == ExitCode.FAILED
    assert "cannot be reached" in result.stderr


def test_what_is_no_api_is_told(api, chat):
    api.script(200, b"<html>")
    result = chat("Why?")
    assert result.exit_code == ExitCode.FAILED
    assert "is not the API of a stack" in result.stderr


def test_a_stack_without_an_api_is_told(chat, outputs):
    outputs.pop("ApiUrl")
    result = chat("Why?")
    assert result.exit_code == ExitCode.UNKNOWN_STACK
    assert "deploy it again" in result.stderr


def test_a_key_that_is_gone_is_told(chat, outputs):
    outputs["ApiKeyId"] = "gone"
    assert chat("Why?").exit_code == ExitCode.AWS_REFUSED


def test_an_api_that_cannot_be_reached_is_told(chat, outputs):
    outputs["ApiUrl"] = "http://127.0.0.1:9/v1"
    result = chat("Why?")
    assert result.exit_code == ExitCode.FAILED
    assert "cannot be reached" in result.stderr


def test_an_empty_message_is_not_sent(api, chat):
    assert chat(input=" \n").exit_code == ExitCode.USAGE
    assert chat("").exit_code == ExitCode.USAGE
    assert api.requests == []


def test_requests_are_signed_where_the_api_wants_it(api, chat, outputs):
    outputs["ApiAuthorizer"] = "iam"
    api.script(200, ANSWER)
    assert chat("Why?").exit_code == 0
    authorization = api.requests[0][2]["authorization"]
    assert authorization.startswith("AWS4-HMAC-SHA256 Credential=testing/")
    assert "/eu-west-1/execute-api/aws4_request" in authorization
    assert "x-api-key" in authorization


def test_a_user_of_the_pool_is_told_apart(api, chat, outputs, monkeypatch):
    outputs["ApiAuthorizer"] = "cognito"
    result = chat("Why?")
    assert result.exit_code == ExitCode.FAILED
    assert "set SEASHORE_ID_TOKEN" in result.stderr
    monkeypatch.setenv("SEASHORE_ID_TOKEN", "a-token")
    api.script(200, ANSWER)
    assert chat("Why?").exit_code == 0
    assert api.requests[0][2]["authorization"] == "a-token"


# ---- A conversation on a terminal


class Terminal(Output):
    """Both streams on one terminal of 40 columns."""

    def __init__(self):
        self.file = io.StringIO()
        make = partial(Console, file=self.file, force_terminal=True, width=40, color_system=None)
        self.results = make(markup=False, emoji=False, highlight=False)
        self.talk = make(markup=False, emoji=False, highlight=False)


class Typed(io.StringIO):
    """What somebody types at a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def converse(api, monkeypatch):
    def run(typed, thread_id=None):
        stdin = Typed(typed) if isinstance(typed, str) else typed
        monkeypatch.setattr("sys.stdin", stdin)
        terminal, pauses = Terminal(), []
        client = ApiClient(Stack("pipeline", "eu-west-1", None, None, {}), api.address, KEY)
        code = run_chat(
            client, None, thread_id, as_json=False, output=terminal, sleep=pauses.append
        )
        return code, terminal.file.getvalue(), pauses

    return run


def test_a_conversation_goes_on_in_its_thread_and_is_revealed_word_by_word(api, converse):
    long = "word " * 200
    api.script(200, ANSWER)
    api.script(200, {**ANSWER, "message": long})
    code, shown, pauses = converse("When?\nWhy?\n\n")
    assert code is ExitCode.OK
    bodies = [json.loads(body) for _, _, _, body in api.requests]
    assert bodies == [{"message": "When?"}, {"message": "Why?", "thread_id": "t-1"}]
    assert "The harbour opened in 1907.\n" in shown
    assert "seashore chat --thread t-1" in shown
    assert len(pauses) > 200
    assert sum(pauses) < 4
    assert all(len(line) <= 40 for line in shown.splitlines() if line.startswith("word"))


THREAD = {
    "thread_id": "t-1",
    "title": "When did it open?",
    "turns": 3,
    "updated_at": "2026-03-01T10:00:00+00:00",
    "history": [{"message": "When?", "answer": "In 1907.\n\nAt six."}],
}


def test_conversations_are_listed_shown_and_deleted(api, chat):
    for arguments in ((), ("list",)):
        api.script(200, {"threads": [THREAD]})
        listed = chat(*arguments, command="conversations")
        assert listed.stdout == "t-1\t3\tWhen did it open?\t2026-03-01T10:00:00+00:00\n"
    api.script(200, {"threads": [THREAD]})
    assert json.loads(chat("--json", command="conversations").stdout) == [THREAD]
    api.script(200, THREAD)
    shown = chat("show", "t-1", command="conversations")
    assert shown.stdout == "You: When?\n\nIn 1907.\n\nAt six.\n\n"
    assert "2 earlier turns are not shown." in shown.stderr
    api.script(200, THREAD)
    api.script(200, {"thread_id": "t-1"})
    assert chat("delete", "t-1", command="conversations").exit_code == 0
    assert api.requests[-1][:2] == ("DELETE", "/v1/threads/t-1")
    api.refuse(404, "not_found", "there is no such conversation")
    missing = chat("delete", "t-2", command="conversations")
    assert missing.exit_code == ExitCode.UNKNOWN_DOCUMENT
    api.script(200, {"threads": []})
    assert "There is no conversation" in chat(command="conversations").stderr


@pytest.mark.parametrize("farewell", ["exit", " Quit ", "bye", ":q"])
def test_a_farewell_ends_it_and_is_not_asked(api, converse, farewell):
    code, _, _ = converse(f"{farewell}\nWhen?\n")
    assert (code, api.requests) == (ExitCode.OK, [])


def test_ctrl_c_ends_it_with_its_own_status_and_says_how_to_go_on(api, converse):
    class Interrupted(Typed):
        def readline(self, *limit):
            line = super().readline(*limit)
            if not line:
                raise KeyboardInterrupt
            return line

    api.script(200, ANSWER)
    code, shown, _ = converse(Interrupted("When?\n"))
    assert code is ExitCode.INTERRUPTED
    assert "seashore chat --thread t-1" in shown


def test_a_refused_message_does_not_end_the_conversation(api, converse):
    api.refuse(429, "throttled", "there are too many requests")
    api.script(200, ANSWER)
    code, shown, _ = converse("When?\nWhen?\n")
    assert code is ExitCode.OK
    assert "The API answered 429" in shown
    assert "The harbour opened in 1907." in shown


def test_a_key_that_is_refused_ends_it(api, converse):
    api.refuse(403, "forbidden", "the API key is missing or wrong")
    with pytest.raises(ApiRefusalError) as raised:
        converse("When?\nWhen?\n")
    assert (raised.value.status, raised.value.code) == (403, "forbidden")
