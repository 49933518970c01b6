"""A run: an emulated AWS, containers that die, work that is sent, and what became of it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.harness.container import INGEST, RECOGNISE, WORKER, ContainerSpec
from tests.chaos.harness.emulator import open_account, running_emulator
from tests.chaos.harness.faults import FaultPlan
from tests.chaos.harness.journal import Journal, open_journal
from tests.fakes.aws.aws_account import AwsAccount

# Less than the function's time limit and the visibility timeout of any deployment, so that what a
# death leaves behind is healed within seconds. Three seconds of the limit are for settling.
TIMEOUT_SECONDS = 6.0
VISIBILITY_SECONDS = 7


# How long anything is waited for: only what hangs takes so long, on however busy a machine.
PATIENCE_SECONDS = 900.0


class NotDrainedError(AssertionError):
    """Messages are left on the queues after all the time that was given."""


@dataclass(frozen=True)
class Run:
    """An emulated AWS with an account in it, and the folder and the journal of one run."""

    folder: Path
    endpoint_url: str
    account: AwsAccount
    journal: Journal

    def worker(self, plan: FaultPlan | None = None, **options: object) -> ContainerSpec:
        """A container of the worker function."""
        return self._container(WORKER, plan, **options)

    def ingest(self, plan: FaultPlan | None = None, **options: object) -> ContainerSpec:
        """A container of the ingest function."""
        return self._container(INGEST, plan, **options)

    def recognise(self, plan: FaultPlan | None = None, **options: object) -> ContainerSpec:
        """A container of the recognise function."""
        return self._container(RECOGNISE, plan, **options)

    def _container(self, stage: str, plan: FaultPlan | None, **options: object) -> ContainerSpec:
        given = {"timeout_seconds": TIMEOUT_SECONDS, **options}
        return ContainerSpec(
            stage=stage,
            settings=self.account.settings,
            endpoint_url=self.endpoint_url,
            folder=self.folder,
            plan=plan or FaultPlan(),
            **given,
        )

    def read_log(self) -> list[dict[str, Any]]:
        """The lines that the containers have logged; metrics are not among them.

        A container that is killed in the middle of a line leaves one that is none.
        """
        lines = (self.folder / "containers.log").read_text(encoding="utf-8").splitlines()
        entries = []
        for line in lines:
            with suppress(json.JSONDecodeError):
                entries.append(json.loads(line))
        return [entry for entry in entries if isinstance(entry, dict) and "level" in entry]

    def count_waiting(self) -> int:
        """Messages on the source queues: visible, in flight or delayed."""
        return sum(self._count_each())

    def _count_each(self) -> Iterator[int]:
        settings = self.account.settings
        urls = (
            settings.work_queue_url,
            settings.uploads_queue_url,
            settings.recognition_queue_url,
        )
        return map(self.account.count_messages, urls)

    def count_letters(self) -> int:
        """Messages in the DLQs."""
        settings = self.account.settings
        return self.account.count_messages(settings.work_dlq_url) + self.account.count_messages(
            settings.uploads_dlq_url
        )

    def wait_until_drained(self, timeout_seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until no message is left on the source queues.

        Raises:
            NotDrainedError: Some are left after that time.
        """
        # Once one has a message, the others are not asked: of all requests of the suite it was a
        # fifth, with a pause of a fifth of a second.
        wait_for(lambda: not any(self._count_each()), timeout_seconds, self.count_waiting)


def wait_for(
    is_so: Callable[[], bool], timeout_seconds: float, describe: Callable[[], object]
) -> None:
    """Wait until a condition holds.

    Raises:
        NotDrainedError: It does not hold after that time.
    """
    until = time.monotonic() + timeout_seconds
    while not is_so():
        if time.monotonic() > until:
            raise NotDrainedError(f"after {timeout_seconds} s: {describe()}")
        time.sleep(0.5)


@contextmanager
def open_run(
    folder: Path,
    *,
    visibility_seconds: int = VISIBILITY_SECONDS,
    max_receive_count: int = 5,
    retry_base_seconds: float = 0.5,
    **settings: object,
) -> Iterator[Run]:
    """Start an emulated AWS for one run."""
    (folder / "tokens").mkdir()
    with running_emulator(folder) as endpoint_url:
        account = open_account(
            endpoint_url,
            visibility_seconds=visibility_seconds,
            max_receive_count=max_receive_count,
            retry_base_seconds=retry_base_seconds,
            **settings,
        )
        with open_journal(folder / "journal") as journal:
            yield Run(folder, endpoint_url, account, journal)
