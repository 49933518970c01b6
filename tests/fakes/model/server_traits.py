"""What kind of server a fake one is, and what it notes of a call."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.model.chat_behaviours import ERRORS
from tests.fakes.model.message_parts import read_pictures
from tests.fakes.model.pacing import Pace


@dataclass(frozen=True)
class ReceivedCall:
    """A call as it came in; `not_before` is when the same call may come again after a 429."""

    at_seconds: float
    client_port: int
    key: str
    body: dict[str, Any]
    kind: str
    not_before: float | None = None
    path: str = ""
    was_cut: bool = False

    @property
    def response_format(self) -> str:
        return self.body.get("response_format", {}).get("type", "text")

    @property
    def prompt_digest(self) -> str:
        return hashlib.sha256(json.dumps(self.body.get("messages")).encode()).hexdigest()


@dataclass
class ServerTraits:
    """What kind of server it is, whatever a single call does."""

    json_schema_status: int | None = None
    json_object_status: int | None = None
    ignores_format: bool = False
    picture_text: str | None = None  # what all pictures show; None for a model that sees none
    tools_status: int | None = None
    ignores_tools: bool = False
    always_calls: tuple[tuple[str, Any], ...] = ()
    order: str | None = None
    wants_max_completion_tokens: bool = False
    knows_reasoning_effort: bool = True
    accepted_key: str | None = None
    thinking: str | None = None
    mix: dict[str, float] = field(default_factory=lambda: {"ok": 1.0})
    latency_seconds: float = 0.0
    retry_after: str | None = "1"
    seed: int = 0
    window_tokens: int | None = None
    streams: bool = True
    stream_status: int | None = None
    counts_streamed: bool = True
    pace: Pace = field(default_factory=Pace)


def find_objection(traits: ServerTraits, body: dict[str, Any], key: str) -> tuple[Any, ...] | None:
    """What such a server has against a call: status, type, code, message and parameter."""
    if traits.accepted_key is not None and key != traits.accepted_key:
        return ERRORS["unauthorized"]
    if traits.wants_max_completion_tokens and "max_tokens" in body:
        message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
        return 400, "invalid_request_error", "unsupported_parameter", message, "max_tokens"
    if not traits.knows_reasoning_effort and "reasoning_effort" in body:
        message = "Unrecognized request argument supplied: reasoning_effort"
        return 400, "invalid_request_error", None, message
    if traits.stream_status is not None and body.get("stream"):
        message = "stream_options is not supported"
        return traits.stream_status, "invalid_request_error", None, message
    if traits.tools_status is not None and "tools" in body:
        message = "registry/tiny does not support tools"
        return traits.tools_status, "invalid_request_error", None, message
    if traits.picture_text is None and read_pictures(body):
        message = "Invalid content type. image_url is only supported by certain models."
        return 400, "invalid_request_error", "invalid_value", message
    wanted = body.get("response_format", {}).get("type")
    statuses = {
        "json_schema": traits.json_schema_status,
        "json_object": traits.json_object_status,
    }
    status = statuses.get(wanted)
    if status is None:
        return None
    if status >= 500:
        return status, "server_error", None, "internal error"
    message = f"response_format type {wanted!r} is not supported"
    return status, "invalid_request_error", None, message, "response_format"
