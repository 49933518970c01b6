"""The PDFs of the demo, as the pipeline reads them."""

import pytest

from pipeline.extraction.extractor import Extractor
from pipeline.extraction.page_text import PageStatus
from shared.deadline import Deadline
from tests.project_files import PROJECT

FOLDER = PROJECT / "infra" / "demo_documents"


@pytest.fixture
def read():
    with Extractor() as extractor:

        def read(name):
            with extractor.open(FOLDER / name, Deadline.after(60)) as document:
                return list(document.pages())

        yield read


@pytest.mark.parametrize(("name", "pages"), [("harbour-note", 2), ("tidal-energy-report", 12)])
def test_each_page_has_the_text_it_was_made_from(read, name, pages):
    source = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    words_of_pages = [set(part.split()) for part in source.split("\n---\n")]
    read_pages = read(f"{name}.pdf")
    assert len(read_pages) == len(words_of_pages) == pages
    for page, words in zip(read_pages, words_of_pages, strict=True):
        missing = words - set(page.text.split()) - {"|", "#", "##", "-", "[chart]"}
        assert missing == set()


def test_the_letter_is_a_picture_without_text(read):
    (page,) = read("scanned-letter.pdf")
    assert page.status is PageStatus.PICTURE


def test_they_are_small():
    assert sum(path.stat().st_size for path in FOLDER.glob("*.pdf")) < 200_000
