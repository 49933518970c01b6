"""One item beside 10,000 of others: how long it waits at the most, by a simulated fair queue.

`python -m tests.benchmarks.scale.fair_shares`
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from functions.delivery.receive import BACKLOG_SECONDS
from shared.messages.message_groups import group_of_bulk, group_of_document, group_of_sender
from tests.benchmarks.scale.fair_queue import Consumers, Message, simulate_waits

# The defaults of the template, and the times of docs/costs.md.
WORKERS = Consumers(environments=10, batch_size=10)
INGEST = Consumers(environments=5, batch_size=5, regroup_after_seconds=BACKLOG_SECONDS)
CHUNK_SECONDS = 5.0
INGEST_SECONDS = 0.17 * 5  # five documents share one processor
# When the one item comes, after the first of the many, which come within ten seconds.
ARRIVALS_SECONDS = (2.5, 9.0, 11.0, 21.3, 33.7, 62.5, 101.9)


@dataclass(frozen=True)
class Case:
    """Somebody's one item, which arrives after the many of somebody else."""

    name: str
    many: tuple[Message, ...]
    one: Message
    consumers: Consumers


@dataclass(frozen=True)
class Waits:
    """The longest wait of the one item in seconds: on an idle stack, and beside the many."""

    idle: float
    in_turn: float
    fair: float


def build_cases(count: int) -> list[Case]:
    """The cases that docs/scale.md tells of, with so many items of the many."""
    folder = group_of_document("archive/1.pdf")
    other = Message("one", 0.0, group_of_document("letters/1.pdf"), CHUNK_SECONDS)
    question = Message("one", 0.0, group_of_sender("terminal"), CHUNK_SECONDS)
    bulk = group_of_bulk("terminal")
    notice = Message("letters/1.pdf", 0.0, None, INGEST_SECONDS)
    return [
        Case("a chunk beside chunks of another folder", _many(count, folder), other, WORKERS),
        Case("a question beside an extraction of a folder", _many(count, bulk), question, WORKERS),
        Case(
            "an upload beside uploads to another folder",
            tuple(
                Message(f"archive/{n}.pdf", n / 1_000, None, INGEST_SECONDS) for n in range(count)
            ),
            notice,
            INGEST,
        ),
    ]


def _many(count: int, group: str) -> tuple[Message, ...]:
    return tuple(Message(f"many-{n}", n / 1_000, group, CHUNK_SECONDS) for n in range(count))


def measure(case: Case) -> Waits:
    """Simulate a case on an idle stack, as first in first out, and with groups."""

    def wait(many: tuple[Message, ...], one: Message, consumers: Consumers) -> float:
        waits = []
        for arrived_at in ARRIVALS_SECONDS:
            all_of_them = [*many, replace(one, arrived_at=arrived_at)]
            found = simulate_waits(all_of_them, consumers, lambda it: group_of_document(it.name))
            waits.append(found[one.name])
        return max(waits)

    without = tuple(replace(message, group=None) for message in case.many)
    no_groups = replace(case.consumers, regroup_after_seconds=None)
    return Waits(
        idle=wait((), case.one, case.consumers),
        in_turn=wait(without, replace(case.one, group=None), no_groups),
        fair=wait(case.many, case.one, case.consumers),
    )


def write_table(count: int) -> Iterator[str]:
    """The lines of a Markdown table."""
    yield f"| one item, beside {count:,} | idle | in turn | with groups |"
    yield "|---|---|---|---|"
    for case in build_cases(count):
        waits = measure(case)
        yield f"| {case.name} | {waits.idle:.1f} s | {waits.in_turn:.0f} s | {waits.fair:.1f} s |"


if __name__ == "__main__":
    print(*write_table(10_000), sep="\n")
