"""Restoring discarded dead letters: each goes back into its DLQ from the copy that was kept."""

from collections.abc import Generator, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ValidationError

from pipeline.dead_letters.hold import (
    BATCH_SIZE,
    LetterOutcome,
    LetterResult,
    LetterServices,
    note_in_timelines,
    split_into_batches,
)
from shared.aws.objects import ObjectStore
from shared.aws.queues import MessageCopy, ReceivedMessage
from shared.dead_letters.letters import DeadLetterQueue, Letter
from shared.errors import OperatorError
from shared.ledger.subjects import mark_discarded
from shared.messages.delivery_state import DeliveryState
from shared.queue_catalogue import name_queue

COPIES_PREFIX = "dead-letters/"


class _Copy(BaseModel):
    """What is read of a letter's copy, as `Letter.to_json` wrote it."""

    queue: str
    state: DeliveryState
    dlq_message_id: str
    sent_at: datetime
    receive_count: int
    attributes: dict[str, dict[str, Any]]
    body: str


def read_discarded(
    objects: ObjectStore, bucket: str, key: str, dlqs: Sequence[DeadLetterQueue]
) -> Letter:
    """The letter whose copy lies under a key.

    Raises:
        OperatorError: It is no copy of a letter, or the stack has no such queue (any more).
        SeashoreError: It cannot be read.
    """
    place = f"s3://{bucket}/{key}"
    try:
        return read_copy(objects.read_text(bucket, key), place, dlqs)
    except UnicodeDecodeError:
        raise OperatorError(f"{place} is no copy of a dead letter.") from None


def read_copy(text: str, place: str, dlqs: Sequence[DeadLetterQueue]) -> Letter:
    """A letter from its JSON, as `Letter.to_json` wrote it; it is held by nobody.

    Raises:
        OperatorError: It is no copy of a letter, or the stack has no such queue (any more).
    """
    try:
        copy = _Copy.model_validate_json(text)
    except ValidationError:
        raise OperatorError(f"{place} is no copy of a dead letter.") from None
    for dlq in dlqs:
        if dlq.name == copy.queue:
            message = ReceivedMessage(
                copy.dlq_message_id,
                "",
                copy.body,
                copy.attributes,
                copy.sent_at,
                copy.receive_count,
            )
            return Letter(dlq, message, copy.state)
    raise OperatorError(
        f"{place} comes from the queue {copy.queue!r}, which this stack does not have."
    )


def restore(
    copies: Sequence[tuple[str, Letter]],
    services: LetterServices,
    objects: ObjectStore,
    bucket: str,
) -> Generator[LetterResult, None, None]:
    """Put letters back into the DLQs from which they were discarded, and delete their copies.

    A copy is deleted only after SQS has accepted the letter: whoever breaks off in between leaves
    both, and a letter that is restored twice is one whose work happens once.

    Args:
        copies: The keys of the copies, each with its letter.
        services: What is needed.
        objects: S3.
        bucket: The artifacts bucket.

    Yields:
        What became of each letter, as it happens.

    Raises:
        SeashoreError: AWS failed; what was yielded stands, the other copies stay.
    """
    key_of = {id(letter): key for key, letter in copies}
    for batch in split_into_batches([letter for _, letter in copies], BATCH_SIZE):
        dlq = batch[0].queue
        note_in_timelines(
            batch,
            "restored",
            name_queue(dlq.dlq_url),
            services,
            source=f"s3://{bucket}/{COPIES_PREFIX}",
        )
        messages = [
            MessageCopy(letter.message.body, letter.message.attributes, letter.state)
            for letter in batch
        ]
        codes = services.queues.send_copies(dlq.dlq_url, messages)
        for letter, code in zip(batch, codes, strict=True):
            if code is not None:
                yield LetterResult(letter, LetterOutcome.REFUSED, code)
                continue
            mark_discarded(services.table, letter.work.subjects, None)
            objects.delete(bucket, key_of[id(letter)])
            yield LetterResult(letter, LetterOutcome.RESTORED)
