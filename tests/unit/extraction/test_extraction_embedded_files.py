"""Files inside of a PDF: each is handed out if it is a PDF, or says why it is not."""

from io import BytesIO

import pytest
from pypdf import PdfWriter

from pipeline.extraction.extractor import Extractor
from pipeline.extraction.files_inside.embedded_files import is_same_content
from pipeline.extraction.limits import ExtractionLimits
from pipeline.extraction.page_text import PageStatus
from shared.deadline import Deadline
from shared.document_formats import DOC, DOCX, ODP, ODS, ODT, PPT, PPTX, RTF, XLS, XLSX
from tests.fakes.pdf.nesting_pdf_files import make_nested, make_portfolio, make_with_associated
from tests.fakes.pdf.pdf_files import make_text_pdf
from tests.project_files import CASES, CORPUS

FIRST, SECOND = make_text_pdf("the first"), make_text_pdf("the second")
MEBIBYTE = 1 << 20


@pytest.fixture
def take(shared_extractor, tmp_path):
    """The files inside: name, why not, bytes."""
    return lambda data: take_with(shared_extractor, tmp_path, data)


def take_with(extractor, folder, data, *, reads_pages=True):
    path = folder / "document.pdf"
    path.write_bytes(data)
    with extractor.open(path, Deadline.after(60)) as document:
        if reads_pages:
            assert all(page.status is PageStatus.TEXT for page in document.pages())
        target = BytesIO()
        return [(file.name, file.reason, target.getvalue()) for file in document.take_files(target)]


@pytest.mark.parametrize("is_packed", [True, False])
def test_pdfs_inside_are_handed_out_byte_for_byte(take, is_packed):
    data = make_portfolio([("a.pdf", FIRST)], on_page=[("b.pdf", SECOND)], is_packed=is_packed)
    assert take(data) == [("a.pdf", None, FIRST), ("b.pdf", None, SECOND)]


def test_the_content_says_what_a_file_is_and_not_its_name(take):
    files = [
        ("plan.dat", FIRST),
        ("notes.pdf", b"just some words"),
        ("sheet.pdf", b"PK\x03\x04" + FIRST),
        ("empty.pdf", b""),
    ]
    assert [(name, reason) for name, reason, _ in take(make_portfolio(files))] == [
        ("plan.dat", None),
        ("notes.pdf", "not a PDF"),
        ("sheet.pdf", "a ZIP archive or an Office document"),
        ("empty.pdf", "not a PDF"),
    ]


@pytest.mark.parametrize("holder", ["document", "page", "annotation"])
def test_a_file_that_is_only_associated_is_handed_out(take, holder):
    assert take(make_with_associated(holder, "a.pdf", FIRST)) == [("a.pdf", None, FIRST)]
    assert take(make_with_associated(holder, "a.mp3", b"sound")) == [("a.mp3", "not a PDF", b"")]


def test_what_is_no_list_of_annotations_hides_no_file(take):
    data = make_with_associated("document", "a.pdf", FIRST)
    assert take(data.replace(b"/Annots [42 0 R]", b"/Annots 42      ")) == [("a.pdf", None, FIRST)]


def test_a_file_that_is_associated_and_listed_is_one_file(take):
    data = make_with_associated("document", "a.pdf", FIRST, listed_name="another.pdf")
    assert take(data) == [("a.pdf", None, FIRST)]


@pytest.mark.parametrize("listed_name", [None, "a"])
def test_what_an_invoice_is_based_on_is_a_document_and_its_data_is_none(take, listed_name):
    def take_supplement(name):
        entries = b"/AFRelationship /Supplement"
        return take(
            make_with_associated("document", name, FIRST, entries=entries, listed_name=listed_name)
        )

    office = (DOCX, XLSX, PPTX, DOC, XLS, PPT, ODT, ODS, ODP, RTF)
    for suffix in {end for kind in office for end in (kind.suffix, *kind.other_suffixes)}:
        assert is_same_content("Supplement", "hours" + suffix) is False
    assert take_supplement("hours.pdf") == [("hours.pdf", None, FIRST)]
    assert take_supplement("factur-x.xml") == []


def test_an_associated_file_is_handed_out_of_an_encrypted_document(take):
    writer = PdfWriter(clone_from=BytesIO(make_with_associated("page", "a.pdf", FIRST)))
    writer.encrypt("", "owner", algorithm="RC4-128")
    encrypted = BytesIO()
    writer.write(encrypted)
    assert take(encrypted.getvalue()) == [("a.pdf", None, FIRST)]


def test_a_file_on_a_page_is_handed_out_where_only_decrypted_objects_tell_of_it(take):
    """As in an object stream, the word for it stands in the encrypted file in no readable form."""
    writer = PdfWriter(clone_from=BytesIO(make_portfolio([], on_page=[("b.pdf", SECOND)])))
    writer.encrypt("", "owner", algorithm="RC4-128")
    encrypted = BytesIO()
    writer.write(encrypted)
    plain, hidden = b"/Subtype /FileAttachment\n", b"/Subtype/F#69leAttachment"
    assert plain in encrypted.getvalue()
    assert take(encrypted.getvalue().replace(plain, hidden)) == [("b.pdf", None, SECOND)]


def test_files_of_the_same_name_stay_apart(take):
    data = make_portfolio([("a.pdf", FIRST), ("a.pdf", SECOND), ("a.pdf", b"words")])
    assert take(data) == [
        ("a.pdf", None, FIRST),
        ("a.pdf", None, SECOND),
        ("a.pdf", "not a PDF", b""),
    ]


def test_only_so_many_are_handed_out_and_the_rest_is_told(take):
    taken = take(make_portfolio([(f"{n}.pdf", FIRST) for n in range(70)]))
    assert [reason for _, reason, _ in taken] == [None] * 50 + ["beyond the first 50"]
    assert taken[-1][0] == "further files"


def test_together_they_are_no_larger_than_a_document_may_be(tmp_path):
    files = [("a.pdf", FIRST + b" " * (MEBIBYTE * 3 // 4)), ("b.pdf", SECOND), ("c.pdf", FIRST)]
    files[1] = ("b.pdf", SECOND + b" " * (MEBIBYTE // 2))
    with Extractor(ExtractionLimits(max_document_bytes=MEBIBYTE)) as extractor:
        taken = take_with(extractor, tmp_path, make_portfolio(files, is_packed=True))
    assert [(name, reason, len(data)) for name, reason, data in taken] == [
        ("a.pdf", None, len(files[0][1])),
        ("b.pdf", "too large together with those before it", 0),
        ("c.pdf", None, len(FIRST)),
    ]


def test_a_reader_that_ends_in_the_middle_leaves_the_other_files(tmp_path):
    files = [
        ("a.pdf", FIRST),
        ("blanks.pdf", b"%PDF-" + b" " * (80 * MEBIBYTE)),
        ("b.pdf", SECOND),
    ]
    data = make_portfolio(files, is_packed=True)
    with Extractor(ExtractionLimits(memory_bytes=128 * MEBIBYTE)) as extractor:
        taken = take_with(extractor, tmp_path, data)
    assert (taken[0], taken[2]) == (("a.pdf", None, FIRST), ("b.pdf", None, SECOND))
    assert "memory" in taken[1][1] or "too large" in taken[1][1]


def test_a_file_comes_in_parts_however_short_pages_must_be(tmp_path):
    data = FIRST + b" " * 100_000
    with Extractor(ExtractionLimits(max_page_characters=100)) as extractor:
        taken = take_with(extractor, tmp_path, make_portfolio([("a.pdf", data)]))
    assert taken == [("a.pdf", None, data)]


def test_files_are_handed_out_without_the_pages_too(shared_extractor, tmp_path):
    data = make_portfolio([("a.pdf", FIRST)])
    taken = take_with(shared_extractor, tmp_path, data, reads_pages=False)
    assert taken == [("a.pdf", None, FIRST)]


def test_names_are_one_line_of_bounded_length(take):
    names = ["../../etc/passwd.pdf", "a\r\nb\u2028c.pdf", "n" * 5_000, "half \ud800 a pair.pdf"]
    names += ["nul\0, bell\a.pdf", "\u202e\u061cfdp.exe", "\u2066 \0", "a\u200cb\U0001f600.pdf"]
    taken = take(make_portfolio([(name, FIRST) for name in names]))
    assert [name for name, _, _ in taken] == [
        "../../etc/passwd.pdf",
        "a b c.pdf",
        "n" * 120,
        "half \ufffd a pair.pdf",
        "nul, bell.pdf",
        "fdp.exe",
        "a file without a name",
        "a\u200cb\U0001f600.pdf",
    ]


def test_what_lies_deeper_stays_inside(take):
    ((_, _, data),) = take(make_nested(["outer.pdf", "inner.pdf"]))
    ((name, reason, innermost),) = take(data)
    assert (name, reason) == ("inner.pdf", None)
    assert take(innermost) == []


def test_a_cover_without_text_is_no_obstacle(shared_extractor, tmp_path):
    data = make_portfolio([("a.pdf", FIRST)], cover="")
    taken = take_with(shared_extractor, tmp_path, data, reads_pages=False)
    assert taken == [("a.pdf", None, FIRST)]


def test_a_document_that_opens_without_a_password_gives_its_files(take):
    writer = PdfWriter(clone_from=BytesIO(make_portfolio([("a.pdf", FIRST), ("b", b"words")])))
    writer.encrypt("", "owner", algorithm="RC4-128")
    encrypted = BytesIO()
    writer.write(encrypted)
    assert b"the first" not in encrypted.getvalue()
    assert take(encrypted.getvalue()) == [
        ("a.pdf", None, FIRST),
        ("b", "of no kind that is read, or locked with a password", b""),
    ]


@pytest.mark.skipif(not CASES.exists(), reason="the cases of PDFs are not beside the project")
@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("pdfbox__testPDFPackage.pdf", ["PDF1.pdf", "PDF2.pdf"]),
        ("own_portfolio.pdf", ["contract.pdf"]),
    ],
)
def test_portfolios_hand_out_their_files(take, file, names):
    taken = take((CASES / file).read_bytes())
    assert [(name, reason) for name, reason, _ in taken] == [(name, None) for name in names]
    assert all(data.startswith(b"%PDF-") for _, _, data in taken)


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of PDFs is not beside the project")
def test_a_file_with_a_password_of_its_own_says_so(take):
    taken = take((CORPUS / "pdfjs_encrypted-attachment.pdf").read_bytes())
    assert taken == [("attachment.pdf", "of no kind that is read, or locked with a password", b"")]
