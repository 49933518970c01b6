"""Real documents, of which many were made to break readers. Run where the corpus is at hand."""

import csv

import pytest

from pipeline.extraction.extractor import Extractor
from pipeline.extraction.page_text import PageStatus
from shared.deadline import Deadline
from shared.errors import RejectedDocumentError, RejectionCode
from tests.project_files import CORPUS

MANIFEST = CORPUS / "manifest.tsv"

pytestmark = pytest.mark.skipif(
    not MANIFEST.exists(), reason="the corpus of PDFs is not beside the project"
)

# Only its attachment is encrypted, not its page.
LOCKED_ATTACHMENT = "pdfjs_encrypted-attachment.pdf"

# The codes of its fonts are not those of characters: every engine gives "ÄOHFM" for "Ángel".
UNMAPPED = "pdfjs_issue19802.pdf"
# Its page has no text of its own, and a button with a caption.
BUTTON = "pdfjs_bug1802888.pdf"
# They show nothing, or hairlines.
BLANK = (
    "pdfjs_issue21436.pdf",
    "pdfjs_issue4461.pdf",
    "pdfjs_issue8565.pdf",
)


def find_documents(*kinds):
    if not MANIFEST.exists():
        return []
    with MANIFEST.open() as manifest:
        rows = list(csv.DictReader(manifest, delimiter="\t"))
    return [row["file"] for row in rows if row["kind"] in kinds]


def count_expected_pages(file):
    with MANIFEST.open() as manifest:
        rows = csv.DictReader(manifest, delimiter="\t")
        return next(int(row["pages"]) for row in rows if row["file"] == file)


@pytest.fixture(scope="module")
def extractor():
    with Extractor() as extractor:
        yield extractor


@pytest.fixture
def read(extractor):
    def read(file):
        with extractor.open(CORPUS / file, Deadline.after(60)) as document:
            return list(document.pages())

    return read


@pytest.fixture
def refuse(read):
    def refuse(file):
        with pytest.raises(RejectedDocumentError) as caught:
            read(file)
        return caught.value.code

    return refuse


@pytest.mark.parametrize("file", find_documents("text", "multi", "long"))
def test_documents_with_text_give_it_and_no_page_fails(read, file):
    pages = read(file)
    assert len(pages) == count_expected_pages(file)
    if file == UNMAPPED:
        assert {page.code for page in pages} == {RejectionCode.UNMAPPED_FONTS}
        return
    assert [page.error for page in pages if page.error] == []
    assert any(page.text for page in pages)
    for page in pages:
        page.text.encode()


@pytest.mark.parametrize("file", find_documents("no_text"))
def test_documents_without_text_show_a_picture_or_nothing(read, file):
    if file == BUTTON:
        assert [page.text for page in read(file)] == ["Ok"]
        return
    status = PageStatus.EMPTY if file in BLANK else PageStatus.PICTURE
    assert {page.status for page in read(file)} == {status}


@pytest.mark.parametrize("file", find_documents("locked"))
def test_locked_documents_are_refused_as_encrypted(read, refuse, file):
    if file == LOCKED_ATTACHMENT:
        assert read(file)[0].text
    else:
        assert refuse(file) is RejectionCode.ENCRYPTED


@pytest.mark.parametrize("file", find_documents("openable_encrypted"))
def test_documents_with_an_empty_password_open(read, file):
    assert len(read(file)) == count_expected_pages(file)


@pytest.mark.parametrize("file", find_documents("damaged"))
def test_damaged_documents_are_refused(refuse, file):
    assert refuse(file) is RejectionCode.DAMAGED


@pytest.mark.parametrize("file", find_documents("one_engine", "slow"))
def test_documents_that_only_one_engine_reads_or_reads_quickly_are_read(read, file):
    pages = read(file)
    assert len(pages) == count_expected_pages(file)
    assert [page.error for page in pages if page.error] == []


def test_the_corpus_is_whole():
    assert len(find_documents("text", "multi", "long")) > 50
