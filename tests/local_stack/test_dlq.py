"""The DLQs of the local stack: a thousand letters, and two replays at once, one of them killed."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial

import pytest

from infra.cli.dead_letters.access import open_letters
from infra.cli.dead_letters.move_tasks import start_move
from infra.project_files import PROJECT
from pipeline.dead_letters.canary import watch_canaries
from pipeline.dead_letters.hold import LetterOutcome
from pipeline.dead_letters.replay import replay
from pipeline.ingest.chunk_text import chunk_text_key
from shared.aws.dynamodb_table import Update
from shared.dead_letters.letters import LetterFilter, group_letters
from shared.dead_letters.reading import read_letters
from shared.errors import OperatorError
from shared.ledger.document_versions import find_current_document_id
from shared.ledger.documents import document_row_key, find_document
from shared.ledger.tasks import find_task, task_pk
from shared.ledger.timeline import read_timeline
from shared.lifecycle import DocumentStatus, TaskStatus
from shared.messages.document_messages import SummarizeChunk
from shared.messages.message import encode_message
from tests.fakes.dead_letter_boxes import (
    comparable,
    look_at_all,
    make_state,
    put_letters,
    to_attributes,
)
from tests.fakes.pdf.pdf_files import make_prose_pdf
from tests.fakes.waiting import wait_for

ITEMS = 30
HIDE_SECONDS = 3

# Looks, and replays, each at a word: at a rate that leaves time to kill it, with ten
# letters held at a time, hidden for a short while.
REPLAY = """
import sys
from dataclasses import replace
from pathlib import Path
from infra.cli.dead_letters.access import open_letters
from infra.stacks import resolve_local_stack
from pipeline.dead_letters.replay import replay
from shared.dead_letters.reading import ReadingPace, read_letters

services = open_letters(resolve_local_stack(Path(sys.argv[1])))
pace = ReadingPace(hide_seconds=int(sys.argv[2]), most_held=10)
services = replace(services, pace=pace)
sys.stdin.readline()
letters = read_letters(services.queues, services.dlqs, services.pace, services.stopwatch)
print(len(letters), flush=True)
sys.stdin.readline()
for result in replay(letters, services, rate=10):
    print(result.ending, flush=True)
"""


@pytest.fixture
def services(local_stack):
    return open_letters(local_stack)


@pytest.fixture(autouse=True)
def _empty_dlqs(local_stack):
    for name in ("WorkDlqUrl", "UploadsDlqUrl"):
        local_stack.client("sqs").purge_queue(QueueUrl=local_stack.output(name))


def read(services):
    return read_letters(services.queues, services.dlqs, services.pace, services.stopwatch)


def make_letters(count, error, body, *, stage="worker"):
    return [
        (
            body(number),
            to_attributes(make_state(f"{error}-{number}", error, stage=stage), mine=str(number)),
        )
        for number in range(count)
    ]


def combine_body(number):
    """A message that the worker acknowledges at once, as there is no such document."""
    return json.dumps(
        {"kind": "combine", "document_id": f"none-{number}", "run": 1, "chunks_done": 1}
    )


def test_one_cause_of_a_thousand_letters_is_replayed(local_stack, services):
    sqs = local_stack.client("sqs")
    dlqs = {name: local_stack.output(f"{name}DlqUrl") for name in ("Work", "Uploads")}
    put_letters(sqs, dlqs["Work"], make_letters(300, "ModelRequestError", combine_body))
    put_letters(sqs, dlqs["Work"], make_letters(200, "ObjectMissingError", combine_body))
    put_letters(sqs, dlqs["Work"], make_letters(250, "MessageDecodeError", "poison {}".format))
    put_letters(
        sqs,
        dlqs["Uploads"],
        make_letters(250, "ExtractorError", '{{"Records": [], "n": {}}}'.format, stage="ingest"),
    )
    # So that none comes by again, however slow the machine is.
    services = replace(services, pace=replace(services.pace, hide_seconds=600))
    receives = []
    receiving = ("before-call.sqs.ReceiveMessage", lambda **about: receives.append(about))
    events = services.queues.client.meta.events
    events.register(*receiving)
    letters = read(services)
    events.unregister(*receiving)
    # Ten letters each, and what it takes to see that there are no more.
    assert len(receives) < 2 * len(letters) / 10
    assert {(g.error_type, g.stage): g.count for g in group_letters(letters)} == {
        ("ModelRequestError", "worker"): 300,
        ("MessageDecodeError", "worker"): 250,
        ("ExtractorError", "ingest"): 250,
        ("ObjectMissingError", "worker"): 200,
    }

    before = {comparable(m) for url in dlqs.values() for m in look_at_all(sqs, url)}
    assert len(before) == 1_000
    chosen = [one for one in letters if LetterFilter(errors=("ObjectMissingError",)).fits(one)]
    results = list(replay(chosen, services))
    assert [result.ending for result in results] == [LetterOutcome.REPLAYED] * 200
    after = {comparable(m) for url in dlqs.values() for m in look_at_all(sqs, url)}
    assert after == {entry for entry in before if '"ObjectMissingError\\"' not in entry[3]}
    assert len(after) == 800


def task_body(number):
    return json.dumps(
        {
            "kind": "summarize",
            "id": f"replayed-{number}",
            "text": f"Letter {number} tells of the tide. The tide is high at noon.",
        }
    )


def say_go(process):
    process.stdin.write("go\n")
    process.stdin.flush()


def test_two_replays_one_of_them_killed_lose_nothing_and_repeat_nothing(
    local_stack, local_stack_root, services
):
    sqs, dlq_url = local_stack.client("sqs"), local_stack.output("WorkDlqUrl")
    put_letters(sqs, dlq_url, make_letters(ITEMS, "ModelRequestError", task_body))

    command = [sys.executable, "-c", REPLAY, local_stack_root, str(HIDE_SECONDS)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with (
        subprocess.Popen(command, cwd=PROJECT, **pipes) as killed,  # noqa: S603 - this interpreter
        subprocess.Popen(command, cwd=PROJECT, **pipes) as other,  # noqa: S603 - this interpreter
    ):
        try:
            for process in (killed, other):
                say_go(process)
                assert int(process.stdout.readline()) == ITEMS
            say_go(killed)
            say_go(other)
            assert killed.stdout.readline() == "replayed\n"
            killed.send_signal(signal.SIGKILL)
            killed_at = time.monotonic()
            assert killed.wait() == -signal.SIGKILL
            told, _ = other.communicate(timeout=300)
            assert other.returncode == 0
        finally:
            killed.kill()
            other.kill()
    assert len(told.splitlines()) == ITEMS
    # What the killed one held is visible again after the visibility timeout at the latest.
    time.sleep(max(0, killed_at + HIDE_SECONDS + 1 - time.monotonic()))
    left = read(services)
    assert {result.ending for result in replay(left, services)} <= {
        LetterOutcome.REPLAYED,
        LetterOutcome.FINISHED,
    }
    tasks = [f"replayed-{number}" for number in range(ITEMS)]
    for task in tasks:
        wait_for(partial(is_done, services, task), seconds=300)
    for task in tasks:
        steps = [entry.step for entry in read_timeline(services.table, task_pk(task))]
        assert steps.count("finished") == 1
        assert steps.count("replayed") >= 1


def is_done(services, task_id):
    task = find_task(services.table, task_id)
    return task is not None and task.status is TaskStatus.DONE


def put_and_wait(stack, services, key, body):
    """Put a document, and wait until nothing more happens to it by itself."""
    bucket = stack.output("DocumentsBucket")
    stack.client("s3").put_object(Bucket=bucket, Key=key, Body=body)
    return wait_for(lambda: find_final(services, bucket, key))


def find_final(services, bucket, key):
    document_id = find_current_document_id(services.table, bucket, key)
    document = find_document(services.table, document_id) if document_id else None
    return document if document and document.status.is_final else None


def test_text_that_is_gone_is_not_taken_over_but_read_anew(local_stack, services):
    s3, artifacts = local_stack.client("s3"), local_stack.output("ArtifactsBucket")
    body = make_prose_pdf(16)
    first = put_and_wait(local_stack, services, "whole.pdf", body)
    assert first.status is DocumentStatus.DONE
    assert first.chunks_total > 1
    part = {"Bucket": artifacts, "Key": chunk_text_key(first.text_address, 2)}
    text = s3.get_object(**part)["Body"].read()
    s3.delete_object(**part)
    again = put_and_wait(local_stack, services, "again.pdf", body)
    assert (again.status, again.chunks_failed) == (DocumentStatus.DONE, 0)
    assert s3.get_object(**part)["Body"].read() == text
    assert read(services) == []


def test_a_partial_document_becomes_done_by_its_dead_chunk(local_stack, services):
    s3, artifacts = local_stack.client("s3"), local_stack.output("ArtifactsBucket")
    first = put_and_wait(local_stack, services, "once.pdf", make_prose_pdf(17))
    assert (first.status, first.chunks_total > 1) == (DocumentStatus.DONE, True)
    # As after four times of reading it anew: the worker looks for a text that is gone no more.
    pk, sk = document_row_key(first.document_id)
    begun = {"status": DocumentStatus.SUMMARIZING, "run": 5, "chunks_done": 0, "in_flight": "yes"}
    services.table.update_row(Update(pk, sk, assign=begun | {"finished_at": None}))
    part = {"Bucket": artifacts, "Key": chunk_text_key(first.text_address, 2)}
    text = s3.get_object(**part)["Body"].read()
    s3.delete_object(**part)
    bodies = [
        encode_message(
            SummarizeChunk(
                document_id=first.document_id,
                run=5,
                chunk_number=number,
                text_key=chunk_text_key(first.text_address, number),
                first_page=chunk.first_page,
                last_page=chunk.last_page,
            )
        )
        for number, chunk in enumerate(first.chunk_plan, start=1)
    ]
    services.queues.send(local_stack.output("WorkQueueUrl"), bodies)
    documents = local_stack.output("DocumentsBucket")
    document = wait_for(lambda: find_final(services, documents, "once.pdf"))
    assert (document.status, document.chunks_failed) == (DocumentStatus.PARTIAL, 1)
    # The ledger is told before the letter is written.
    (letter,) = wait_for(lambda: read(services))
    assert letter.error_type == "ObjectMissingError"

    s3.put_object(**part, Body=text)
    assert [result.ending for result in replay([letter], services)] == [LetterOutcome.REPLAYED]
    *_, last = watch_canaries([letter], services, timeout_seconds=300)
    assert [one.letter_id for one in last.succeeded] == [letter.letter_id]

    def find_done():
        found = find_final(services, documents, "once.pdf")
        return found if found and found.status is DocumentStatus.DONE else None

    healed = wait_for(find_done)
    assert (healed.chunks_failed, healed.missing_pages or "") == (0, "")
    assert read(services) == []


def test_the_local_stack_has_no_redrive_of_its_own_and_says_so(local_stack):
    urls = [local_stack.output(name) for name in ("WorkDlqUrl", "WorkQueueUrl")]
    with pytest.raises(OperatorError, match="leave out --native"):
        start_move(local_stack.client("sqs"), *urls, None)
