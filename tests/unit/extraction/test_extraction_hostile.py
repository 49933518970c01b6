"""Hostile documents cost a page, or themselves; never this process or the next document."""

import resource
import sys
from pathlib import Path

import pytest

from pipeline.extraction.extractor import Extractor
from pipeline.extraction.limits import ExtractionLimits
from pipeline.extraction.page_text import PageStatus
from shared.deadline import Deadline
from shared.errors import RejectedDocumentError, RejectionCode
from tests.fakes.pdf.hostile_pdf_files import HOSTILE, make_bombs_on_pages, make_slow_pdf
from tests.fakes.pdf.pdf_files import make_marker_pdf, make_prose_pdf, make_text_pdf

MEBIBYTE = 1 << 20
# What takes too much memory has taken most of two seconds by then, and more on a busy machine.
LIMITS = ExtractionLimits(memory_bytes=256 * MEBIBYTE, page_wall_seconds=60.0)
HURRIED = LIMITS._replace(page_wall_seconds=2.0)
SLOW = "slow page"
OUT_OF_MEMORY = "more memory than a document may use"

EXPECTED = {
    "zip bomb": OUT_OF_MEMORY,
    "zip bomb in a zip bomb": OUT_OF_MEMORY,
    "operator bomb": OUT_OF_MEMORY,
    "form bomb": OUT_OF_MEMORY,
    "object stream bomb": OUT_OF_MEMORY,
    "over-long page": OUT_OF_MEMORY,
    "cyclic page tree": "neither PDF engine",
    "deep page tree": "neither PDF engine",
    "lying page count": "no such page",
    SLOW: "more than 2 s",
    "50,000 pages": RejectionCode.TOO_MANY_PAGES,
    "a million objects": "one page",
    "deep nesting": "after",
    "scripts": "no script ran",
    "huge image": "beside it",
    "character map bomb": "mapped",
}
# Without a limit on address space (macOS) a bomb ends some other way: by time, or with no text.
HAS_MEMORY_LIMIT = sys.platform == "linux"


@pytest.fixture(scope="module")
def extractor():
    with Extractor(LIMITS) as extractor:
        yield extractor


@pytest.fixture
def write(tmp_path):
    def write(data):
        path = tmp_path / f"{len(data)}.pdf"
        path.write_bytes(data)
        return path

    return write


def read(extractor, path):
    with extractor.open(path, Deadline.after(120)) as document:
        return list(document.pages())


def measure_peak_bytes():
    """The most memory that this process has ever taken."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


@pytest.fixture(scope="module")
def hurried():
    with Extractor(HURRIED) as extractor:
        yield extractor


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_end_within_the_limits(extractor, hurried, write, name):
    extractor = hurried if name == SLOW else extractor
    path = write(HOSTILE[name]())
    peak_bytes = measure_peak_bytes()
    try:
        pages = read(extractor, path)
        outcome = pages[-1].error or pages[-1].text
    except RejectedDocumentError as refusal:
        outcome = refusal.code
    if HAS_MEMORY_LIMIT or EXPECTED[name] is not OUT_OF_MEMORY:
        assert EXPECTED[name] in outcome
    assert measure_peak_bytes() < peak_bytes + 32 * MEBIBYTE
    (page,) = read(extractor, write(make_text_pdf("a good document")))
    assert page.text == "a good document"


@pytest.mark.skipif(not HAS_MEMORY_LIMIT, reason="macOS does not limit address space")
def test_a_bomb_costs_only_its_page(write):
    with Extractor(ExtractionLimits(memory_bytes=128 * MEBIBYTE)) as extractor:
        pages = read(extractor, write(make_bombs_on_pages("axcdxf")))
    assert [page.text for page in pages] == ["a", "", "c", "d", "", "f"]
    assert [page.number for page in pages if page.status is PageStatus.FAILED] == [2, 5]


@pytest.mark.skipif(not HAS_MEMORY_LIMIT, reason="macOS does not limit address space")
def test_a_document_that_ends_too_many_readers_is_read_no_further(write):
    limits = ExtractionLimits(memory_bytes=128 * MEBIBYTE, max_reader_losses=2)
    with Extractor(limits) as extractor:
        pages = read(extractor, write(make_bombs_on_pages("axxdefg")))
    assert pages[0].text == "a"
    assert [OUT_OF_MEMORY in page.error for page in pages[1:3]] == [True, True]
    assert {page.error for page in pages[3:]} == {"2 pages before it have ended their readers"}


def test_cpu_time_is_limited_for_the_document(write):
    limits = ExtractionLimits(document_cpu_seconds=1.0)
    with Extractor(limits) as extractor:
        pages = read(extractor, write(make_slow_pdf(4)))
        assert len(pages) == 4
        assert {"CPU time" in page.error for page in pages} == {True}
        assert read(extractor, write(make_text_pdf("next")))[0].text == "next"


def test_wall_time_is_limited_for_the_document(write):
    limits = ExtractionLimits(document_wall_seconds=4.0, page_wall_seconds=0.4)
    with Extractor(limits) as extractor:
        # A reader's start counts, and takes long on a busy machine.
        assert read(extractor, write(make_text_pdf("first")))[0].text == "first"
        pages = read(extractor, write(make_slow_pdf(40)))
    assert len(pages) == 40
    assert "more than 0.4 s" in pages[0].error
    assert pages[-1].error == "the document takes more than 4 s"


def test_wall_time_is_limited_over_all_readings_of_a_document(write):
    path = write(make_slow_pdf(4))
    with (
        Extractor() as extractor,
        extractor.open(path, Deadline.after(120), waited_seconds=600.0) as document,
    ):
        pages = list(document.pages(2))
        assert document.waited_seconds > 600
    assert [page.error for page in pages] == ["the document takes more than 600 s"] * 3


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_memory_stays_flat_as_the_page_count_grows(write):
    """Of the reader and of this process; measured at the last page, with the document open."""

    def measure(process):
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
        return pages * resource.getpagesize() / MEBIBYTE

    with Extractor() as extractor:
        sizes = []
        for path in (write(make_prose_pdf(100)), write(make_marker_pdf(10_000))):
            with extractor.open(path, Deadline.after(60)) as document:
                own = measure("self")
                pages = sum(1 for _ in document.pages())
                assert pages == document.page_count
                sizes.append(measure(document._reader.process_id))
                assert measure("self") < own + 8
    assert sizes[1] < sizes[0] + 24
