"""Local stacks to measure: of this checkout, and of an earlier commit with its own packages."""

import io
import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from infra.locked_environment import ensure_environment
from infra.project_files import PROJECT
from tests.benchmarks.checkouts import BASE_COMMIT, check_out_base

_CHILD = Path(__file__).with_name("stack_child.py")
_NO_OP = "def handler(event, context):\n    return {'batchItemFailures': []}\n"


class MeasuredStack:
    """A running local stack, of whichever code."""

    def __init__(self, record: dict[str, Any]) -> None:
        self._record = record
        self.outputs: dict[str, str] = record["outputs"]
        self.name: str = record["stack_name"]

    def client(self, service: str) -> Any:
        """A client of a service of its emulator."""
        return boto3.client(
            service,
            endpoint_url=self._record["endpoint_url"],
            region_name=self._record["region"],
            aws_access_key_id=self._record["access_key_id"],
            aws_secret_access_key=self._record["secret_access_key"],
            config=Config(retries={"total_max_attempts": 3}, max_pool_connections=20),
        )

    def set_batch(self, function: str, size: int) -> None:
        """Have a function take so many messages at once; more than ten need a window on AWS."""
        client = self.client("lambda")
        name = f"{self.name}-{function}"
        for mapping in client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]:
            client.update_event_source_mapping(
                UUID=mapping["UUID"],
                BatchSize=size,
                MaximumBatchingWindowInSeconds=1 if size > 10 else 0,
            )

    def empty_worker(self) -> None:
        """Put a handler in the worker's place that does nothing."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("functions/__init__.py", "")
            archive.writestr("functions/worker.py", _NO_OP)
        self.client("lambda").update_function_code(
            FunctionName=f"{self.name}-worker", ZipFile=packed.getvalue()
        )

    def send(self, bodies: list[str]) -> None:
        """Send messages to the work queue."""
        sqs = self.client("sqs")
        for start in range(0, len(bodies), 10):
            entries = [
                {"Id": str(n), "MessageBody": body}
                for n, body in enumerate(bodies[start : start + 10])
            ]
            sqs.send_message_batch(QueueUrl=self.outputs["WorkQueueUrl"], Entries=entries)

    def count_waiting(self, queue: str = "WorkQueueUrl") -> int:
        """Messages of a queue, those in flight and delayed included."""
        names = ("", "NotVisible", "Delayed")
        answer = self.client("sqs").get_queue_attributes(
            QueueUrl=self.outputs[queue],
            AttributeNames=[f"ApproximateNumberOfMessages{name}" for name in names],
        )
        return sum(int(value) for value in answer["Attributes"].values())

    def count_done(self) -> int:
        """Tasks that are DONE in the ledger."""
        pages = (
            self.client("dynamodb")
            .get_paginator("scan")
            .paginate(
                TableName=self.outputs["LedgerTable"],
                FilterExpression="sk = :task AND #status = :done",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={":task": {"S": "TASK"}, ":done": {"S": "DONE"}},
                ProjectionExpression="pk",
            )
        )
        return sum(len(page["Items"]) for page in pages)


def wait_until(is_so: Callable[[], bool], longest_seconds: float) -> None:
    """Wait for something.

    Raises:
        TimeoutError: It does not come.
    """
    until = time.monotonic() + longest_seconds
    while not is_so():
        if time.monotonic() > until:
            raise TimeoutError(f"not after {longest_seconds:.0f} s")
        time.sleep(0.05)


@contextmanager
def open_stack(python: Path, checkout: Path, folder: Path, cache: Path) -> Iterator[MeasuredStack]:
    """A local stack of a checkout's code, run by its own Python; `cache` keeps its packages."""
    with (folder / "stack.log").open("wb") as log:
        child = subprocess.Popen(  # noqa: S603 - a fixed command
            [str(python), str(_CHILD), str(checkout), str(folder / "stack"), str(cache)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=checkout,
        )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        line = child.stdout.readline()
        if not line:
            raise RuntimeError((folder / "stack.log").read_text(encoding="utf-8")[-2_000:])
        yield MeasuredStack(json.loads(line))
    finally:
        child.stdin.close()
        try:
            child.wait(60)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def open_own_stack(folder: Path) -> AbstractContextManager[MeasuredStack]:
    """A local stack of this checkout."""
    return open_stack(Path(sys.executable), PROJECT, folder, PROJECT / ".seashore")


@contextmanager
def open_base_stack(folder: Path) -> Iterator[MeasuredStack | None]:
    """A local stack of the base commit, with what its own locks name; None without the commit."""
    with check_out_base(
        BASE_COMMIT, ("functions", "pipeline", "shared", "infra", "pyproject.toml")
    ) as checkout:
        if checkout is None:
            yield None
            return
        python = ensure_environment(
            PROJECT / ".seashore" / f"environment-{BASE_COMMIT}",
            checkout / "infra" / "locks" / "command-line.txt",
            f"what {BASE_COMMIT} needs",
            lambda line: print(line, file=sys.stderr),
        )
        cache = PROJECT / ".seashore" / f"cache-{BASE_COMMIT}"
        with open_stack(python, checkout, folder, cache) as stack:
            yield stack
