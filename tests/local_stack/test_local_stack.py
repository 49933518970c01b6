"""The local stack: what outlives a restart, what functions may do, and how it ends."""

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from infra.local.record import LocalFolder, is_running, read_record
from infra.local.saved_state import read_saved, was_cut_short
from infra.local.stack import (
    SECRET_NAME,
    LocalSetup,
    OpenAiServer,
    delete_local_data,
    find_local_stack,
    start_local_stack,
    stop_local_stack,
    update_local_stack,
)
from infra.project_files import PROJECT
from infra.stacks import Stack, resolve_local_stack
from shared.errors import DeployError, LocalStackError, UnknownStackError
from tests.fakes.waiting import wait_for
from tests.local_stack.probe_stack import ProbeStack, read_artifact, work


def quiet(line: str) -> None:
    """Report nothing."""


@pytest.fixture
def stack(probe: ProbeStack) -> Stack:
    """The running probe stack."""
    if not is_running(LocalFolder(probe.root)):
        return probe.start()
    return resolve_local_stack(probe.root)


def ingest(stack: Stack, key: str, text: str) -> dict:
    """Upload a document and return the report of the probe."""
    bucket = stack.output("DocumentsBucket")
    stack.client("s3").put_object(Bucket=bucket, Key=key, Body=text.encode())
    return json.loads(wait_for(lambda: read_artifact(stack, f"text/{key}")))


def test_upload_of_any_suffix_reaches_ingest(stack):
    assert ingest(stack, "a name+with%20signs.PDF", "one")["text"] == "one"
    assert ingest(stack, "no-suffix", "two")["text"] == "two"


def test_ingest_may_do_only_what_its_role_says(stack):
    report = ingest(stack, "permissions.pdf", "x")
    codes = {name: code.removesuffix("Exception") for name, code in report["forbidden"].items()}
    assert codes == dict.fromkeys(report["forbidden"], "AccessDenied")
    assert report["missing"] == {"document": "NoSuchKey", "text": "NoSuchKey"}


def test_worker_may_not_read_documents(stack):
    ingest(stack, "secret.pdf", "x")
    assert work(stack, f"read {stack.output('DocumentsBucket')} secret.pdf") == "AccessDenied"
    assert work(stack, f"read {stack.output('ArtifactsBucket')} text/secret.pdf") == "allowed"


def test_language_model_is_handed_to_the_worker_and_its_key_lies_in_a_secret(probe, stack):
    server = OpenAiServer("http://127.0.0.1:9/v1", model="tiny", api_key="sk-local-canary")
    update_local_stack(probe.root, quiet, replace(probe.setup, openai=server))
    seen = work(stack, "environment two")
    assert "OPENAI_BASE_URL=http://127.0.0.1:9/v1" in seen
    assert "OPENAI_MODEL=tiny" in seen
    assert f"OPENAI_API_KEY_SECRET={SECRET_NAME}" in seen
    assert "sk-local" not in seen
    digest = hashlib.sha256(b"sk-local-canary").hexdigest()
    assert work(stack, f"secret {SECRET_NAME}") == digest
    update_local_stack(probe.root, quiet, probe.setup)
    assert work(stack, f"secret {SECRET_NAME} again") == "AccessDenied"
    probe.stop()
    files = [path for path in probe.root.rglob("*") if path.is_file()]
    assert [path for path in files if b"sk-local" in path.read_bytes()] == []


def test_functions_see_nothing_of_the_callers_environment(probe, monkeypatch):
    if is_running(LocalFolder(probe.root)):
        probe.stop()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-caller")
    monkeypatch.setenv("AWS_PROFILE", "of-the-caller")
    monkeypatch.setenv("SOMETHING", "of-the-caller")
    stack = probe.start()
    seen = work(stack, "environment one")
    assert "of-the-caller" not in seen
    assert "OPENAI_API_KEY_SECRET=" in seen
    assert "OPENAI_API_KEY_SECRET" not in ingest(stack, "environment.pdf", "x")["environment"]


def test_update_replaces_the_code_of_running_functions(probe, stack):
    assert work(stack, "before the update") == "first"
    worker = probe.project / "functions" / "worker.py"
    worker.write_text(worker.read_text().replace('"first"', '"second"'))
    update_local_stack(probe.root, quiet, probe.setup)
    assert work(stack, "after the update") == "second"
    workers = list(LocalFolder(probe.root).scratch.glob("ministack-lambda-*/code"))
    assert workers
    assert {code.is_symlink() for code in workers} == {True}  # unpacked once for all of them


def test_a_mistyped_price_is_refused_and_what_runs_goes_on(probe, stack):
    parameters = {**probe.setup.parameters, "ModelPrices": '{"tiny": {"input": "O.25"}}'}
    with pytest.raises(DeployError, match="cannot start with the parameter ModelPrices"):
        update_local_stack(probe.root, quiet, replace(probe.setup, parameters=parameters))
    for words in ("priced one", "priced two", "priced three"):
        assert work(stack, words) in ("first", "second")
    assert _count(
        stack.client("sqs"), stack.output("WorkDlqUrl"), "ApproximateNumberOfMessages"
    ) == (0)


def test_restart_keeps_everything(probe, stack):
    s3, sqs, dynamodb = stack.client("s3"), stack.client("sqs"), stack.client("dynamodb")
    documents, dlq = stack.output("DocumentsBucket"), stack.output("WorkDlqUrl")
    versions = [
        s3.put_object(Bucket=documents, Key="kept.pdf", Body=text)["VersionId"]
        for text in (b"old", b"new")
    ]
    dynamodb.put_item(
        TableName=stack.output("LedgerTable"),
        Item={
            "pk": {"S": "kept"},
            "sk": {"S": "kept"},
            "day": {"S": "2001-02-03"},
            "received_at": {"S": "2001-02-03T04:05:06Z"},
        },
    )
    cause = {"error_type": {"DataType": "String", "StringValue": "X"}}
    sqs.send_message(QueueUrl=dlq, MessageBody="waiting", MessageAttributes=cause)
    sqs.send_message(QueueUrl=dlq, MessageBody="in flight")
    received_at = time.monotonic()
    in_flight = sqs.receive_message(QueueUrl=dlq, VisibilityTimeout=6, MaxNumberOfMessages=1)
    taken = in_flight["Messages"][0]["Body"]
    sqs.send_message(
        QueueUrl=stack.output("WorkQueueUrl"), MessageBody="delayed words", DelaySeconds=5
    )

    probe.stop()
    again = probe.start()

    assert again.outputs == stack.outputs
    assert again.endpoint_url == stack.endpoint_url
    kept = [
        s3.get_object(Bucket=documents, Key="kept.pdf", VersionId=version)["Body"].read()
        for version in versions
    ]
    assert kept == [b"old", b"new"]
    rows = dynamodb.query(
        TableName=stack.output("LedgerTable"),
        IndexName="arrivals",
        KeyConditionExpression="#day = :day",
        ExpressionAttributeNames={"#day": "day"},
        ExpressionAttributeValues={":day": {"S": "2001-02-03"}},
    )
    assert [row["pk"]["S"] for row in rows["Items"]] == ["kept"]
    received: dict[str, dict] = {}

    def receive_both() -> bool:
        answer = sqs.receive_message(
            QueueUrl=dlq, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        received.update({m["Body"]: m for m in answer.get("Messages", [])})
        return set(received) == {"waiting", "in flight"}

    receive_both()
    # On a busy machine the restart alone may take as long as the message is invisible.
    if time.monotonic() - received_at < 6:
        assert taken not in received
    wait_for(receive_both)
    assert received["waiting"]["MessageAttributes"]["error_type"]["StringValue"] == "X"
    # Uploads are announced, queues are polled, code and roles are there.
    assert wait_for(lambda: read_artifact(again, "results/delayed-words"))
    assert ingest(again, "after-restart.pdf", "text")["text"] == "text"


def test_message_of_a_run_that_the_stop_cut_off_comes_back(probe, stack):
    queue = stack.output("WorkQueueUrl")
    sqs = stack.client("sqs")
    redrive = json.loads(_read_attribute(sqs, queue, "RedrivePolicy"))
    # On a busy machine it is received again and again before the stack has stopped.
    patient = json.dumps(redrive | {"maxReceiveCount": 1000})
    sqs.set_queue_attributes(
        QueueUrl=queue, Attributes={"VisibilityTimeout": "3", "RedrivePolicy": patient}
    )
    worker = probe.project / "functions" / "worker.py"
    code = worker.read_text()
    sqs.send_message(QueueUrl=queue, MessageBody="hang on")
    group = read_record(LocalFolder(probe.root)).pid
    wait_for(lambda: _count(sqs, queue, "ApproximateNumberOfMessagesNotVisible"))

    probe.stop()

    wait_for(lambda: not _processes_of(group))
    worker.write_text(code.replace("time.sleep(600)", "_keep(record['body'], 'healed')"))
    again = probe.start()
    wait_for(lambda: read_artifact(again, "results/hang-on"))


def _processes_of(group: int) -> bool:
    """Whether the process group has processes; one that ended stays until its parent looks."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _count(sqs, queue: str, attribute: str) -> int:
    return int(_read_attribute(sqs, queue, attribute))


def _read_attribute(sqs, queue: str, attribute: str) -> str:
    answer = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=[attribute])
    return answer["Attributes"][attribute]


def test_second_start_in_the_same_folder_is_refused(probe, stack):
    with pytest.raises(
        LocalStackError, match=r"already running .*stop it with `seashore local down`"
    ):
        start_local_stack(probe.root, quiet, probe.setup)
    assert resolve_local_stack(probe.root).outputs == stack.outputs
    with pytest.raises(LocalStackError, match="already running"):
        delete_local_data(probe.root)


def test_taken_port_is_refused_with_advice(probe, stack):
    port = int(stack.endpoint_url.rpartition(":")[2])
    probe.stop()
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(LocalStackError, match=f"Port {port} is taken.*--delete-data"):
            start_local_stack(probe.root, quiet, probe.setup)
        assert not is_running(LocalFolder(probe.root))
    with pytest.raises(LocalStackError, match=f"belongs to port {port}"):
        start_local_stack(probe.root, quiet, LocalSetup(port=port + 1, cache=probe.cache))


def test_killed_emulator_is_reported_as_not_running(probe, stack):
    os.killpg(read_record(LocalFolder(probe.root)).pid, signal.SIGKILL)
    wait_for(lambda: not is_running(LocalFolder(probe.root)))
    assert LocalFolder(probe.root).record.exists()  # the stale record
    assert find_local_stack(probe.root) is None
    with pytest.raises(UnknownStackError, match="not running: start it with `seashore local up`"):
        resolve_local_stack(probe.root)
    with pytest.raises(LocalStackError, match="not running"):
        stop_local_stack(probe.root, quiet)
    assert work(probe.start(), "after the kill") in ("first", "second")


def test_what_a_killed_stack_knew_is_there_again_and_late_files_are_taken_up(probe, stack):
    server = OpenAiServer("http://127.0.0.1:9/v1", api_key="sk-killed-canary")
    update_local_stack(probe.root, quiet, replace(probe.setup, openai=server))
    sqs, rows = stack.client("sqs"), stack.client("dynamodb")
    queue = sqs.create_queue(QueueName="nobody-reads-it")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="kept")
    row = {"pk": {"S": "kept"}, "sk": {"S": "kept"}}
    rows.put_item(TableName=stack.output("LedgerTable"), Item=row)
    folder, now = LocalFolder(probe.root), datetime.now(UTC)
    wait_for(lambda: (saved := read_saved(folder.services)) and saved.at > now)
    # Nothing is written between these two, but the object itself.
    put = {"Bucket": stack.output("DocumentsBucket"), "Key": "late.pdf", "Body": b"late"}
    stack.client("s3").put_object(**put)
    os.killpg(read_record(folder).pid, signal.SIGKILL)
    wait_for(lambda: not is_running(folder))
    files = [path for path in folder.state.rglob("*") if path.is_file()]
    assert [path for path in files if b"sk-killed" in path.read_bytes()] == []
    assert was_cut_short(folder.record, folder.services)
    stack = probe.start()
    assert stack.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "kept"
    key = {"TableName": stack.output("LedgerTable"), "Key": row}
    assert stack.client("dynamodb").get_item(**key)["Item"] == row
    assert json.loads(wait_for(lambda: read_artifact(stack, "text/late.pdf")))["text"] == "late"
    probe.stop()
    assert read_saved(folder.services).is_last


def test_foreground_stack_saves_its_state_at_the_first_signal(probe):
    if is_running(LocalFolder(probe.root)):
        probe.stop()
    program = (
        "import sys; from pathlib import Path; from infra.local.stack import *;"
        "from tests.local_stack.probe_stack import pack_probe;"
        "root, cache, project = map(Path, sys.argv[1:]);"
        "setup = LocalSetup(parameters={'WorkerTimeoutSeconds': '10'}, cache=cache,"
        " packages=pack_probe(project, cache));"
        "run_local_stack(root, print, lambda record: print('ready', flush=True), setup)"
    )
    command = [sys.executable, "-u", "-c", program, probe.root, probe.cache, probe.project]
    with subprocess.Popen(  # noqa: S603 - this very interpreter
        command, stdout=subprocess.PIPE, text=True, cwd=PROJECT
    ) as foreground:
        try:
            assert any(line == "ready\n" for line in foreground.stdout)
            stack = resolve_local_stack(probe.root)
            url = stack.output("WorkDlqUrl")
            stack.client("sqs").send_message(QueueUrl=url, MessageBody="of the foreground")
            foreground.send_signal(signal.SIGTERM)
            assert any("Stopping" in line for line in foreground.stdout)
            foreground.send_signal(signal.SIGINT)  # an impatient second one
            assert foreground.wait(300) == 0
        finally:
            foreground.kill()
    assert not is_running(LocalFolder(probe.root))
    sqs = probe.start().client("sqs")
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    assert "of the foreground" in [message["Body"] for message in answer["Messages"]]


def test_deleted_data_is_gone_and_a_new_stack_is_empty(probe, stack):
    stack.client("s3").put_object(Bucket=stack.output("DocumentsBucket"), Key="gone", Body=b"x")
    probe.stop()
    delete_local_data(probe.root)
    again = probe.start()
    listing = again.client("s3").list_objects_v2(Bucket=again.output("DocumentsBucket"))
    assert "gone" not in [item["Key"] for item in listing.get("Contents", [])]


def test_stack_that_was_never_started_is_not_running(tmp_path):
    with pytest.raises(UnknownStackError, match="not running: start it with `seashore local up`"):
        resolve_local_stack(tmp_path)
    assert not (tmp_path / ".seashore").exists()
