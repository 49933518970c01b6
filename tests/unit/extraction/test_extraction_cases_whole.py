"""Small real files with what is right for them. Run where the cases are at hand."""

import pytest

from pipeline.extraction.extractor import Extractor
from pipeline.extraction.page_text import PageStatus
from shared.deadline import Deadline
from shared.errors import RejectedDocumentError, RejectionCode
from tests.project_files import CASES

pytestmark = pytest.mark.skipif(
    not CASES.exists(), reason="the cases of PDFs are not beside the project"
)


@pytest.fixture(scope="module")
def extractor():
    with Extractor() as extractor:
        yield extractor


@pytest.fixture
def read(extractor):
    def read(file):
        with extractor.open(CASES / file, Deadline.after(60)) as document:
            return list(document.pages()), document.embedded_files

    return read


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("own_xfa-dynamic.pdf", RejectionCode.XFA_FORM),
        ("pdfjs__xfa_issue14315.pdf", RejectionCode.XFA_FORM),
        ("pdfbox__AES256ExposedMeta.pdf", RejectionCode.NEEDS_CERTIFICATE),
    ],
)
def test_documents_that_are_refused(read, file, code):
    with pytest.raises(RejectedDocumentError) as caught:
        read(file)
    assert caught.value.code is code


@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("pdfbox__testPDFPackage.pdf", ("PDF1.pdf", "PDF2.pdf")),
        ("own_portfolio.pdf", ("contract.pdf",)),
    ],
)
def test_portfolios_name_their_files(read, file, names):
    assert read(file)[1] == names


@pytest.mark.parametrize(
    ("file", "statuses"),
    [
        ("own_bs-good.pdf", ["text", "text"]),
        ("own_bs-header.pdf", ["text", "failed"]),
        ("own_bs-missing.pdf", ["text", "failed"]),
        ("own_bs-utf8-replaced.pdf", ["failed", "failed"]),
        ("pdfminer__zen_of_python_corrupted.pdf", ["text"]),
    ],
)
def test_pages_that_are_not_whole_fail(read, file, statuses):
    assert [page.status for page in read(file)[0]] == statuses


def test_bytes_that_were_changed_on_the_way_are_named(read):
    pages, _ = read("own_bs-utf8-replaced.pdf")
    assert all("took it for text in UTF-8" in page.error for page in pages)


@pytest.mark.parametrize("file", ["pdfjs__issue11131_reduced.pdf", "pdfjs__issue4650.pdf"])
def test_fonts_that_say_nothing_fail_their_page(read, file):
    ((page,), _) = read(file)
    assert page.status is PageStatus.FAILED
    assert page.code is RejectionCode.UNMAPPED_FONTS


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("pdfbox__PDFBOX-3053-reduced.pdf", "Traumatic Brain Injury Signs and"),
        ("pdfjs__issue20232.pdf", "\u041c\u0430\u0441\u0441\u0430"),
        ("pdfjs__issue215.pdf", "openmagazin"),
        ("pdfminer__kampo.pdf", "\u7b2c\u4e8c\u6761\u7b2c\u4e00\u9805"),
        ("own_tex_t1_bitmap.pdf", "The efficient office waffle"),
        ("own_type3_names.pdf", "helo"),
    ],
)
def test_text_of_doubtful_fonts_is_read(read, file, words):
    ((page,), _) = read(file)
    assert words in page.text
