"""What `Extractor` gives for documents: pages, or a refusal. How it copes is tested elsewhere."""

import zipfile

import pytest
from fpdf import FPDF

from pipeline.extraction.extractor import Extractor
from pipeline.extraction.limits import ExtractionLimits
from pipeline.extraction.page_text import Engine, PageStatus
from pipeline.extraction.pdfium_opening import MAX_READ_BYTES, read_small_file
from shared.deadline import Deadline
from shared.errors import DeadlineError, RejectedDocumentError, RejectionCode
from tests.fakes.pdf.hostile_pdf_files import cut_short, make_over_long_page
from tests.fakes.pdf.pdf_files import (
    FIRST_CONTENTS,
    MARKER,
    make_marker_pdf,
    make_pdf_for_pypdf,
    make_pdf_with_page_for_pypdf,
    make_pdf_with_page_of_no_type,
    make_stream,
    make_text_pdf,
    make_unmappable_text_pdf,
)

LIMITS = ExtractionLimits(max_document_bytes=1_000_000, max_pages=100, max_page_characters=10_000)


@pytest.fixture(scope="module")
def extractor():
    with Extractor(LIMITS) as extractor:
        yield extractor


@pytest.fixture
def read(extractor, tmp_path):
    """Read the pages of a file with these bytes, from some page on."""

    def read(data, first_page=1):
        path = tmp_path / "document.bin"
        path.write_bytes(data)
        with extractor.open(path, Deadline.after(60)) as document:
            pages = list(document.pages(first_page))
            assert [page.number for page in pages] == list(
                range(first_page, document.page_count + 1)
            )
            return pages

    return read


def refuse(read, data):
    with pytest.raises(RejectedDocumentError) as caught:
        read(data)
    assert caught.value.sentence.endswith(".")
    return caught.value


def encrypt(user_password):
    pdf = FPDF()
    pdf.set_encryption(owner_password="owner", user_password=user_password)
    pdf.add_page()
    pdf.set_font("Helvetica", size=12)
    pdf.cell(text="behind a lock")
    return bytes(pdf.output())


def test_each_page_comes_with_its_text(read):
    pages = read(make_text_pdf("The first page.\nIt has two lines.", "", "The third page."))
    assert [page.text for page in pages] == [
        "The first page.\nIt has two lines.",
        "",
        "The third page.",
    ]
    assert [page.status for page in pages] == ["text", "empty", "text"]
    assert {page.engine for page in pages} == {Engine.PDFIUM}


def test_reading_can_begin_at_any_page(read):
    data = make_marker_pdf(9)
    assert [page.text for page in read(data, first_page=7)] == [
        MARKER.format(number) for number in (7, 8, 9)
    ]
    assert read(data, first_page=10) == []
    with pytest.raises(ValueError, match="from 1"):
        read(data, first_page=0)


def test_the_number_of_pages_is_known_before_the_first(extractor, tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(make_marker_pdf(5))
    with extractor.open(path, Deadline.after(60)) as document:
        assert document.page_count == 5


def test_a_document_can_be_read_again_and_from_the_middle_of_a_reading(extractor, tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(make_marker_pdf(5))
    with extractor.open(path, Deadline.after(60)) as document:
        first = list(document.pages())
        assert list(document.pages()) == first
        next(unfinished := document.pages())
        assert list(document.pages(2)) == first[1:]
        del unfinished


def test_what_pdfium_cannot_open_is_read_by_pypdf(read):
    pages = read(make_pdf_for_pypdf("only for pypdf", "and this"))
    assert [(page.text, page.engine) for page in pages] == [
        ("only for pypdf", Engine.PYPDF),
        ("and this", Engine.PYPDF),
    ]


def test_a_page_that_pdfium_cannot_load_is_read_by_pypdf(read):
    pages = read(make_pdf_with_page_for_pypdf("far out", "near by"))
    assert [(page.text, page.engine) for page in pages] == [
        ("far out", Engine.PYPDF),
        ("near by", Engine.PDFIUM),
    ]


def test_no_page_gets_the_text_of_another_where_the_engines_count_differently(read):
    first, second = read(make_pdf_with_page_of_no_type("lost", "found"))
    assert first.status is PageStatus.FAILED
    assert "no such page" in first.error
    assert second.text == "found"


def test_text_is_cleaned(read):
    assert read(make_text_pdf("a com-\npany"))[0].text == "a company"


def test_text_can_always_be_encoded(read):
    (page,) = read(make_unmappable_text_pdf())
    assert page.text.startswith("C")
    assert page.text.endswith("C")
    assert "\0" not in page.text
    page.text.encode()


def test_a_page_with_too_much_text_fails(read):
    (page,) = read(make_over_long_page(20_000))
    assert page.status is PageStatus.FAILED
    assert "more than the 10000 allowed" in page.error


def test_a_page_of_nameless_glyphs_fails(read):
    (page,) = read(make_pdf_for_pypdf("/g12/g13/g14/g15/g16/g17/g18"))
    assert page.status is PageStatus.FAILED
    assert "fonts" in page.error


def test_a_pdf_may_have_something_before_its_header(read):
    assert read(b"X-Mail: yes\r\n\r\n" + make_text_pdf("after all"))[0].text == "after all"


def pad(data, size):
    """A PDF with a comment of some size behind its header."""
    header, line_end, rest = data.partition(b"\n")
    return header + line_end + b"%" + b" " * size + line_end + rest


@pytest.mark.parametrize("size", [0, MAX_READ_BYTES])
@pytest.mark.parametrize("before", [b"", b"X-Mail: yes\r\n\r\n"], ids=["at once", "late"])
def test_a_file_reads_alike_from_memory_and_from_the_disk(read_text, tmp_path, size, before):
    data = before + pad(make_text_pdf("after all"), size)
    assert read_text(data) == "after all"
    assert read_small_file(tmp_path / "document.pdf") == (None if size else data)


def test_the_largest_of_the_small_files_is_held_in_memory(tmp_path):
    path = tmp_path / "document.pdf"
    path.write_bytes(b"%" * MAX_READ_BYTES)
    assert read_small_file(path) is not None


def test_an_empty_password_opens(read):
    assert read(encrypt(user_password=""))[0].text == "behind a lock"


def test_a_document_that_breaks_off_in_its_last_change_is_not_read_as_it_was_before(read):
    """Engines look for the last table of objects that is whole: that of the first state."""
    before = make_text_pdf("Amount 1000")
    table = before.index(b"xref")
    changed = make_stream(b"BT /F1 12 Tf 72 700 Td (Amount 2000) Tj ET")
    change = b"%d 0 obj\n%b\nendobj\n" % (FIRST_CONTENTS, changed)
    end = b"xref\n%d 1\n%010d 00000 n \ntrailer\n<< /Size 7 /Root 1 0 R /Prev %d >>\n"
    end %= FIRST_CONTENTS, len(before), table
    end += b"startxref\n%d\n%%%%EOF\n" % (len(before) + len(change))
    assert read(before + change + end)[0].text == "Amount 2000"
    assert read(before + b"\0" * 5000)[0].text == "Amount 1000"
    # The first part of a file for the web is no state of it.
    first_part = before.replace(b"startxref\n%d" % table, b"startxref\n0")
    assert read(first_part + change)[0].text == "Amount 2000"
    for kept in (len(change) - 20, len(change), len(change + end) - 30, len(change + end) - 6):
        refusal = refuse(read, before + (change + end)[:kept])
        assert refusal.code is RejectionCode.DAMAGED
        assert "its last change" in refusal.sentence
    assert refuse(read, (before + change + end)[:-4]).code is RejectionCode.DAMAGED
    for cut in (1, 2, 3):
        assert read((before + change + end)[:-cut])[0].text == "Amount 2000"
    # PDFium finds the last table then, but pypdf, which reads notes, one before it.
    far = before + b"\n" * 100_000
    moved = end.replace(
        b"%d\n%%" % (len(before) + len(change)), b"%d\n%%" % (len(far) + len(change))
    )
    moved = moved.replace(b"%010d" % len(before), b"%010d" % len(far))
    assert read(far + change + moved)[0].text == "Amount 2000"
    assert refuse(read, far + change + moved[:-6]).code is RejectionCode.DAMAGED


def test_a_damaged_document_after_an_encrypted_one_is_not_taken_for_encrypted(read):
    """PDFium opens it, finds no page, and then still holds the error of the one before."""
    assert refuse(read, encrypt(user_password="secret")).code is RejectionCode.ENCRYPTED
    assert refuse(read, make_text_pdf()).code is RejectionCode.DAMAGED


@pytest.mark.parametrize(
    ("data", "code", "hint"),
    [
        (b"", RejectionCode.EMPTY, "0 bytes"),
        (b"Dear Sir or Madam", RejectionCode.NOT_A_PDF, "Convert it"),
        (b"%PDF-1.7\n" + b"\0" * 1_000_000, RejectionCode.TOO_LARGE, "qpdf --split-pages"),
        (b"%PDF-1.7\nand nothing more", RejectionCode.DAMAGED, "Upload it again"),
        (b" " * 1024 + b"%PDF-1.7\n", RejectionCode.NOT_A_PDF, "Convert it"),
        (make_marker_pdf(101), RejectionCode.TOO_MANY_PAGES, "101 pages"),
        (make_marker_pdf(101), RejectionCode.TOO_MANY_PAGES, "MaxDocumentPages"),
        (encrypt(user_password="secret"), RejectionCode.ENCRYPTED, "without a password"),
    ],
    ids=[
        "empty",
        "not a pdf",
        "too large",
        "damaged",
        "late header",
        "too many",
        "limit",
        "encrypted",
    ],
)
def test_refusals(read, data, code, hint):
    refusal = refuse(read, data)
    assert refusal.code is code
    assert hint in refusal.sentence


def test_the_name_of_a_file_is_no_evidence(extractor, tmp_path):
    path = tmp_path / "report.pdf"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "b")
    with (
        pytest.raises(RejectedDocumentError) as caught,
        extractor.open(path, Deadline.after(60)),
    ):
        pass
    assert caught.value.code is RejectionCode.NOT_A_PDF


def test_a_document_cut_short_is_read_or_refused_but_never_made_up(read):
    whole = read(make_marker_pdf(10))
    outcomes = set()
    for data in cut_short(make_marker_pdf(10)):
        try:
            pages = read(data)
        except RejectedDocumentError as refusal:
            assert refusal.code is RejectionCode.DAMAGED
            outcomes.add("refused")
            continue
        outcomes.add("read")
        for page, original in zip(pages, whole, strict=False):
            assert page.text in ("", original.text)
    assert "refused" in outcomes


def test_no_time_left(extractor, tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(make_marker_pdf(1))
    with pytest.raises(DeadlineError), extractor.open(path, Deadline.after(0)):
        pass


def test_nothing_is_read_after_the_deadline(extractor, tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(make_marker_pdf(3))
    now = [0.0]
    with extractor.open(path, Deadline.after(10, clock=lambda: now[0])) as document:
        pages = document.pages()
        assert next(pages).number == 1
        now[0] = 11
        with pytest.raises(DeadlineError):
            next(pages)


def test_text_outside_the_page_counts_only_where_nothing_else_is_there(read):
    wrong_box = make_text_pdf("far outside of its page").replace(
        b"/MediaBox [0 0 612 792]", b"/MediaBox [0 0 002 002]"
    )
    (page,) = read(wrong_box)
    assert page.text == "far outside of its page"
