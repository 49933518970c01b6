"""Dead letters: what a message in a DLQ says of itself, and which of many are meant."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from shared.aws.queues import ReceivedMessage
from shared.errors import MessageDecodeError
from shared.messages.delivery_state import ATTRIBUTE_NAME, DeliveryState, read_delivery_state
from shared.messages.message import Subject
from shared.messages.reading_messages import (
    ConvertDocument,
    IngestItem,
    RecognitionItem,
    decode_conversion,
    decode_ingest_item,
    decode_recognition_item,
)
from shared.messages.reports import DailyReportOrder, decode_report_item
from shared.messages.result_notices import ResultNotice, decode_result_notice
from shared.messages.work_items import WorkMessage, decode_work_item
from shared.queue_catalogue import (
    CONVERSIONS,
    RECOGNITION,
    REPORTS,
    RESULTS,
    UPLOADS,
    SourceQueue,
    name_queue,
)

UNSWEPT = "ProcessDied (not swept yet)"
_UNSWEPT_CAUSE = "The function's process died at every receive; the sweep has not looked at it yet."
UNSWEPT_SENT = "SentToDlq (not swept yet)"
_UNSWEPT_SENT_CAUSE = (
    "It was sent to the dead-letter queue itself and not moved there by SQS, so no function has "
    "failed at it; the sweep has not looked at it yet."
)
_NEVER_SWEPT = "ProcessDied"
_NEVER_SWEPT_CAUSE = "The function's process died at every receive; see its log, then replay."

UNREADABLE = "unreadable"

AnyMessage = (
    IngestItem | ConvertDocument | RecognitionItem | WorkMessage | DailyReportOrder | ResultNotice
)


@dataclass(frozen=True)
class Work:
    """What a message asks for.

    Args:
        kind: The message's kind; `unreadable` for no message.
        item_id: The identity of the work; None where the message cannot be read.
        subjects: What it is about; a notification may announce several documents.
        message: The message itself; None where it cannot be read.
        problem: Why it cannot be read.
    """

    kind: str
    item_id: str | None = None
    subjects: tuple[Subject, ...] = ()
    message: AnyMessage | None = None
    problem: str | None = None


def identify_work(queue: SourceQueue, body: str, message_id: str) -> Work:
    """What a message of a queue asks for; `message_id` is that of its first copy."""
    try:
        item_id, message = _decode(queue, body, message_id)
    except MessageDecodeError as error:
        return Work(UNREADABLE, problem=str(error))
    return Work(message.kind, item_id, message.subjects, message)


def _decode(queue: SourceQueue, body: str, message_id: str) -> tuple[str, AnyMessage]:
    # Only an item's time is that of its message, and nothing here depends on it.
    sent_at = datetime.min
    if queue is UPLOADS:
        upload = decode_ingest_item(body)
        return upload.item_id, upload
    if queue is RECOGNITION:
        page = decode_recognition_item(body)
        return page.item_id, page
    if queue is CONVERSIONS:
        conversion = decode_conversion(body)
        return conversion.item_id, conversion
    if queue is REPORTS:
        report = decode_report_item(body, message_id, sent_at)
        return report.item_id, report.order
    if queue is RESULTS:
        result = decode_result_notice(body, sent_at)
        return result.item_id, result
    work = decode_work_item(body, message_id)
    return work.item_id, work.message


@dataclass(frozen=True)
class DeadLetterQueue:
    """The DLQ of a stack's queue, whose letters it holds.

    Args:
        kind: What the queue is, with its consumer.
        source_url: The queue.
        dlq_url: Its DLQ.
    """

    kind: SourceQueue
    source_url: str
    dlq_url: str

    @property
    def name(self) -> str:
        """What operators call the queue."""
        return self.kind.name

    @property
    def source_name(self) -> str:
        """The queue's name in AWS."""
        return name_queue(self.source_url)


# Names a letter for as long as it lies in its DLQ, whoever relabels it meanwhile: queue, id of the
# first copy, replays. A letter that dies again after a replay is another one.
LetterKey = tuple[str, str, int]


@dataclass(frozen=True)
class Letter:
    """A dead letter.

    Args:
        queue: Where it lies.
        message: As it was received.
        state: Its past; without a cause where SQS itself moved it.
    """

    queue: DeadLetterQueue
    message: ReceivedMessage
    state: DeliveryState

    @property
    def key(self) -> LetterKey:
        """What names it while it lies in its DLQ."""
        return (self.queue.name, self.state.message_id, self.state.replays)

    @property
    def letter_id(self) -> str:
        """The id of its first copy: what its sender got, and what the log speaks of."""
        return self.state.message_id

    @cached_property
    def work(self) -> Work:
        """What it asks for."""
        return identify_work(self.queue.kind, self.message.body, self.state.message_id)

    @property
    def has_cause(self) -> bool:
        """Whether it says what it died of; one that SQS moved gets that from the sweep."""
        return self.state.failure is not None

    @property
    def awaits_sweep(self) -> bool:
        """Whether the sweep has still to give it its cause, and to tell the ledger."""
        return self.queue.kind.is_swept and not self.has_cause

    @property
    def error_type(self) -> str:
        """What it died of."""
        if self.state.failure:
            return self.state.failure.error_type
        if not self.queue.kind.is_swept:
            return _NEVER_SWEPT
        return UNSWEPT if self.message.moved_by_sqs else UNSWEPT_SENT

    @property
    def stage(self) -> str:
        """Where it died."""
        return self.state.failure.stage if self.state.failure else self.queue.kind.stage

    @property
    def cause(self) -> str:
        """What it died of, in a sentence."""
        if self.state.failure:
            return self.state.failure.message
        if not self.queue.kind.is_swept:
            return _NEVER_SWEPT_CAUSE
        return _UNSWEPT_CAUSE if self.message.moved_by_sqs else _UNSWEPT_SENT_CAUSE

    @property
    def died_at(self) -> datetime:
        """When it died; of one without a cause only when it was sent is known."""
        return self.state.failure.failed_at if self.state.failure else self.message.sent_at

    def to_json(self) -> dict[str, Any]:
        """All that is known of it, for programs and for safekeeping."""
        return {
            "id": self.letter_id,
            "queue": self.queue.name,
            "error_type": self.error_type,
            "stage": self.stage,
            "cause": self.cause,
            "died_at": self.died_at.isoformat() if self.has_cause else None,
            "kind": self.work.kind,
            "item_id": self.work.item_id,
            "subjects": [{"kind": s.kind, "id": s.id} for s in self.work.subjects],
            "replays": self.state.replays,
            "state": self.state.model_dump(mode="json", exclude_none=True),
            "dlq_message_id": self.message.message_id,
            "sent_at": self.message.sent_at.isoformat(),
            "receive_count": self.message.receive_count,
            "attributes": {
                name: value
                for name, value in self.message.attributes.items()
                if name != ATTRIBUTE_NAME
            },
            "body": self.message.body,
        }


def read_letter_state(message: ReceivedMessage) -> DeliveryState:
    """A dead letter's past.

    A cause on a letter that SQS itself moved is that of an earlier death: SQS's own redrive had
    brought the letter back with all its attributes, and then its process died.
    """
    state = read_delivery_state(
        message.attributes,
        message_id=message.message_id,
        sent_at=message.sent_at,
        group=message.group,
    )
    if message.moved_by_sqs and state.failure is not None:
        return state.reset_for_replay(message.sent_at)
    return state


def to_letter(queue: DeadLetterQueue, message: ReceivedMessage) -> Letter:
    """A message received from a DLQ, as a dead letter."""
    return Letter(queue, message, read_letter_state(message))


@dataclass(frozen=True)
class LetterFilter:
    """Which letters are meant: those that fit everything that is given.

    Args:
        ids: Ids, of the first copy or of the one in the DLQ.
        queues: Names of queues.
        errors: Error types, in any case.
        kinds: Kinds of messages.
        subject: The id of a document or task, or its beginning.
        before: Died before.
        after: Died at this time or later.
        pattern: Found in the body or in the cause.
    """

    ids: Collection[str] = ()
    queues: Collection[str] = ()
    errors: Collection[str] = ()
    kinds: Collection[str] = ()
    subject: str | None = None
    before: datetime | None = None
    after: datetime | None = None
    pattern: re.Pattern[str] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether every letter fits."""
        return self == LetterFilter()

    def fits(self, letter: Letter) -> bool:
        """Whether a letter is meant."""
        return all(
            (
                not self.ids
                or letter.letter_id in self.ids
                or letter.message.message_id in self.ids,
                not self.queues or letter.queue.name in self.queues,
                not self.errors or _is_named(letter.error_type, self.errors),
                not self.kinds or letter.work.kind in self.kinds,
                self.subject is None
                or any(s.id.startswith(self.subject) for s in letter.work.subjects),
                self.before is None or letter.died_at < self.before,
                self.after is None or letter.died_at >= self.after,
                self.pattern is None
                or bool(self.pattern.search(letter.message.body))
                or bool(self.pattern.search(letter.cause)),
            )
        )


def find_letter_ids(wanted: str, letters: Iterable[Letter]) -> list[str]:
    """The ids of the letters that an id, or the beginning of ids, names."""
    exact: dict[str, None] = {}
    beginning: dict[str, None] = {}
    for letter in letters:
        own = (letter.letter_id, letter.message.message_id)
        if wanted in own:
            exact[letter.letter_id] = None
        elif any(name.startswith(wanted) for name in own):
            beginning[letter.letter_id] = None
    return list(exact or beginning)


def _is_named(error_type: str, wanted: Collection[str]) -> bool:
    # `ProcessDied` names those without a cause too.
    names = {error_type.casefold(), error_type.split(" ")[0].casefold()}
    return any(name.casefold() in names for name in wanted)


@dataclass(frozen=True)
class LetterGroup:
    """Letters that died of the same error at the same stage.

    Args:
        error_type: The error.
        stage: The stage.
        count: How many there are.
        kinds: How many of each kind of message.
        first_died_at: When the first of them died.
        last_died_at: When the last of them died.
        example: The one that died last.
    """

    error_type: str
    stage: str
    count: int
    kinds: dict[str, int]
    first_died_at: datetime
    last_died_at: datetime
    example: Letter


def group_letters(letters: Iterable[Letter]) -> list[LetterGroup]:
    """Group letters by error type and stage, the largest group first."""
    grouped: dict[tuple[str, str], list[Letter]] = {}
    for letter in letters:
        grouped.setdefault((letter.error_type, letter.stage), []).append(letter)
    groups = [
        _to_group(error_type, stage, members) for (error_type, stage), members in grouped.items()
    ]
    return sorted(groups, key=lambda group: (-group.count, group.error_type, group.stage))


def _to_group(error_type: str, stage: str, letters: Sequence[Letter]) -> LetterGroup:
    by_death = sorted(letters, key=lambda one: (one.died_at, one.key, one.message.message_id))
    return LetterGroup(
        error_type=error_type,
        stage=stage,
        count=len(letters),
        kinds=dict(Counter(letter.work.kind for letter in letters).most_common()),
        first_died_at=by_death[0].died_at,
        last_died_at=by_death[-1].died_at,
        example=by_death[-1],
    )
