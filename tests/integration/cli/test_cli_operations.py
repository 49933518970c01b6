"""Redo, retry, cancel, pause and resume from the terminal, on moto."""

import json

import boto3
import pytest

from infra.cli.exit_codes import ExitCode
from shared.ledger.documents import find_document
from shared.lifecycle import DocumentStatus
from tests.fakes.aws.consumers import make_consumers, read_states
from tests.fakes.desks.command_line import assert_one_line, open_command_line
from tests.fakes.entered_documents import Ledger
from tests.fakes.summaries import make_summary


@pytest.fixture
def session():
    return boto3.Session(
        aws_access_key_id="testing", aws_secret_access_key="testing", region_name="eu-west-1"
    )


@pytest.fixture
def mappings(account, session):
    return make_consumers(
        account, session, OPENAI_BASE_URL="http://127.0.0.1:1/v1", OPENAI_MODEL="first"
    )


@pytest.fixture
def seashore(account, mappings):
    with open_command_line(account, TimeZone="UTC", **mappings) as seashore:
        yield seashore


@pytest.fixture
def ledger(account):
    return Ledger(account)


def count(account):
    return account.count_messages(account.settings.work_queue_url)


def test_a_redo_says_what_it_takes_asks_and_is_ordered(seashore, ledger, account):
    document = ledger.enter("a.pdf")
    ledger.finish(document)
    result = seashore("redo", "a.pdf", "--model", "gpt-5-mini", "--dry-run")
    assert result.exit_code == ExitCode.OK
    assert result.stdout == f"{document.document_id}\ta.pdf\tDONE\n"
    for words in ("1 to redo by gpt-5-mini", "tokens in", "$"):
        assert words in result.stderr
    # Without a terminal and without --yes nothing is done either.
    assert "add --yes" in seashore("redo", "--all").stderr
    assert count(account) == 0
    told = json.loads(seashore("redo", "--all", "--yes", "--json").stdout)
    assert (told["dry_run"], told["model"], told["ordered"]) == (False, "first", 1)
    assert count(account) == 1


def test_one_document_without_text_is_told_in_the_singular(seashore, ledger):
    ledger.move(ledger.enter("a.pdf"), DocumentStatus.REJECTED, reason="It is locked.")
    assert "1 has no text yet and is read anew" in seashore("redo", "a.pdf").stderr


def test_who_means_nothing_or_a_model_that_is_not_there_is_told(seashore, ledger):
    result = seashore("redo", "--yes")
    assert result.exit_code == ExitCode.USAGE
    assert_one_line(result.stderr, "say which are meant")
    for command in ("redo", "retry", "cancel"):
        assert_one_line(seashore(command).stderr, "with --prefix, --status or --all")
    result = seashore("redo", "--all", "--model", "nosuch")
    assert_one_line(result.stderr, "first, gpt-5-mini")
    assert seashore("redo", "nosuch.pdf").exit_code == ExitCode.UNKNOWN_DOCUMENT
    assert seashore("redo", "--status", "nosuch").exit_code == ExitCode.USAGE


def test_a_document_is_cancelled_and_tried_again(seashore, ledger, account):
    document = ledger.enter("a.pdf")
    result = seashore("cancel", "a.pdf", "--yes")
    assert "1 cancelled" in result.stderr
    found = find_document(ledger.table, document.document_id)
    assert found.status is DocumentStatus.CANCELLED
    assert seashore("cancel", "a.pdf", "--yes").exit_code == ExitCode.FAILED
    result = seashore("retry", "a.pdf", "--yes")
    assert (result.exit_code, count(account)) == (ExitCode.OK, 1)
    assert "1 documents go on" in result.stderr
    assert seashore("retry", "--prefix", "b", "--yes").exit_code == ExitCode.FAILED
    assert "Tasks are not among these" in seashore("retry", "--all").stderr


def test_tasks_that_were_sent_to_a_paused_worker_are_shown_and_cancelled(seashore, account):
    seashore("pause", "--reason", "The provider is down")
    send = ("enqueue", "summarize", "-", "--id", "wq1")
    assert seashore(*send, input="A text.").exit_code == ExitCode.OK
    unnamed = seashore("enqueue", "summarize", "-", input="Another.").stdout.strip()
    for task_id in ("wq1", unnamed):
        shown = seashore("show", task_id)
        assert "RECEIVED" in shown.stdout, shown.output
    result = seashore("cancel", "--all", "--yes")
    assert "2 cancelled" in result.stderr
    told = " ".join(result.stderr.split())
    assert "Not among these: uploads that lie on the uploads queue" in told
    assert "and tasks that other programs than `seashore` have put on the work queue" in told
    assert "CANCELLED" in seashore("show", "wq1").stdout
    seashore("resume")
    assert "Not among these" not in seashore("cancel", "--all", "--yes").stderr


def test_whoever_waits_on_a_paused_stack_is_told(seashore, tmp_path, monkeypatch):
    def give_up(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("infra.cli.put.wait.follow_documents", give_up)
    monkeypatch.setattr("infra.cli.tasks.enqueue.follow_tasks", give_up)
    seashore("pause", "--reason", "The provider is down")
    (tmp_path / "a.txt").write_text("The pier is long.")
    for command in (("put",), ("enqueue", "summarize")):
        result = seashore(*command, tmp_path / "a.txt", "--wait")
        assert "Paused: worker" in result.stderr, result.output


def test_a_pause_is_shown_by_watch_until_it_ends(seashore, ledger, session, mappings):
    ledger.finish(ledger.enter("a.pdf"))
    result = seashore("pause", "--reason", "The provider is down")
    assert (result.exit_code, "Paused: worker" in result.stderr) == (ExitCode.OK, True)
    assert read_states(session, mappings)["worker"] == "Disabled"
    assert "The provider is down" in seashore("watch", "a.pdf").stderr
    assert "No consumer is paused" in seashore("resume").stderr
    assert read_states(session, mappings)["worker"] == "Enabled"
    assert seashore("pause").exit_code == ExitCode.USAGE
    assert seashore("pause", "nosuch", "-m", "x").exit_code == ExitCode.USAGE


def write_version(account, document, name, **changes):
    summary = make_summary(document).model_copy(update=changes)
    key = f"results/{document.document_id}/{name}/summary.json"
    account.clients.s3.put_object(
        Bucket=account.settings.artifacts_bucket, Key=key, Body=summary.model_dump_json().encode()
    )
    return key


def test_a_version_is_shown_and_two_are_compared(seashore, ledger, account):
    document = ledger.enter("a.pdf")
    ledger.finish(document)
    write_version(account, document, "1.1", title="First", abstract="It rains. It pours.")
    write_version(account, document, "2.10", title="Third", abstract="It rains.")
    write_version(account, document, "2.9", title="Second")
    for number, title in ((1, "First"), (2, "Second"), (3, "Third")):
        assert title in seashore("show", "a.pdf", "--version", number).stdout
    compared = seashore("show", "a.pdf", "--diff", 1, "--version", 3)
    for line in ("- First", "+ Third", "- It pours."):
        assert line in compared.stdout
    assert "It rains" not in compared.stdout
    told = json.loads(seashore("show", "a.pdf", "--diff", 1, "--version", 3, "--json").stdout)
    assert [one["part"] for one in told] == ["title", "abstract"]
    assert "say the same" in seashore("show", "a.pdf", "--diff", 3, "--version", 3).stderr
    result = seashore("show", "a.pdf", "--version", 4)
    assert result.exit_code == ExitCode.UNKNOWN_DOCUMENT
    assert_one_line(result.stderr, "1 to 3")
