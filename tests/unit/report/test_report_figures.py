"""The figures of a report: they add up for any mix, and say so loudly where they cannot."""

import re
import shlex
import statistics
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.causes import MOST_GROUPS, CauseTally
from pipeline.report.figures import (
    MOST_LINES,
    MOST_SUMMARIES,
    CountTally,
    Smallest,
    count_documents,
    count_tasks,
)
from pipeline.report.page.figures import build_sum
from pipeline.report.report_types import Counts, DailyReport
from pipeline.report.slowness import DurationTally, Slow, explain_slowness
from shared.ledger.arrivals import ArrivalPage
from shared.ledger.tasks import LOST_TASK_REASON
from shared.ledger.timeline import Event
from shared.lifecycle import DocumentStatus, TaskStatus
from shared.messages.task_names import name_digest_task
from tests.fakes.daily_reports import make_empty_day

MADE_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ARRIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def stamp(at):
    return at.isoformat(timespec="milliseconds")


def document(number, status, *, seconds=60.0, wait_seconds=None, **attributes):
    is_final = DocumentStatus(status).is_final if status in set(DocumentStatus) else False
    row = {
        "document_id": f"{number:064x}",
        "key": f"{number}.pdf",
        "status": status,
        "received_at": stamp(ARRIVED + timedelta(seconds=number)),
        "pages": 3,
        **attributes,
    }
    if is_final:
        row["finished_at"] = stamp(ARRIVED + timedelta(seconds=number + seconds))
    if status in ("DONE", "PARTIAL"):
        row.setdefault("result_key", f"results/{number}.json")
    if wait_seconds is not None:
        row["deferred_until"] = stamp(MADE_AT + timedelta(seconds=wait_seconds))
        row["deferred_reason"] = "over_budget"
    return row


def task(number, status, *, task_id=None, wait_seconds=None, **attributes):
    row = {
        "task_id": task_id or f"task-{number}",
        "kind": "ask",
        "status": status,
        "received_at": stamp(ARRIVED + timedelta(seconds=number)),
        **attributes,
    }
    if wait_seconds is not None:
        row["deferred_until"] = stamp(MADE_AT + timedelta(seconds=wait_seconds))
    return row


def pages(rows, size=7):
    return [
        ArrivalPage(len(rows[start : start + size]), iter(rows[start : start + size]))
        for start in range(0, len(rows), size)
    ]


STANDINGS = st.tuples(
    st.sampled_from(sorted(DocumentStatus)), st.sampled_from([None, -60.0, 0.0, 60.0])
)
TASK_STANDINGS = st.tuples(
    st.sampled_from(sorted(TaskStatus)), st.sampled_from([None, -60.0, 60.0])
)


@given(st.lists(STANDINGS, max_size=60))
def test_any_mix_of_documents_adds_up(mix):
    rows = [document(n, status, wait_seconds=wait) for n, (status, wait) in enumerate(mix)]
    figures = count_documents(pages(rows), MADE_AT)
    counts = figures.tally.counts
    assert counts.is_reconciled
    assert counts.received == len(mix)
    # Counted again, by other means.
    expected = Counter(status.value.lower() for status, _ in mix if status.is_final)
    waiting = sum(1 for status, wait in mix if not status.is_final and (wait or 0) > 0)
    for name in ("done", "partial", "no_text", "rejected", "failed", "deleted"):
        assert getattr(counts, name) == expected[name]
    assert counts.deferred == waiting
    assert counts.in_flight == sum(1 for status, _ in mix if not status.is_final) - waiting


@given(st.lists(TASK_STANDINGS, max_size=60), st.integers(0, 5))
def test_any_mix_of_tasks_adds_up_and_the_report_s_own_are_not_among_them(mix, own):
    rows = [task(n, status, wait_seconds=wait) for n, (status, wait) in enumerate(mix)]
    rows += [task(n, "DONE", task_id=name_digest_task("2026-03-01", str(n))) for n in range(own)]
    counts = count_tasks(pages(rows), MADE_AT).tally.counts
    assert counts.is_reconciled
    assert counts.received == len(mix)
    assert counts.failed == sum(1 for status, _ in mix if status is TaskStatus.FAILED)


@given(st.lists(st.sampled_from([*sorted(DocumentStatus), "LOST", "", None]), max_size=40))
def test_a_status_that_no_report_knows_is_missing_from_the_sum_and_named(statuses):
    rows = [document(n, status) for n, status in enumerate(statuses)]
    figures = count_documents(pages(rows), MADE_AT)
    unknown = [row["document_id"] for row in rows if row["status"] not in set(DocumentStatus)]
    assert figures.tally.counts.discrepancy == len(unknown)
    assert figures.tally.unaccounted == unknown[:20]


def test_a_row_that_is_lost_on_its_way_is_missing_from_the_sum():
    rows = [document(n, "DONE") for n in range(3)]
    figures = count_documents([ArrivalPage(4, iter(rows))], MADE_AT)
    assert figures.tally.counts.discrepancy == 1


@given(st.builds(Counts, **dict.fromkeys(Counts.model_fields, st.integers(0, 9))))
def test_the_subject_says_loudly_that_it_does_not_add_up(counts):
    report = DailyReport(
        day="2026-03-01",
        zone="UTC",
        window_from="",
        window_to="",
        made_at="",
        stack="local",
        documents=counts,
    )
    assert ("NOT ACCOUNTED FOR" in report.verdict) is (
        counts.received
        != counts.done + counts.partial + counts.no_text + counts.rejected
        + counts.failed + counts.deleted + counts.deferred + counts.in_flight
    )  # fmt: skip


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ({}, "nothing arrived"),
        ({"received": 13, "done": 12, "failed": 1}, "12 done, 1 needs you"),
        ({"received": 5, "done": 2, "rejected": 1, "partial": 2}, "2 done, 3 need you"),
        ({"received": 2, "done": 1, "no_text": 1}, "1 done, 1 without text"),
        ({"received": 3, "deferred": 2, "in_flight": 1}, "0 done, 3 not finished"),
        ({"received": 3, "done": 2}, "1 NOT ACCOUNTED FOR, 2 done"),
        ({"received": 9203, "done": 9202, "failed": 1}, "9,202 done, 1 needs you"),
    ],
)
def test_the_verdict_is_the_day_in_a_few_words(counts, verdict):
    report = DailyReport(
        day="2026-03-01", zone="UTC", window_from="", window_to="", made_at="", stack="local",
        documents=Counts(**counts),
    )  # fmt: skip
    assert report.verdict == verdict


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=300))
def test_times_are_exact(milliseconds):
    tally = DurationTally()
    for number, duration in enumerate(milliseconds):
        tally.add(document(number, "DONE", seconds=duration / 1000))
    ranked = sorted(milliseconds)
    assert tally.find_percentile(95) == ranked[-(-len(ranked) * 95 // 100) - 1] / 1000
    assert tally.find_percentile(50) == statistics.median_low(ranked) / 1000
    assert [round(slow.seconds * 1000) for slow in tally.slowest] == ranked[::-1][:5]


def test_without_a_summary_there_is_no_time():
    assert DurationTally().find_percentile(50) is None
    rows = [document(1, "FAILED"), document(2, "NO_TEXT"), document(3, "RECEIVED")]
    assert count_documents(pages(rows), MADE_AT).durations.count == 0


@given(st.lists(st.integers()), st.integers(1, 10))
def test_the_smallest_are_kept_and_the_others_counted(keys, most):
    smallest = Smallest(most)
    for key in keys:
        smallest.add(key, lambda key=key: key)
    assert list(smallest.values) == sorted(keys)[:most]
    assert smallest.more == max(0, len(keys) - most)


def test_lists_are_short_and_say_how_many_more_there_are():
    rows = [document(n, "DONE") for n in range(MOST_LINES + 30)]
    rows += [document(900 + n, "FAILED", reason="no") for n in range(3)]
    listed = []
    figures = count_documents(pages(rows), MADE_AT, listed.append)
    assert [line.status for line in figures.lines.values][:4] == ["FAILED"] * 3 + ["DONE"]
    assert figures.lines.more == 33
    assert len(listed) == len(rows)
    assert len(figures.summaries.values) == MOST_SUMMARIES
    assert figures.summaries.seen == MOST_LINES + 30


def test_a_document_without_text_says_what_can_be_done():
    (line,) = count_documents(pages([document(1, "NO_TEXT")]), MADE_AT).lines.values
    assert "text recognition (OCR)" in line.note


def test_documents_from_inside_others_are_counted_as_documents_and_named():
    name = "board.pdf \u203a pier.pdf"
    rows = [
        document(1, "DONE"),
        document(2, "DONE", name=name),
        document(3, "REJECTED", name=name),
    ]
    figures = count_documents(pages(rows), MADE_AT)
    report = make_empty_day(documents=figures.tally.counts, children=figures.children)
    assert (report.documents.received, report.children) == (3, 2)
    assert report.is_reconciled
    assert "2 of the documents were inside of others." in build_sum(report).verdict
    assert [line.name for line in figures.lines.values] == [name, "", name]
    assert [file.name for file in figures.rejected.values] == [name]
    assert {slow.name for slow in figures.durations.slowest} == {"", name}


def test_pages_and_chunks_are_counted_as_the_documents_say():
    rows = [
        document(
            1, "PARTIAL", pages=12, empty_pages="2,4-5", failed_pages="7", missing_pages="9-10",
            chunks_total=4, chunks_done=3, chunks_failed=1, reason="pages 9-10 could not be",
        ),
        document(2, "REJECTED", pages=0, reason_code="encrypted", reason="It has a password."),
    ]  # fmt: skip
    figures = count_documents(pages(rows), MADE_AT)
    assert (figures.pages, figures.empty_pages, figures.failed_pages) == (12, 3, 3)
    assert (figures.chunks, figures.chunks_done, figures.chunks_failed) == (4, 3, 1)
    (rejected,) = figures.rejected.values
    assert (rejected.code, rejected.sentence) == ("encrypted", "It has a password.")


def tally_failures(*rows):
    tally = CauseTally()
    for row in rows:
        tally.add_document(row)
    return tally


def list_groups(documents, stack="local", tasks=None):
    return documents.list_groups(tasks or CauseTally(), stack)


def test_causes_that_differ_in_numbers_and_ids_are_one():
    tally = tally_failures(
        *(
            document(n, "FAILED", reason_code="ingest_failed", reason=f"took {n} s in {n:032x}")
            for n in range(5)
        ),
        document(9, "FAILED", reason_code="not_summarised", reason="took 9 s in nothing"),
    )
    groups, more_causes, more_count = list_groups(tally)
    assert [(group.queue, group.count) for group in groups] == [("uploads", 5), ("work", 1)]
    assert (more_causes, more_count) == (0, 0)
    assert groups[0].replay_command == (
        "seashore dlq replay --queue uploads --grep 'took .* s in .*'"
    )
    assert groups[1].replay_command.startswith("seashore dlq replay --queue work --document 00")


def test_a_replay_command_is_safe_to_paste():
    cause = "'; rm -rf ~; echo $(id) `id` \u202e\nsecond line"
    rows = [document(n, "FAILED", reason=cause) for n in range(2)]
    groups, _, _ = list_groups(tally_failures(*rows), stack="my-stack")
    words = shlex.split(groups[0].replay_command)
    assert words[:6] == ["seashore", "dlq", "replay", "--stack", "my-stack", "--queue"]
    assert len(words) == 9
    assert "$" not in words[-1] and "`" not in words[-1] and "\u202e" not in words[-1]


def test_what_is_lost_or_can_never_succeed_has_nothing_to_replay():
    lost = document(1, "FAILED", reason_code="lost", reason="Its messages are gone.")
    groups, _, _ = list_groups(tally_failures(lost))
    assert groups[0].replay_command == ""
    tasks = CauseTally()
    tasks.add_task(task(1, "FAILED", reason=LOST_TASK_REASON))
    groups, _, _ = list_groups(CauseTally(), tasks=tasks)
    assert (groups[0].cause, groups[0].replay_command) == (LOST_TASK_REASON, "")
    hopeless = document(2, "FAILED", reason="The specified key does not exist.")
    assert list_groups(tally_failures(hopeless))[0][0].replay_command == ""


def test_a_partial_document_has_letters_if_a_chunk_was_given_up():
    unread = document(1, "PARTIAL", chunks_failed=0, reason="page 3 could not be read")
    given_up = document(2, "PARTIAL", chunks_failed=1, reason="page 3 could not be summarised")
    groups, _, _ = list_groups(tally_failures(unread, given_up))
    assert [group.examples for group in groups] == [(given_up["document_id"],)]


def test_chunks_are_replayed_by_their_own_cause_and_not_by_what_became_of_their_document():
    rows = [
        document(
            n, "FAILED" if n else "PARTIAL", reason_code="not_summarised", chunks_failed=1,
            chunks_done=0 if n else 1, reason="no chunk of the text could be summarised",
            chunk_reason="the model refuses to answer",
        )
        for n in range(2)
    ]  # fmt: skip
    groups, _, _ = list_groups(tally_failures(*rows))
    assert [(group.cause, group.count) for group in groups] == [("the model refuses to answer", 2)]
    assert groups[0].replay_command == (
        "seashore dlq replay --queue work --kind summarize_chunk "
        "--grep 'the model refuses to answer'"
    )
    combined = [
        document(n, "FAILED", reason_code="not_summarised", chunks_done=1, reason="no room")
        for n in range(2)
    ]
    groups, _, _ = list_groups(tally_failures(*combined))
    assert groups[0].replay_command == "seashore dlq replay --queue work --grep 'no room'"


def test_a_document_of_before_chunks_told_their_causes_says_what_its_own_row_says():
    rows = [
        document(n, "PARTIAL", chunks_failed=1, reason="page 3 could not be summarised")
        for n in range(2)
    ]
    (group,), _, _ = list_groups(tally_failures(*rows))
    assert (group.cause, group.count) == ("page 3 could not be summarised", 2)
    # The letters do not say that: they cannot be found by it.
    assert group.replay_command == "seashore dlq replay --queue work --kind summarize_chunk"


CAUSES = st.lists(
    st.sampled_from(["the model", " refuses", ": ", "3f2a91bc07d4", "17", "\n", "  ", "é", "(x)"]),
    max_size=20,
).map("".join)


@given(CAUSES)
def test_the_pattern_of_a_replay_finds_its_cause(cause):
    rows = [document(n, "FAILED", reason=cause) for n in range(2)]
    groups, _, _ = list_groups(tally_failures(*rows))
    words = shlex.split(groups[0].replay_command)
    assert not words or re.search(words[-1], cause)
    assert words or not re.search("[a-z]{4}", cause)


def test_a_long_cause_is_found_whatever_id_its_pattern_ends_at():
    causes = [f"{'x' * 50} of {id_}" for id_ in ("3f2a91bc07d4", "9bd0021177aa")]
    rows = [document(n, "FAILED", reason=cause) for n, cause in enumerate(causes)]
    (group,), _, _ = list_groups(tally_failures(*rows))
    pattern = shlex.split(group.replay_command)[-1]
    assert all(re.search(pattern, cause) for cause in causes)


def test_many_causes_are_counted_and_the_largest_shown():
    words = [f"{a}{b}" for a in "ghijklmnop" for b in "ghijklmnop"]
    rows = [document(n, "FAILED", reason=f"cause {word}") for n, word in enumerate(words)]
    groups, more_causes, more_count = list_groups(tally_failures(*rows, *rows[:1]))
    assert (len(groups), groups[0].count) == (MOST_GROUPS, 2)
    assert (more_causes, more_count) == (90, 90)


def event(second, step, **details):
    at = ARRIVED + timedelta(seconds=second)
    return Event(at=at.isoformat(timespec="microseconds"), step=step, details=details)


@pytest.mark.parametrize(
    ("timeline", "why"),
    [
        ([event(0, "received"), event(90, "extracted"), event(100, "finished")],
         "90% of it reading its text"),
        ([event(0, "received"), event(5, "extracted"), event(10, "deferred", reason="over_budget"),
          event(500, "chunk_done"), event(510, "finished")],
         "96% of it waiting for the next day's spending limit"),
        ([event(0, "received"), event(5, "extracted"), event(9, "failed"), event(99, "replayed"),
          event(100, "finished")], "90% of it lying in the dead-letter queue"),
        ([event(0, "received"), event(1, "extracted"), event(2, "chunk_done"),
          event(100, "finished")], "98% of it summarising its chunks"),
        ([event(0, "received"), event(1, "extracted"), event(2, "deferred", reason="a_new_one"),
          event(100, "finished")], "98% of it waiting: a new one"),
        ([], "7 pages in 2 chunks"),
    ],
)  # fmt: skip
def test_a_slow_document_says_what_its_time_went_into(timeline, why):
    slow = Slow(100.0, "d1", "a.pdf", pages=7, chunks=2)
    told = explain_slowness(slow, timeline)
    assert told.startswith(why)
    assert told.endswith("7 pages in 2 chunks")


def test_nothing_counts_as_nothing():
    assert CountTally().counts == Counts()
