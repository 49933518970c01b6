"""What the worker loads when it starts."""

from tests.fakes.own_python import run_python

# What few of its containers get: a tick, a picture, a redo, a report's dead letter.
SELDOM = ("pipeline.dead_letters", "pipeline.recognition", "pipeline.operations", "pipeline.report")


def test_the_worker_starts_without_what_few_of_its_containers_need():
    loaded = run_python("import sys, functions.worker; print(*sys.modules)").split()
    assert "pipeline.work_items" in loaded
    assert [name for name in loaded if name.startswith(SELDOM)] == []
