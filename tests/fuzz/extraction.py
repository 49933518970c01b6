"""Broken documents through one extractor, which may refuse them and must outlive them.

    python -m tests.fuzz.extraction TARGET FOLDER SECONDS SEED

Runs in a process of its own, so that whoever started it sees when the extractor's process dies
or hangs: the document that it was reading is then in `current.pdf`. The engines run in children of
that process and cannot be watched for coverage, so documents are changed blindly.
"""

import sys
import time
from io import BytesIO
from pathlib import Path

from pipeline.extraction.extractor import Extractor
from pipeline.extraction.limits import ExtractionLimits
from pipeline.extraction.page_text import PageStatus
from pipeline.formats.child import OPENERS
from pipeline.formats.identify import identify_file
from shared.deadline import Deadline
from shared.errors import RejectedDocumentError
from tests.fakes.pdf.pdf_files import make_text_pdf
from tests.fuzz.blindly import fuzz_blindly
from tests.fuzz.format_mutations import list_format_seeds, mutate_document
from tests.fuzz.pdf_mutations import list_seeds, mutate_pdf

LIMITS = ExtractionLimits(
    max_pages=300,
    max_page_characters=200_000,
    document_cpu_seconds=4,
    document_wall_seconds=8,
    open_wall_seconds=3,
    page_wall_seconds=2,
    max_reader_losses=3,
)
# Readers are started outside of the document's own time; a busy machine is slow to do it.
START_SECONDS = 3
MAX_DOCUMENT_SECONDS = LIMITS.document_wall_seconds + (LIMITS.max_reader_losses + 1) * START_SECONDS
DEADLINE_SECONDS = 2 * MAX_DOCUMENT_SECONDS
GOOD_TEXT = "still here"
# One for each format but PDF, with the suffix of its seeds.
FORMAT_TARGETS = {f"format-{suffix.removeprefix('.')}": suffix for suffix in OPENERS}


class ExtractionTarget:
    """One extractor that reads one document after the other.

    Args:
        name: `extraction` for PDFs, or one of `FORMAT_TARGETS`.
        folder: Where the documents are put.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self._path = folder / "current.pdf"
        self._good_path = folder / "good.pdf"
        is_pdf = name not in FORMAT_TARGETS
        self._others = _list_children()
        self._good_path.write_bytes(make_text_pdf(GOOD_TEXT) if is_pdf else GOOD_TEXT.encode())
        self._extractor = (
            Extractor(LIMITS, environment={})
            if is_pdf
            else Extractor(
                LIMITS, environment={}, reader="pipeline.formats.child", identify=identify_file
            )
        )
        self._check_good_document()
        self._open_files = _count_open_files()

    def check(self, data: bytes) -> str:
        """Read a document, then a good one; an exception is a finding.

        Returns:
            What became of it: a rejection's code or "read".

        Raises:
            AssertionError: A page is missing or wrong, or it took longer than its limits.
            Exception: Whatever else the extractor lets through.
        """
        self._path.write_bytes(data)
        started = time.monotonic()
        outcome = self._read()
        seconds = time.monotonic() - started
        assert seconds <= MAX_DOCUMENT_SECONDS, f"it took {seconds:.1f} s"
        self._check_good_document()
        assert _count_open_files() <= self._open_files, "a file or a pipe was left open"
        return outcome

    def close(self) -> None:
        """End the readers.

        Raises:
            AssertionError: One of them is left.
        """
        self._extractor.close()
        left = _list_children() - self._others
        assert not left, f"a reader is left: {sorted(left)}"

    def _read(self) -> str:
        try:
            with self._extractor.open(self._path, Deadline.after(DEADLINE_SECONDS)) as document:
                assert 1 <= document.page_count <= LIMITS.max_pages
                pages = list(document.pages())
                shown = [page.number for page in pages if page.shows_picture]
                pictures = list(document.render(shown, dots_per_inch=50, max_pixels=1_000_000))
                with BytesIO() as target:
                    files = list(document.take_files(target))
        except RejectedDocumentError as error:
            assert str(error)
            return error.code
        assert [page.number for page in pages] == list(range(1, document.page_count + 1))
        assert all(bool(picture.data) != bool(picture.reason) for picture in pictures)
        assert [file.name for file in files] == list(document.embedded_files)
        assert all(file.reason != "" for file in files)
        for page in pages:
            page.text.encode()
            assert len(page.text) <= LIMITS.max_page_characters
            assert (page.error is None) == (page.engine is not None)
            assert page.error is None or (page.error and not page.text)
        is_whole = all(page.status is not PageStatus.FAILED for page in pages)
        return "read" if is_whole else "read in part"

    def _check_good_document(self) -> None:
        with self._extractor.open(self._good_path, Deadline.after(DEADLINE_SECONDS)) as document:
            texts = [page.text for page in document.pages()]
        assert texts == [GOOD_TEXT], f"a good document is no longer read: {texts}"


def _list_children() -> set[str]:
    """The processes that this one has started, the ended ones too that nobody has waited for."""
    tasks = Path("/proc/self/task").iterdir()
    return {child for task in tasks for child in (task / "children").read_text().split()}


def _count_open_files() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


def main() -> None:
    """Fuzz until the time is up; several findings are kept."""
    name, folder, seconds, seed = (
        *(sys.argv[1], Path(sys.argv[2])),
        *(float(sys.argv[3]), sys.argv[4]),
    )
    target = ExtractionTarget(name, folder)
    is_pdf = name not in FORMAT_TARGETS
    seeds = list_seeds() if is_pdf else list_format_seeds(FORMAT_TARGETS[name])
    mutate = mutate_pdf if is_pdf else mutate_document
    fuzz_blindly(target.check, seeds, mutate, folder, seconds=seconds, seed=seed, suffix=".pdf")
    target.close()


if __name__ == "__main__":
    main()
