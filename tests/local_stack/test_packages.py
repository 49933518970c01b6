"""Each function runs from its zip alone, in a Python without any site-packages."""

import io
import json
import subprocess
import sys
import uuid
import zipfile
from pathlib import Path

import pytest

from infra.packaging.build import Target, build_packages
from tests.fakes.desks.api_desk import make_event
from tests.local_stack.stack_fixtures import CACHE

PROGRAM = Path(__file__).with_name("self_contained.py")
PDF_ENGINES = ["pypdf", "pypdfium2", "pypdfium2_raw"]
MODEL = ["openai", "httpx2", "tiktoken"]
FORBIDDEN = {
    "ingest": [*MODEL, "jinja2", "jsonschema", "pg8000"],
    "worker": [*PDF_ENGINES, "jinja2", "css_inline", "pg8000"],
    "report": [*PDF_ENGINES, *MODEL, "jsonschema", "pg8000"],
    "api": [*PDF_ENGINES, "css_inline", "pg8000"],
}


def make_queue_event(queue_url, body):
    name = queue_url.rsplit("/", 1)[-1]
    return {
        "Records": [
            {
                "messageId": str(uuid.uuid4()),
                "receiptHandle": "none",
                "body": body,
                "attributes": {
                    "ApproximateReceiveCount": "1",
                    "SentTimestamp": "1767225600000",
                    "ApproximateFirstReceiveTimestamp": "1767225600000",
                    "SenderId": "none",
                },
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{name}",
                "awsRegion": "us-east-1",
            }
        ]
    }


def run_alone(stack, folder, function, events):
    """Take events in a fresh Python whose only path is the unpacked package."""
    name = stack.output("WorkQueueUrl").rsplit("/", 1)[-1].removesuffix("-work")
    configuration = stack.client("lambda").get_function_configuration(
        FunctionName=f"{name}-{function}"
    )
    archive = build_packages(Target.HOST, CACHE / "build", [].append)[function].path
    zipfile.ZipFile(io.BytesIO(archive.read_bytes())).extractall(folder)
    credentials = stack.session.get_credentials()
    environment = {
        **configuration["Environment"]["Variables"],
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_FUNCTION_NAME": f"{name}-{function}",
        "AWS_REGION": stack.region,
        "AWS_DEFAULT_REGION": stack.region,
        "AWS_ENDPOINT_URL": stack.endpoint_url,
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
    }
    result = subprocess.run(  # noqa: S603 - this very interpreter
        [
            *(sys.executable, "-I", "-S", "-B", str(PROGRAM), str(folder)),
            *(configuration["Handler"].rpartition(".")[0], *FORBIDDEN[function]),
        ],
        input=json.dumps(events),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1]), result.stdout


def take_letter(stack, dlq_url, body):
    """Take a letter out of a DLQ, as other tests count what is there; whether it was."""
    sqs = stack.client("sqs")
    letters = sqs.receive_message(QueueUrl=dlq_url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    for letter in letters.get("Messages", []):
        if letter["Body"] == body:
            sqs.delete_message(QueueUrl=dlq_url, ReceiptHandle=letter["ReceiptHandle"])
            return True
    return False


@pytest.mark.parametrize(
    ("function", "queue"), [("ingest", "Uploads"), ("worker", "Work"), ("report", "Reports")]
)
def test_consumer_settles_a_message_from_its_zip_alone(local_stack, tmp_path, function, queue):
    body = f"no message at all, {uuid.uuid4()}"
    event = make_queue_event(local_stack.output(f"{queue}QueueUrl"), body)
    facts, output = run_alone(local_stack, tmp_path, function, [event])
    # It lies in the dead-letter queue now, so nothing is to be returned.
    assert facts["answers"] == [{"batchItemFailures": []}]
    assert "item_dead_lettered" in output
    assert take_letter(local_stack, local_stack.output(f"{queue}DlqUrl"), body)
    assert facts["of_site_packages"] == []
    assert facts["importable"] == []
    assert facts["compiled_here"] == []


def test_api_answers_from_its_zip_alone(local_stack, tmp_path):
    events = [make_event("GET", "/documents/d0123456789abcdef0123"), make_event("GET", "/nowhere")]
    facts, output = run_alone(local_stack, tmp_path, "api", events)
    assert [answer["statusCode"] for answer in facts["answers"]] == [404, 404], output
    assert facts["of_site_packages"] == []
    assert facts["importable"] == []
    assert facts["compiled_here"] == []
    # It is for the console alone, and takes its time.
    assert "jinja2" not in facts["loaded"]
