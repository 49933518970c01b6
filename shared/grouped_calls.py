"""Calls at the same time that one request can carry are made together: those of a batch's records.

Nobody waits for others to come. The first call goes out at once; what is asked for while it runs
goes out together when it is done. So a record by itself is as fast as ever, and ten at the same
time take two requests instead of ten.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

ArgT = TypeVar("ArgT")
ResultT = TypeVar("ResultT")

# Longer than a request takes. Whoever has waited for so long goes alone, so that a request that
# hangs keeps up only those that are in it.
_LONGEST_WAIT_SECONDS = 2.0


@dataclass(eq=False)
class _Call(Generic[ArgT, ResultT]):
    argument: ArgT
    is_taken: bool = False
    is_over: bool = False
    results: Sequence[ResultT] = ()


class GroupedCalls(Generic[ArgT, ResultT]):
    """Makes calls together that come while another one runs. Thread-safe.

    Args:
        run: Carries out several calls: a result for each argument, in their order.
        most: How many it carries out at once.
    """

    def __init__(self, run: Callable[[Sequence[ArgT]], Sequence[ResultT]], most: int) -> None:
        self._run = run
        self._most = most
        self._waiting: list[_Call[ArgT, ResultT]] = []
        self._is_running = False
        self._changed = threading.Condition()

    def __call__(self, argument: ArgT) -> ResultT:
        """The result for an argument.

        Raises:
            Exception: As `run` does. Where that failed for several, each has been tried alone.
        """
        call: _Call[ArgT, ResultT] = _Call(argument)
        with self._changed:
            self._waiting.append(call)
            # Whoever has been taken along waits for that request only, not for a later one.
            self._changed.wait_for(
                lambda: call.is_over if call.is_taken else not self._is_running,
                _LONGEST_WAIT_SECONDS,
            )
            group = self._take_waiting(call)
        if group:
            try:
                self._run_together(group)
            finally:
                self._end(group)
        # In vain together, or not taken along in time.
        [result] = call.results or self._run([argument])
        return result

    def _take_waiting(self, own: _Call[ArgT, ResultT]) -> list[_Call[ArgT, ResultT]]:
        """What goes out now, one's own call first; nothing if that is for others, or alone."""
        if own.is_taken:
            return []
        self._waiting.remove(own)
        if self._is_running:
            return []
        group = [own, *self._waiting[: self._most - 1]]
        self._waiting = self._waiting[self._most - 1 :]
        self._is_running = True
        for call in group:
            call.is_taken = True
        return group

    def _run_together(self, group: Sequence[_Call[ArgT, ResultT]]) -> None:
        if len(group) == 1:
            group[0].results = self._run([group[0].argument])
            return
        try:
            results = self._run([call.argument for call in group])
        except Exception:
            # Each finds out alone what it was: one refusal must not fail the others.
            return
        for call, result in zip(group, results, strict=True):
            call.results = (result,)

    def _end(self, group: Sequence[_Call[ArgT, ResultT]]) -> None:
        with self._changed:
            self._is_running = False
            for call in group:
                call.is_over = True
            self._changed.notify_all()
