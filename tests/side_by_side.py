"""Tests in several processes: what each of them does once, and what it leaves to the others.

Hooks of pytest and of its xdist, for all tests: `tests/conftest.py` names them.
"""

import gc
import importlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from xdist.scheduler import LoadGroupScheduling

from infra.project_files import PROJECT

# In characters.
_LONGEST_NAME = 200


class ModuleScheduling(LoadGroupScheduling):
    """Keeps a group in one process, and a module of tests that are in no group too.

    So what a module shares is made once. The groups, of which some wait for long, begin first.
    """

    def _split_scope(self, nodeid):
        return super()._split_scope(nodeid).partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Take this project's scheduler where that of groups is asked for."""
    if config.option.dist != "loadgroup":
        return None
    config.option.loadscopereorder = False  # the order is that of `pytest_collection_modifyitems`
    return ModuleScheduling(config, log)


def pytest_make_parametrize_id(val):
    """Name a long text after how it begins: one of 7 MB would be in each message of its test."""
    if isinstance(val, str | bytes) and len(val) > _LONGEST_NAME:
        return repr(val[:_LONGEST_NAME])
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    """In one of several processes, tell the first one only what it shows.

    Else each test is six messages: it begins, was set up, passed, was taken down, ended, and is
    over. Without four of them the two processes take 0.7 ms less for it, of 2.5 ms for an empty
    one.
    """
    config = item.config
    shows_all = config.option.verbose > 0 or config.option.durations or config.option.xmlpath
    if shows_all or not hasattr(config, "workerinput"):
        return None
    for report in runtestprotocol(item, nextitem=nextitem, log=False):
        if report.when == "call" or not report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
    return True


def pytest_collection_modifyitems(config, items):
    """In one of several processes, put the groups first."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


@pytest.hookimpl(wrapper=True)
def pytest_collection(session):
    """Keep the collector of garbage to what tests leave, not to what all of them stand on.

    Hardly anything that is made here becomes garbage, and there is so much of it that to look
    through it again and again would take longer than to make it.
    """
    gc.disable()
    try:
        _import_own_share(session.config)
        return (yield)
    finally:
        gc.freeze()  # with what little became garbage: to look for it takes a fifth of a second
        gc.set_threshold(20_000, 20, 50)
        gc.enable()


def _import_own_share(config):
    """Import every n-th module in each of n processes, before all of them import all.

    Else each would rewrite the assertions of all modules, at the same time as the others. What
    fails here fails again where it is told.
    """
    if not hasattr(config, "workerinput"):
        return
    count = config.workerinput["workercount"]
    own = int(config.workerinput["workerid"].removeprefix("gw")) % count
    for name in list(_name_modules(config))[own::count]:
        with suppress(Exception, pytest.skip.Exception):
            importlib.import_module(name)


def _name_modules(config) -> Iterator[str]:
    left_out = [PROJECT / folder for folder in config.getini("norecursedirs")]
    for argument in config.args:
        path = Path(config.invocation_params.dir, argument.partition("::")[0])
        for file in sorted(path.rglob("test_*.py")) if path.is_dir() else [path]:
            if file.is_relative_to(PROJECT) and not any(map(file.is_relative_to, left_out)):
                yield ".".join(file.relative_to(PROJECT).with_suffix("").parts)
