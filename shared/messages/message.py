"""What messages share: version, subjects, body, and how a bad one is described."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.messages.problem_words import describe_problem

_MOST_PROBLEMS = 3
_MAX_NAME_CHARACTERS = 100


@dataclass(frozen=True)
class Subject:
    """What a message is about: a document, a task, or the report of a day."""

    kind: Literal["document", "task", "report"]
    id: str


class Message(BaseModel):
    """A message of the pipeline's own format; each has a `kind` that tells it from others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    v: Literal[1] = 1

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """What it is about; nothing, where a schedule sends it."""
        return ()


def encode_message(message: Message) -> str:
    """The body of a message, as JSON."""
    # A worker of an earlier release takes what it knows, as long as nothing is redone.
    left_out = {"terms"} if getattr(message, "terms", None) is None else None
    return escape_for_sqs(message.model_dump_json(by_alias=True, exclude=left_out))


def escape_for_sqs(body: str) -> str:
    """JSON as it may be sent: SQS refuses a body that holds one of two characters.

    Source: Amazon SQS API Reference, "SendMessage".
    """
    return body.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


def describe_problems(error: ValidationError) -> str:
    """What is wrong with a message, without quoting it: a cause goes into logs."""
    return "; ".join(
        f"{_describe_place(problem['loc'])}: {describe_problem(problem)}"
        for problem in error.errors(include_input=False)[:_MOST_PROBLEMS]
    )


def _describe_place(parts: tuple[int | str, ...]) -> str:
    # The name of a field that is not known is the sender's, and can be as long as the message.
    return ".".join(str(part)[:_MAX_NAME_CHARACTERS] for part in parts) or "body"
