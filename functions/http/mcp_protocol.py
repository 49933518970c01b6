"""The Model Context Protocol, without a session: one JSON-RPC message in, one answer out.

Of revision 2026-07-28 each request says by itself which revision it is of. Earlier ones begin with
a handshake, after which a server that keeps nothing need know nothing: so both are answered here.

Source: Model Context Protocol, revision 2026-07-28, "Base Protocol" and "Transports"; revision
2025-11-25, "Lifecycle".
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MODERN_REVISIONS = ("2026-07-28",)
# The newest last.
HANDSHAKE_REVISIONS = ("2025-03-26", "2025-06-18", "2025-11-25")

_REVISION_KEY = "io.modelcontextprotocol/protocolVersion"
_CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"
_SERVER_KEY = "io.modelcontextprotocol/serverInfo"
_REVISION_HEADER = "mcp-protocol-version"
_METHOD_HEADER = "mcp-method"
_NAME_HEADER = "mcp-name"

_METHOD_NOT_FOUND = -32601
_INVALID_PARAMS = -32602
_HEADER_MISMATCH = -32020
_UNSUPPORTED_REVISION = -32022
_STATUSES = {
    _METHOD_NOT_FOUND: 404,
    _INVALID_PARAMS: 400,
    _HEADER_MISMATCH: 400,
    _UNSUPPORTED_REVISION: 400,
}
# Tools change with a deployment only, and are the same for all who may call.
_LIST_LASTS_MILLISECONDS = 300_000


@dataclass(frozen=True)
class McpTool:
    """A tool as an assistant is told of it.

    Args:
        name: Its name.
        description: What it does.
        parameters: The JSON Schema of its arguments.
        is_read_only: Whether it changes nothing.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    is_read_only: bool

    def to_json(self) -> dict[str, Any]:
        """The tool as the protocol has it."""
        return {
            "name": self.name,
            "description": self.description,
            "inputSchema": dict(self.parameters),
            "annotations": {
                "readOnlyHint": self.is_read_only,
                "destructiveHint": False,
                "openWorldHint": False,
            },
        }


@dataclass(frozen=True)
class McpServer:
    """What is served.

    Args:
        name: The server's name.
        version: Its version.
        instructions: What an assistant is told of it.
        tools: Its tools.
        call: Calls a tool by its name; the text that it returns, and whether the call was refused.
    """

    name: str
    version: str
    instructions: str
    tools: Sequence[McpTool]
    call: Callable[[str, Mapping[str, Any]], tuple[str, bool]]


@dataclass(frozen=True)
class McpReply:
    """What is answered: an HTTP status, and a JSON-RPC message if there is one to send."""

    status: int
    body: dict[str, Any] | None


class _ProtocolError(Exception):
    """A request that the protocol does not take."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


def answer_message(
    message: Mapping[str, Any], headers: Mapping[str, str], server: McpServer
) -> McpReply:
    """Answer a JSON-RPC message.

    Args:
        message: A request, or a notification, which has no id and gets no answer.
        headers: The HTTP headers, their names in lower case.
        server: What is served.
    """
    if "id" not in message:
        return McpReply(202, None)
    envelope = {"jsonrpc": "2.0", "id": message["id"]}
    is_modern = False
    try:
        is_modern = _is_modern(message, headers)
        if is_modern:
            _check_modern(message, headers)
        result = _answer_request(message, server, is_modern=is_modern)
    except _ProtocolError as error:
        told: dict[str, Any] = {"code": error.code, "message": str(error)}
        if error.data is not None:
            told["data"] = error.data
        status = _STATUSES[error.code] if is_modern else 200
        return McpReply(status, {**envelope, "error": told})
    return McpReply(200, {**envelope, "result": result})


def _is_modern(message: Mapping[str, Any], headers: Mapping[str, str]) -> bool:
    """Whether a request is of a revision without a handshake."""
    meta = _read_meta(message)
    says_so = _REVISION_KEY in meta or headers.get(_REVISION_HEADER) in MODERN_REVISIONS
    return says_so and message["method"] != "initialize"


def _read_meta(message: Mapping[str, Any]) -> Mapping[str, Any]:
    params = message.get("params")
    meta = params.get("_meta") if isinstance(params, Mapping) else None
    return meta if isinstance(meta, Mapping) else {}


def _check_modern(message: Mapping[str, Any], headers: Mapping[str, str]) -> None:
    """Pass if a request says its revision, in headers and body alike.

    Raises:
        _ProtocolError: It does not, or the revision is not one of ours.
    """
    meta = _read_meta(message)
    missing = [key for key in (_REVISION_KEY, _CAPABILITIES_KEY) if key not in meta]
    if missing:
        raise _ProtocolError(_INVALID_PARAMS, f"params._meta lacks {', '.join(missing)}")
    revision = meta[_REVISION_KEY]
    if headers.get(_REVISION_HEADER) != revision:
        raise _ProtocolError(_HEADER_MISMATCH, f"{_REVISION_HEADER} differs from params._meta")
    if headers.get(_METHOD_HEADER) != message["method"]:
        raise _ProtocolError(_HEADER_MISMATCH, f"{_METHOD_HEADER} differs from the method")
    if message["method"] == "tools/call":
        name = message["params"].get("name")
        if _decode_header(headers.get(_NAME_HEADER)) != name:
            raise _ProtocolError(_HEADER_MISMATCH, f"{_NAME_HEADER} differs from params.name")
    if revision not in MODERN_REVISIONS:
        data = {"supported": list(MODERN_REVISIONS), "requested": revision}
        raise _ProtocolError(_UNSUPPORTED_REVISION, "Unsupported protocol version", data)


def _decode_header(value: str | None) -> str | None:
    """A header's value, which is in base64 where it is no plain text."""
    if value is None or not (value.startswith("=?base64?") and value.endswith("?=")):
        return value
    try:
        return base64.b64decode(value[9:-2], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def _answer_request(
    message: Mapping[str, Any], server: McpServer, *, is_modern: bool
) -> dict[str, Any]:
    params = message.get("params")
    given: Mapping[str, Any] = params if isinstance(params, Mapping) else {}
    capabilities = {"tools": {"listChanged": False}}
    info = {"name": server.name, "version": server.version}
    lasts = {"ttlMs": _LIST_LASTS_MILLISECONDS, "cacheScope": "private"} if is_modern else {}
    complete = {"resultType": "complete"} if is_modern else {}
    match message["method"]:
        case "server/discover" if is_modern:
            return {
                "supportedVersions": [*HANDSHAKE_REVISIONS, *MODERN_REVISIONS],
                "capabilities": capabilities,
                "instructions": server.instructions,
                "_meta": {_SERVER_KEY: info},
                **complete,
                **lasts,
            }
        case "initialize" if not is_modern:
            asked = given.get("protocolVersion")
            return {
                "protocolVersion": (
                    asked if asked in HANDSHAKE_REVISIONS else HANDSHAKE_REVISIONS[-1]
                ),
                "capabilities": capabilities,
                "serverInfo": info,
                "instructions": server.instructions,
            }
        case "ping" if not is_modern:
            return {}
        case "tools/list":
            tools = [tool.to_json() for tool in server.tools]
            return {"tools": tools, **complete, **lasts}
        case "tools/call":
            return {**_call_tool(given, server), **complete}
        case method:
            raise _ProtocolError(_METHOD_NOT_FOUND, f"Method not found: {str(method)[:100]}")


def _call_tool(given: Mapping[str, Any], server: McpServer) -> dict[str, Any]:
    name, arguments = given.get("name"), given.get("arguments")
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, Mapping):
        raise _ProtocolError(_INVALID_PARAMS, "params.arguments is no object")
    if name not in {tool.name for tool in server.tools}:
        raise _ProtocolError(_INVALID_PARAMS, f"Unknown tool: {str(name)[:100]}")
    text, is_error = server.call(str(name), arguments)
    return {"content": [{"type": "text", "text": text}], "isError": is_error}
