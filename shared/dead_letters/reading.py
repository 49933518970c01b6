"""Reading DLQs: everything in them, without keeping it from others for longer than needed.

SQS shows messages only by handing them out. They are received with a short visibility timeout
until a full round of receivers brings nothing new, and made visible again at once when the reader
is done, also when it breaks off. Where even that cannot happen, as the process is killed, the
visibility timeout does it. A DLQ has no redrive of its own, so the receives harm nobody.
"""

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from shared.aws.queues import Queues
from shared.dead_letters.letters import DeadLetterQueue, Letter, to_letter

# One request each; several on the way at the same time.
_BATCH_SIZE = 10
_RELEASERS = 8


@dataclass(frozen=True)
class ReadingPace:
    """How DLQs are read.

    Args:
        receivers: How many receive from one DLQ at the same time at the most.
        wait_seconds: How long a receiver waits for the first message; with less than a second SQS
            may overlook some (Amazon SQS Developer Guide, "Amazon SQS short and long polling").
        hide_seconds: How long a letter stays hidden at the least if nobody releases it.
        letters_per_second: A rate that reading surely reaches; more letters are hidden for longer,
            so that the first do not come by again while the last are read.
        most_held: About how many are held at the same time to be worked on; few enough that a
            killed process leaves little hidden.
    """

    receivers: int = 4
    wait_seconds: int = 1
    hide_seconds: float = 30
    letters_per_second: float = 200
    most_held: int = 500


@dataclass
class HeldLetters:
    """Letters that are hidden from others until they are deleted or released."""

    queues: Queues
    stopwatch: Callable[[], float]
    _letters: dict[tuple[str, str], Letter] = field(default_factory=dict)
    _hide_seconds: dict[str, float] = field(default_factory=dict)
    _hidden_at: float = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def letters(self) -> list[Letter]:
        """The letters that are held, in the order in which they came."""
        with self._lock:
            return list(self._letters.values())

    def start(self, queue: DeadLetterQueue, hide_seconds: float) -> None:
        """Note how long the letters of a queue are hidden."""
        self._hidden_at = self.stopwatch()
        self._hide_seconds[queue.name] = hide_seconds

    def add(self, received: Sequence[Letter]) -> list[Letter]:
        """Hold letters that were received; returns those of them that are new."""
        with self._lock:
            fresh = [one for one in received if _name_place(one) not in self._letters]
            # One that came by again counts by its latest receive.
            self._letters |= {_name_place(one): one for one in received}
            return fresh

    def delete(self, letters: Sequence[Letter]) -> list[Letter]:
        """Delete letters of one queue for good; returns those that SQS did not delete."""
        handles = {letter.message.receipt_handle: letter for letter in letters}
        if not handles:
            return []
        kept = self.queues.delete_batch(letters[0].queue.dlq_url, list(handles))
        self._drop([letter for handle, letter in handles.items() if handle not in kept])
        return [handles[handle] for handle in kept]

    def release(self, letters: Sequence[Letter]) -> None:
        """Make letters visible again at once."""
        self._drop(letters)
        batches = [
            (url, handles[start : start + _BATCH_SIZE])
            for url, handles in _handles_by_queue(letters).items()
            for start in range(0, len(handles), _BATCH_SIZE)
        ]
        with ThreadPoolExecutor(max_workers=_RELEASERS) as pool:
            list(pool.map(self._show, batches))

    def _show(self, batch: tuple[str, list[str]]) -> None:
        url, handles = batch
        self.queues.change_visibility_batch(url, handles, 0)

    def keep_hidden(self) -> None:
        """Hide what is held for longer, if its time is nearly over.

        What somebody else has received meanwhile is held no more.
        """
        shortest = min(self._hide_seconds.values(), default=0)
        if self.stopwatch() - self._hidden_at < shortest / 3:
            return
        self._hidden_at = self.stopwatch()
        held = self.letters
        for url, handles in _handles_by_queue(held).items():
            lost = set(self.queues.change_visibility_batch(url, handles, shortest))
            self._drop([letter for letter in held if letter.message.receipt_handle in lost])

    def _drop(self, letters: Sequence[Letter]) -> None:
        with self._lock:
            for letter in letters:
                self._letters.pop(_name_place(letter), None)


def _name_place(letter: Letter) -> tuple[str, str]:
    return letter.queue.name, letter.message.message_id


def _handles_by_queue(letters: Sequence[Letter]) -> dict[str, list[str]]:
    handles: dict[str, list[str]] = {}
    for letter in letters:
        handles.setdefault(letter.queue.dlq_url, []).append(letter.message.receipt_handle)
    return handles


@contextmanager
def hold_letters(
    queues: Queues,
    dlqs: Sequence[DeadLetterQueue],
    pace: ReadingPace,
    stopwatch: Callable[[], float],
    *,
    is_wanted: Callable[[Letter], bool] = lambda letter: True,
    enough: int | None = None,
    report: Callable[[int], None] = lambda count: None,
) -> Iterator[HeldLetters]:
    """Receive the letters of DLQs and hold those that are wanted, to the end of the block.

    Args:
        queues: SQS.
        dlqs: The DLQs.
        pace: How they are read.
        stopwatch: Seconds that only grow.
        is_wanted: Which letters are held; the others are released before the block begins.
        enough: The most letters to hold; reading stops when they are there.
        report: Told now and then how many letters were seen.

    Raises:
        SeashoreError: A queue cannot be read; what was received is released.
    """
    held = HeldLetters(queues, stopwatch)
    reading = _Reading(queues, pace, held, is_wanted, enough, report)
    try:
        reading.read_all(dlqs)
        wanted = [letter for letter in held.letters if is_wanted(letter)][:enough]
        kept = {id(letter) for letter in wanted}
        held.release([letter for letter in held.letters if id(letter) not in kept])
        yield held
    finally:
        held.release(held.letters)


def read_letters(
    queues: Queues,
    dlqs: Sequence[DeadLetterQueue],
    pace: ReadingPace,
    stopwatch: Callable[[], float],
    report: Callable[[int], None] = lambda count: None,
) -> list[Letter]:
    """All letters of DLQs that nobody else is holding, oldest first.

    Raises:
        SeashoreError: A queue cannot be read; what was received is released.
    """
    with hold_letters(queues, dlqs, pace, stopwatch, report=report) as held:
        return sorted(held.letters, key=lambda letter: (letter.died_at, letter.letter_id))


@dataclass
class _Reading:
    """One reading of some DLQs by several receivers each."""

    queues: Queues
    pace: ReadingPace
    held: HeldLetters
    is_wanted: Callable[[Letter], bool]
    enough: int | None
    report: Callable[[int], None]
    _stop: threading.Event = field(default_factory=threading.Event)
    _wanted: int = 0

    def read_all(self, dlqs: Sequence[DeadLetterQueue]) -> None:
        with ThreadPoolExecutor(max_workers=max(1, len(dlqs) * self.pace.receivers)) as pool:
            try:
                futures = []
                for dlq in dlqs:
                    count = self.queues.count_messages(dlq.dlq_url)
                    seconds = max(self.pace.hide_seconds, count / self.pace.letters_per_second)
                    self.held.start(dlq, seconds)
                    # One that finds nothing only waits, and keeps the others waiting.
                    receivers = min(self.pace.receivers, max(1, math.ceil(count / _BATCH_SIZE)))
                    a_round = ReadingRound(receivers)
                    futures += [
                        pool.submit(self._receive, dlq, seconds, a_round) for _ in range(receivers)
                    ]
                for future in futures:
                    future.result()
            finally:
                # Also when Ctrl-C or an error breaks it off: the pool waits for its receivers.
                self._stop.set()

    def _receive(self, dlq: DeadLetterQueue, hide_seconds: float, a_round: "ReadingRound") -> None:
        while not self._stop.is_set() and not a_round.is_dry:
            messages = self.queues.receive(
                dlq.dlq_url, hide_seconds, wait_seconds=self.pace.wait_seconds
            )
            letters = [to_letter(dlq, message) for message in messages]
            fresh = self.held.add(letters)
            a_round.note(bool(fresh))
            if fresh:
                self.report(len(self.held.letters))
            if self.enough is not None:
                self._wanted += sum(map(self.is_wanted, fresh))
                if self._wanted >= self.enough:
                    self._stop.set()


class ReadingRound:
    """Whether a full round of receivers has brought nothing new."""

    def __init__(self, receivers: int) -> None:
        self._receivers = receivers
        self._lock = threading.Lock()
        self._fruitless = 0

    @property
    def is_dry(self) -> bool:
        """Whether it has."""
        return self._fruitless >= self._receivers

    def note(self, has_brought: bool) -> None:
        """Note whether one receive has brought something new."""
        with self._lock:
            self._fruitless = 0 if has_brought else self._fruitless + 1
