"""Tasks in the ledger: registered once, moved only as is legal, and only by their own attempt."""

from datetime import datetime, timedelta

import pytest

from shared.aws.dynamodb_table import IN_FLIGHT_INDEX, Update
from shared.errors import LedgerConflictError
from shared.ledger.cancelling import cancel_task
from shared.ledger.spending import Spending, record_spending
from shared.ledger.tasks import (
    TASK_IN_FLIGHT,
    end_flight,
    fail_task,
    find_task,
    finish_task,
    list_tasks,
    put_task_back,
    register_task,
    start_task,
    task_pk,
    task_row_key,
)
from shared.ledger.timeline import build_event, read_timeline
from shared.ledger.waiting import note_wait
from shared.lifecycle import LEGAL_TASK_MOVES, TaskStatus
from tests.fakes.aws.ledger_rows import START, scan_rows


def register(table, now, task_id="t", digest="d1", about="Why?", **how):
    return register_task(
        table, task_id=task_id, kind="ask", about=about, digest=digest, callback=None, now=now,
        **how,
    )  # fmt: skip


def finish(table, task, now, shortfall=None):
    result = {"result_key": "results/tasks/t/1/result.json", "model": "tiny"}
    finish_task(table, task, now, **result, shortfall=shortfall)


def bring_to(table, now, status):
    task = register(table, now)
    if status not in (TaskStatus.RECEIVED, TaskStatus.CANCELLED):
        task = start_task(table, task, now)
    if status is TaskStatus.DONE:
        finish(table, task, now)
    if status is TaskStatus.PARTIAL:
        finish(table, task, now, "page 3 could not be read")
    if status is TaskStatus.FAILED:
        fail_task(table, task, "a reason", now)
    if status is TaskStatus.CANCELLED:
        cancel_task(table, task, "ada", now)
    return find_task(table, "t")


def test_a_task_is_registered_once_and_the_first_wins(table, now):
    entered = register(table, now)
    assert entered.new_row is not None
    first = entered.model_copy(update={"new_row": None})
    assert register(table, now) == first
    assert register(table, now, digest="d2", about="How?") == first
    assert [event.step for event in read_timeline(table, task_pk("t"))] == ["received"]


def test_a_task_that_waits_for_nothing_is_entered_and_begun_with_one_write(table, now):
    begun = register(table, now, begins=True)
    assert (begun.new_row is not None, begun.status, begun.attempts) == (
        True,
        TaskStatus.RUNNING,
        1,
    )
    assert list(scan_rows(table)) == [task_row_key("t")]
    # Another delivery of it, after a crash, is another attempt.
    again = register(table, now, begins=True)
    assert (again.new_row is not None, again.attempts) == (False, 1)
    begun = start_task(table, again, now)
    assert begun.attempts == 2
    finish(table, begun, now)
    told = read_timeline(table, task_pk("t"))
    assert [event.step for event in told] == ["received", "started", "started", "finished"]
    assert [event.details.get("attempt") for event in told] == [None, 1, 2, None]


def test_moves_whose_answers_are_lost_are_made_once(table, now, monkeypatch):
    update = table.client.update_item

    def send_again(**request):
        update(**request)
        return update(**request)

    task = register(table, now, begins=True)
    monkeypatch.setattr(table.client, "update_item", send_again)
    fail_task(table, task, "a reason", now)
    told = read_timeline(table, task_pk("t"))
    assert [event.step for event in told] == ["received", "started", "failed"]


def test_steps_that_an_earlier_release_has_written_stand_in_the_timeline_of_a_task(table, now):
    table.put_row(build_event(task_pk("t"), now(), "received", {"kind": "ask"}))
    table.update_row(
        Update(
            *task_row_key("t"),
            assign={"task_id": "t", "kind": "ask", "digest": "d1", "status": "RECEIVED",
                    "received_at": "2026-01-01", "updated_at": "2026-01-01", "attempts": 0},
        )
    )  # fmt: skip
    task = start_task(table, find_task(table, "t"), now)
    finish(table, task, now)
    told = read_timeline(table, task_pk("t"))
    assert [event.step for event in told] == ["received", "started", "finished"]


def test_what_it_is_about_is_one_short_line(table, now):
    task = register(table, now, about="  Why\n is " + "x" * 500)
    assert task.about.startswith("Why is xxx")
    assert len(task.about) == 200


@pytest.mark.parametrize("source", TaskStatus)
@pytest.mark.parametrize("target", TaskStatus)
def test_only_legal_moves_pass(table, now, source, target):
    task = bring_to(table, now, source)
    moves = {
        TaskStatus.RECEIVED: lambda: put_task_back(table, task, now),
        TaskStatus.RUNNING: lambda: start_task(table, task, now),
        TaskStatus.DONE: lambda: finish(table, task, now),
        TaskStatus.PARTIAL: lambda: finish(table, task, now, "page 3 could not be read"),
        TaskStatus.FAILED: lambda: fail_task(table, task, "another", now),
        TaskStatus.CANCELLED: lambda: cancel_task(table, task, "ada", now),
    }
    before = scan_rows(table)
    if target in LEGAL_TASK_MOVES[source]:
        moves[target]()
        assert find_task(table, "t").status is target
    else:
        with pytest.raises(LedgerConflictError):
            moves[target]()
        assert scan_rows(table) == before


def test_an_attempt_that_was_overtaken_changes_nothing(table, now):
    task = register(table, now)
    stale = start_task(table, task, now)
    current = start_task(table, stale, now)
    for move in (
        lambda: finish(table, stale, now),
        lambda: fail_task(table, stale, "late", now),
        lambda: start_task(table, stale, now),
        lambda: put_task_back(table, stale, now),
    ):
        with pytest.raises(LedgerConflictError):
            move()
    finish(table, current, now)
    assert find_task(table, "t").attempts == 2


def list_flying(table):
    rows = table.query_index(IN_FLIGHT_INDEX, "in_flight", TASK_IN_FLIGHT, newest_first=False)
    return [row["pk"].removeprefix("TASK#") for row in rows]


def test_a_task_that_could_not_be_told_of_stays_in_flight_until_it_is(table, now):
    task = start_task(table, register(table, now), now)
    fail_task(table, task, "lost", now, stays_in_flight=True)
    assert list_flying(table) == ["t"]
    end_flight(table, task)
    assert list_flying(table) == []
    start_task(table, find_task(table, "t"), now)
    with pytest.raises(LedgerConflictError):
        end_flight(table, task)
    assert list_flying(table) == ["t"]


def test_what_waits_for_long_has_one_row_that_tells_it_all(table, now):
    register(table, now)
    begun = START + timedelta(minutes=1)
    for number in range(96):
        details = {"item": "t", "reason": "over_budget", "delay_seconds": 900}
        at = begun + timedelta(minutes=15 * number)
        note_wait(table, task_row_key("t"), at, "deferred", details)
    note_wait(table, task_row_key("t"), begun, "deferred", {**details, "reason": "throttled"})
    assert sum(sk.startswith("EVENT#") for _, sk in scan_rows(table)) == 2
    _, throttled, waited = read_timeline(table, task_pk("t"))
    assert (throttled.step, throttled.count) == ("deferred", 1)
    assert (waited.count, waited.planned_seconds) == (96, 96 * 900)
    assert datetime.fromisoformat(waited.first_at) == begun
    assert datetime.fromisoformat(waited.at) == at
    assert waited.details == details


def test_a_task_that_is_taken_up_again_loses_its_reason_and_is_in_flight(table, now):
    failed = bring_to(table, now, TaskStatus.FAILED)
    assert failed.reason == "a reason"
    assert failed.finished_at is not None
    start_task(table, failed, now)
    task = find_task(table, "t")
    assert (task.reason, task.finished_at) == (None, None)
    assert list_flying(table) == ["t"]


def test_spending_adds_up_whatever_the_status(table, now):
    bring_to(table, now, TaskStatus.DONE)
    used = Spending(input_tokens=10, output_tokens=2, cost_micro_usd=7)
    for _ in range(2):
        record_spending(table, task_row_key("t"), used, now, step="answered", model="tiny")
    task = find_task(table, "t")
    assert (task.input_tokens, task.output_tokens, task.cost_micro_usd) == (20, 4, 14)
    details = read_timeline(table, task_pk("t"))[-1].details
    assert details == {
        "model": "tiny", "input_tokens": 10, "output_tokens": 2, "cost_micro_usd": 7,
    }  # fmt: skip


def test_tasks_are_listed_by_day_newest_first_and_in_flight_oldest_first(table, now):
    for name in ("a", "b", "c"):
        register(table, now, task_id=name)
    finish(table, start_task(table, find_task(table, "b"), now), now)
    assert [task.task_id for task in list_tasks(table, now, 1)] == ["c", "b", "a"]
    assert list_flying(table) == ["a", "c"]
    now.at += timedelta(days=1)
    assert list(list_tasks(table, now, 1)) == []
    assert len(list(list_tasks(table, now, 2))) == 3
