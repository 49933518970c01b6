"""A local stack of its own with tiny functions, so that a test may stop, kill and change it."""

import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.local.stack import LocalSetup, stop_local_stack
from infra.stacks import Stack
from tests.local_stack.conftest import CACHE, Start

PROBE = Path(__file__).with_name("probe")


class ProbeStack:
    """The local stack in one folder, across its stops and starts."""

    def __init__(self, folder: Path, start: Start) -> None:
        self.root = folder / "stack"
        self.project = folder / "project"
        self._start = start
        shutil.copytree(PROBE, self.project)
        self.cache = folder / "cache"
        (self.cache / "build").mkdir(parents=True)
        (self.cache / "emulator").symlink_to(CACHE / "emulator")
        # The probe needs no dependencies: an empty archive takes their place, so it starts fast.
        for archive in (CACHE / "build").glob("*-host-dependencies-*.zip"):
            zipfile.ZipFile(self.cache / "build" / archive.name, "w").close()

    @property
    def setup(self) -> LocalSetup:
        return LocalSetup(
            parameters={"WorkerTimeoutSeconds": "10"}, cache=self.cache, project=self.project
        )

    def start(self, setup: LocalSetup | None = None) -> Stack:
        return self._start(self.root, setup or self.setup)

    def stop(self) -> None:
        stop_local_stack(self.root, lambda line: None)


def wait_for(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    """The first true value of a condition.

    Raises:
        AssertionError: There is none in time.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")


def read_artifact(stack: Stack, key: str) -> bytes | None:
    s3 = stack.client("s3")
    bucket = stack.output("ArtifactsBucket")
    found = s3.list_objects_v2(Bucket=bucket, Prefix=key).get("Contents", [])
    if [item["Key"] for item in found] != [key]:
        return None
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def work(stack: Stack, words: str) -> str:
    """Send words to the worker and return what it made of them."""
    stack.client("sqs").send_message(QueueUrl=stack.output("WorkQueueUrl"), MessageBody=words)
    key = f"results/{words.replace(' ', '-').replace('/', '-')}"
    return wait_for(lambda: read_artifact(stack, key)).decode()
