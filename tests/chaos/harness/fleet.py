"""Containers that are replaced when they die, as Lambda replaces its environments."""

import signal
import threading
from collections.abc import Sequence
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Self

from tests.chaos.harness.container import ContainerSpec, run_container
from tests.chaos.harness.journal import Journal
from tests.chaos.harness.processes import bury_process, start_process


class Fleet:
    """Runs one container for each spec, until it is left.

    Args:
        specs: What to run.
        journal: Told of each death.
    """

    def __init__(self, specs: Sequence[ContainerSpec], journal: Journal) -> None:
        self._specs = specs
        self._journal = journal
        self._running: dict[object, tuple[ContainerSpec, BaseProcess]] = {}
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._nurse = threading.Thread(target=self._replace_dead, daemon=True)
        self._exit_codes: list[int] = []

    def __enter__(self) -> Self:
        with self._lock:
            for spec in self._specs:
                self._start(spec)
        self._nurse.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._nurse.join()
        with self._lock:
            for _, process in self._running.values():
                process.kill()
                bury_process(process)

    @property
    def kills(self) -> int:
        """Containers that killed themselves."""
        return self._count(-signal.SIGKILL)

    @property
    def timeouts(self) -> int:
        """Containers that passed the function's time limit."""
        return self._count(-signal.SIGALRM)

    @property
    def crashes(self) -> int:
        """Containers that ended in a way that nobody planned."""
        with self._lock:
            planned = (-signal.SIGKILL, -signal.SIGALRM)
            return sum(code not in planned for code in self._exit_codes)

    def _count(self, exit_code: int) -> int:
        with self._lock:
            return self._exit_codes.count(exit_code)

    def _start(self, spec: ContainerSpec) -> None:
        process = start_process(run_container, spec)
        self._running[process.sentinel] = (spec, process)

    def _replace_dead(self) -> None:
        while not self._stopping.is_set():
            for sentinel in wait(list(self._running), timeout=0.1):
                with self._lock:
                    spec, process = self._running.pop(sentinel)
                    pid = process.pid
                    exit_code = bury_process(process)
                    self._exit_codes.append(exit_code)
                    self._journal.write("died", dead=pid, exit_code=exit_code)
                    self._start(spec)
