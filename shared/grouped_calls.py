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
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    def __call__(self, argument: ArgT) -> ResultT:
        """The result for an argument.

        Raises:
            Exception: As `run` does. Where that failed for several, each has been tried alone.
        """
        call: _Call[ArgT, ResultT] = _Call(argument)
        with self._lock:
            self._waiting.append(call)
        if self._turn.acquire(timeout=_LONGEST_WAIT_SECONDS):
            try:
                if not call.is_taken:
                    self._run_waiting(call)
            finally:
                self._turn.release()
        with self._lock:
            if not call.is_taken:
                self._waiting.remove(call)
        # In vain together, or not taken along in time.
        [result] = call.results or self._run([argument])
        return result

    def _run_waiting(self, own: _Call[ArgT, ResultT]) -> None:
        """Carry out what waits, one's own call among it."""
        with self._lock:
            others = [call for call in self._waiting if call is not own]
            group = [own, *others[: self._most - 1]]
            self._waiting = others[self._most - 1 :]
            for call in group:
                call.is_taken = True
        if len(group) == 1:
            own.results = self._run([own.argument])
            return
        try:
            results = self._run([call.argument for call in group])
        except Exception:
            # Each finds out alone what it was: one refusal must not fail the others.
            return
        for call, result in zip(group, results, strict=True):
            call.results = (result,)
