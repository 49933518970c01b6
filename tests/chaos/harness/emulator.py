"""AWS for one run: the bare emulator in a process of its own, with our buckets, queues and tables.

The emulator answers one request after the other, so its transactions are as atomic as DynamoDB's;
its queues have visibility timeouts, receive counts, delays and redrive. moto's server was measured
too: it copies the whole table for each transaction and, with threads, undoes the writes of others
when one is cancelled, which this suite would take for a fault of ours.
"""

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import botocore.session

from infra.local.process import ensure_emulator
from infra.project_files import PROJECT
from shared.aws.clients import Clients
from tests.fakes.aws.aws_account import AwsAccount, build_account

HOST = "127.0.0.1"
_SERVER = PROJECT / "infra" / "local" / "http_server.py"
_LONGEST_START_SECONDS = 300.0


@contextmanager
def running_emulator(folder: Path) -> Iterator[str]:
    """Run an emulator with nothing in it; its address."""
    python = ensure_emulator(PROJECT / ".seashore" / "emulator", lambda line: None)
    port = _find_free_port()
    with (folder / "emulator.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - a fixed command
            [str(python), "-P", str(_SERVER)],
            cwd=folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "TMPDIR": str(folder),
                "PYTHONDONTWRITEBYTECODE": "1",
                "BIND_HOST": HOST,
                "GATEWAY_PORT": str(port),
                "LAMBDA_EXECUTOR": "local",
                "DOCKER_HOST": f"unix://{folder}/no-docker.sock",
                "IOT_MTLS_ENABLED": "0",
                "SFTP_ENABLED": "0",
                "LOG_LEVEL": "WARNING",
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_ready(process, port)
        yield f"http://{HOST}:{port}"
    finally:
        process.kill()
        process.wait()


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + _LONGEST_START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError("the emulator ended at its start")
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/_ministack/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError("the emulator does not answer")


class EmulatorSession(boto3.Session):
    """A session whose clients all talk to the emulator, whatever the environment says.

    Args:
        endpoint_url: The emulator.
    """

    def __init__(self, endpoint_url: str) -> None:
        # Not at the top: who collects the tests has no use for what it loads.
        from tests.fakes.loaded_services import LOADER

        session = botocore.session.get_session()
        session.register_component("data_loader", LOADER)
        super().__init__("test", "test", region_name="eu-west-1", botocore_session=session)
        self._endpoint_url = endpoint_url

    def client(self, *args: Any, **options: Any) -> Any:
        return super().client(*args, **options, endpoint_url=self._endpoint_url)


def open_account(
    endpoint_url: str, *, visibility_seconds: int, max_receive_count: int, **settings: object
) -> AwsAccount:
    """Make buckets, queues and tables.

    Args:
        endpoint_url: The emulator.
        visibility_seconds: The visibility timeout of the source queues.
        max_receive_count: Receives until SQS moves a message to its DLQ, and so for the policy.
        settings: Settings of the functions other than their defaults.
    """
    clients = Clients(EmulatorSession(endpoint_url))
    account = build_account(clients, max_receive_count=max_receive_count, **settings)
    names = account.settings
    for queue_url, dlq_url in (
        (names.uploads_queue_url, names.uploads_dlq_url),
        (names.conversions_queue_url, names.conversions_dlq_url),
        (names.recognition_queue_url, names.recognition_dlq_url),
        (names.work_queue_url, names.work_dlq_url),
    ):
        dlq = account.clients.sqs.get_queue_attributes(QueueUrl=dlq_url, AttributeNames=["All"])
        redrive = {
            "deadLetterTargetArn": dlq["Attributes"]["QueueArn"],
            "maxReceiveCount": max_receive_count,
        }
        account.clients.sqs.set_queue_attributes(
            QueueUrl=queue_url,
            Attributes={
                "VisibilityTimeout": str(visibility_seconds),
                "ReceiveMessageWaitTimeSeconds": "1",
                "RedrivePolicy": json.dumps(redrive),
            },
        )
    return account
