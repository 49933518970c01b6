"""`seashore report`: the day that is meant, the files, sending again; and dead reports."""

import json
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock
from zoneinfo import ZoneInfo

import boto3
import pytest

from infra.cli.command_context import CommandContext
from infra.cli.items.explain import explain
from infra.cli.output import Output
from infra.cli.report import report
from infra.cli.report.report import (
    make_local_report,
    open_reports,
    report_by_hand,
)
from infra.cli.times import choose_day
from infra.stacks import Stack
from pipeline.dead_letters.finished_work import find_finished
from pipeline.dead_letters.replay import replay
from pipeline.report.report_failures import give_up_report
from shared.dead_letters.letters import to_letter
from shared.errors import OperatorError
from shared.ledger.document_versions import register_document
from shared.ledger.reports import (
    ReportStatus,
    begin_report,
    find_report,
    finish_report,
    note_digest_asked,
)
from shared.ledger.subjects import subject_pk
from shared.messages.reports import decode_report_item
from tests.fakes.aws.ledger_rows import force, make_upload, open_table
from tests.fakes.dead_letter_boxes import (
    build_letter_services,
    make_state,
    put_letters,
    receive_all,
    to_attributes,
)
from tests.fakes.desks.command_line import list_outputs

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = "2026-03-01"


@pytest.fixture
def stack(account, monkeypatch, tmp_path):
    monkeypatch.setattr(report, "find_state_folder", lambda: tmp_path / ".seashore")
    outputs = {
        **list_outputs(account),
        "TimeZone": "UTC",
        "DailyCapUsd": "none",
    }
    return Stack("local", "eu-west-1", boto3.Session(region_name="eu-west-1"), None, outputs)


def put_document(account, name="a", at=NOW - timedelta(hours=20), **attributes):
    table = open_table(account)
    document = register_document(table, make_upload(key=f"{name}.pdf"), lambda: at)
    return force(table, document, status="DONE", in_flight=None, **attributes)


def put_summarised(account, name):
    key = f"results/{name}/summary.json"
    account.clients.s3.put_object(
        Bucket=account.settings.artifacts_bucket, Key=key,
        Body=json.dumps({"title": "Tides", "abstract": f"The moon moves the sea to {name}."}),
    )  # fmt: skip
    finished = NOW.isoformat(timespec="milliseconds")
    put_document(account, name, result_key=key, finished_at=finished)


def make(stack, day, capsys, *, send=False, as_json=False, now=NOW):
    context = CommandContext(stack, Output(), as_json, lambda: now)
    report_by_hand(context, day, send=send, show=False)
    return capsys.readouterr()


def test_the_last_day_that_is_over_is_written_here_and_into_the_bucket(
    stack, account, capsys, tmp_path
):
    put_document(account)
    said = make(stack, None, capsys)
    page = tmp_path / ".seashore" / "reports" / "local" / DAY / "report.html"
    assert said.out == f"{page}\n"
    assert f"{DAY} (UTC): 1 done" in said.err
    assert {path.name for path in page.parent.iterdir()} == {
        "report.html", "report.md", "report.json", "documents.csv",
    }  # fmt: skip
    body = account.clients.s3.get_object(
        Bucket=account.settings.artifacts_bucket, Key=f"reports/{DAY}/report.html"
    )["Body"]
    assert body.read() == page.read_bytes()
    # By hand changes nothing of what the schedule does.
    assert find_report(open_table(account), DAY) is None


def test_a_day_that_is_not_over_is_shown_so_far_and_not_sent(stack, account, capsys):
    put_document(account, at=NOW - timedelta(hours=1))
    said = make(stack, "today", capsys, as_json=True)
    assert json.loads(said.out)["documents"]["received"] == 1
    assert "2026-03-02 (UTC), so far: 1 done" in said.err
    with pytest.raises(OperatorError, match="is not over yet in UTC"):
        make(stack, "today", capsys, send=True)
    assert account.count_messages(account.settings.reports_queue_url) == 0


def test_a_day_on_which_nothing_arrived_says_so(stack, capsys):
    said = make(stack, "2026-02-01", capsys)
    assert "2026-02-01 (UTC): nothing arrived" in said.err


def test_sending_is_asked_of_the_function(stack, account, capsys):
    make(stack, DAY, capsys, send=True)
    (message,) = receive_all(account.clients.sqs, account.settings.reports_queue_url)
    assert json.loads(message["Body"]) == {
        "v": 1, "kind": "daily_report", "day": DAY, "resend": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "zone", "day"),
    [
        (None, "UTC", "2026-03-01"),
        ("yesterday", "Pacific/Honolulu", "2026-02-28"),
        ("today", "Pacific/Honolulu", "2026-03-01"),
        ("2026-01-31", "UTC", "2026-01-31"),
    ],
)
def test_the_day_is_that_of_the_stack_s_zone(wanted, zone, day):
    assert choose_day(wanted, NOW, ZoneInfo(zone)) == day


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("2026-03-03", "has not come yet: in UTC it is 2026-03-02"),
        ("2026-02-30", "is not a day: give it as 2026-03-02"),
        ("Monday", "is not a day"),
        ("01.03.2026", "is not a day"),
    ],
)
def test_what_is_no_day_or_has_not_come_is_refused_with_a_sentence(wanted, words):
    with pytest.raises(OperatorError, match=words):
        choose_day(wanted, NOW, ZoneInfo("UTC"))


def test_a_digest_that_does_not_come_is_left_out_after_a_while(stack, account, tmp_path):
    put_summarised(account, "a")
    at, slept = [NOW], []

    def sleep(seconds):
        slept.append(seconds)
        at[0] += timedelta(seconds=seconds)

    services = open_reports(stack, lambda: at[0])
    local = make_local_report(DAY, services, tmp_path, 3, sleep)
    assert sum(slept) == 3
    assert "not written within 3 seconds" in local.written.report.digest.note
    assert account.count_messages(account.settings.work_queue_url) == 1


def test_a_digest_is_of_all_that_is_summarised_by_then_whatever_the_morning_knew(
    stack, account, tmp_path
):
    table = open_table(account)
    row = begin_report(table, DAY, "", None, NOW)
    note_digest_asked(table, row, "seashore-digest-of-the-morning", read=1, of=1, at=NOW)
    for name in "ab":
        put_summarised(account, name)
    services = open_reports(stack, lambda: NOW)
    digest = make_local_report(DAY, services, tmp_path, 0, Mock()).written.report.digest
    assert digest.documents_with_summary == 2


# ---- Reports that died


def put_letter(account, body, message_id):
    state = make_state(message_id, "ReportMailError", stage="report", cause="tried twice")
    put_letters(
        account.clients.sqs, account.settings.reports_dlq_url, [(body, to_attributes(state))]
    )


def read_letters(services, account):
    (dlq,) = [one for one in services.dlqs if one.name == "reports"]
    received = services.queues.receive(account.settings.reports_dlq_url, 0)
    return sorted((to_letter(dlq, message) for message in received), key=lambda one: one.letter_id)


def test_a_dead_report_is_explained_and_replayed_until_it_is_sent(account, stack, capsys):
    table = open_table(account)
    row = begin_report(table, DAY, "", None, NOW)
    body = json.dumps({"kind": "daily_report", "day": DAY})
    give_up_report(decode_report_item(body, "l-1", NOW), "tried twice", table, lambda: NOW)
    put_letter(account, body, "l-1")
    put_letter(account, '{"kind": "daily_report", "v": 1}', "l-2")
    put_letter(account, "no order", "l-3")
    services = build_letter_services(account)
    dated, tick, strange = read_letters(services, account)
    assert [one.work.kind for one in (dated, tick, strange)] == [
        "daily_report", "daily_report", "unreadable",
    ]  # fmt: skip
    assert subject_pk(dated.work.subjects[0]) == f"REPORT#{DAY}"
    assert (tick.work.subjects, find_finished(table, [dated, tick])) == ((), {})
    assert find_report(table, DAY).status is ReportStatus.FAILED
    results = list(replay([dated, tick], services))
    assert [result.ending for result in results] == ["replayed", "replayed"]
    assert account.count_messages(account.settings.reports_queue_url) == 2
    # Its timeline tells of all that.
    explain(CommandContext(stack, Output(), True, lambda: NOW), DAY)
    told = json.loads(capsys.readouterr().out)
    assert told["report"]["reason"] == "tried twice"
    assert {step["step"] for step in told["timeline"]["steps"]} == {"begun", "failed", "replayed"}
    finish_report(table, row, ReportStatus.KEPT, None, NOW)
    assert find_finished(table, [dated]) == {dated.key: "the report is KEPT"}
