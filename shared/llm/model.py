"""What the pipeline asks of a language model, whoever answers."""

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel

from shared.deadline import Deadline
from shared.document_formats import PAGE


class Purpose(StrEnum):
    """What a request on the way to a document's summary is for; that of a task is its kind."""

    SUMMARIZE_CHUNK = "summarize_chunk"
    FIND_MENTIONS = "find_mentions"
    COMBINE = "combine"


# Those whose text the pipeline divides where a model cannot take it whole.
DIVISIBLE = frozenset(Purpose)

AnswerT = TypeVar("AnswerT", bound=BaseModel)


@dataclass(frozen=True)
class Source:
    """A piece of untrusted text with the pages that it stands on (1-based, inclusive).

    A text that has no pages has 0 for both. `unit` is what its document is counted in.
    """

    first_page: int
    last_page: int
    text: str
    unit: str = PAGE


@dataclass(frozen=True)
class Picture:
    """An untrusted picture that a request is about, packed.

    Args:
        media_type: Its format, such as `image/png`.
        data: Its bytes.
    """

    media_type: str
    data: bytes


@dataclass(frozen=True)
class ModelRequest(Generic[AnswerT]):
    """One question to a model: trusted instructions, untrusted sources, the shape of the answer.

    Its purpose is part of the key under which its answer is kept, and of the log lines.

    Args:
        purpose: What it is for.
        instructions: What is the same for all requests of a kind; stands before the sources.
        sources: What it is about.
        answer_type: The shape of the answer.
        max_output_tokens: The most that the answer may have.
        checks_pages: Whether lists named `pages` in the answer may hold only pages of the sources.
        question: What this request asks for beyond its instructions, trusted like them. It stands
            after the sources, so that two questions about the same ones begin alike, and a server
            that keeps what it has read last reads the sources once.
        room_tokens: What an earlier run has found that the answer needs, as less was cut off.
        prompt_tokens: How long it counts as, where whoever asks knows that; else it is estimated.
        pictures: What it is about besides; they stand after the text.
        widens: Whether an answer that is cut off is asked for once more with more room. If not,
            whoever asks divides the sources: a list is as long as they are.
    """

    purpose: str
    instructions: str
    sources: tuple[Source, ...]
    answer_type: type[AnswerT]
    max_output_tokens: int
    checks_pages: bool = True
    question: str = ""
    room_tokens: int = 0
    widens: bool = True
    prompt_tokens: int = 0
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Usage:
    """What one or more calls consumed.

    Attributes:
        calls: How many calls were answered.
        input_tokens: The tokens that they read.
        output_tokens: The tokens that they wrote.
        estimated: Whether a part is an estimate, because a server counts no tokens.
        unanswered: How many calls were sent and got no whole answer. The provider may have served
            them, so their tokens are counted in, at the most that they can have been.
        cached_tokens: What of the input tokens the server had read before, for a price of its own.
        flex_input_tokens: What of the input tokens went by the cheap and slow tier.
        flex_output_tokens: What of the output tokens did.
        flex_cached_tokens: What of the cached tokens did.
        told_micro_usd: What the provider says that calls have cost, in millionths of a dollar.
        told_calls: How many calls it says that of.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    estimated: bool = False
    unanswered: int = 0
    cached_tokens: int = 0
    flex_input_tokens: int = 0
    flex_output_tokens: int = 0
    flex_cached_tokens: int = 0
    told_micro_usd: int = 0
    told_calls: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        counts = {name: getattr(self, name) + getattr(other, name) for name in PAID_COUNTS}
        return Usage(**counts, estimated=self.estimated or other.estimated)


# What adds up, and what an error carries of it (`shared.paid_calls.PaidCalls`).
PAID_COUNTS = tuple(field.name for field in fields(Usage) if field.name != "estimated")


@dataclass(frozen=True)
class ModelAnswer(Generic[AnswerT]):
    """A validated answer, never one that was cut off."""

    value: AnswerT
    model: str
    usage: Usage


class LanguageModel(Protocol):
    """Answers requests: `openai_model.OpenAIModel` or `extractive_model.ExtractiveModel`."""

    @property
    def name(self) -> str:
        """The name that results carry, such as `gpt-5-mini` or `extractive`."""
        ...

    def answer(self, request: ModelRequest[AnswerT], deadline: Deadline) -> ModelAnswer[AnswerT]:
        """Answer a request within the deadline.

        Raises:
            AnswerCutError: The answer was cut off, and the request does not widen.
            RetryableError: The answer was unusable, or the deadline is too near.
            DeferredError: The provider is throttled, down, or rejects the key.
            PermanentError: The provider rejects the request itself.
        """
        ...
