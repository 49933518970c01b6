"""Each part of the benchmarks that needs an emulator runs, with as little as shows that it does."""

from contextlib import suppress

import pytest

from shared.deadline import Deadline
from tests.benchmarks.suite import growth
from tests.benchmarks.suite.cost import measure_cost
from tests.benchmarks.suite.end_to_end import measure_rate
from tests.benchmarks.suite.growth import grow_items, grow_pages
from tests.benchmarks.suite.latency import drop_several, tell_steps
from tests.benchmarks.suite.overhead import WAYS, CallCounter, work_off
from tests.benchmarks.suite.stacks import MeasuredStack
from tests.chaos.harness.run import open_run
from tests.chaos.harness.workload import seed_documents

pytestmark = pytest.mark.local_stack
# In the process that has a stack already: another one takes longer than what is done with it.
on_the_stack = pytest.mark.xdist_group("local_stack")


@pytest.fixture
def stack(local_stack):
    keys = local_stack.session.get_credentials()
    return MeasuredStack(
        {
            "endpoint_url": local_stack.endpoint_url,
            "region": local_stack.region,
            "access_key_id": keys.access_key,
            "secret_access_key": keys.secret_key,
            "stack_name": "seashore",
            "outputs": local_stack.outputs,
        }
    )


@on_the_stack
def test_tasks_of_the_local_stack_are_timed_and_counted(stack, request):
    assert measure_rate(stack, 3, f"smoke-{request.node.name[:8]}", is_counted=False) > 0
    assert stack.count_done() >= 0


@on_the_stack
def test_a_dropped_file_is_followed_to_its_summary(stack):
    ((seconds, steps),) = drop_several(stack, 1, "bench-smoke", 0)
    assert seconds > 0
    assert list(tell_steps([(seconds, steps)]))[-1] == "finished"


def test_an_item_is_measured_in_three_ways_and_a_page_in_one(tmp_path):
    with open_run(tmp_path, visibility_seconds=120) as run:
        counter = CallCounter(run.account)
        calls = {}
        for index, (name, build) in enumerate(WAYS.items()):
            documents = seed_documents(run.account, 1, 10, first_index=index)
            calls[name] = work_off(run, build(run), documents, counter).calls
        (grown,) = grow_pages(run, (2,))
    assert calls["bare loop"]["dynamodb"] == calls["bare loop"]["s3"] == 1
    assert calls["Powertools recipe"]["dynamodb"] == 3
    assert calls["this pipeline"]["dynamodb"] > 1
    assert grown.calls > 0
    with suppress(KeyError):
        assert calls["bare loop"]["sqs"] == 0


def test_items_are_worked_off_until_the_time_is_up(tmp_path, monkeypatch):
    monkeypatch.setattr(growth, "_AT_ONCE", 1)
    is_over = Deadline(0.0, clock=lambda: 1.0)
    with open_run(tmp_path, visibility_seconds=120) as run:
        (grown,) = grow_items(run, (20, 30), is_over)
    assert grown.size == 10
    assert grown.calls > 1


def test_documents_are_priced_beside_two_other_ways():
    finding = measure_cost(small=True)
    figures = finding.figures["1"]
    assert min(figures["ours"], figures["ours_batched"]) > 0
    assert figures["step_functions"] > 0
    assert figures["durable"] > 0
    assert {len(row) for row in finding.rows} == {len(finding.columns)}
