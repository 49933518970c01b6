"""The letters of one DLQ that have no cause: each gets it, and the ledger is told.

Several receivers read at the same time, each with batches of ten: received, told of one by one,
sent anew with their causes, deleted. All others are made visible again at the end.
"""

import logging
import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from shared.aws.queues import MessageCopy, Queues, ReceivedMessage
from shared.dead_letters.letters import read_letter_state
from shared.dead_letters.reading import ReadingRound
from shared.deadline import Deadline
from shared.errors import PermanentError, SeashoreError
from shared.ledger.documents import Clock
from shared.messages.delivery_state import CauseOfDeath, DeliveryState
from shared.queue_catalogue import SourceQueue, name_queue

logger = logging.getLogger("seashore.sweep")

PROCESS_DIED = "ProcessDied"
_PROCESS_DIED_SENTENCE = (
    "The function's process died at every receive: it ran out of time or memory, or crashed; "
    "see its log, then replay."
)
SENT_TO_DLQ = "SentToDlq"
_SENT_TO_DLQ_SENTENCE = (
    "It was sent to the dead-letter queue itself and not moved there by SQS, so no function has "
    "failed at it; replay it, or discard it."
)

_BATCH_SIZE = 10
# A receive without a wait asks only some of SQS's servers (Amazon SQS Developer Guide, "Amazon SQS
# short and long polling").
_WAIT_SECONDS = 1
# How long letters are hidden while others are read: at a rate that is surely reached, not longer
# than the sweep has time.
_LETTERS_PER_SECOND = 100
_LOOK_SECONDS = 60.0
# What is kept back at the end, to make letters visible again.
_RESERVE_SECONDS = 5.0
_RELEASES_PER_SECOND = 1_000


@dataclass(frozen=True)
class SweptQueue:
    """A DLQ and what its letters mean.

    Args:
        queue: The queue that the letters come from, with its consumer.
        source_url: That queue's URL.
        dlq_url: The DLQ.
        give_up: Tells the ledger that the work of a body and message id will not be done, and why;
            raises `PermanentError` where there is nothing to tell, as of a body that is no message.
    """

    queue: SourceQueue
    source_url: str
    dlq_url: str
    give_up: Callable[[str, str, str], None]


@dataclass(frozen=True)
class SweepRun:
    """One run of the sweep.

    Args:
        queues: SQS.
        receivers: How many receive from one DLQ at the same time at the most.
        request_id: What the causes name as the request that gave them.
        deadline: When the time is up.
        now: The clock.
    """

    queues: Queues
    receivers: int
    request_id: str
    deadline: Deadline
    now: Clock


@dataclass(frozen=True)
class SweptLetters:
    """What was done with the letters of a DLQ.

    Args:
        seen: How many were looked at.
        settled: How many got their cause.
        is_complete: Whether the time was enough to look at all.
    """

    seen: int
    settled: int
    is_complete: bool


def sweep_letters(swept: SweptQueue, run: SweepRun) -> SweptLetters:
    """Give every letter of a DLQ without a cause its cause, as far as the time allows.

    Safe to repeat and to interrupt: the ledger is told first, and a letter goes only after its copy
    with the cause has been accepted. What cannot be settled now keeps no other from it.

    Raises:
        SeashoreError: The DLQ cannot be read.
    """
    count = run.queues.count_messages(swept.dlq_url)
    reading = _Reading(swept, run, max(_LOOK_SECONDS, count / _LETTERS_PER_SECOND))
    receivers = min(run.receivers, max(1, math.ceil(count / _BATCH_SIZE)))
    a_round = ReadingRound(receivers)
    try:
        with ThreadPoolExecutor(receivers) as pool:
            futures = [pool.submit(reading.receive, a_round) for _ in range(receivers)]
            try:
                for future in futures:
                    future.result()
            finally:
                reading.stop.set()
    finally:
        reading.release(receivers)
    return SweptLetters(len(reading.seen), reading.settled, a_round.is_dry)


@dataclass
class _Reading:
    """One reading of a DLQ by several receivers."""

    swept: SweptQueue
    run: SweepRun
    hide_seconds: float
    stop: threading.Event = field(default_factory=threading.Event)
    # By the id of the first copy: a letter that got its cause here comes by again.
    seen: set[str] = field(default_factory=set)
    settled: int = 0
    _untouched: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def receive(self, a_round: ReadingRound) -> None:
        """Receive and settle letters until they are all seen, or the time is up."""
        while not self.stop.is_set() and not a_round.is_dry and self._has_time():
            messages = self.run.queues.receive(
                self.swept.dlq_url,
                min(self.hide_seconds, self.run.deadline.remaining_seconds + 1),
                wait_seconds=_WAIT_SECONDS,
            )
            letters = [(message, read_letter_state(message)) for message in messages]
            with self._lock:
                has_brought = any(state.message_id not in self.seen for _, state in letters)
                self.seen.update(state.message_id for _, state in letters)
            self._leave([message for message, state in letters if state.failure])
            a_round.note(has_brought)
            self._settle([letter for letter in letters if letter[1].failure is None])

    def _has_time(self) -> bool:
        reserve = _RESERVE_SECONDS + len(self._untouched) / _RELEASES_PER_SECOND
        return self.run.deadline.remaining_seconds > reserve

    def _settle(self, letters: Sequence[tuple[ReceivedMessage, DeliveryState]]) -> None:
        """Tell the ledger of letters, and have copies with their causes take their place."""
        told = []
        for message, state in letters:
            if not self._has_time():
                self._leave([message])
                continue
            try:
                told.append((message, self._give_cause(message, state)))
            except SeashoreError as error:
                self._keep(error, [message])
        if not told:
            return
        copies = [MessageCopy(m.body, m.attributes, state) for m, state in told]
        try:
            codes = self.run.queues.send_copies(self.swept.dlq_url, copies)
            sent = [m for (m, _), code in zip(told, codes, strict=True) if code is None]
            kept = self.run.queues.delete_batch(
                self.swept.dlq_url, [message.receipt_handle for message in sent]
            )
        except SeashoreError as error:
            self._keep(error, [message for message, _ in told])
            return
        with self._lock:
            self.settled += len(sent) - len(kept)
        for code in filter(None, codes):
            logger.error("copy_refused", extra={"action": "copy_refused", "cause": code})

    def _give_cause(self, message: ReceivedMessage, state: DeliveryState) -> DeliveryState:
        """Tell the ledger of a letter; its past with its cause."""
        error_type, sentence = (
            (PROCESS_DIED, _PROCESS_DIED_SENTENCE)
            if message.moved_by_sqs
            else (SENT_TO_DLQ, _SENT_TO_DLQ_SENTENCE)
        )
        try:
            self.swept.give_up(message.body, state.message_id, sentence)
        except PermanentError as error:
            error_type, sentence = type(error).__name__, str(error)
        failure = CauseOfDeath(
            error_type=error_type,
            message=sentence,
            stage=self.swept.queue.stage,
            failed_at=self.run.now(),
            attempts=state.attempts + message.receive_count,
            request_id=self.run.request_id,
            source_queue=name_queue(self.swept.source_url),
        )
        return state.model_copy(update={"failure": failure, "attempts": failure.attempts})

    def _keep(self, error: SeashoreError, messages: Sequence[ReceivedMessage]) -> None:
        """Leave letters as they are, for the next sweep, since they cannot be settled now."""
        self._leave(messages)
        logger.warning(
            "letters_kept",
            extra={"action": "letters_kept", "letters": len(messages), "cause": str(error)},
        )

    def _leave(self, messages: Sequence[ReceivedMessage]) -> None:
        with self._lock:
            self._untouched += [message.receipt_handle for message in messages]

    def release(self, threads: int) -> None:
        """Make what was only looked at visible again; where time runs out, its own time does."""
        handles = self._untouched
        batches = [handles[i : i + _BATCH_SIZE] for i in range(0, len(handles), _BATCH_SIZE)]

        def show(batch: list[str]) -> None:
            if self.run.deadline.remaining_seconds > 1:
                self.run.queues.change_visibility_batch(self.swept.dlq_url, batch, 0)

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(show, batches))
