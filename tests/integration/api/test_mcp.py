"""`POST /mcp`, spoken to by the protocol's own client, and over stdin and stdout."""

import io
import json

import anyio
import httpx2
import pytest

from functions.http.mcp_protocol import HANDSHAKE_REVISIONS, MODERN_REVISIONS
from functions.http.mcp_routes import McpAnswer
from infra.cli.chat.mcp_bridge import bridge
from shared.errors import OperatorError
from tests.fakes.aws.event_source import LambdaContext
from tests.fakes.desks.api_desk import make_event, open_api_desk

URL = "http://api.test/mcp"
MODES = ["legacy", "auto", *MODERN_REVISIONS]
READERS = {"list_documents", "find_documents", "get_summary", "search_pages", "read_pages"}


@pytest.fixture(scope="module")
def desk():
    with open_api_desk(with_model=False) as desk:
        desk.enter_document("pier.pdf", "The pier opened in 1931.", "It is 90 m long.")
        yield desk


def post(desk, body, headers):
    """What the API answers: the status, the text and its type."""
    made = make_event("POST", "/mcp", body, headers=headers)
    raw = desk.api.answer(made, LambdaContext(28.0))
    return raw["statusCode"], raw["body"], raw["multiValueHeaders"]["Content-Type"][0]


def talk(desk, mode, work):
    """Connect the client over its HTTP transport, which the API's function answers."""
    # Not at the top: it takes as long to load as a tenth of all tests to be collected.
    from mcp.client import Client
    from mcp.client.streamable_http import streamable_http_client

    def answer(request):
        if request.method != "POST":
            return httpx2.Response(405)
        status, body, kind = post(desk, request.content.decode(), dict(request.headers))
        return httpx2.Response(status, text=body, headers={"Content-Type": kind})

    async def run():
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http:
            transport = streamable_http_client(URL, http_client=http)
            async with Client(transport, mode=mode) as client:
                return await work(client)

    return anyio.run(run)


@pytest.mark.parametrize("mode", MODES)
def test_a_client_lists_and_calls_the_agents_tools(desk, mode):
    async def work(client):
        tools = (await client.list_tools()).tools
        pages = await client.call_tool(
            "read_pages", {"document": "pier.pdf", "first_page": 1, "last_page": 1}
        )
        wrong = await client.call_tool("read_pages", {"document": "pier.pdf"})
        return client.protocol_version, tools, pages, wrong

    version, tools, pages, wrong = talk(desk, mode, work)
    wanted = HANDSHAKE_REVISIONS[-1] if mode == "legacy" else MODERN_REVISIONS[-1]
    assert version == wanted
    names = {tool.name for tool in tools}
    assert names >= READERS | {"enqueue_ask", "read_task"}
    assert [t.name for t in tools if not t.annotations.read_only_hint] == ["enqueue_ask"]
    assert "opened in 1931" in pages.content[0].text
    assert (pages.is_error, wrong.is_error) == (False, True)
    assert "first_page" in wrong.content[0].text


def test_a_question_goes_by_a_task_that_can_be_read(desk):
    async def work(client):
        asked = await client.call_tool(
            "enqueue_ask", {"question": "When?", "documents": ["pier.pdf"]}
        )
        task_id = json.loads(asked.content[0].text)["task_id"]
        told = await client.call_tool("read_task", {"task_id": task_id})
        none = await client.call_tool("read_task", {"task_id": "nosuch"})
        wrong = await client.call_tool("enqueue_ask", {"question": "", "documents": []})
        return task_id, json.loads(told.content[0].text), none, wrong

    task_id, told, none, wrong = talk(desk, "auto", work)
    (message,) = desk.queued()
    assert (message["kind"], message["id"], message["documents"]) == ("ask", task_id, ["pier.pdf"])
    assert (told["status"], told["kind"]) == ("RECEIVED", "ask")
    assert (none.is_error, wrong.is_error) == (True, True)


META = {
    "io.modelcontextprotocol/protocolVersion": MODERN_REVISIONS[-1],
    "io.modelcontextprotocol/clientCapabilities": {},
}
HEADERS = {"mcp-protocol-version": MODERN_REVISIONS[-1], "mcp-method": "tools/list"}


@pytest.mark.parametrize(
    ("message", "headers", "status", "code"),
    [
        ({"method": "tools/list", "params": {"_meta": META}}, HEADERS, 200, None),
        ({"method": "tools/list", "params": {"_meta": META}}, {}, 400, -32020),
        ({"method": "tools/list"}, HEADERS, 400, -32602),
        ({"method": "nosuch"}, {}, 200, -32601),
        (
            {"method": "nosuch", "params": {"_meta": META}},
            {**HEADERS, "mcp-method": "nosuch"},
            404,
            -32601,
        ),
        (
            {"method": "tools/call", "params": {"_meta": META, "name": "nosuch"}},
            {**HEADERS, "mcp-method": "tools/call", "mcp-name": "=?base64?bm9zdWNo?="},
            400,
            -32602,
        ),
        (
            {"method": "tools/call", "params": {"_meta": META, "name": "nosuch"}},
            {**HEADERS, "mcp-method": "tools/call", "mcp-name": "=?base64?!?="},
            400,
            -32020,
        ),
        (
            {
                "method": "tools/list",
                "params": {"_meta": {**META, "io.modelcontextprotocol/protocolVersion": "2099"}},
            },
            {**HEADERS, "mcp-protocol-version": "2099"},
            400,
            -32022,
        ),
        (
            {"method": "tools/call", "params": {"name": "get_summary", "arguments": []}},
            {},
            200,
            -32602,
        ),
    ],
)
def test_what_the_protocol_does_not_take_is_told_by_its_codes(desk, message, headers, status, code):
    got, body, _ = post(desk, {"jsonrpc": "2.0", "id": 1, **message}, headers)
    assert (got, json.loads(body).get("error", {}).get("code")) == (status, code)
    McpAnswer.model_validate_json(body, strict=True)


def test_a_notification_gets_no_answer_and_what_is_no_message_is_refused(desk):
    note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert post(desk, note, {})[:2] == (202, "")
    assert post(desk, {"jsonrpc": "1.0", "method": "ping", "id": 1}, {})[0] == 400
    assert post(desk, {"jsonrpc": "2.0", "method": "ping", "id": False}, {})[0] == 400
    assert desk.send("GET", "/mcp").status == 404


def bridge_lines(desk, *messages, send=None):
    """What the bridge writes for some lines."""

    def pass_on(path, content, headers):
        assert path == "/mcp"
        status, body, _ = post(desk, content, headers)
        return status, body.encode()

    output = io.StringIO()
    lines = [one if isinstance(one, str) else json.dumps(one) for one in messages]
    bridge([*lines, ""], output, send or pass_on)
    return sorted(map(json.loads, output.getvalue().splitlines()), key=lambda one: str(one["id"]))


def test_lines_on_stdin_are_answered_by_lines_on_stdout(desk):
    call = {"_meta": META, "name": "list_documents", "arguments": {}}
    answers = bridge_lines(
        desk,
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2020"}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call},
        {"jsonrpc": "2.0", "id": 3, "method": 5},
        "no JSON",
    )
    assert [one["id"] for one in answers] == [1, 2, None, None]
    assert answers[0]["result"]["protocolVersion"] == HANDSHAKE_REVISIONS[-1]
    assert "pier.pdf" in answers[1]["result"]["content"][0]["text"]
    assert {one["error"]["code"] for one in answers[2:]} == {-32700}


def test_what_keeps_the_api_from_answering_is_told_to_the_assistant(desk):
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}

    def fail(path, content, headers):
        raise OperatorError("The API cannot be reached.")

    (answer,) = bridge_lines(desk, ping, send=fail)
    assert "cannot be reached" in answer["error"]["message"]
    refusal = json.dumps({"error": {"code": "x", "message": "the key is wrong"}}).encode()
    (answer,) = bridge_lines(desk, ping, send=lambda *given: (403, refusal))
    assert answer["error"]["message"] == "the key is wrong"
    (answer,) = bridge_lines(desk, ping, send=lambda *given: (502, b"<html>"))
    assert answer["id"] == 1
