"""The rows of the table of answer shapes: what a server sends, and what has to come of it."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.model.chat_behaviours import Behaviour, sending

# The source of a row that was made up: it tests, and does not count.
MADE = "made"

POINT = {"text": "A point", "pages": [3]}
DRAFT = json.dumps({"title": "Draft", "abstract": "Draft", "key_points": [POINT], "language": "en"})
ANSWER = DRAFT.replace("Draft", "Answer")

# How OpenRouter ends an answer in which Gemini has written a call that nobody can read.
MALFORMED = {"finish_reason": "error", "native_finish_reason": "MALFORMED_FUNCTION_CALL"}


@dataclass(frozen=True)
class ErrorRow:
    """A response that is an error.

    `source` is a public report or page by its title, with whom it is from; where it shows the
    sentence alone, the body around it is that of the same server's other errors. `outcome` is one
    of those of `test_answer_shapes.OUTCOMES`, `delay_seconds` what the deferral says.
    """

    source: str
    status: int
    body: Any
    outcome: str
    delay_seconds: float | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def behaviour(self) -> Behaviour:
        return sending(self.status, self.body, **self.headers)


@dataclass(frozen=True)
class ReplyRow:
    """A response that is a completion; `output_tokens` is what has to be billed."""

    source: str
    outcome: str
    content: Any = ANSWER
    finish_reason: Any = "stop"
    message: dict[str, Any] = field(default_factory=dict)
    usage: dict[str, Any] | None = None
    output_tokens: int | None = None

    @property
    def behaviour(self) -> Behaviour:
        message = {"role": "assistant", "content": self.content, **self.message}
        choice = {"index": 0, "message": message, "finish_reason": self.finish_reason}
        counted = {"prompt_tokens": 800, "completion_tokens": 20, "total_tokens": 820}
        body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m"}
        return sending(200, {**body, "choices": [choice], "usage": self.usage or counted})


@dataclass(frozen=True)
class RoomRow:
    """An error that says that an answer was to be too long; and the most it may have."""

    source: str
    asked_tokens: int
    body: Any
    limit_tokens: int


def error(message: str, kind: str | None = None, code: Any = None, **more: Any) -> dict[str, Any]:
    """An error as OpenAI writes it."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code, **more}}
