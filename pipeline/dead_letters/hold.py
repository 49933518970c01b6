"""Taking chosen letters out of DLQs: held, so that nobody else acts on them meanwhile."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from shared.aws.dynamodb_table import LedgerTable
from shared.aws.queues import Queues
from shared.dead_letters.letters import DeadLetterQueue, Letter, LetterKey
from shared.dead_letters.reading import HeldLetters, ReadingPace, hold_letters
from shared.ledger.documents import Clock
from shared.ledger.subjects import subject_pk
from shared.ledger.timeline import build_event
from shared.queue_catalogue import name_queue

BATCH_SIZE = 10

_LOOK_SECONDS = 2.0


@dataclass(frozen=True)
class LetterServices:
    """What working on dead letters needs.

    Args:
        pace: How they are read.
        actor: Who works on them, for the subjects' timelines: the ARN of an identity.
        stopwatch: Seconds that only grow.
        sleep: Waits the given seconds.
    """

    queues: Queues
    table: LedgerTable
    dlqs: tuple[DeadLetterQueue, ...]
    pace: ReadingPace
    actor: str
    now: Clock
    stopwatch: Callable[[], float]
    sleep: Callable[[float], None]


class LetterOutcome(StrEnum):
    """What became of a letter that was to be replayed or discarded."""

    REPLAYED = "replayed"
    DISCARDED = "discarded"
    RESTORED = "restored"
    FINISHED = "finished"
    """Its work is done: it stays where it is."""
    GONE = "gone"
    """It is not there any more, or somebody else holds it."""
    REFUSED = "refused"
    """SQS did not accept the new message: the letter stays where it is."""
    NOT_DELETED = "not deleted"
    """It was sent, and lies in the DLQ as well; its work still happens once."""


@dataclass(frozen=True)
class LetterResult:
    """What became of one letter, and why if that needs saying."""

    letter: Letter
    ending: LetterOutcome
    reason: str | None = None


def hold_in_batches(
    letters: Sequence[Letter], services: LetterServices
) -> Iterator[tuple[HeldLetters, list[Letter]]]:
    """Take letters that were seen before out of their DLQs again, and hold them.

    Whoever breaks off, or lets the iteration end, releases what it has not deleted.

    Args:
        letters: The letters, as they were seen.
        services: What is needed.

    Yields:
        What is held, and the letters in it; the same letter may be labelled otherwise by now.
    """
    left: set[LetterKey] = {letter.key for letter in letters}
    is_second_look = False
    while left:
        names = {name for name, _, _ in left}
        wanted = frozenset(left)
        with hold_letters(
            services.queues,
            [dlq for dlq in services.dlqs if dlq.name in names],
            services.pace,
            services.stopwatch,
            is_wanted=lambda letter, wanted=wanted: letter.key in wanted,  # type: ignore[misc]  # the batch's own
            enough=min(services.pace.most_held, len(left)),
        ) as held:
            taken = held.letters
            if taken:
                is_second_look = False
                left -= {letter.key for letter in taken}
                yield held, taken
                continue
        if is_second_look:
            return
        # Somebody else may hold them just for a look.
        is_second_look = True
        services.sleep(_LOOK_SECONDS)


def split_into_batches(letters: Sequence[Letter], size: int) -> Iterator[list[Letter]]:
    """Letters of one queue at a time, at most `size` together."""
    by_queue: dict[str, list[Letter]] = {}
    for letter in letters:
        by_queue.setdefault(letter.queue.name, []).append(letter)
    for members in by_queue.values():
        for start in range(0, len(members), size):
            yield members[start : start + size]


def message_pk(letter_id: str) -> str:
    """The partition that tells of a message that is about nothing in the ledger."""
    return f"MESSAGE#{letter_id}"


def note_in_timelines(
    letters: Sequence[Letter],
    step: str,
    target: str,
    services: LetterServices,
    *,
    source: str | None = None,
    reason: str | None = None,
) -> None:
    """Write who did what with letters into the timelines of their documents and tasks.

    Args:
        letters: The letters.
        step: What is done with them.
        target: Where they go.
        services: What is needed.
        source: Where they come from, if that is not their DLQ.
        reason: Why, as whoever does it says.

    Raises:
        SeashoreError: Not all could be written.
    """
    at = services.now()
    rows = []
    for letter in letters:
        pks = [subject_pk(subject) for subject in letter.work.subjects] or [
            message_pk(letter.letter_id)
        ]
        for pk in pks:
            details = {
                "by": services.actor,
                "reason": reason,
                "from": source or name_queue(letter.queue.dlq_url),
                "to": target,
                "message_id": letter.letter_id,
                "item": letter.work.item_id,
                "kind": letter.work.kind,
                "error_type": letter.error_type,
                "replays": letter.state.replays,
            }
            # A timeline's rows are told apart by their time.
            at += timedelta(microseconds=1)
            rows.append(build_event(pk, at, step, details))
    for start in range(0, len(rows), _MOST_ROWS_AT_ONCE):
        services.table.transact(rows[start : start + _MOST_ROWS_AT_ONCE])


# A transaction takes 100 (Amazon DynamoDB Developer Guide, "Amazon DynamoDB Transactions").
_MOST_ROWS_AT_ONCE = 100
