"""What a tool of the agent is made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from pipeline.tasks.ask import AnsweredQuestion
from shared.ledger.documents import Document

# Answers a question from the text of documents, within the time of the run that asks.
Ask = Callable[[str, Sequence[Document]], AnsweredQuestion]


class ToolArguments(BaseModel):
    """The arguments of a tool. No model reads the docstrings of its subclasses."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class ToolResult:
    """What a tool returned.

    Args:
        text: For the model.
        is_error: Whether the call was refused.
        pages: The pages whose text is in it, by document.
    """

    text: str
    is_error: bool = False
    pages: tuple[tuple[Document, frozenset[int]], ...] = ()


ArgumentsT = TypeVar("ArgumentsT", bound=ToolArguments)


class ToolRefusedError(Exception):
    """What a call asks for cannot be given; the message is for the model."""


@dataclass(frozen=True)
class BoundTool(Generic[ArgumentsT]):
    """A tool, bound to what it reads.

    Args:
        name: Its name.
        description: What it does, for a model.
        arguments: What it takes.
        run: Carries out a call; raises `ToolRefusedError`.
    """

    name: str
    description: str
    arguments: type[ArgumentsT]
    run: Callable[[ArgumentsT, Ask], ToolResult]
