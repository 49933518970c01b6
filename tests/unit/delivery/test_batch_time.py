"""The time of a batch: each record has its own, and the messages are settled within the rest."""

import threading
import time
from dataclasses import replace

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from functions.delivery.batch import SETTLE_SECONDS, process_batch
from shared.deadline import sleep_in_time
from shared.errors import DeadlineError
from tests.fakes.aws.batches import POLICY, QUEUE, make_record, make_runtime
from tests.fakes.aws.event_source import LambdaContext, check_response
from tests.fakes.aws.recording_sqs import RecordingSqs
from tests.fakes.desks.scripted_batches import SCRIPTS, Run, Script, Work, check

LAST = POLICY.max_receive_count


# To shrink an example takes minutes; the assertions name the record instead.
@settings(max_examples=2, deadline=None, phases=[Phase.reuse, Phase.generate])
@given(st.lists(SCRIPTS, max_size=9), st.data())
def test_a_record_that_hangs_changes_nothing_for_the_others(scripts, data):
    hanging = replace(data.draw(SCRIPTS), end="hangs")
    scripts.insert(data.draw(st.integers(0, len(scripts))), hanging)
    run = Run(scripts, budget_seconds=1.0)
    check(run)
    assert run.milliseconds_left > 0


def test_records_that_hang_cost_their_neighbours_nothing():
    done, hangs, hangs_at_last = Script("done"), Script("hangs"), Script("hangs", LAST)
    run = Run([*[done] * 5, hangs, done, hangs_at_last, done, done], budget_seconds=1.5)
    assert run.returned_ids == ["message-5"]
    assert run.given_up == [(7, "DeadlineError")]
    assert sorted(run.handled) == list(range(10))
    assert run.milliseconds_left > 0
    (change,) = run.sqs.visibility_changes("receipt-message-5")
    # Its thread holds the item's lock until the function's own deadline.
    assert change >= SETTLE_SECONDS


def test_all_that_hang_are_returned_within_the_functions_time():
    run = Run([Script("hangs")] * 10, budget_seconds=1.0)
    check(run)
    assert run.milliseconds_left > 0


def test_what_has_not_begun_when_its_time_is_up_waits_and_uses_up_no_receive():
    scripts = [
        Script("not_begun", count, earlier) for count in range(1, LAST) for earlier in (0, 3)
    ]
    run = Run(scripts, budget_seconds=0.0)
    check(run)
    assert run.returned_ids == []
    assert len(run.sqs.sent_to(QUEUE)) == len(scripts)


def test_what_is_done_in_time_is_done_however_late_that_is_heard():
    loop_is_held, is_done = threading.Event(), threading.Event()
    context = LambdaContext(timeout_seconds=SETTLE_SECONDS + 1.0)

    def handle(work, deadline):
        if work.number == 1:
            assert loop_is_held.wait(10)
            is_done.set()

    def hold_the_loop():
        """Drawn from between the work of the first record and its settling, outside of a thread."""
        loop_is_held.set()
        assert is_done.wait(10)
        # The loop must hear of the end of the time and of the work at once.
        time.sleep(max(0.0, context.get_remaining_time_in_millis() / 1000 - SETTLE_SECONDS + 0.05))
        return 0.5

    run = Run([])
    run.scripts = [Script("done")] * 2
    consumer = replace(run.consumer, handle=handle)
    runtime = replace(run.runtime, random=hold_the_loop)
    records = [make_record(Work(n, "").message_id, Work(n, "").body) for n in range(2)]
    response = process_batch({"Records": records}, context, consumer, runtime)
    assert check_response(response, records) == set()
    assert run.sqs.sent_to(QUEUE) == []
    assert run.log.getvalue().count('"item_done"') == 2 * 2


def test_a_settling_that_hangs_keeps_its_message_and_the_functions_time():
    release = threading.Event()

    def hang(operation, arguments):
        release.wait(20)

    run = Run([])
    runtime, log = make_runtime(RecordingSqs(hang))
    run.scripts = [Script("permanent"), Script("done")]
    records = [make_record(Work(n, "").message_id, Work(n, "").body) for n in range(2)]
    context = LambdaContext(timeout_seconds=SETTLE_SECONDS + 2.0)
    try:
        response = process_batch({"Records": records}, context, run.consumer, runtime)
        assert context.get_remaining_time_in_millis() > 0
    finally:
        release.set()
    assert check_response(response, records) == {"message-0"}
    assert "message_not_settled" in log.getvalue()


def test_what_waits_for_a_busy_row_ends_before_the_records_time_is_up():
    refused = []

    def handle(work, deadline):
        try:
            sleep_in_time(deadline.remaining_seconds + 1)
        except DeadlineError:
            refused.append(work.number)

    run = Run([])
    run.scripts = [Script("done")] * 2
    runtime, consumer = run.runtime, replace(run.consumer, handle=handle)
    context = LambdaContext(timeout_seconds=SETTLE_SECONDS + 5.0)
    records = [make_record(Work(n, "").message_id, Work(n, "").body) for n in range(2)]
    response = process_batch({"Records": records}, context, consumer, runtime)
    assert response == {"batchItemFailures": []}
    assert sorted(refused) == [0, 1]
