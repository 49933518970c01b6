"""The commands that send, list, show and watch tasks, on moto with the real worker behind."""

import csv
import json
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from infra.cli.exit_codes import ExitCode
from infra.cli.progress.follow_documents import REAL_PACE
from shared.aws.dynamodb_table import LedgerTable
from shared.errors import AccessDeniedError
from shared.ledger.cancelling import cancel_task
from shared.ledger.tasks import register_task
from shared.lifecycle import TaskStatus
from shared.messages.task_names import name_digest_task
from tests.fakes.desks.command_line import open_command_line
from tests.fakes.desks.task_desk import open_task_desk
from tests.fakes.pdf.pdf_files import make_text_pdf

PAGES = ("The harbour of Skagen opened in 1907.", "The auction begins at six in the morning.")

ARN = "arn:aws:sqs:eu-west-1:123456789012:told"
OTHER = "arn:aws:sqs:eu-west-1:123456789012:other"


@pytest.fixture
def desk():
    with open_task_desk(with_model=False) as desk:
        yield desk


@pytest.fixture
def seashore(desk):
    with open_command_line(desk.account) as seashore:
        yield seashore


@pytest.fixture
def worker(desk, monkeypatch):
    """The worker, which runs while the command waits."""
    pace = replace(REAL_PACE, sleep=lambda seconds: desk.pipeline.run())
    monkeypatch.setattr("infra.cli.tasks.enqueue.REAL_PACE", pace)


def queued(desk):
    """The bodies of the messages on the work queue."""
    answer = desk.account.clients.sqs.receive_message(
        QueueUrl=desk.account.settings.work_queue_url, MaxNumberOfMessages=10
    )
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def test_a_question_is_answered_while_one_waits(desk, seashore, worker):
    desk.put("skagen.pdf", make_text_pdf(*PAGES))
    result = seashore(
        "enqueue", "ask", "When does the auction begin?", "-d", "skagen.pdf", "--id", "q", "--wait"
    )
    assert result.exit_code == ExitCode.OK
    assert "The auction begins at six in the morning." in result.stdout
    assert "skagen.pdf, p. 2" in result.stdout
    assert "DONE" in result.stdout
    assert "results/tasks/q/1/result.json" in result.stdout
    assert "DONE" in result.stderr
    shown = json.loads(seashore("show", "q", "--json").stdout)
    assert shown["task"]["status"] == "DONE"
    assert shown["result"]["citations"][0]["page"] == 2
    assert seashore("watch", "q", "skagen.pdf").exit_code == ExitCode.OK
    assert seashore("show", "skagen.pdf").exit_code == ExitCode.OK


def test_a_task_that_fails_ends_with_its_reason_and_status_1(desk, seashore, worker):
    result = seashore("enqueue", "agent", "Look at all.", "--id", "a", "--wait")
    assert result.exit_code == ExitCode.FAILED
    assert "needs a language model" in result.stdout
    assert seashore("watch", "a").exit_code == ExitCode.FAILED
    listed = [line.split("\t") for line in seashore("tasks").stdout.splitlines()]
    assert [line[:3] for line in listed] == [["a", "agent", "FAILED"]]
    assert seashore("tasks", "--status", "done").stdout == ""
    assert json.loads(seashore("tasks", "--json").stdout)[0]["about"] == "Look at all."


def test_an_id_of_another_task_is_refused_and_its_answer_is_not_shown(desk, seashore, worker):
    assert seashore("enqueue", "summarize", "-", "--id", "p", "--wait", input="One.").exit_code == 0
    same = seashore("enqueue", "summarize", "-", "--id", "p", "--wait", input="One.")
    assert (same.exit_code, "One." in same.stdout) == (0, True)
    other = seashore("enqueue", "summarize", "-", "--id", "p", "--wait", input="Another.")
    assert (other.exit_code, other.stdout) == (ExitCode.USAGE, "")
    assert "The id p is another task's (summarize, DONE: 'a text of 4 characters')" in other.stderr


def test_without_waiting_the_id_is_written(desk, seashore, tmp_path):
    (tmp_path / "a.txt").write_text("\ufeffA text.", encoding="utf-8")
    result = seashore("enqueue", "summarize", tmp_path / "a.txt", "--callback", "arn:x")
    assert result.exit_code == 0
    (body,) = queued(desk)
    assert body == {"v": 1, "kind": "summarize", "text": "A text.", "callback": "arn:x"}
    assert result.stdout.strip()
    piped = seashore("enqueue", "summarize", "-", "--id", "p", "--json", input="From stdin.")
    assert json.loads(piped.stdout) == {"task_id": "p"}
    assert queued(desk)[0]["text"] == "From stdin."


def test_a_task_is_in_the_ledger_at_once_and_cancelled_is_not_worked_on(desk, seashore):
    seashore("enqueue", "summarize", "-", "--id", "gone", input="A text.")
    seashore("enqueue", "summarize", "-", "--id", "stays", input="A text.")
    assert desk.task("gone").status is TaskStatus.RECEIVED
    task = desk.task("gone")
    cancel_task(desk.table, task, "an operator", lambda: datetime.now(UTC))
    desk.pipeline.run()
    assert desk.task("gone").status is TaskStatus.CANCELLED
    assert desk.task("stays").status is TaskStatus.DONE
    assert desk.letters() == []


def test_a_task_that_cannot_be_entered_is_sent_all_the_same(desk, seashore, monkeypatch):
    def refuse(*given, **more):
        raise AccessDeniedError("no PutItem", delay_seconds=1, reason="access_denied")

    monkeypatch.setattr("infra.cli.tasks.enqueue.register_order", refuse)
    result = seashore("enqueue", "summarize", "-", "--id", "p", input="A text.")
    assert (result.exit_code, result.stdout) == (ExitCode.OK, "p\n")
    assert "The task p is sent" in result.stderr
    assert queued(desk)[0]["id"] == "p"


@pytest.mark.parametrize(("allowed", "code"), [("none", 2), (ARN, 2), (f"{ARN},{OTHER}", 0)])
def test_a_callback_that_the_stack_does_not_allow_is_refused_at_once(desk, allowed, code):
    with open_command_line(desk.account, CallbackArns=allowed) as seashore:
        result = seashore("enqueue", "summarize", "-", "--callback", OTHER, input="A text.")
    assert result.exit_code == code
    assert ("is not allowed" in result.stderr) == bool(code)
    assert len(queued(desk)) == (not code)


@pytest.mark.parametrize(("has_model", "code"), [("false", 2), ("true", 0)])
def test_what_needs_a_model_is_refused_at_once_where_there_is_none(desk, has_model, code):
    with open_command_line(desk.account, HasModel=has_model) as seashore:
        result = seashore("enqueue", "agent", "Which pier?")
        assert seashore("enqueue", "summarize", "-", input="A text.").exit_code == 0
    assert result.exit_code == code
    assert ("agent needs a language model" in result.stderr) == bool(code)
    assert len(queued(desk)) == 2 - bool(code)


def put_object(desk, key):
    """An object whose notice has not been read yet."""
    bucket = desk.account.settings.documents_bucket
    desk.account.clients.s3.put_object(Bucket=bucket, Key=key, Body=b"%PDF-1.7")


def test_the_beginning_of_an_id_is_written_out(desk, seashore):
    document = desk.put("skagen.pdf", make_text_pdf(*PAGES))
    beginning = document.document_id[:8]
    put_object(desk, "not-yet-there.pdf")
    seashore("enqueue", "ask", "What?", "-d", beginning, "-d", "not-yet-there.pdf")
    (body,) = queued(desk)
    assert body["documents"] == [document.document_id, "not-yet-there.pdf"]


def test_a_document_that_is_nowhere_is_told_at_once(desk, seashore):
    put_object(desk, "skagen.pdf.old")
    result = seashore("enqueue", "ask", "What?", "-d", "skagen.pdf", "--wait")
    assert result.exit_code == ExitCode.UNKNOWN_DOCUMENT
    assert "There is no document or task 'skagen.pdf'" in result.stderr
    assert queued(desk) == []


def test_characters_that_sqs_refuses_are_sent_all_the_same(desk, seashore):
    text = "One \ufffe and \uffff."
    assert seashore("enqueue", "summarize", "-", input=text).exit_code == 0
    assert queued(desk)[0]["text"] == text


def test_tasks_are_found_by_name_and_downloaded(desk, seashore, worker, tmp_path):
    seashore("enqueue", "summarize", "-", "--id", "a", "--name", "May: pier", "-w", input="One.")
    seashore("enqueue", "summarize", "-", "--id", "b", "-w", input="Two.")
    assert [line.split("\t")[0] for line in seashore("tasks", "--name", "May").stdout.splitlines()
            ] == ["a"]  # fmt: skip
    assert "Name       May: pier" in seashore("show", "a").stdout
    rows = list(csv.DictReader(seashore("tasks", "--csv").stdout.splitlines()))
    assert sorted((row["id"], row["name"]) for row in rows) == [("a", "May: pier"), ("b", "")]
    # Another name is no other task.
    again = seashore("enqueue", "summarize", "-", "--id", "a", "--name", "x", input="One.")
    assert again.exit_code == 0
    result = seashore("download", "a", tmp_path)
    assert result.exit_code == 0
    assert "One." in (tmp_path / "a" / "result.md").read_text()


def test_the_digest_of_a_report_is_no_task_of_the_users(desk, seashore):
    settings = desk.account.settings
    table = LedgerTable(desk.account.clients.dynamodb, settings.ledger_table, time.sleep)
    for task_id in (name_digest_task("2026-03-01", "a" * 16), "mine"):
        register_task(table, task_id=task_id, kind="summarize", about="a text", digest="d",
                      callback=None, now=lambda: datetime.now(UTC))  # fmt: skip
    assert [line.split("\t")[0] for line in seashore("tasks").stdout.splitlines()] == ["mine"]


def test_a_schema_is_checked_before_it_is_sent(desk, seashore, tmp_path):
    good, bad, broken = (tmp_path / name for name in ("good", "bad", "broken"))
    good.write_text('{"type": "object", "properties": {"a": {"type": "string"}}}')
    bad.write_text('{"type": "object", "properties": {"a": {"pattern": "x"}}}')
    broken.write_text("{")
    put_object(desk, "a.pdf")
    sent = seashore("enqueue", "extract", "--schema", good, "-d", "a.pdf")
    assert sent.exit_code == 0
    assert queued(desk)[0]["schema"]["properties"] == {"a": {"type": "string"}}
    for file, words in ((bad, "uses 'pattern'"), (broken, "is not JSON"), ("nope", "be read")):
        result = seashore("enqueue", "extract", "--schema", file, "-d", "a.pdf")
        assert result.exit_code == ExitCode.USAGE
        assert words in result.stderr
    assert queued(desk) == []


def test_wrong_usage_is_told(desk, seashore, tmp_path):
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "long.txt").write_text("x" * 200_001)
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7 and nothing but ASCII")
    (tmp_path / "a.dat").write_bytes(b"\xff\xfe")
    (tmp_path / "a.docx").write_bytes(b"PK\x03\x04\xff\xfe")
    both = seashore("enqueue", "summarize", tmp_path / "a.txt", "-d", "a.pdf")
    assert both.exit_code == ExitCode.USAGE
    assert seashore("enqueue", "summarize").exit_code == ExitCode.USAGE
    assert seashore("enqueue", "ask", "What?").exit_code == ExitCode.USAGE
    for arguments, words in (
        ((tmp_path / "long.txt",), "text: it has more than 200,000 characters"),
        ((tmp_path / "a.pdf",), "name it with --document"),
        ((tmp_path / "a.dat",), "no text in UTF-8"),
        ((tmp_path / "a.docx",), "is a Word document: put it with"),
        ((tmp_path / "a.txt", "--id", "no spaces"), "id: it may have letters, digits,"),
    ):
        result = seashore("enqueue", "summarize", *arguments)
        assert result.exit_code == ExitCode.USAGE
        assert words in result.stderr
    put_object(desk, "a.pdf")
    empty = seashore("enqueue", "ask", "", "-d", "a.pdf")
    assert (empty.exit_code, queued(desk)) == (ExitCode.USAGE, [])
    assert "The task cannot be sent: question: it is empty." in empty.stderr


def test_an_unknown_task_is_an_exit_status_of_its_own(seashore):
    result = seashore("show", "nope")
    assert result.exit_code == ExitCode.UNKNOWN_DOCUMENT
    assert "`seashore tasks`" in result.stderr


def test_the_schema_of_all_tasks_is_written(seashore):
    schema = json.loads(seashore("schema").stdout)
    assert set(schema["discriminator"]["mapping"]) == {"summarize", "ask", "extract", "agent"}
