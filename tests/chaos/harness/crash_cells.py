"""The cells of the crash matrix: kinds of work, the points that they reach, what they come to."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.messages.message import encode_message
from shared.messages.reading_messages import RecognisePage, RenderPages, TakeUpPages
from shared.messages.tasks import SummarizeTask
from shared.messages.uploads import Upload, UploadNotice
from tests.chaos.harness.faults import Kill, Point
from tests.chaos.harness.models import REFUSED_TEXT, THROTTLED_TEXT
from tests.chaos.harness.run import Run
from tests.chaos.harness.workload import list_bodies, seed_documents, send_bodies
from tests.fakes.pdf.nesting_pdf_files import make_portfolio
from tests.fakes.pdf.pdf_files import make_marker_pdf
from tests.fakes.pdf.scanned_pdf_files import make_mixed_pdf, render_texts


@dataclass(frozen=True)
class Kind:
    """A kind of work.

    Args:
        name: Its name.
        points: The points that it reaches, with the how-manieth time that it does.
        effects: The steps of a timeline that are its effects.
        receives: How often its message is received at the least when its process dies once.
        calls: Calls of the model that the whole document or task costs without a death; None where
            they cost nothing, and are made again rather than looked up.
        unkept: Points between an answer of the model and the row that keeps it: a death there
            repeats the call.
        status: What the document or task comes to.
    """

    name: str
    points: tuple[tuple[Point, int], ...]
    effects: str
    receives: int = 2
    calls: int | None = 1
    unkept: tuple[Point, ...] = (Point.LLM,)
    status: str = "DONE"


CHUNK = Kind(
    "chunk",
    (
        (Point.CLAIM, 1),
        (Point.FETCH, 1),
        (Point.LLM, 1),
        (Point.COMMIT, 1),
        (Point.SEND, 1),
        (Point.RESPONSE, 1),
    ),
    "received extracted chunk_done finished",
)
# Commits what the answer has cost, and the result.
COMBINE = Kind(
    "combine",
    (
        (Point.CLAIM, 1),
        (Point.FETCH, 1),
        (Point.LLM, 1),
        (Point.COMMIT, 1),
        (Point.STORE, 1),
        (Point.STORE, 2),
        (Point.NOTE, 1),
        (Point.RESPONSE, 1),
    ),
    "received extracted chunk_done chunk_done answered finished",
    calls=3,
)
# Commits the arrival and the text's pages, and notes that the chunks are sent.
INGEST = Kind(
    "ingest",
    (
        (Point.CLAIM, 1),
        (Point.COMMIT, 1),
        (Point.FETCH, 1),
        (Point.STORE, 1),
        (Point.COMMIT, 2),
        (Point.SEND, 1),
        (Point.NOTE, 1),
        (Point.RESPONSE, 1),
    ),
    "received extracted chunk_done finished",
)
# Commits the arrival, the file inside and the text's pages, and notes that the chunks are sent;
# stores the text, and the file beside the document.
INGEST_WITH_FILE = Kind(
    "ingest with a file inside",
    (
        (Point.COMMIT, 2),
        (Point.STORE, 2),
        (Point.COMMIT, 3),
        (Point.SEND, 1),
        (Point.NOTE, 1),
    ),
    "received extracted chunk_done finished",
)
# Of a scanned page: asks for its picture, reads it, takes it up. Commits the arrival, the text's
# pages, the page, and that it is taken up.
RENDER = Kind(
    "pictures of a scan",
    (
        (Point.CLAIM, 1),
        (Point.FETCH, 1),
        (Point.STORE, 1),
        (Point.SEND, 1),
        (Point.RESPONSE, 1),
    ),
    "received extracted recognised chunk_done finished",
)
# Stores the reading, and empties the picture.
RECOGNISE_PAGE = Kind(
    "scanned page",
    (
        (Point.CLAIM, 1),
        (Point.FETCH, 1),
        (Point.LLM, 1),
        (Point.STORE, 1),
        (Point.COMMIT, 1),
        (Point.SEND, 1),
        (Point.STORE, 2),
        (Point.RESPONSE, 1),
    ),
    "received extracted recognised chunk_done finished",
    unkept=(),
)
TAKE_UP = Kind(
    "scan taken up",
    (
        (Point.CLAIM, 1),
        (Point.FETCH, 1),
        (Point.STORE, 1),
        (Point.NOTE, 1),
        (Point.SEND, 1),
        (Point.RESPONSE, 1),
    ),
    "received extracted recognised chunk_done finished",
)
# Notes that it has begun, commits what its answer has cost, and notes the result.
TASK = Kind(
    "task",
    (
        (Point.CLAIM, 1),
        (Point.NOTE, 1),
        (Point.LLM, 1),
        (Point.COMMIT, 1),
        (Point.STORE, 1),
        (Point.STORE, 2),
        (Point.NOTE, 2),
        (Point.RESPONSE, 1),
    ),
    "received answered finished",
)
# Writes the files of its result and is entered with them, at once. Nothing is kept before.
PICKED_TASK = Kind(
    "picked task",
    (
        (Point.CLAIM, 1),
        (Point.LLM, 1),
        (Point.STORE, 1),
        (Point.STORE, 2),
        (Point.NOTE, 1),
        (Point.RESPONSE, 1),
    ),
    "received finished",
    calls=None,
)
# The model asks for patience: a copy takes the message's place, and then both come back.
DEFERRED = Kind(
    "deferred chunk",
    ((Point.COPY, 1),),
    "received extracted chunk_done finished",
    receives=3,
    calls=2,
)
# The model declines the text: a copy in the DLQ takes the message's place.
GIVEN_UP = Kind(
    "given-up chunk",
    ((Point.COPY, 1),),
    "received extracted chunk_failed finished",
    calls=0,
    status="FAILED",
)
SCANS = (RENDER, RECOGNISE_PAGE, TAKE_UP)


@dataclass(frozen=True)
class Cell:
    """A kind of work and a point, with the document or task whose work dies there.

    Args:
        kind: The kind.
        kill: The item and the point.
        owner_id: The document or task.
    """

    kind: Kind
    kill: Kill
    owner_id: str

    @property
    def point_name(self) -> str:
        return f"{self.kill.point} {self.kill.occurrence}"

    @property
    def calls(self) -> int | None:
        """Calls that the document or task costs, with the one that the death repeats."""
        if self.kind.calls is None:
            return None
        return self.kind.calls + (self.kill.point in self.kind.unkept)


def prepare_cells(run: Run) -> list[Cell]:
    """Make a document or task for each cell, and send its messages."""
    return [
        *_prepare_chunks(run),
        *_prepare_uploads(run),
        *_prepare_scans(run),
        *_prepare_tasks(run, TASK),
    ]


def prepare_offline_cells(run: Run) -> list[Cell]:
    """The same of what is worked on without a model."""
    return list(_prepare_tasks(run, PICKED_TASK))


def _prepare_chunks(run: Run) -> Iterator[Cell]:
    chunks = seed_documents(run.account, len(CHUNK.points), chunks=1)
    combined = seed_documents(run.account, len(COMBINE.points), chunks=2, first_index=100)
    refused = {(200, 1): REFUSED_TEXT}
    given_up = seed_documents(run.account, 1, chunks=1, first_index=200, special_texts=refused)
    patience = {(300, 1): THROTTLED_TEXT}
    deferred = seed_documents(run.account, 1, chunks=1, first_index=300, special_texts=patience)
    documents = [*chunks, *combined, *given_up, *deferred]
    send_bodies(run.account, list_bodies(documents, copies=1))
    for kind, documents in ((CHUNK, chunks), (GIVEN_UP, given_up), (DEFERRED, deferred)):
        for document, at in zip(documents, kind.points, strict=True):
            yield Cell(kind, Kill(document.chunk_ids[0], *at), document.document_id)
    for document, at in zip(combined, COMBINE.points, strict=True):
        yield Cell(COMBINE, Kill(document.combine_id, *at), document.document_id)


def _prepare_uploads(run: Run) -> Iterator[Cell]:
    for number, at in enumerate(INGEST.points, start=1):
        # Of different bytes, as the text of the same bytes is read only once.
        yield _prepare_upload(run, INGEST, at, f"file-{number}.pdf", make_marker_pdf(number))
    for number, at in enumerate(INGEST_WITH_FILE.points, start=1):
        files = [("inside.pdf", make_marker_pdf(100 + number))]
        body = make_portfolio(files, cover=f"Cover {number} of a file that lies inside.")
        yield _prepare_upload(run, INGEST_WITH_FILE, at, f"portfolio-{number}.pdf", body)


def _prepare_upload(run: Run, kind: Kind, at: tuple[Point, int], key: str, body: bytes) -> Cell:
    version_id = run.account.upload(key, body)
    upload = Upload(run.account.settings.documents_bucket, key, version_id, "", len(body), "")
    return Cell(kind, Kill(UploadNotice((upload,)).item_id, *at), upload.document_id)


def _prepare_scans(run: Run) -> Iterator[Cell]:
    number = 0
    for kind in SCANS:
        for point in kind.points:
            number += 1
            (picture,) = render_texts(f"{number} " * number, dots_per_inch=20)
            key, body = f"scan-{number}.pdf", make_mixed_pdf(picture)
            version_id = run.account.upload(key, body)
            bucket = run.account.settings.documents_bucket
            document_id = Upload(bucket, key, version_id, "", len(body), "").document_id
            about = {"document_id": document_id, "run": 1}
            messages = {
                RENDER: RenderPages(**about, first_page=1),
                RECOGNISE_PAGE: RecognisePage(**about, page=1, picture_key="-"),
                TAKE_UP: TakeUpPages(**about),
            }
            yield Cell(kind, Kill(messages[kind].item_id, *point), document_id)


def _prepare_tasks(run: Run, kind: Kind) -> Iterator[Cell]:
    for number, at in enumerate(kind.points, start=1):
        text = (
            f"Note {number} of a {kind.name}.\nThe heron of sandbank {number} waits for the tide."
        )
        task = SummarizeTask(id=f"{kind.name.replace(' ', '-')}-{number}", text=text)
        send_bodies(run.account, [encode_message(task)])
        yield Cell(kind, Kill(task.item_id, *at), task.task_id)
