"""What there is to know of a request before a route gets it: its body, its sender, its origin."""

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from aws_lambda_powertools import Logger
from pydantic_core import from_json

from shared.errors import InvalidRequestError, MediaTypeError, RequestTooLargeError

Event = dict[str, Any]

# A text of 200,000 bytes, escaped beyond ASCII, takes less. API Gateway takes 10 MB, Lambda 6 MB.
MAX_BODY_BYTES = 1024 * 1024

_ANYONE = "anyone"
_HEADERS_OF_ALL = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_PREFLIGHT_HEADERS = {
    "Access-Control-Allow-Methods": "DELETE,GET,OPTIONS,POST",
    "Access-Control-Allow-Headers": (
        "Authorization,Content-Type,Idempotency-Key,MCP-Protocol-Version,Mcp-Method,Mcp-Name,"
        "X-Amz-Date,X-Amz-Security-Token,X-Api-Key"
    ),
    "Access-Control-Max-Age": "600",
}


def find_header(event: Event, name: str) -> str | None:
    """A header of the request, however its name is written."""
    headers = event.get("headers") or {}
    return next((value for key, value in headers.items() if key.lower() == name), None)


def is_for_console(event: Event) -> bool:
    """Whether a browser asks for a part of the console, which is HTML and no JSON."""
    path = str(event["path"])
    return path == "/console" or path.startswith("/console/")


def check_body(event: Event) -> Event:
    """The event with its body decoded, if that is a JSON object or none at all.

    Raises:
        RequestTooLargeError: The body is too large.
        MediaTypeError: The body is said to be something else than JSON.
        InvalidRequestError: The body is not a JSON object.
    """
    body = event.get("body")
    if not body:
        return event
    raw = _decode_body(body, is_base64=bool(event.get("isBase64Encoded")))
    if len(raw) > MAX_BODY_BYTES:
        raise RequestTooLargeError(
            f"the body has {len(raw)} bytes and {MAX_BODY_BYTES} are the most; upload a document "
            "with POST /documents instead"
        )
    media_type = (find_header(event, "content-type") or "application/json").partition(";")[0]
    if media_type.strip().lower() != "application/json":
        raise MediaTypeError("the body has to be application/json")
    content = parse_json(raw)
    if not isinstance(content, dict):
        raise InvalidRequestError("body: it is not a JSON object")
    given = event.get("headers") or {}
    headers = {key: value for key, value in given.items() if key.lower() != "content-type"}
    return {
        **event,
        "body": raw.decode(),
        "isBase64Encoded": False,
        "headers": {**headers, "Content-Type": "application/json"},
    }


def _decode_body(body: str, *, is_base64: bool) -> bytes:
    try:
        return base64.b64decode(body) if is_base64 else body.encode()
    except (binascii.Error, UnicodeEncodeError) as error:
        raise InvalidRequestError("body: it is not text in UTF-8") from error


def parse_json(text: str | bytes) -> Any:
    """Read JSON.

    Unlike the standard library's, pydantic's reader takes neither half a surrogate pair nor NaN,
    and says so where a body is nested too deeply.

    Raises:
        InvalidRequestError: It is not JSON.
    """
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise InvalidRequestError(f"body: not JSON: {error}") from error


def find_request_id(event: Event, function_request_id: str) -> str:
    """The id of the request: API Gateway's, which its access log has too."""
    context = event.get("requestContext") or {}
    return str(context.get("requestId") or function_request_id)


def find_owner(event: Event) -> str:
    """Whose conversations the sender may see: a user's own where one is known, else a key's.

    Source: Amazon API Gateway Developer Guide, "Input format of a Lambda function for proxy
    integration".
    """
    context = event.get("requestContext") or {}
    claims = (context.get("authorizer") or {}).get("claims") or {}
    identity = context.get("identity") or {}
    # A session of a role is another at each time it is taken on; the role's own id stays.
    caller = str(identity.get("caller") or "").partition(":")[0]
    for kind, name in (
        ("user", claims.get("sub")),
        ("role", caller),
        ("key", identity.get("apiKeyId")),
        # The emulator's gateway checks the key and does not tell which it was.
        ("key", find_header(event, "x-api-key")),
    ):
        if name:
            return f"{kind}-{hashlib.sha256(str(name).encode()).hexdigest()[:32]}"
    return _ANYONE


def add_headers(answer: dict[str, Any], event: Event, allowed: Sequence[str]) -> None:
    """Put the headers on an answer that every one has.

    Args:
        answer: The answer, as API Gateway takes it.
        event: The request.
        allowed: The origins whose pages may see it.
    """
    cors = write_cors_headers(find_header(event, "origin"), allowed)
    for name, value in {**_HEADERS_OF_ALL, **cors}.items():
        answer["multiValueHeaders"][name] = [value]


def write_cors_headers(origin: str | None, allowed: Sequence[str]) -> Mapping[str, str]:
    """The headers by which a browser lets a page of another origin see the answer.

    They are on every answer, asked for or not, so that no cache keeps one without them.

    Args:
        origin: Where the page comes from, as the browser says.
        allowed: The origins that may; a star is all.

    Source: WHATWG, "Fetch", "CORS protocol".
    """
    exposed = {"Access-Control-Expose-Headers": "Retry-After"}
    if "*" in allowed:
        return {"Access-Control-Allow-Origin": "*", **exposed}
    matching = origin if origin in allowed else allowed[0]
    return {"Access-Control-Allow-Origin": str(matching), "Vary": "Origin", **exposed}


def answer_preflight() -> dict[str, Any]:
    """What a browser asks before it sends a request that could change something."""
    headers = {name: [value] for name, value in _PREFLIGHT_HEADERS.items()}
    return {"statusCode": 200, "body": "", "isBase64Encoded": False, "multiValueHeaders": headers}


def log_answer(logger: Logger, event: Event, answer: Mapping[str, Any], **more: Any) -> None:
    """Write the one line that each request leaves in the log; `more` are further fields of it."""
    logger.info(
        "request_answered",
        extra={
            "action": "request_answered",
            "method": event["httpMethod"],
            "route": event.get("resource"),
            "status": answer["statusCode"],
            **more,
        },
    )
