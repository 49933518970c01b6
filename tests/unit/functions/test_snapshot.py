"""A container is prepared while it starts, and nothing of it survives in a snapshot."""

import gc
import random
from functools import cache

import pytest
import snapshot_restore_py

from functions.snapshot import prepare_container


@pytest.fixture
def hooks(monkeypatch):
    registered = {"before": [], "after": []}
    monkeypatch.setattr(
        snapshot_restore_py, "register_before_snapshot", registered["before"].append
    )
    monkeypatch.setattr(snapshot_restore_py, "register_after_restore", registered["after"].append)
    return registered


@pytest.fixture
def builds():
    built = []

    @cache
    def build():
        built.append(object())
        return built[-1]

    yield build, built
    gc.unfreeze()


def test_nothing_is_built_outside_of_lambda(builds):
    build, built = builds
    prepare_container(build, {})
    assert built == []


@pytest.mark.parametrize("kind", ["on-demand", "provisioned-concurrency"])
def test_parts_are_built_before_the_first_event_and_kept(builds, hooks, kind):
    build, built = builds
    gc.disable()
    prepare_container(build, {"AWS_LAMBDA_INITIALIZATION_TYPE": kind})
    assert gc.isenabled()
    assert [build()] == built
    assert hooks == {"before": [], "after": []}


def test_each_restored_container_has_parts_and_chance_of_its_own(builds, hooks):
    build, built = builds
    prepare_container(build, {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"})
    (before,), (after,) = hooks["before"], hooks["after"]
    before()
    assert build.cache_info().currsize == 0
    drawn = []
    state = random.getstate()
    for _ in range(2):
        # Two containers go on from the same state.
        random.setstate(state)
        build.cache_clear()
        after()
        drawn.append(random.random())
    assert drawn[0] != drawn[1]
    assert len(set(built)) == 3
    assert build() is built[-1]
