"""A local stack of its own with tiny functions, so that a test may stop, kill and change it."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.stack import STACK_NAME, LocalSetup, stop_local_stack
from infra.packaging.archive import add_files, list_files
from infra.packaging.build import FUNCTIONS, Package
from infra.stacks import Stack
from tests.fakes.waiting import wait_for
from tests.local_stack.stack_fixtures import CACHE, Start

PROBE = Path(__file__).with_name("probe")


class ProbeStack:
    """The local stack in one folder, across its stops and starts."""

    def __init__(self, folder: Path, start: Start) -> None:
        self.root = folder / "stack"
        self.project = folder / "project"
        self._start = start
        shutil.copytree(PROBE, self.project)
        self.cache = folder / "cache"
        self.cache.mkdir(parents=True)
        (self.cache / "emulator").symlink_to(CACHE / "emulator")

    @property
    def setup(self) -> LocalSetup:
        """The setup with the functions' code as it is now."""
        return LocalSetup(
            parameters={"WorkerTimeoutSeconds": "10"},
            cache=self.cache,
            packages=pack_probe(self.project, self.cache),
        )

    def start(self, setup: LocalSetup | None = None) -> Stack:
        return self._start(self.root, setup or self.setup)

    def stop(self) -> None:
        stop_local_stack(self.root, lambda line: None)


def pack_probe(project: Path, folder: Path) -> dict[str, Package]:
    """The packages of the tiny functions: nothing but their code, in one zip for all of them.

    What they import is what the Lambda runtime ships. So nothing is installed, which takes longer
    than everything else that the tests of this stack do.
    """
    draft = folder / "probe.zip"
    draft.unlink(missing_ok=True)
    add_files(draft, list_files(project), compression_level=1)
    digest = hashlib.sha256(draft.read_bytes()).hexdigest()
    archive = draft.replace(folder / f"probe-{digest}.zip")
    package = Package(archive, digest, archive.stat().st_size, 0)
    return dict.fromkeys(FUNCTIONS, package)


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


@contextmanager
def other_environment(stack: Stack, function: str, **changes: str) -> Iterator[None]:
    """Have a function run with other values of some variables for a while."""
    client, name = stack.client("lambda"), f"{STACK_NAME}-{function}"
    kept = client.get_function_configuration(FunctionName=name)["Environment"]
    changed = {"Variables": {**kept["Variables"], **changes}}
    client.update_function_configuration(FunctionName=name, Environment=changed)
    try:
        yield
    finally:
        client.update_function_configuration(FunctionName=name, Environment=kept)
