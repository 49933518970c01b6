"""`seashore mcp`: the Model Context Protocol on stdin and stdout, for assistants on this machine.

Each line is one JSON-RPC message (Model Context Protocol, "Transports", stdio). It goes to
`POST /mcp` of the stack's API, signed in as the API wants it, and the answer comes back as a line.
"""

import base64
import json
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from infra.cli.chat.api_client import open_api
from infra.cli.command_context import CommandContext
from shared.errors import SeashoreError

_PATH = "/mcp"
_REVISION_KEY = "io.modelcontextprotocol/protocolVersion"
_PARSE_ERROR = -32700
_INTERNAL_ERROR = -32603
# An assistant may ask several things at once, and the API takes 29 s for each.
_AT_ONCE = 4


# Posts a message with headers to a path of the API, and returns the status and the body.
Post = Callable[[str, Mapping[str, Any], Mapping[str, str]], tuple[int, bytes]]


def serve_stdio(context: CommandContext) -> None:
    """Serve until stdin ends.

    Raises:
        UnknownStackError: The stack has no API.
        OperatorError: Its key may not be read, or a token is missing.
    """
    api = open_api(context.stack)
    bridge(sys.stdin, sys.stdout, api.post)


def bridge(lines: Iterable[str], output: IO[str], post: Post) -> None:
    """Send each line, and write its answer, until there are no more lines.

    Args:
        lines: JSON-RPC messages.
        output: Where the answers go, each on a line of its own, in whatever order they come.
        post: Sends a message to the API.
    """
    lock = threading.Lock()

    def pass_on(line: str) -> None:
        answer = _ask(line, post)
        if answer is not None:
            with lock:
                output.write(f"{json.dumps(answer, separators=(',', ':'))}\n")
                output.flush()

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for line in lines:
            if line.strip():
                pool.submit(pass_on, line)


def _ask(line: str, post: Post) -> dict[str, Any] | None:
    """The answer to a message; None to a notification."""
    try:
        message = json.loads(line)
    except ValueError:
        return _fail(None, _PARSE_ERROR, "not JSON")
    if not isinstance(message, dict) or not isinstance(message.get("method"), str):
        return _fail(None, _PARSE_ERROR, "not a JSON-RPC request")
    request_id = message.get("id")
    try:
        _, body = post(_PATH, message, _write_headers(message))
        answer = json.loads(body) if body else None
    except SeashoreError as error:
        answer = _fail(request_id, _INTERNAL_ERROR, str(error))
    except ValueError:
        answer = _fail(request_id, _INTERNAL_ERROR, "what answers is not the API of a stack")
    if "id" not in message:
        return None
    if isinstance(answer, dict) and answer.get("jsonrpc") == "2.0":
        return answer
    # The gateway's own words, or the API's, as for a missing key.
    told = answer.get("error", {}).get("message") if isinstance(answer, dict) else None
    return _fail(request_id, _INTERNAL_ERROR, str(told or "the API gave no answer"))


def _write_headers(message: Mapping[str, Any]) -> dict[str, str]:
    """What the revisions without a handshake want repeated in headers."""
    params = message.get("params")
    params = params if isinstance(params, dict) else {}
    meta = params.get("_meta")
    revision = meta.get(_REVISION_KEY) if isinstance(meta, dict) else None
    headers = {"Accept": "application/json, text/event-stream"}
    if isinstance(revision, str):
        headers |= {"MCP-Protocol-Version": revision, "Mcp-Method": message["method"]}
        if isinstance(params.get("name"), str):
            headers["Mcp-Name"] = _encode_header(params["name"])
    return headers


def _encode_header(value: str) -> str:
    if value.isascii() and value.isprintable() and value == value.strip():
        return value
    return f"=?base64?{base64.b64encode(value.encode()).decode()}?="


def _fail(request_id: Any, code: int, words: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": words}}
