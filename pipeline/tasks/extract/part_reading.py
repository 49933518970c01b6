"""Parts of a text read by a model side by side, in halves where an answer is cut off."""

import contextvars
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

from pipeline.tasks.extract.text_lines import Part
from shared.deadline import Deadline
from shared.errors import (
    AnswerCutError,
    ContextOverflowError,
    DeadlineError,
    LateAnswerError,
    ModelAnswerError,
    ModelRefusalError,
    ModelRequestError,
    OverBudgetError,
    SeashoreError,
    TaskCapError,
)

AnswerT = TypeVar("AnswerT")

# What makes a part fail by itself, and not the whole task wait or die with it.
_OF_A_PART = (ModelAnswerError, ModelRefusalError, ModelRequestError)
_TOO_LONG = (AnswerCutError, ContextOverflowError)


@dataclass(frozen=True)
class FailedPart:
    """A part that was not read, and why."""

    part: Part
    error: SeashoreError


@dataclass(frozen=True)
class PartsRead(Generic[AnswerT]):
    """What came of the parts, in the order of the text."""

    answers: list[tuple[Part, AnswerT]]
    failed: list[FailedPart]


class PartReader(Generic[AnswerT]):
    """Reads parts side by side.

    Args:
        read: Reads a part; called in several threads.
        calls_at_once: How many parts are read at the same time at most.
        deadline: When the time is up.
    """

    def __init__(
        self, read: Callable[[Part], AnswerT], calls_at_once: int, deadline: Deadline
    ) -> None:
        self._read = read
        self._calls_at_once = calls_at_once
        self._deadline = deadline
        self._waiting: deque[Part] = deque()
        self._running: dict[Future[tuple[AnswerT, float]], Part] = {}
        self._answers: list[tuple[Part, AnswerT]] = []
        self._failed: list[FailedPart] = []
        self._longest_seconds = 0.0
        self._stop: SeashoreError | None = None
        self._limit: TaskCapError | OverBudgetError | None = None

    def read_all(self, parts: Iterable[Part]) -> PartsRead[AnswerT]:
        """Read parts; those whose answers are cut off in halves, until they fit.

        What runs is waited for before an error is raised, as it is paid for and kept.

        Raises:
            DeadlineError: There is no time for a further part.
            SeashoreError: What concerns all parts: a provider that is down, the day's limit; or
                the error of the first part where none could be read.
        """
        self._waiting.extend(parts)
        with ThreadPoolExecutor(self._calls_at_once) as pool:
            while self._waiting or self._running:
                self._start(pool)
                if not self._running:
                    break
                done, _ = wait(self._running, return_when=FIRST_COMPLETED)
                for future in done:
                    self._settle(self._running.pop(future), future)
        if self._stop is not None:
            raise self._stop
        self._answers.sort(key=lambda answer: answer[0].lines[0].place)
        self._failed.sort(key=lambda failed: failed.part.lines[0].place)
        if self._failed and not self._answers:
            raise self._failed[0].error
        return PartsRead(self._answers, self._failed)

    def _start(self, pool: ThreadPoolExecutor) -> None:
        while self._waiting and len(self._running) < self._calls_at_once and self._stop is None:
            if self._limit is not None:
                # What runs has set aside more than it will cost, as a rule.
                if not self._running:
                    self._end_at_limit(self._limit)
                return
            try:
                self._deadline.check(self._longest_seconds)
            except DeadlineError as error:
                self._stop = error
                return
            part = self._waiting.popleft()
            context = contextvars.copy_context()
            self._running[pool.submit(context.run, self._read_timed, part)] = part

    def _end_at_limit(self, limit: TaskCapError | OverBudgetError) -> None:
        """The day's limit is waited for; that of the task is the end."""
        if isinstance(limit, OverBudgetError):
            self._stop = limit
            return
        self._failed += [FailedPart(part, limit) for part in self._waiting]
        self._waiting.clear()

    def _read_timed(self, part: Part) -> tuple[AnswerT, float]:
        started = self._deadline.clock()
        answer = self._read(part)
        return answer, self._deadline.clock() - started

    def _settle(self, part: Part, future: Future[tuple[AnswerT, float]]) -> None:
        # What a part has not cost of what was set aside for it may do for the next.
        self._limit = None
        try:
            answer, seconds = future.result()
        except (TaskCapError, OverBudgetError) as error:
            self._waiting.appendleft(part)
            self._limit = error
            return
        except _TOO_LONG as error:
            halves = part.halve()
            if halves is None:
                self._failed.append(FailedPart(part, error))
            else:
                self._waiting.extendleft(reversed(halves))
            return
        except LateAnswerError as error:
            self._stop = self._stop or error
            return
        except _OF_A_PART as error:
            self._failed.append(FailedPart(part, error))
            return
        except SeashoreError as error:
            self._stop = self._stop or error
            return
        self._longest_seconds = max(self._longest_seconds, seconds)
        self._answers.append((part, answer))
