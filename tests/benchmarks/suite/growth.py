"""Does an item cost the same among many as among few, and a page in a long document?"""

import logging
import math
import os
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from functions.delivery.batch import process_batch
from functions.ingest import build_ingest
from pipeline.extraction.extractor import Extractor
from pipeline.extraction.limits import ExtractionLimits
from shared.deadline import Deadline
from tests.benchmarks.suite.findings import Finding
from tests.benchmarks.suite.overhead import CallCounter, build_ours, work_off
from tests.chaos.harness.run import Run, open_run
from tests.chaos.harness.workload import seed_documents
from tests.fakes.aws.event_source import EventSource
from tests.fakes.pdf.pdf_files import make_prose_pdf

ITEMS = (1_000, 10_000, 100_000)
PAGES = (10, 100, 1_000, 10_000)
# Documents are entered and worked off so many at a time, as the emulator is slow with long queues.
_AT_ONCE = 50


@dataclass(frozen=True)
class Grown:
    """What a size has cost: requests and milliseconds of processor time a unit of it."""

    size: int
    calls: float
    milliseconds: float


def grow_items(run: Run, sizes: tuple[int, ...], deadline: Deadline) -> list[Grown]:
    """Work off items until there are so many; of each size the last of them count.

    Where the time is up before the largest size, as many as there are by then are the last one.
    """
    handler, counter = build_ours(run), CallCounter(run.account)
    grown, done = [], 0
    for size in sizes:
        while done < size and (done == 0 or deadline.remaining_seconds):
            documents = seed_documents(run.account, _AT_ONCE, 10, first_index=done // 10)
            overhead = work_off(run, handler, documents, counter)
            done += _AT_ONCE * 10
        if not grown or done > grown[-1].size:
            grown.append(Grown(done, sum(overhead.calls.values()), overhead.cpu_ms))
    return grown


def grow_pages(run: Run, sizes: tuple[int, ...]) -> list[Grown]:
    """Read documents of so many pages, each from its notification to its chunks."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    counter = CallCounter(run.account)
    grown = []
    queue = run.account.settings.uploads_queue_url
    for size in sizes:
        run.account.upload(f"{size}.pdf", make_prose_pdf(size))
        counter.calls.clear()
        started = _take_cpu_seconds()
        # The processes that read are counted once they have ended.
        with Extractor(ExtractionLimits(max_pages=max(sizes) + 1)) as extractor:
            consumer, runtime = build_ingest(run.account.settings, run.account.clients, extractor)
            handle = partial(process_batch, consumer=consumer, runtime=runtime)
            source = EventSource(run.account.clients.sqs, queue, handle, timeout_seconds=900)
            counter.is_on = True
            while run.account.count_messages(queue):
                source.poll()
            counter.is_on = False
        seconds = _take_cpu_seconds() - started
        grown.append(Grown(size, counter.calls.total() / size, seconds / size * 1_000))
    return grown


def _take_cpu_seconds() -> float:
    """The processor time of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def measure_growth(*, small: bool, minutes: float = math.inf) -> Finding:
    """The part *scale*; after so many minutes it works off no more items."""
    deadline = Deadline.after(60 * minutes)
    with (
        TemporaryDirectory() as folder,
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        redirect_stdout(nowhere),
        open_run(Path(folder), visibility_seconds=900) as run,
    ):
        pages = grow_pages(run, (2, 4) if small else PAGES)
        items = grow_items(run, (500,) if small else ITEMS, deadline)
    rows = [
        [f"{one.size:,} {unit}", f"{one.calls:.3f}", f"{one.milliseconds:.2f}"]
        for unit, grown in (("items", items), ("pages", pages))
        for one in grown
    ]
    largest = items[-1].size
    left_out = f"It was given {minutes:g} minutes, in which it came to {largest:,} items."
    return Finding(
        part="scale",
        question="Does an item cost the same among many as among few, a page in a long document?",
        command="make bench-scale",
        columns=["size", "requests each", "ms of CPU each"],
        rows=rows,
        notes=[
            "Items are chunks of documents of ten, on the bare emulator with all earlier items in "
            "its tables; of each size the last 500 count. Pages are those of one document, read "
            "from its notification to its chunks; the first ones carry what a document costs once, "
            "the start of a reader among it. CPU is that of the function's own process and of the "
            "readers that it starts.",
            *([] if small or largest == ITEMS[-1] else [left_out]),
        ],
        figures={
            "items": [vars(one) for one in items],
            "pages": [vars(one) for one in pages],
        },
    )
