"""Readers lent to documents: started when needed, kept warm, shared, replaced when lost."""

import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Timer

import pytest
from pypdf import PdfWriter

from pipeline.extraction.extractor import Extractor
from pipeline.extraction.limits import ExtractionLimits
from pipeline.extraction.page_text import PageStatus
from shared.deadline import Deadline
from shared.errors import (
    DeadlineError,
    DeferredError,
    ReadersBusyError,
    RejectedDocumentError,
    RejectionCode,
)
from tests.fakes.pdf.pdf_files import MARKER, make_marker_pdf, make_prose_pdf, make_text_pdf
from tests.fakes.pdf.pdf_readers import find_reader, is_gone, read


@pytest.fixture
def extractor():
    with Extractor() as extractor:
        yield extractor


@pytest.fixture
def hurried():
    """An extractor that soon gives up on a reader that hangs."""
    with Extractor(ExtractionLimits(page_wall_seconds=1.0, open_wall_seconds=1.0)) as extractor:
        yield extractor


@pytest.fixture
def short(tmp_path):
    path = tmp_path / "short.pdf"
    path.write_bytes(make_marker_pdf(3))
    return path


@pytest.fixture
def long(tmp_path):
    """A document with more text than fits the pipe, so that its reader has to wait for us."""
    path = tmp_path / "long.pdf"
    path.write_bytes(make_prose_pdf(300))
    return path


def test_nothing_starts_before_it_is_needed(monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)
    Extractor().close()


def test_one_reader_serves_document_after_document(extractor, short, tmp_path):
    first = find_reader(extractor, short)
    assert [page.text for page in read(extractor, short)] == [
        MARKER.format(number) for number in (1, 2, 3)
    ]
    damaged = tmp_path / "damaged.pdf"
    damaged.write_bytes(b"%PDF-1.7")
    with pytest.raises(RejectedDocumentError):
        read(extractor, damaged)
    assert find_reader(extractor, short) == first


def test_closing_ends_the_readers(short):
    extractor = Extractor()
    process = find_reader(extractor, short)
    extractor.close()
    assert is_gone(process)


def test_a_document_outlives_the_closing_of_its_extractor(long):
    extractor = Extractor()
    with extractor.open(long, Deadline.after(60)) as document:
        process = document._reader.process_id
        extractor.close()
        assert all(page.text for page in document.pages())
    assert is_gone(process)


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGSEGV])
def test_a_killed_reader_costs_one_page(extractor, long, by):
    with extractor.open(long, Deadline.after(60)) as document:
        pages = document.pages()
        got = [next(pages)]
        process = document._reader.process_id
        os.kill(process, by)
        got += pages
        assert document._reader.process_id != process
    assert [page.number for page in got] == list(range(1, 301))
    (failed,) = [page for page in got if page.status is PageStatus.FAILED]
    assert 1 < failed.number < 300
    assert failed.error
    assert all(page.text.startswith(f"Page {page.number}\n") for page in got if page != failed)


def test_a_hanging_reader_costs_one_page(hurried, long):
    with hurried.open(long, Deadline.after(60)) as document:
        pages = document.pages()
        got = [next(pages)]
        os.kill(document._reader.process_id, signal.SIGSTOP)
        got += pages
    assert [page.error for page in got if page.error] == ["it takes more than 1 s"]
    assert len(got) == 300


def test_time_that_the_caller_takes_is_not_the_readers(hurried, long):
    with hurried.open(long, Deadline.after(60)) as document:
        for page in document.pages():
            assert page.text
            if page.number == 100:
                time.sleep(1.3)


def test_a_warm_reader_that_died_meanwhile_is_replaced(extractor, short):
    process = find_reader(extractor, short)
    os.kill(process, signal.SIGKILL)
    while extractor._idle[0].is_fit():
        time.sleep(0.01)
    assert len(read(extractor, short)) == 3


@pytest.mark.parametrize(
    ("by", "code"),
    [
        (signal.SIGSEGV, RejectionCode.DAMAGED),
        (signal.SIGKILL, RejectionCode.OVER_LIMITS),
    ],
)
def test_a_document_whose_opening_ends_its_reader_is_refused(extractor, short, by, code):
    process = find_reader(extractor, short)
    (reader,) = extractor._idle
    reader.is_fit()
    os.kill(process, signal.SIGSTOP)
    send = reader.send

    def send_and_end(*request):
        send(*request)
        os.kill(process, by)
        os.kill(process, signal.SIGCONT)

    reader.send = send_and_end
    with pytest.raises(RejectedDocumentError) as caught:
        read(extractor, short)
    assert caught.value.code is code
    assert len(read(extractor, short)) == 3


def test_a_document_whose_opening_hangs_is_refused(hurried, short):
    process = find_reader(hurried, short)
    hurried._idle[0].is_fit()
    os.kill(process, signal.SIGSTOP)
    with pytest.raises(RejectedDocumentError) as caught:
        read(hurried, short)
    assert caught.value.code is RejectionCode.OVER_LIMITS
    assert len(read(hurried, short)) == 3


def test_the_deadline_ends_the_wait_for_a_page(extractor, long, short):
    skipped_seconds = 0.0
    deadline = Deadline.after(60, clock=lambda: time.monotonic() + skipped_seconds)
    with extractor.open(long, deadline) as document:
        pages = document.pages()
        next(pages)
        process = document._reader.process_id
        os.kill(process, signal.SIGSTOP)
        skipped_seconds = deadline.remaining_seconds - 0.3
        with pytest.raises(DeadlineError):
            list(pages)
    assert is_gone(process)
    assert len(read(extractor, short)) == 3


def test_leaving_a_document_early_leaves_nothing_behind(extractor, long, short):
    with extractor.open(long, Deadline.after(60)) as document:
        next(document.pages())
    assert [page.text for page in read(extractor, short)] == [
        MARKER.format(number) for number in (1, 2, 3)
    ]


def test_concurrent_documents_keep_apart(tmp_path):
    paths = []
    for number in range(8):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(make_text_pdf(*[f"document {number}"] * 50))
        paths.append(path)
    with Extractor(max_readers=2) as extractor, ThreadPoolExecutor(4) as pool:
        for number, pages in enumerate(pool.map(lambda path: read(extractor, path), paths)):
            assert [page.text for page in pages] == [f"document {number}"] * 50
        assert len(extractor._idle) <= 2


def test_a_document_that_no_reader_becomes_free_for_waits_its_turn(short):
    with (
        Extractor(max_readers=1) as extractor,
        extractor.open(short, Deadline.after(60)),
        pytest.raises(ReadersBusyError) as caught,
        # Its clock stands still, so that the time is not up before the wait begins.
        extractor.open(short, Deadline.after(0.1, clock=lambda: 0.0)),
    ):
        pass
    assert isinstance(caught.value, DeferredError)
    assert caught.value.delay_seconds > 0


def test_a_reader_that_becomes_free_as_the_time_ends_was_busy(short):
    readings = []

    def read_clock():
        readings.append(0.0 if first_is_open.is_set() else 5.0)
        # After the check at the beginning, the time is read only to wait for a reader.
        if len(readings) == 2:
            Timer(0.05, end_the_time).start()
        return readings[-1]

    def end_the_time():
        first_is_open.clear()
        first.close()

    first_is_open = Event()
    first_is_open.set()
    with Extractor(max_readers=1) as extractor, ExitStack() as first:
        first.enter_context(extractor.open(short, Deadline.after(60)))
        with pytest.raises(ReadersBusyError), extractor.open(short, Deadline(5.0, read_clock)):
            pass
    assert readings[:3] == [0.0, 0.0, 5.0]


def test_a_document_that_waits_for_nobody_and_has_no_time_is_late(extractor, short):
    readings = iter([0.0])
    deadline = Deadline(5.0, clock=lambda: next(readings, 5.0))
    with pytest.raises(DeadlineError), extractor.open(short, deadline):
        pass


def test_a_reader_outlives_the_thread_that_started_it(extractor, short):
    with ThreadPoolExecutor(1) as pool:
        process = pool.submit(find_reader, extractor, short).result()
    assert find_reader(extractor, short) == process


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no list of open files here")
def test_a_document_that_is_refused_leaves_no_file_open(extractor, short, tmp_path):
    """A reader may have 32 files open, and ended where a collection of garbage came too late."""
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret", algorithm="RC4-128")
    locked = tmp_path / "locked.pdf"
    writer.write(locked)
    open_files = []
    for _ in range(3):
        with pytest.raises(RejectedDocumentError), extractor.open(locked, Deadline.after(60)):
            pass
        with extractor.open(short, Deadline.after(60)) as document:
            files = Path(f"/proc/{document._reader.process_id}/fd")
            open_files.append(len(list(files.iterdir())))
    assert len(set(open_files)) == 1
