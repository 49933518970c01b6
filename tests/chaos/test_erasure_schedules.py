"""Scheduled erasures: at each call of a document's work, and with each call of the eraser failing.

However late a chunk comes and wherever the eraser dies, the tick of the operator function leaves
nothing but the row that tells that there was a document.
"""

from collections import Counter

import pytest

from pipeline.extraction.extractor import Extractor
from tests.chaos.harness.erasure_runs import ERASER, WORK, list_erasures, run_erasure
from tests.chaos.harness.processes import open_pool
from tests.chaos.harness.schedules import Schedule

_FEW = 6


@pytest.fixture(scope="module")
def endings(full):
    """How the schedules have ended; a small run takes a few from all over, always the same.

    In a process of its own, as other scenarios of this suite run meanwhile, on another emulator.
    """
    with open_pool(1) as pool:
        return pool.submit(run_erasures, full).result()


def run_erasures(full):
    with Extractor() as extractor:
        quiet = [run_erasure(Schedule(scenario, ()), extractor) for scenario in (WORK, ERASER)]
        schedules = list_erasures({one.schedule.scenario: one.calls for one in quiet})
        if not full:
            schedules = schedules[:: len(schedules) // _FEW]
        return [run_erasure(schedule, extractor) for schedule in schedules]


def test_nothing_of_an_erased_document_is_left(endings, full, show_table):
    happened = Counter(
        f"{one.schedule.scenario}: {event}" for one in endings for _, event in one.schedule.events
    )
    show_table(
        f"{len(endings)} erasures",
        [
            *((name, str(count)) for name, count in sorted(happened.items())),
            ("erasures with a fault", str(sum(bool(one.faults) for one in endings))),
        ],
    )
    wrong = [f"{one.schedule.describe()}: {'; '.join(one.faults)}" for one in endings if one.faults]
    assert wrong == []
    assert len(endings) >= (100 if full else _FEW)


def test_what_is_to_happen_does(endings):
    assert all(one.happened for one in endings)
