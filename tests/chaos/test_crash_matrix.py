"""A process dies once at each named point of each kind of work, and the work converges."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from shared.ledger.children import CHILDREN_PREFIX
from tests.chaos.harness.crash_cells import (
    INGEST_WITH_FILE,
    SCANS,
    Cell,
    prepare_cells,
    prepare_offline_cells,
)
from tests.chaos.harness.faults import FaultPlan, Point
from tests.chaos.harness.fleet import Fleet
from tests.chaos.harness.journal import Entry
from tests.chaos.harness.run import open_run
from tests.chaos.harness.tally import (
    find_unexplained_calls,
    read_cause,
    read_events,
    read_statuses,
    receive_letters,
    scan_ledger,
)
from tests.fakes.aws.aws_account import AwsAccount

# Ingest keeps three seconds back for a checkpoint, and the policy three for settling.
TIMEOUT_SECONDS = 10.5
VISIBILITY_SECONDS = 11

# Steps of a timeline that are no effects. A task notes each beginning. On a machine that is busy,
# ingest runs out of time and leaves the rest to its next delivery.
NO_EFFECTS = ("started", "returned", "deferred", "checkpoint")


@dataclass(frozen=True)
class Outcome:
    """What became of a document or task."""

    deaths: int
    receives: int
    effects: str
    calls: int
    status: str


@dataclass(frozen=True)
class Matrix:
    """What became of all cells.

    Args:
        outcomes: Each cell with what became of it.
        causes: The causes of the messages in the DLQs.
        unexplained_calls: Repeated calls though the process of the call before did not die.
        crashes: Containers that ended in a way that nobody planned.
        read_pages: How often the page of each scan was read.
        settled_pages: How many pages of each document are settled.
        children: The parents of all that lies beside the documents, one for each version.
    """

    outcomes: list[tuple[Cell, Outcome]]
    causes: list[str | None]
    unexplained_calls: int
    crashes: int
    children: list[str]
    read_pages: Counter[str]
    settled_pages: Counter[str]


def run_scenario(folder: Path, full: bool) -> Matrix:
    with open_run(folder, visibility_seconds=VISIBILITY_SECONDS, ocr_engine=("tesseract",)) as run:
        cells = prepare_cells(run)
        plan = FaultPlan(kills=tuple(cell.kill for cell in cells))
        # One record a batch, so that each cell dies its own death only.
        worker = run.worker(plan, batch_size=1, timeout_seconds=TIMEOUT_SECONDS)
        ingest = run.ingest(plan, batch_size=1, timeout_seconds=TIMEOUT_SECONDS)
        recognise = run.recognise(plan, batch_size=1, timeout_seconds=TIMEOUT_SECONDS)
        specs = [worker] * 3 + [ingest] * 2 + [recognise]
        with Fleet(specs, run.journal) as fleet:
            run.wait_until_drained()
            crashes = fleet.crashes
        offline = prepare_offline_cells(run)
        plan = FaultPlan(kills=tuple(cell.kill for cell in offline))
        spec = run.worker(plan, batch_size=1, timeout_seconds=TIMEOUT_SECONDS, is_offline=True)
        with Fleet([spec] * 3, run.journal) as fleet:
            run.wait_until_drained()
        cells += offline
        entries = run.journal.read()
        rows = list(scan_ledger(run.account))
        events, statuses = read_events(rows), read_statuses(rows)
        settings = run.account.settings
        letters = [
            letter
            for dlq_url in (
                settings.work_dlq_url,
                settings.uploads_dlq_url,
                settings.recognition_dlq_url,
            )
            for letter in receive_letters(run.account, dlq_url)
        ]
        return Matrix(
            outcomes=[
                (
                    cell,
                    describe_outcome(cell, entries, events[cell.owner_id], statuses[cell.owner_id]),
                )
                for cell in cells
            ],
            causes=[read_cause(letter) for letter in letters],
            unexplained_calls=len(find_unexplained_calls(entries)),
            crashes=crashes + fleet.crashes,
            children=list_parents(run.account),
            read_pages=Counter(
                str(entry.details["item"]).split(":")[0]
                for entry in entries
                if entry.what == "recognised"
            ),
            settled_pages=Counter(
                str(row["document_id"]) for row in rows if str(row["sk"]).startswith("PAGE#")
            ),
        )


def list_parents(account: AwsAccount) -> list[str]:
    """The parent of each version of each object that ingest has put beside the documents."""
    listed = account.clients.s3.list_object_versions(
        Bucket=account.settings.documents_bucket, Prefix=CHILDREN_PREFIX
    )
    return [version["Key"].split("/")[1] for version in listed["Versions"]]


def describe_outcome(
    cell: Cell, entries: Sequence[Entry], events: Sequence[dict[str, object]], status: str
) -> Outcome:
    """What became of a cell, by the journal and by the timeline of its document or task."""
    seen = Counter(e.what for e in entries if e.details.get("item") == cell.kill.item_id)
    steps = [str(event["step"]) for event in events]
    return Outcome(
        deaths=seen["killed"],
        receives=seen["delivered"],
        effects=" ".join(step for step in steps if step not in NO_EFFECTS),
        calls=sum(
            entry.what == "called" and cell.owner_id in str(entry.details["item"]).split(":")
            for entry in entries
        ),
        status=status,
    )


def test_work_converges_wherever_its_process_dies(outcome, show_table):
    heading = ("kind", "point", "deaths", "receives", "effects", "calls", "status")
    rows = [
        (cell.kind.name, cell.point_name, *map(str, astuple(end))) for cell, end in outcome.outcomes
    ]
    show_table("A process dies once at each point", [heading, *rows])
    for cell, end in outcome.outcomes:
        assert end == Outcome(
            deaths=1,
            # The pipeline may have sent the item twice, or it was looked at while it ran.
            receives=max(cell.kind.receives, end.receives),
            effects=cell.kind.effects,
            calls=end.calls if cell.calls is None else cell.calls,
            status=cell.kind.status,
        ), f"{cell.kind.name} {cell.point_name}"


def test_a_file_inside_of_a_document_is_put_beside_it_once(outcome):
    parents = [cell.owner_id for cell, _ in outcome.outcomes if cell.kind is INGEST_WITH_FILE]
    assert sorted(outcome.children) == sorted(parents)


def test_each_page_of_a_scan_is_settled_once_and_read_once_but_for_a_death(outcome):
    scans = [cell for cell, _ in outcome.outcomes if cell.kind in SCANS]
    assert len(scans) == 19
    assert outcome.settled_pages == {cell.owner_id: 1 for cell in scans}
    # What was read and not kept when its process died is read again; nobody pays for that.
    assert outcome.read_pages == {
        cell.owner_id: 1 + (cell.kill.point is Point.LLM) for cell in scans
    }


def test_only_the_work_that_was_given_up_is_dead_lettered(outcome):
    # Once before its process died, and once after.
    assert outcome.causes == ["ModelRefusalError"] * 2


def test_only_a_death_repeats_a_call_of_the_model(outcome):
    assert outcome.unexplained_calls == 0
    assert outcome.crashes == 0
