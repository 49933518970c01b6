"""Ten thousand pages under a time limit that none of them all could be read within."""

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.ingest.chunk_text import chunk_text_key
from shared.ledger.documents import Document, document_pk
from shared.ledger.timeline import read_timeline
from shared.lifecycle import DocumentStatus
from tests.fakes.aws.kept_account import open_account
from tests.fakes.desks.running_pipeline import RunningPipeline, run_pipeline
from tests.fakes.pdf.pdf_files import MARKER, make_text_pdf

RUNS_ALONE_AT_FULL_SIZE = True
PAGES = 10_000
LINES = 20
# Of these, three seconds are kept back for settling and three for the checkpoint.
TIMEOUT_SECONDS = 7.0
# What a slow machine does not begin within that time comes back seconds later.
POLL_SECONDS = 0.2
PATIENCE_SECONDS = 600


@dataclass(frozen=True)
class Reading:
    """What was seen.

    Args:
        document: As it ended.
        coverage: What the result says of its pages.
        checkpoints: How often an invocation left the rest to the next.
        pages: How often each page stands in a chunk, under its own number and with its own text.
        ingest_seconds: From the upload to the last chunk's text.
        seconds: From the upload to the summary.
    """

    document: Document
    coverage: dict[str, object]
    checkpoints: int
    pages: Counter[int]
    ingest_seconds: float
    seconds: float


def run_scenario(folder: Path, full: bool) -> Reading | None:
    if not full:
        return None
    with open_account() as account:
        account.upload("very-long.pdf", make_text_pdf(*map(write_page, range(1, PAGES + 1))))
        started = time.monotonic()
        with run_pipeline(account, timeout_seconds=TIMEOUT_SECONDS) as pipeline:
            document = None
            while document is None or document.status is DocumentStatus.RECEIVED:
                assert time.monotonic() - started < PATIENCE_SECONDS
                if not pipeline.ingest.poll():
                    time.sleep(POLL_SECONDS)
                document = pipeline.document("very-long.pdf")
            ingest_seconds = time.monotonic() - started
            pipeline.run()
            document = pipeline.document("very-long.pdf")
            timeline = read_timeline(pipeline.table, document_pk(document.document_id))
            return Reading(
                document=document,
                coverage=pipeline.read_artifact(document.result_key)["coverage"],
                checkpoints=sum(event.step == "checkpoint" for event in timeline),
                pages=count_pages(pipeline, document),
                ingest_seconds=ingest_seconds,
                seconds=time.monotonic() - started,
            )


def write_page(number: int) -> str:
    lines = ["the tide and the harbour and the pier and the winch"] * LINES
    return "\n".join([MARKER.format(number), *lines])


def count_pages(pipeline: RunningPipeline, document: Document) -> Counter[int]:
    counts: Counter[int] = Counter()
    for number in range(1, len(document.chunk_plan) + 1):
        chunk = pipeline.read_artifact(chunk_text_key(document.text_address, number))
        for page in chunk["pages"]:
            assert page["text"].split("\n")[0].strip() == MARKER.format(page["number"])
            counts[page["number"]] += 1
    return counts


@pytest.fixture
def reading(outcome):
    if outcome is None:
        pytest.skip("takes minutes: run it with --full")
    return outcome


def test_it_is_read_in_stretches_and_summarised(reading, show_table):
    show_table(
        f"{PAGES:,} pages with {TIMEOUT_SECONDS} s an invocation",
        [
            ("checkpoints", str(reading.checkpoints)),
            ("chunks", str(len(reading.document.chunk_plan))),
            ("read in", f"{reading.ingest_seconds:.1f} s"),
            ("summarised after", f"{reading.seconds:.1f} s"),
        ],
    )
    assert reading.checkpoints >= 5
    assert reading.document.status is DocumentStatus.DONE


def test_every_page_is_there_exactly_once(reading):
    assert reading.pages == dict.fromkeys(range(1, PAGES + 1), 1)
    assert reading.coverage["summarised_pages"] == f"1-{PAGES}"
    assert reading.coverage["missing_pages"] == reading.coverage["failed_pages"] == ""
