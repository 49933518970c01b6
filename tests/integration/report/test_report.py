"""The daily report on moto: what is in it, of all that the ledger holds."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.ledger.chunks import Chunk, ChunkStatus, record_chunk
from shared.ledger.reports import ReportStatus
from shared.ledger.spend import (
    Lease,
    ModelSpend,
    build_lease_note,
    close_lease,
    find_lease,
    open_lease,
)
from shared.ledger.tasks import fail_task, find_task, register_task
from shared.ledger.timeline import read_timeline
from shared.ledger.waiting import Wait, note_wait
from tests.fakes.aws.ledger_rows import Clock, extract_document, force
from tests.fakes.desks.report_desk import DAY, MORNING, NOON, Desk


@pytest.fixture
def desk(account):
    return Desk(account)


def test_a_day_without_mail_is_written_in_four_forms_and_kept(desk):
    desk.put_document("a")
    desk.put_document("b", "REJECTED", reason_code="encrypted", reason="It has a password.")
    desk.put_document("c", "RECEIVED", in_flight="yes")
    desk.put_document("the-day-before", at=NOON - timedelta(days=1))
    desk.put_document("the-day-after", at=NOON + timedelta(days=1))
    register_task(
        desk.table, task_id="t", kind="ask", about="Why?", digest="d", callback=None,
        now=Clock(NOON),
    )  # fmt: skip
    fail_task(desk.table, find_task(desk.table, "t"), "it cannot be done", Clock(NOON))
    desk.order()
    report = desk.report
    assert report["documents"]["received"] == 3
    assert (report["documents"]["done"], report["documents"]["rejected"]) == (1, 1)
    assert report["documents"]["in_flight"] == report["tasks"]["failed"] == 1
    assert report["rejected"][0]["sentence"] == "It has a password."
    assert report["dead_letters"]["groups"][0]["examples"] == ["t"]
    assert [depth["queue"] for depth in report["dead_letters"]["depths"]] == [
        "uploads", "conversions", "recognition", "work", "reports",
    ]  # fmt: skip
    for name in ("report.html", "report.md"):
        assert "It has a password." in desk.read(name)
    assert desk.row.status is ReportStatus.KEPT
    assert (desk.row.documents, desk.row.tasks) == (3, 1)


def test_a_day_of_another_zone_lies_in_two_partitions(account):
    desk = Desk(account, zone=ZoneInfo("Pacific/Auckland"))
    # 1 March in Auckland lasts from 11:00 on 28 February to 11:00 on 1 March in UTC.
    begins = datetime(2026, 2, 28, 11, tzinfo=UTC)
    # The clock of `register_document` goes on by a second before it is read.
    for name, at in {
        "before": begins - timedelta(seconds=2),
        "first": begins - timedelta(seconds=1),
        "last": begins + timedelta(hours=24, seconds=-2),
        "after": begins + timedelta(hours=24, seconds=-1),
    }.items():
        desk.put_document(name, at=at)
    desk.order()
    assert [line["key"] for line in desk.report["lines"]] == ["first.pdf", "last.pdf"]


def test_what_waits_is_deferred_and_says_for_what(desk):
    document = desk.put_document("a", "RECEIVED", in_flight="yes")
    key = (f"DOC#{document.document_id}", "DOC")
    hour = Wait("deferred", "over_budget", 3600, "the day's limit of $10.00 is reached").details
    note_wait(desk.table, key, MORNING, "deferred", hour)
    # A shorter wait of another part changes nothing.
    note_wait(
        desk.table, key, MORNING, "deferred", {"reason": "model_throttled", "delay_seconds": 60}
    )
    desk.order()
    assert desk.report["documents"]["deferred"] == 1
    assert desk.report["lines"][0]["note"] == (
        "waiting for the next day's spending limit: the day's limit of $10.00 is reached"
    )


def test_what_chunks_were_given_up_for_is_the_cause_of_their_document(desk):
    document = extract_document(desk.table, Clock(NOON), chunks=2)
    for number, status in ((1, ChunkStatus.DONE), (2, ChunkStatus.FAILED)):
        chunk = Chunk(
            document_id=document.document_id, run=document.run, chunk_number=number,
            first_page=number, last_page=number, status=status,
            reason="the model refuses" if status is ChunkStatus.FAILED else None,
        )  # fmt: skip
        record_chunk(desk.table, chunk, Clock(NOON))
    force(desk.table, document, status="PARTIAL", reason="page 2 could not be summarised")
    desk.order()
    (group,) = desk.report["dead_letters"]["groups"]
    assert (group["queue"], group["cause"]) == ("work", "the model refuses")
    assert group["replay_command"].endswith(f"--queue work --document {document.document_id}")
    assert "page 2 could not be summarised" in desk.read("report.md")


def test_a_wait_of_what_is_final_or_unknown_only_stands_in_the_timeline(desk):
    document = desk.put_document("a")
    for pk in (f"DOC#{document.document_id}", "DOC#unknown"):
        note_wait(
            desk.table, (pk, "DOC"), MORNING, "deferred", {"reason": "x", "delay_seconds": 3600}
        )
        assert read_timeline(desk.table, pk)[-1].step == "deferred"
    assert desk.table.read_row("DOC#unknown", "DOC") is None
    assert "deferred_until" not in desk.table.read_row(f"DOC#{document.document_id}", "DOC")


def spend(table, day, cost, tokens=1000):
    lease = Lease(
        day=day, lease_id=f"lease-{day}-{cost}", model="gpt", amount=cost or 1, expires_at=""
    )
    open_lease(table, lease, None)
    used = ModelSpend(model="gpt", calls=1, input_tokens=tokens, output_tokens=10, spent=cost)
    table.update_row(build_lease_note(lease, used, open_cost=0, number=1))
    close_lease(table, find_lease(table, lease))


def test_costs_stand_beside_the_limit_and_the_seven_days_before(desk):
    spend(desk.table, DAY, 40_000)
    spend(desk.table, "2026-02-27", 10_000)
    desk.put_document("old", at=NOON - timedelta(days=2))
    desk.order("2026-02-27")
    desk.order()
    told = desk.report["spend"]
    assert told["models"][0]["cost_micro_usd"] == 40_000
    assert told["cap_micro_usd"] == 10_000_000
    before = {day["day"]: day for day in told["days_before"]}
    assert list(before) == [f"2026-02-{n}" for n in range(22, 29)]
    assert (before["2026-02-27"]["documents"], before["2026-02-27"]["cost_micro_usd"]) == (1, 10000)
    assert before["2026-02-26"]["documents"] is None


def test_a_model_without_a_price_is_said_to_have_none(desk):
    spend(desk.table, DAY, 0)
    desk.order()
    assert desk.report["spend"]["models"][0]["cost_micro_usd"] is None


def test_a_large_day_is_listed_in_a_file_of_its_own(desk, monkeypatch):
    monkeypatch.setattr("pipeline.report.figures.MOST_LINES", 2)
    for name in ("=cmd", "b", "c"):
        desk.put_document(name)
    desk.order()
    assert desk.report["lines_more"] == 1
    assert desk.report["all_documents_key"] == f"reports/{DAY}/documents.csv"
    lines = desk.read("documents.csv").splitlines()
    assert len(lines) == 4
    assert any(",'=cmd.pdf," in line for line in lines)
