"""schemathesis against the API's own OpenAPI document; what it may not mind is listed beside it.

`make api-check` does the same with many more requests.
"""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra.cli.chat.api_client import open_api

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
ALL_PHASES = "examples,coverage,fuzzing,stateful"


@pytest.fixture
def _no_task_is_left(local_stack):
    """Takes the tasks that were sent off the queues again: many wait a minute, and then die."""
    yield
    sqs = local_stack.client("sqs")
    for name in ("WorkQueueUrl", "WorkDlqUrl"):
        until = time.monotonic() + 300
        while count_messages(sqs, local_stack.output(name)) and time.monotonic() < until:
            sqs.purge_queue(QueueUrl=local_stack.output(name))
            time.sleep(0.2)


def count_messages(sqs, queue_url):
    names = [f"ApproximateNumberOfMessages{state}" for state in ("", "NotVisible", "Delayed")]
    answer = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)
    return sum(int(answer["Attributes"][name]) for name in names)


@pytest.mark.usefixtures("_no_task_is_left")
def test_the_api_does_what_its_document_says(local_stack, request, tmp_path):
    examples = request.config.getoption("--api-examples", 0)
    api = open_api(local_stack, {})
    found = subprocess.run(  # noqa: S603 - a fixed command
        [
            str(Path(sys.executable).with_name("schemathesis")),
            f"--config-file={CONFIGURATION}",
            "run",
            f"{api.url}/openapi.json",
            f"--url={api.url}",
            f"--header=X-Api-Key: {api.key}",
            f"--phases={ALL_PHASES if examples else 'fuzzing'}",
            f"--max-examples={examples or 2}",
            "--continue-on-failure",
            "--no-color",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    print(found.stdout)
    assert found.returncode == 0, found.stdout[-20_000:] + found.stderr
    assert "26 selected / 26 total" in found.stdout
