"""What kind of server a fake one is, and what it notes of a call."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

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
