"""A process dies once at each named point of each kind of work, and the work converges."""

import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from shared.uploads import Upload, UploadNotice
from tests.chaos.faults import FaultPlan, Kill, Point
from tests.chaos.fleet import Fleet
from tests.chaos.journal import Entry
from tests.chaos.models import write_throttled_text
from tests.chaos.run import Run, open_run
from tests.chaos.tally import (
    find_unexplained_calls,
    read_cause,
    read_events,
    read_statuses,
    receive_letters,
)
from tests.chaos.workload import list_bodies, seed_documents, send_bodies
from tests.fakes.pdf_files import make_marker_pdf

CHUNK, COMBINE, INGEST = "chunk", "combine", "ingest"
# A chunk that is asked to come back later, and one whose text is gone.
DEFERRED, GIVEN_UP = "deferred chunk", "given-up chunk"

# The points that each kind of work reaches, with the how-manieth time it does. Ingest commits the
# arrival, the text's pages, and that the chunks are sent.
CELLS = [
    (CHUNK, Point.CLAIM, 1),
    (CHUNK, Point.FETCH, 1),
    (CHUNK, Point.LLM, 1),
    (CHUNK, Point.COMMIT, 1),
    (CHUNK, Point.SEND, 1),
    (CHUNK, Point.RESPONSE, 1),
    (COMBINE, Point.CLAIM, 1),
    (COMBINE, Point.FETCH, 1),
    (COMBINE, Point.LLM, 1),
    (COMBINE, Point.STORE, 1),
    (COMBINE, Point.STORE, 2),
    (COMBINE, Point.COMMIT, 1),
    (COMBINE, Point.RESPONSE, 1),
    (DEFERRED, Point.COPY, 1),
    (GIVEN_UP, Point.COPY, 1),
    (INGEST, Point.CLAIM, 1),
    (INGEST, Point.COMMIT, 1),
    (INGEST, Point.FETCH, 1),
    (INGEST, Point.STORE, 1),
    (INGEST, Point.COMMIT, 2),
    (INGEST, Point.SEND, 1),
    (INGEST, Point.COMMIT, 3),
    (INGEST, Point.RESPONSE, 1),
]

# Ingest keeps three seconds back for a checkpoint, and the policy three for settling.
TIMEOUT_SECONDS = 7.5
VISIBILITY_SECONDS = 8


@dataclass(frozen=True)
class Cell:
    """A kind of work and a point, with the document whose work dies there."""

    kind: str
    kill: Kill
    document_id: str

    @property
    def name(self) -> str:
        return f"{self.kill.point} {self.kill.occurrence}"


@dataclass(frozen=True)
class Outcome:
    """What became of a document."""

    deaths: int
    receives: int
    effects: str
    calls: int
    status: str


@dataclass(frozen=True)
class Matrix:
    """What became of all cells."""

    outcomes: list[tuple[Cell, Outcome]]
    letters: list[str | None]
    unexplained_calls: int
    crashes: int


def run_scenario(folder: Path, full: bool) -> Matrix:
    with open_run(folder, visibility_seconds=VISIBILITY_SECONDS) as run:
        cells = prepare_cells(run)
        plan = FaultPlan(kills=tuple(cell.kill for cell in cells))
        # One record a batch, so that each cell dies its own death only.
        worker = run.worker(plan, batch_size=1, timeout_seconds=TIMEOUT_SECONDS)
        ingest = run.ingest(plan, batch_size=1, timeout_seconds=TIMEOUT_SECONDS)
        with Fleet([worker] * 3 + [ingest] * 2, run.journal) as fleet:
            run.wait_until_drained(120)
        entries = run.journal.read()
        return Matrix(
            outcomes=[(cell, describe_outcome(run, cell, entries)) for cell in cells],
            letters=[
                read_cause(letter)
                for dlq_url in (
                    run.account.settings.work_dlq_url,
                    run.account.settings.uploads_dlq_url,
                )
                for letter in receive_letters(run.account, dlq_url)
            ],
            unexplained_calls=len(find_unexplained_calls(entries)),
            crashes=fleet.crashes,
        )


THROTTLED_SECONDS = 4.0

# Steps of a timeline that are no effects.
DELAYS = ("sent", "returned", "deferred")

# The steps of a document's timeline that are effects. Whether ingest notes that the chunks are sent
# depends on who is first: a chunk that is done has moved the document itself.
EFFECTS = {
    CHUNK: "received extracted chunk_done finished",
    COMBINE: "received extracted chunk_done chunk_done finished",
    DEFERRED: "received extracted chunk_done finished",
    GIVEN_UP: "received extracted chunk_failed finished",
    INGEST: "received extracted chunk_done finished",
}
# The copy of the original and the original itself both come back, or both lie in the DLQ.
RECEIVES = {CHUNK: 2, COMBINE: 2, DEFERRED: 3, GIVEN_UP: 2, INGEST: 2}
CALLS = {CHUNK: 1, COMBINE: 3, DEFERRED: 2, GIVEN_UP: 0, INGEST: 1}
STATUSES = {CHUNK: "DONE", COMBINE: "DONE", DEFERRED: "DONE", GIVEN_UP: "FAILED", INGEST: "DONE"}


def count_calls(kind: str, point: Point) -> int:
    """The calls that the document costs: one more where its process died with an answer unkept."""
    is_lost = point is Point.LLM or (kind, point) == (COMBINE, Point.STORE)
    return CALLS[kind] + is_lost


def prepare_cells(run: Run) -> list[Cell]:
    """Make a document for each cell, and send its messages."""
    points = {kind: [cell[1:] for cell in CELLS if cell[0] == kind] for kind in EFFECTS}
    one_chunk = seed_documents(run.account, len(points[CHUNK]), chunks=1)
    two_chunks = seed_documents(
        run.account, len(points[COMBINE]), chunks=2, first_index=len(one_chunk)
    )
    (deferred,) = seed_documents(
        run.account,
        1,
        chunks=1,
        first_index=100,
        special_texts={(100, 1): write_throttled_text(time.monotonic() + THROTTLED_SECONDS)},
    )
    (given_up,) = seed_documents(
        run.account, 1, chunks=1, first_index=101, special_texts={(101, 1): None}
    )
    cells = [
        Cell(kind, Kill(document.chunk_ids[0], *at), document.document_id)
        for kind, documents in (
            (CHUNK, one_chunk),
            (DEFERRED, [deferred]),
            (GIVEN_UP, [given_up]),
        )
        for document, at in zip(documents, points[kind], strict=True)
    ]
    cells += [
        Cell(COMBINE, Kill(document.combine_id, *at), document.document_id)
        for document, at in zip(two_chunks, points[COMBINE], strict=True)
    ]
    cells += [
        Cell(INGEST, Kill(UploadNotice((upload,)).item_id, *at), upload.document_id)
        for upload, at in zip(upload_files(run, len(points[INGEST])), points[INGEST], strict=True)
    ]
    documents = [*one_chunk, *two_chunks, deferred, given_up]
    send_bodies(run.account, list_bodies(documents, copies=1))
    return cells


def upload_files(run: Run, count: int) -> list[Upload]:
    """Put files of different bytes into the documents bucket, and announce each."""
    uploads = []
    for number in range(1, count + 1):
        body = make_marker_pdf(number)
        version_id = run.account.upload(f"file-{number}.pdf", body)
        bucket = run.account.settings.documents_bucket
        uploads.append(Upload(bucket, f"file-{number}.pdf", version_id, "", len(body), ""))
    return uploads


def describe_outcome(run: Run, cell: Cell, entries: Sequence[Entry]) -> Outcome:
    """What became of a cell's document."""
    steps = [event["step"] for event in read_events(run.account)[cell.document_id]]
    return Outcome(
        deaths=count_entries(entries, "killed", cell.kill.item_id),
        receives=count_entries(entries, "delivered", cell.kill.item_id),
        effects=" ".join(step for step in steps if step not in DELAYS),
        calls=sum(
            entry.what == "called" and str(entry.details["item"]).startswith(cell.document_id)
            for entry in entries
        ),
        status=read_statuses(run.account)[cell.document_id],
    )


def count_entries(entries: Sequence[Entry], what: str, item_id: str) -> int:
    return sum(entry.what == what and entry.details["item"] == item_id for entry in entries)


def test_work_converges_wherever_its_process_dies(outcome, show_table):
    heading = ("kind", "point", "deaths", "receives", "effects", "calls", "document")
    rows = [(cell.kind, cell.name, *map(str, astuple(end))) for cell, end in outcome.outcomes]
    show_table("A process dies once at each point", [heading, *rows])
    for cell, end in outcome.outcomes:
        assert end == Outcome(
            deaths=1,
            receives=RECEIVES[cell.kind],
            effects=EFFECTS[cell.kind],
            calls=count_calls(cell.kind, cell.kill.point),
            status=STATUSES[cell.kind],
        ), f"{cell.kind} {cell.name}"


def test_only_the_work_that_was_given_up_is_dead_lettered(outcome):
    # Once before its process died, and once after.
    assert set(outcome.letters) == {"ObjectMissingError"}
    assert len(outcome.letters) <= 2


def test_only_a_death_repeats_a_call_of_the_model(outcome):
    assert outcome.unexplained_calls == 0
    assert outcome.crashes == 0
