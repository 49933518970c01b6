"""Following documents: what is looked at, how often, and when it ends. Time is scripted."""

from datetime import UTC, datetime, timedelta

import pytest

from infra.cli.progress.follow_documents import (
    Followed,
    Pace,
    follow_documents,
    follow_in_flight,
    is_all_done,
)
from infra.cli.progress.follow_tasks import follow_tasks
from shared.aws.dynamodb_table import LedgerTable
from shared.ledger.document_versions import register_document
from shared.ledger.documents import document_pk, move_document
from shared.ledger.tasks import fail_task, find_task, register_task
from shared.ledger.timeline import note_delay
from shared.lifecycle import DocumentStatus, TaskStatus
from shared.messages.uploads import Upload

START = datetime(2026, 3, 1, 23, 59, 50, tzinfo=UTC)


class Script:
    """A clock that moves when somebody sleeps, and what happens at each second of it."""

    def __init__(self, account):
        self.table = LedgerTable(
            account.clients.dynamodb, account.settings.ledger_table, lambda seconds: None
        )
        self.seconds = 0.0
        self.sleeps = []
        self.happenings = {}

    @property
    def pace(self):
        return Pace(self.now, lambda: self.seconds, self.sleep)

    def now(self):
        return START + timedelta(seconds=self.seconds)

    def at(self, second, happening, *arguments):
        self.happenings.setdefault(second, []).append((happening, arguments))

    def sleep(self, seconds):
        assert self.seconds < 3600, "it follows for ever"
        self.sleeps.append(seconds)
        until = self.seconds + seconds
        for second in sorted(second for second in self.happenings if second <= until):
            self.seconds = max(self.seconds, second)
            for happening, arguments in self.happenings.pop(second):
                happening(*arguments)
        self.seconds = until

    def enter(self, key):
        return register_document(self.table, upload(key), self.now)

    def reject(self, key):
        move_document(
            self.table, self.enter(key), DocumentStatus.REJECTED, self.now, step="rejected"
        )

    def enter_task(self, task_id):
        register_task(
            self.table, task_id=task_id, kind="ask", about="", digest="d", callback=None,
            now=self.now,
        )  # fmt: skip

    def fail_task(self, task_id):
        fail_task(self.table, find_task(self.table, task_id), "no answer", self.now)

    def wait_in_line(self, key):
        details = {"reason": "model_unavailable", "delay_seconds": 60}
        note_delay(
            self.table, document_pk(upload(key).document_id), self.now(), "deferred", details
        )


def upload(key):
    return Upload("seashore-documents", key, "v1", "e", 1, "0A")


def follow(script, *keys):
    wanted = [Followed(upload(key).document_id, key) for key in keys]
    return list(follow_documents(script.table, wanted, script.pace))


@pytest.fixture
def script(account):
    return Script(account)


def test_few_documents_are_looked_at_four_times_a_second_until_all_are_final(script):
    script.at(2, script.enter, "a.pdf")
    script.at(4, script.reject, "a.pdf")
    script.at(3, script.reject, "b.pdf")
    looks = follow(script, "a.pdf", "b.pdf")
    seen = [[f.status for f in look] for look in looks]
    assert [look for look, before in zip(seen, [None, *seen], strict=False) if look != before] == [
        ["WAITING", "WAITING"],
        ["RECEIVED", "WAITING"],
        ["RECEIVED", "REJECTED"],
        ["REJECTED", "REJECTED"],
    ]
    assert set(script.sleeps) == {0.25}
    assert not is_all_done(looks[-1])


def count_calls(script, account):
    """A pace that notes how many calls each look took but the last, and these numbers."""
    calls, calls_a_look = [], []
    account.clients.dynamodb.meta.events.register(
        "before-call.dynamodb", lambda model, **rest: calls.append(model.name)
    )

    def sleep(seconds):
        calls_a_look.append(len(calls))
        script.sleep(seconds)
        calls.clear()

    return Pace(script.now, lambda: script.seconds, sleep), calls_a_look


def test_many_documents_are_read_with_few_calls_also_past_midnight(script, account):
    keys = [f"{number}.pdf" for number in range(30)]
    for key in keys:
        script.at(8, script.enter, key)
        script.at(20, script.reject, key)
    pace, calls_a_look = count_calls(script, account)
    wanted = [Followed(upload(key).document_id, key) for key in keys]
    looks = list(follow_documents(script.table, wanted, pace))
    assert all(f.is_final for f in looks[-1])
    # A call for all, and a few timelines.
    assert max(calls_a_look) <= 1 + 5
    assert len(calls_a_look) == 20


def test_many_tasks_are_read_with_few_calls(script, account):
    ids = [f"task-{number}" for number in range(30)]
    for task_id in ids:
        script.at(2, script.enter_task, task_id)
        script.at(12, script.fail_task, task_id)
    pace, calls_a_look = count_calls(script, account)
    looks = list(follow_tasks(script.table, ids, pace))
    assert [one.task_id for one in looks[-1]] == ids
    assert {one.status for one in looks[-1]} == {TaskStatus.FAILED}
    assert {one.status for one in looks[0]} == {"WAITING"}
    # A call for all, and a few timelines.
    assert max(calls_a_look) == 1 + 5


def test_a_look_that_takes_long_is_followed_by_a_long_rest(script):
    def read_slowly():
        script.seconds += 3
        return START

    script.at(10, script.reject, "a.pdf")
    wanted = [Followed(upload("a.pdf").document_id, "a.pdf")]
    pace = Pace(read_slowly, lambda: script.seconds, script.sleep)
    list(follow_documents(script.table, wanted, pace))
    assert min(script.sleeps) >= 1.5, "half as long as the look, which takes 3 s"


def test_a_document_that_does_not_move_is_explained(script):
    script.at(1, script.enter, "a.pdf")
    script.at(2, script.wait_in_line, "a.pdf")
    script.at(20, script.reject, "a.pdf")
    delays = [look[0].delay for look in follow(script, "a.pdf")]
    assert delays[3 * 4] is None, "it has hardly arrived"
    assert "model unavailable" in delays[12 * 4]
    assert delays[-1] is None


def test_a_document_that_never_arrived_is_explained_too(script):
    script.at(1, script.wait_in_line, "a.pdf")
    script.at(20, script.reject, "a.pdf")
    delays = [look[0].delay for look in follow(script, "a.pdf")]
    assert "model unavailable" in delays[12 * 4]


def test_in_flight_takes_in_what_arrives_meanwhile(script):
    script.reject("before.pdf")
    script.enter("a.pdf")
    script.at(2, script.enter, "b.pdf")
    script.at(3, script.reject, "a.pdf")
    script.at(5, script.reject, "b.pdf")
    looks = list(follow_in_flight(script.table, pace=script.pace))
    statuses = [{f.key: f.status for f in look} for look in looks]
    assert statuses[0] == {"a.pdf": "RECEIVED"}
    assert statuses[2 * 4] == {"a.pdf": "RECEIVED", "b.pdf": "RECEIVED"}
    assert statuses[-1] == {"a.pdf": "REJECTED", "b.pdf": "REJECTED"}
    assert [f.key for f in looks[-1]] == ["b.pdf", "a.pdf"]
    assert script.seconds == 5


def test_nothing_in_flight_waits_a_moment_for_what_was_just_put(script):
    assert list(follow_in_flight(script.table, pace=script.pace)) == []
    assert 6 <= script.seconds <= 8


def test_what_was_just_put_is_followed(script):
    script.at(4, script.enter, "a.pdf")
    script.at(9, script.reject, "a.pdf")
    looks = list(follow_in_flight(script.table, pace=script.pace))
    statuses = [look[0].status for look in looks]
    assert (set(statuses[:-1]), statuses[-1]) == ({"RECEIVED"}, "REJECTED")
