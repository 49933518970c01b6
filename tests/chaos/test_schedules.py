"""Scheduled interleavings: deaths, lost answers and takeovers at every call of AWS, none by chance.

Documents of three chunks, two versions of one key, and tasks with a callback. Whatever happens
where, every document and task is done in the end, each chunk is counted once, nothing is
dead-lettered and every sender is told.
"""

from collections import Counter
from pathlib import Path

from tests.chaos.harness.processes import open_pool
from tests.chaos.harness.schedule_runs import SCENARIOS, Ending, list_schedules, run_schedules
from tests.chaos.harness.schedules import Schedule

# A small run takes a few from all over, always the same.
_FEW = 12
_AT_LEAST = 2_000
_PROCESSES = 2
_AT_ONCE = 50


# They take all that a processor has.
RUNS_ALONE_AT_FULL_SIZE = True


def run_scenario(folder: Path, full: bool) -> tuple[list[Ending], list[Ending]]:
    """How the schedules have ended: those without an event, then the others.

    In processes of their own, as other scenarios of this suite run meanwhile, on another emulator.
    """
    quiet = [Schedule(scenario, ()) for scenario in SCENARIOS]
    with open_pool(_PROCESSES if full else 1) as pool:
        undisturbed = pool.submit(run_schedules, quiet).result()
        calls = {ending.schedule.scenario: ending.calls for ending in undisturbed}
        schedules = list_schedules(calls)
        if not full:
            schedules = schedules[:: len(schedules) // _FEW]
        parts = [schedules[at : at + _AT_ONCE] for at in range(0, len(schedules), _AT_ONCE)]
        ended = [ending for part in pool.map(run_schedules, parts) for ending in part]
    return undisturbed, ended


def test_whatever_happens_where_all_is_done_once_and_told(outcome, full, show_table):
    undisturbed, ended = outcome
    happened = Counter(event for ending in ended for _, event in ending.schedule.events)
    show_table(
        f"{len(ended)} schedules",
        [
            *((f"calls of {e.schedule.scenario}", str(e.calls)) for e in undisturbed),
            *((f"events: {event}", str(count)) for event, count in sorted(happened.items())),
            ("schedules with a fault", str(sum(bool(ending.faults) for ending in ended))),
        ],
    )
    wrong = [
        f"{ending.schedule.describe()}: {'; '.join(ending.faults)}"
        for ending in [*undisturbed, *ended]
        if ending.faults
    ]
    assert wrong == []
    assert len(ended) >= (_AT_LEAST if full else _FEW)


def test_what_is_to_happen_does(outcome):
    _, ended = outcome
    assert all(ending.happened for ending in ended)
