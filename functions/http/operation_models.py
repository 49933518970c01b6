"""What the routes of redo, retry, cancel, pause and resume take and give, as pydantic models."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.lifecycle import DocumentStatus
from shared.messages.problem_words import SOMETHING_PATTERN

_MOST_NAMES = 1_000
_MOST_REASON_CHARACTERS = 500

Name = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
Consumer = Annotated[str, StringConstraints(pattern=r"^[a-z]{1,20}$")]


class _OperationRequest(BaseModel):
    # As in `models.py`.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class _OperationAnswer(BaseModel):
    model_config = ConfigDict(frozen=True, defer_build=True)


class _DocumentsMeant(_OperationRequest):
    documents: list[Name] = Field(
        default=[],
        max_length=_MOST_NAMES,
        description="Ids, or keys in the documents bucket (the newest version).",
    )
    prefix: Name | None = Field(default=None, description="All whose keys begin so.")
    status: list[DocumentStatus] = Field(
        default=[], max_length=20, description="All in one of these statuses."
    )
    all: bool = Field(default=False, description="All there are.")
    days: int = Field(
        default=366, ge=1, le=3_660, description="How many days back others than named are found."
    )
    dry_run: bool = Field(default=False, description="Only say what would be done.")


class RedoRequest(_DocumentsMeant):
    """Which documents to summarise once more, and by whom."""

    model: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = Field(
        default=None, description="One of the models of `GET /operations`; without it the first."
    )
    fresh: bool = Field(default=False, description="Ask again where answers are kept.")
    order: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")] | None = Field(
        default=None,
        description="A name for this order: under the same one a document is redone once, so that "
        "an order that was not complete can be sent again.",
    )


class RedoAnswer(_OperationAnswer):
    """What a redo takes at the most with one call for each answer, and how much of it is ordered.

    An answer that is cut off or has not the asked-for shape is asked again, twice at the most:
    `asked_again_cost_usd` is what it costs if each of them is.
    `skipped` counts the others that were meant by why they are not redone: `in_flight`, `deleted`,
    or `ordered` by this very order. Of `unread` documents, which are read anew first, no tokens are
    known; of a model without a price no cost. If it is not complete, send the same `order` again.
    """

    dry_run: bool
    order: str
    model: str
    documents: int
    document_ids: list[str]
    skipped: dict[str, int]
    input_tokens: int
    most_output_tokens: int
    most_cost_usd: float | None
    asked_again_cost_usd: float | None
    unread: int
    ordered: int
    is_complete: bool


class RetryRequest(_DocumentsMeant):
    """Which failed documents and tasks to try again."""

    tasks: list[Name] = Field(default=[], max_length=_MOST_NAMES, description="Ids of tasks.")


class RetryAnswer(_OperationAnswer):
    """What is tried again: dead letters that were replayed, documents that go on without one.

    `skipped` counts the others that were meant: `not_failed`; `nothing_failed`, as what is missing
    no retry brings; `message_gone`, of a task that has to be sent again.
    """

    dry_run: bool
    document_ids: list[str]
    task_ids: list[str]
    letters: int
    skipped: dict[str, int]
    replayed: int
    resumed: int
    refused: int
    is_complete: bool


class CancelRequest(_DocumentsMeant):
    """Which documents and tasks to cancel that have not begun; `all` means tasks too."""

    tasks: list[Name] = Field(default=[], max_length=_MOST_NAMES, description="Ids of tasks.")


class CancelAnswer(_OperationAnswer):
    """What is cancelled. Of it `back` documents are as they were before they were redone.

    `skipped` counts the others that were meant: `has_begun`, `final`; `begun` those that have begun
    between the look and the cancelling, and go on.
    """

    dry_run: bool
    document_ids: list[str]
    task_ids: list[str]
    skipped: dict[str, int]
    cancelled: int
    back: int
    begun: int
    is_complete: bool


class PauseRequest(_OperationRequest):
    """Which consumers to pause, and why; without any all that work on documents."""

    consumers: list[Consumer] = Field(default=[], max_length=10)
    reason: str = Field(
        min_length=1,
        max_length=_MOST_REASON_CHARACTERS,
        pattern=SOMETHING_PATTERN,
        description="Why: the report and `seashore watch` show it.",
    )


class ResumeRequest(_OperationRequest):
    """Which consumers are to go on; without any all that are paused."""

    consumers: list[Consumer] = Field(default=[], max_length=10)


class ConsumerView(_OperationAnswer):
    """A consumer, and its pause if it is paused; `since` is ISO 8601 in UTC."""

    consumer: str
    is_paused: bool
    reason: str | None = None
    by: str | None = None
    since: str | None = None


class ModelView(_OperationAnswer):
    """A model that documents may be redone by, and its price, if the settings have it.

    Prices are in dollars for a million tokens.
    """

    name: str
    input_usd: float | None
    output_usd: float | None


class OperationsView(_OperationAnswer):
    """The consumers with their pauses, and the models; the first is the one that all are asked."""

    consumers: list[ConsumerView]
    models: list[ModelView]


class ConsumerList(_OperationAnswer):
    """The consumers with their pauses, after a change."""

    consumers: list[ConsumerView]
