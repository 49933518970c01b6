"""Turns of a conversation in which a model may call tools."""

import json
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from shared.deadline import Deadline
from shared.llm.answer_key import hash_parts
from shared.llm.model import Usage
from shared.llm.token_estimate import estimate_tokens


@dataclass(frozen=True)
class Tool:
    """A tool that a model may call.

    Args:
        name: Its name: letters, digits and underscores.
        description: What it does, for the model.
        parameters: The JSON Schema of its arguments, an object.
    """

    name: str
    description: str
    parameters: dict[str, Any]


class ToolCall(BaseModel):
    """A call that a model asks for; its arguments are unchecked text, JSON if all is well.

    Args:
        name: The tool that is called.
        arguments: Its arguments.
        kept_fields: What its server may want back with it, and nobody else reads: fields of the
            call, a JSON object; empty if there are none.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    arguments: str
    kept_fields: str = ""


class Turn(BaseModel):
    """What a model said: words, calls of tools, or both.

    Args:
        text: Its words; the final answer if there are no calls.
        calls: The tools to call.
        is_doubtful: No tool was called, and the server has yet to show that it knows tools at
            all: some pass over them in silence.
        kept_fields: As those of a call, of the message that brought the calls: its thoughts.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    calls: tuple[ToolCall, ...] = ()
    is_doubtful: bool = False
    kept_fields: str = ""

    @property
    def kept_tokens(self) -> int:
        """About how many tokens its server reads if it wants all of that back."""
        kept = [self.kept_fields, *(call.kept_fields for call in self.calls)]
        return sum(map(estimate_tokens, kept))

    def without_kept_fields(self) -> "Turn":
        """The same turn, for a server that wants nothing back."""
        calls = tuple(call.model_copy(update={"kept_fields": ""}) for call in self.calls)
        return self.model_copy(update={"calls": calls, "kept_fields": ""})


@dataclass(frozen=True)
class Exchange:
    """A turn with calls, and the result of each, in their order."""

    turn: Turn
    results: tuple[str, ...]


@dataclass(frozen=True)
class PastTurn:
    """A turn of an earlier prompt: what was asked, and what was answered in the end."""

    prompt: str
    answer: str


@dataclass(frozen=True)
class TurnRequest:
    """A conversation that waits for the model's next turn.

    Args:
        purpose: What it is for, for the log.
        instructions: The trusted part: what the model is to do and how.
        prompt: What the user asks for.
        exchanges: The turns so far.
        tools: What the model may call.
        max_output_tokens: The most that the turn may write.
        history: What was asked and answered before the prompt, oldest first.
        room_tokens: What an earlier run has found that the turn needs, as less was cut off.
    """

    purpose: str
    instructions: str
    prompt: str
    exchanges: tuple[Exchange, ...]
    tools: tuple[Tool, ...]
    max_output_tokens: int
    history: tuple[PastTurn, ...] = ()
    room_tokens: int = 0


@dataclass(frozen=True)
class ModelTurn:
    """A turn, who took it, and what it consumed."""

    turn: Turn
    model: str
    usage: Usage


class ToolsNotTakenError(Exception):
    """The server does not take tools; ask it in words instead."""


@runtime_checkable
class ToolModel(Protocol):
    """A language model that takes turns with tools; the extractive one does not."""

    @property
    def name(self) -> str:
        """The name that results carry."""
        ...

    def take_turn(self, request: TurnRequest, deadline: Deadline) -> ModelTurn:
        """Take the next turn of a conversation within the deadline.

        Raises:
            ToolsNotTakenError: The server does not take tools.
            RetryableError, DeferredError, PermanentError: As `LanguageModel.answer` does.
        """
        ...


def turn_key(model_name: str, prompt_version: str, request: TurnRequest) -> str:
    """A SHA-256 (hexadecimal) over all that a turn depends on."""
    parts = [
        "turn",
        model_name,
        prompt_version,
        request.instructions,
        request.prompt,
        [
            [
                exchange.turn.text,
                [[call.name, call.arguments] for call in exchange.turn.calls],
                list(exchange.results),
            ]
            for exchange in request.exchanges
        ],
        [[tool.name, tool.description, tool.parameters] for tool in request.tools],
        request.max_output_tokens,
        [[past.prompt, past.answer] for past in request.history],
    ]
    return hash_parts(parts)


def estimate_turn_tokens(request: TurnRequest) -> int:
    """About how many tokens the model reads for a turn, with all that a server may want back."""
    texts = [request.instructions, request.prompt]
    texts += [text for past in request.history for text in (past.prompt, past.answer)]
    for exchange in request.exchanges:
        texts += [exchange.turn.text, *exchange.results]
        texts += [call.arguments for call in exchange.turn.calls]
    texts.append(
        json.dumps([[tool.name, tool.description, tool.parameters] for tool in request.tools])
    )
    kept_tokens = sum(exchange.turn.kept_tokens for exchange in request.exchanges)
    return kept_tokens + sum(map(estimate_tokens, texts))
