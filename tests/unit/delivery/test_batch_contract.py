"""Any batch, any end of each record: what stays on the queue, and what the others become."""

import json
import threading
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from functions.delivery.batch import process_batch
from tests.fakes.aws.batches import DLQ, make_record
from tests.fakes.aws.event_source import LambdaContext
from tests.fakes.desks.scripted_batches import SCRIPTS, TEXTS, Run, Script, Work, check


@settings(
    max_examples=80,
    deadline=None,
    # To shrink an example takes minutes; the assertions name the record instead.
    phases=[Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.lists(SCRIPTS, max_size=10), st.dictionaries(st.integers(0, 9), TEXTS))
def test_exactly_the_messages_that_stay_are_returned(scripts, texts):
    check(Run(scripts, texts))


def test_a_batch_that_fails_whole_answers_with_every_id():
    run = Run([Script("retryable")] * 10)
    assert sorted(run.returned_ids) == [f"message-{n}" for n in range(10)]


def test_an_empty_batch_answers_with_nothing():
    assert Run([]).response == {"batchItemFailures": []}


def test_records_run_at_the_same_time():
    barrier = threading.Barrier(10, timeout=10)
    run = Run([])
    consumer = replace(run.consumer, handle=lambda work, deadline: barrier.wait())
    run.scripts[:] = [Script("done")] * 10
    records = [make_record(Work(n, "").message_id, Work(n, "").body) for n in range(10)]
    response = process_batch({"Records": records}, LambdaContext(), consumer, run.runtime)
    assert response == {"batchItemFailures": []}


@pytest.mark.parametrize("field", ["copy_refused", "give_up_fails"])
def test_a_dead_letter_that_cannot_be_written_keeps_its_message(field):
    run = Run([Script("permanent", **{field: True}), Script("permanent")])
    assert run.returned_ids == ["message-0"]
    assert len(run.sqs.sent_to(DLQ)) == 1


def test_the_ledger_hears_of_it_before_the_letter_is_written():
    run = Run([Script("permanent", copy_refused=True)])
    assert run.given_up == [(0, "PermanentError")]
    run = Run([Script("permanent", give_up_fails=True)])
    assert not [call for call in run.sqs.accepted if call[0] == "SendMessage"]


def test_a_bug_is_logged_with_its_traceback_and_a_known_error_without():
    lines = [json.loads(line) for line in Run([Script("bug")]).log.getvalue().splitlines()]
    (line,) = [line for line in lines if line["message"] == "item_returned"]
    assert line["level"] == "ERROR"
    assert "KeyError" in line["exception"]
    assert (line["item_id"], line["message_id"], line["stage"]) == ("item-0", "message-0", "work")
    lines = [json.loads(line) for line in Run([Script("retryable")]).log.getvalue().splitlines()]
    (line,) = [line for line in lines if line["message"] == "item_returned"]
    assert line["level"] == "WARNING"
    assert "exception" not in line


def test_a_timeout_of_the_works_own_is_not_taken_for_the_end_of_its_time():
    run = Run([Script("timeout")])
    assert "TimeoutError: a socket's own" in run.log.getvalue()
    assert "DeadlineError" not in run.log.getvalue()


def test_what_is_counted_is_what_happened(capsys):
    Run([Script("done"), Script("permanent"), Script("retryable")])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (metrics,) = [line for line in lines if "RecordsReturned" in line]
    assert metrics["RecordsReturned"] == [1]
    assert metrics["RecordsSettled"] == [2]
