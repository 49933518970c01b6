"""`seashore dlq` and `seashore explain` on moto, from their arguments to their exit status."""

import json
import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.cli.exit_codes import ExitCode
from shared.ledger.documents import document_pk, move_document
from shared.ledger.timeline import build_event, note_delay, read_timeline
from shared.lifecycle import DocumentStatus
from tests.fakes.aws.ledger_rows import extract_document, open_table
from tests.fakes.aws.moved_letters import put_moved_letter
from tests.fakes.dead_letter_boxes import (
    chunk_body,
    make_state,
    put_letters,
    receive_all,
    to_attributes,
)
from tests.fakes.desks.command_line import open_command_line


@pytest.fixture
def seashore(account):
    with open_command_line(account) as seashore:
        yield seashore


@pytest.fixture
def work_dlq(account):
    return account.settings.work_dlq_url


def put(account, letters):
    put_letters(account.clients.sqs, account.settings.work_dlq_url, letters)


def put_two_causes(account):
    put(
        account,
        [
            (
                chunk_body("d1", n + 1),
                to_attributes(make_state(f"model-{n}", cause="no such model", minutes=n)),
            )
            for n in range(3)
        ]
        + [("broken {", to_attributes(make_state("broken-1", "MessageDecodeError")))],
    )
    # Nobody has labelled this one.
    put_moved_letter(account.clients.sqs, account.settings.work_dlq_url, chunk_body("d2", 1))


def test_causes_are_listed_the_largest_first_and_filtered(seashore, account):
    put_two_causes(account)
    table = open_table(account)
    note_delay(
        table, document_pk("d2"), datetime(2026, 3, 1, tzinfo=UTC), "returned",
        {"item": "d2:1:chunk:1", "reason": "DeadlineError", "delay_seconds": 5},
    )  # fmt: skip
    result = seashore("dlq", "list")
    assert result.exit_code == 0
    lines = [line.split("\t") for line in result.stdout.splitlines()]
    assert [line[:4] for line in lines] == [
        ["3", "ModelRequestError", "worker", "summarize_chunk"],
        ["1", "MessageDecodeError", "worker", "unreadable"],
        ["1", "ProcessDied (not swept yet)", "worker", "summarize_chunk"],
    ]
    assert lines[0][4:] == [
        "2026-03-01T12:00:00+00:00", "2026-03-01T12:02:00+00:00", "model-2", "no such model",
    ]  # fmt: skip
    assert "last known step: returned at 2026-03-01T00:00:00Z" in result.stderr
    assert "DeadlineError" in result.stderr
    assert "5 in all" in result.stderr
    # Nothing stays hidden.
    listed = json.loads(
        seashore(
            "dlq", "list", "--all", "--json", "--error", "modelrequesterror", "--grep",
            'chunk_number": [23]', "--after", "2026-03-01T12:01+00:00", "--document", "d1",
        ).stdout
    )  # fmt: skip
    assert [one["id"] for one in listed["letters"]] == ["model-1", "model-2"]
    assert listed["letters"][0]["body"] == chunk_body("d1", 2)
    assert listed["count"] == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--queue", "letters"], "choose from uploads, conversions, recognition, work, reports"),
        (["--grep", "["], "not a regular expression"),
        (["--before", "yesterday"], "not a time"),
    ],
)
def test_words_that_cannot_be_understood_are_one_line(seashore, options, words):
    result = seashore("dlq", "list", *options)
    assert result.exit_code == ExitCode.USAGE
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_show_has_body_cause_timeline_and_log_query(seashore, account):
    table = open_table(account)
    document = extract_document(table, Clock())
    body = chunk_body(document.document_id, 2)
    put(account, [(body, to_attributes(make_state("abcdef-1", cause="no \x1b[2Jroom"), mine="x"))])
    result = seashore("dlq", "show", "abcde")
    assert result.exit_code == 0
    for words in (
        "ModelRequestError: no \ufffd[2Jroom",
        body,
        "mine (String): x",
        f"Timeline of document {document.document_id}",
        "extracted",
        "/aws/lambda/seashore-worker",
        f'message_id = "abcdef-1" or item_id = "{document.document_id}:1:chunk:2"',
    ):
        assert words in result.stdout
    shown = json.loads(seashore("dlq", "show", "abcdef-1", "--json").stdout)
    assert shown["state"]["failure"]["attempts"] == 5
    assert [step["step"] for step in shown["timelines"][0]["steps"]] == ["received", "extracted"]
    unknown = seashore("dlq", "show", "nope")
    assert unknown.exit_code == ExitCode.UNKNOWN_DOCUMENT
    assert "There is no dead letter 'nope'" in unknown.stderr


def test_an_id_that_fits_several_is_refused(seashore, account):
    put_two_causes(account)
    result = seashore("dlq", "replay", "model", "--yes")
    assert result.exit_code == ExitCode.UNKNOWN_DOCUMENT
    assert "model-0, model-1, model-2" in result.stderr


def test_replay_is_a_dry_run_until_it_is_confirmed(seashore, account):
    put_two_causes(account)
    named = seashore("dlq", "replay", "--error", "ModelRequestError", "--dry-run", "--yes")
    assert "dry run" not in named.stderr
    dry = seashore("dlq", "replay", "--error", "ModelRequestError")
    assert dry.exit_code == named.exit_code == 0
    assert dry.stdout == named.stdout
    assert dry.stdout.startswith("3\tModelRequestError\tworker")
    assert "3 to replay" in dry.stderr
    assert "dry run" in dry.stderr
    assert account.count_messages(account.settings.work_queue_url) == 0
    done = json.loads(
        seashore(
            "dlq", "replay", "--error", "ModelRequestError", "--limit", "2", "--yes", "--json"
        ).stdout
    )
    assert done["results"] == {"replayed": 2}
    assert done["to_replay"] == ["model-0", "model-1"]
    assert done["beyond_limit"] == 1
    timeline = read_timeline(open_table(account), document_pk("d1"))
    assert [event.step for event in timeline] == ["replayed", "replayed"]
    assert timeline[0].details["by"].startswith("arn:aws:")
    assert len(receive_all(account.clients.sqs, account.settings.work_queue_url)) == 2
    assert len(receive_all(account.clients.sqs, account.settings.work_dlq_url)) == 3


def test_what_was_replayed_too_often_is_refused(seashore, account):
    put(account, [("poison", to_attributes(make_state("poison-1", replays=3)))])
    result = seashore("dlq", "replay", "poison-1", "--yes")
    assert result.exit_code == ExitCode.FAILED
    assert "replayed 3 times or more" in result.stderr
    assert account.count_messages(account.settings.work_queue_url) == 0
    forced = seashore("dlq", "replay", "poison-1", "--yes", "--force")
    assert (forced.exit_code, "1 replayed." in forced.stderr) == (0, True)


@pytest.mark.parametrize(
    "options",
    [("--error", "X"), ("--dry-run",), ("--rate", "0.5"), ("--rate", "2.5"), ("--rate", "501")],
)
def test_native_takes_no_filters_and_no_rate_that_sqs_does_not_know(seashore, options):
    result = seashore("dlq", "replay", "--native", *options)
    assert result.exit_code == ExitCode.USAGE


def write_editor(tmp_path, code):
    """An editor: a program that changes the file that it is given."""
    path = tmp_path / "editor.py"
    path.write_text(
        f"#!{sys.executable}\nimport sys\nfrom pathlib import Path\n"
        f"file = Path(sys.argv[1])\n{code}\n"
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_edit_sends_the_mended_body(seashore, account, tmp_path, monkeypatch):
    put(account, [('{"kind": "agnet", "prompt": "tides"}', to_attributes(make_state("task-1")))])
    mend = "file.write_text(file.read_text().replace('agnet', 'agent') + '\\n')"
    monkeypatch.setenv("EDITOR", str(write_editor(tmp_path, mend)))
    result = seashore("dlq", "edit", "task-1", "--yes")
    assert (result.exit_code, result.stdout) == (0, "task-1\n")
    (message,) = receive_all(account.clients.sqs, account.settings.work_queue_url)
    assert message["Body"] == '{"kind": "agent", "prompt": "tides"}'
    assert account.count_messages(account.settings.work_dlq_url) == 0


def test_edit_refuses_what_no_consumer_could_read_and_keeps_it(
    seashore, account, tmp_path, monkeypatch
):
    put(account, [("{", to_attributes(make_state("task-1")))])
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    spoil = "file.write_text('still {')"
    monkeypatch.setenv("EDITOR", str(write_editor(tmp_path, spoil)))
    result = seashore("dlq", "edit", "task-1", "--yes")
    assert result.exit_code == ExitCode.FAILED
    assert "not a work message" in result.stderr
    written = result.stderr.split("what you wrote is in ")[1].strip().rstrip(".")
    assert Path(written).read_text() == "still {"
    assert len(receive_all(account.clients.sqs, account.settings.work_dlq_url)) == 1


def test_edit_finds_an_editor_where_none_is_set(seashore, account, work_dlq, tmp_path, monkeypatch):
    put(account, [("{", to_attributes(make_state("task-1")))])
    monkeypatch.delenv("EDITOR", raising=False)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    without = seashore("dlq", "edit", "task-1", "--yes")
    assert (without.exit_code, "Set EDITOR to the editor" in without.stderr) == (1, True)
    editor = tmp_path / "nano"
    editor.write_text("#!/bin/sh\necho $1 was opened >&2\n")
    editor.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setattr("infra.cli.dead_letters.edit._EDITORS", ("nosuch", "nano"))
    assert "Nothing was changed" in seashore("dlq", "edit", "task-1", "--yes").stderr


def test_edit_keeps_what_was_written_where_the_letter_is_gone(
    seashore, account, work_dlq, tmp_path, monkeypatch
):
    put(account, [("{", to_attributes(make_state("task-1")))])
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("EDITOR", "editor")
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    mended = '{"kind": "agent", "prompt": "tides"}'

    def edit_while_somebody_else_takes_the_letter(command, check):
        Path(command[-1]).write_text(mended)
        account.clients.sqs.purge_queue(QueueUrl=work_dlq)

    monkeypatch.setattr("subprocess.run", edit_while_somebody_else_takes_the_letter)
    result = seashore("dlq", "edit", "task-1", "--yes")
    assert (result.exit_code, result.stdout) == (ExitCode.FAILED, "")
    assert "not there any more" in result.stderr
    written = result.stderr.split("What you wrote is in ")[1].strip().rstrip(".")
    assert Path(written).read_text() == mended


def test_discard_keeps_a_copy_and_leaves_what_is_not_swept(seashore, account, work_dlq):
    put_two_causes(account)
    result = seashore("dlq", "discard", "--kind", "unreadable", "--yes", "--json")
    discarded = json.loads(result.stdout)
    assert (result.exit_code, discarded["results"]) == (0, {"discarded": 1})
    (uri,) = discarded["copies"]
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    kept = json.loads(account.clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    assert kept["body"] == "broken {"
    unswept = seashore("dlq", "discard", "--error", "ProcessDied", "--yes")
    assert unswept.exit_code == ExitCode.FAILED
    assert "1 have no cause yet" in unswept.stderr
    assert len(receive_all(account.clients.sqs, work_dlq)) == 4


def test_letters_that_somebody_else_holds_are_not_said_to_be_none(seashore, account, work_dlq):
    put_two_causes(account)
    assert "held by somebody else" not in seashore("dlq", "list").stderr
    held = receive_all(account.clients.sqs, work_dlq, hide_seconds=60)
    for command in (("list",), ("replay", "--yes"), ("discard", "--yes")):
        said = seashore("dlq", *command).stderr
        assert f"About {len(held)} are held by somebody else just now" in said


def test_restore_brings_back_what_was_discarded(seashore, account, work_dlq):
    def look():
        letters = receive_all(account.clients.sqs, work_dlq, hide_seconds=0)
        return {letter["Body"] for letter in letters}

    put_two_causes(account)
    before = look()
    dry = seashore("dlq", "discard", "--force", "--dry-run", "--yes")
    assert (dry.exit_code, look()) == (0, before)
    assert seashore("dlq", "discard", "--force", "--yes").exit_code == 0
    assert look() == set()
    for options in ((), ("--dry-run", "--yes")):
        dry = seashore("dlq", "restore", *options)
        assert (dry.exit_code, look()) == (0, set())
        assert f"{len(before)} to restore." in dry.stderr
    assert seashore("dlq", "restore", "--day", "2020-01-01").stderr.startswith("0 to restore.")
    no_day = seashore("dlq", "restore", "--day", "foo")
    assert no_day.exit_code == ExitCode.USAGE
    assert "'foo' is not a day: give it as " in no_day.stderr
    assert seashore("dlq", "restore", "nope").exit_code == ExitCode.UNKNOWN_DOCUMENT
    (one,) = json.loads(seashore("dlq", "restore", "model-0", "--yes", "--json").stdout)[
        "to_restore"
    ]
    assert one == "model-0"
    assert seashore("dlq", "restore", "--yes").exit_code == 0
    assert look() == before


def test_explain_tells_the_whole_timeline_of_a_document(seashore, account):
    table = open_table(account)
    clock = Clock()
    document = extract_document(table, clock)
    pk = document_pk(document.document_id)
    note_delay(table, pk, clock(), "deferred", {"reason": "throttled", "delay_seconds": 90})
    table.put_row(build_event(pk, clock(), "replayed", {"by": "ada", "replays": 0}))
    move_document(
        table, document, DocumentStatus.FAILED, clock, step="failed", changes={"reason": "no key"}
    )
    result = seashore("explain", document.document_id[:8])
    assert result.exit_code == 0
    for words in (
        f"a.pdf ({document.document_id})",
        "FAILED. It was given up: no key",
        "1 deferral, 0 returns, 90 s in all",
        "Replays    1",
        "throttled; no key",
        "+60.0s\tdeferred\tthrottled, for 1 min 30 s",
    ):
        assert words in result.stdout
    told = json.loads(seashore("explain", document.document_id, "--json").stdout)
    assert told["document"]["status"] == "FAILED"
    steps = [(step["step"], step["since_previous_seconds"]) for step in told["timeline"]["steps"]]
    assert steps[-1] == ("failed", 60)
    assert told["timeline"]["errors"] == {"throttled": 1, "no key": 1}
    assert seashore("explain", "nope").exit_code == ExitCode.UNKNOWN_DOCUMENT


class Clock:
    """Goes on by a minute at each look."""

    def __init__(self):
        self.at = datetime.now(UTC) - timedelta(hours=1)

    def __call__(self):
        self.at += timedelta(minutes=1)
        return self.at
