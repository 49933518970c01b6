"""A page that is not whole is a failed page, never an empty one; a whole one is never failed."""

import time
import zlib

import pytest

from pipeline.extraction import page_signs
from pipeline.extraction.extractor import Extractor
from pipeline.extraction.limits import ExtractionLimits
from pipeline.extraction.page_text import Engine, PageStatus
from pipeline.extraction.pdfium_document import PdfiumDocument
from pipeline.extraction.wholeness.file_scan import scan_file
from shared.deadline import Deadline
from shared.errors import RejectedDocumentError, RejectionCode
from tests.fakes.pdf import broken_pdf_files as files
from tests.fakes.pdf import picture_pdf_files as pictures
from tests.fakes.pdf.pdf_files import FONT, make_objects, make_stream, make_text_pdf, write_pdf
from tests.fakes.pdf.shown_pdf_files import (
    make_drawn_pdf,
    make_layered_pdf,
    make_pdf_with_annotations,
    make_remark,
    make_text_field,
    make_tick_box,
)

BROKEN = files.make_broken_streams() | files.make_missing_parts()
HARMLESS = files.make_harmless_faults() | {"nothing": files.make_whole()}
CONVERTED = files.make_converted()
PICTURES = pictures.make_pages_of_pictures()
MIDDLE = (100, 400, 300, 420)


@pytest.fixture(scope="module")
def extractor():
    with Extractor(ExtractionLimits()) as extractor:
        yield extractor


@pytest.fixture
def open_document(extractor, tmp_path):
    """Open a file with these bytes; its pages, and the files inside that are not read."""

    def open_document(data):
        path = tmp_path / "document.pdf"
        path.write_bytes(data)
        with extractor.open(path, Deadline.after(60)) as document:
            return list(document.pages()), document.embedded_files

    return open_document


@pytest.fixture
def read(open_document):
    return lambda data: open_document(data)[0]


@pytest.fixture
def refuse(open_document):
    def refuse(data):
        with pytest.raises(RejectedDocumentError) as caught:
            open_document(data)
        return caught.value

    return refuse


@pytest.mark.parametrize("fault", BROKEN)
def test_a_page_that_is_not_whole_fails_and_its_neighbour_does_not(read, fault):
    first, second = read(BROKEN[fault])
    assert first.text == files.FIRST_LINES
    assert second.status is PageStatus.FAILED
    assert second.code is RejectionCode.DAMAGED
    assert second.error


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_an_encrypted_page_that_is_not_whole_fails_too(read, algorithm):
    """What is needed to look at it is in no zip but PDFium."""
    whole = read(files.make_broken_encrypted(algorithm, is_broken=False))
    assert [page.text for page in whole] == [files.FIRST_LINES, files.SECOND_LINES]
    first, second = read(files.make_broken_encrypted(algorithm))
    assert (first.text, first.error) == (files.FIRST_LINES, None)
    assert second.status is PageStatus.FAILED
    assert second.code is RejectionCode.DAMAGED


@pytest.mark.parametrize("fault", HARMLESS)
def test_faults_that_leave_the_text_whole_fail_no_page(read, fault):
    pages = read(HARMLESS[fault])
    assert [page.error for page in pages] == [None, None]
    assert pages[1].text == files.SECOND_LINES


def test_a_look_at_streams_takes_no_longer_for_the_spaces_in_them(tmp_path):
    """A pattern with two runs of spaces, one after the other, would take seconds for these."""
    spaces = b"1 0 obj <</Filter%bx>>\nstream\nabc\nendstream\nendobj\n" % (b" " * 4_000)
    began = time.process_time()
    scan_file(tmp_path / "unread.pdf", b"%PDF-1.7\n" + 300 * spaces)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("conversion", CONVERTED)
def test_a_file_that_was_taken_for_text_says_so(read, refuse, conversion):
    data, said = CONVERTED[conversion]
    try:
        errors = {page.error for page in read(data) if page.error}
    except RejectedDocumentError as refusal:
        errors = {refusal.sentence}
    (error,) = errors
    assert "taken" in error or "took it for" in error
    assert said in error


def test_a_file_that_breaks_off_says_so(refuse):
    whole = files.make_whole()
    refusal = refuse(whole[: len(whole) * 6 // 10])
    assert refusal.code is RejectionCode.DAMAGED
    assert "its last part is missing" in refusal.sentence


def test_a_composite_font_whose_parts_are_listed_apart_is_whole(read):
    objects = make_objects([make_stream(b"BT /F1 12 Tf 72 700 Td (Pier) Tj ET")])
    # The spare one puts the file under suspicion.
    spare = b"<< /Type /Font /Subtype /Type0 /BaseFont /A >>"
    objects |= {
        FONT: spare[:-2] + b"/Encoding /90ms-RKSJ-H /DescendantFonts 40 0 R >>",
        40: b"[<< /Type /Font /Subtype /CIDFontType0 /BaseFont /A /CIDSystemInfo "
        b"<< /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> >>]",
        41: spare,
    }
    (page,) = read(write_pdf(objects))
    assert (page.status, page.text) == (PageStatus.TEXT, "Pier")


@pytest.mark.parametrize(
    ("entries", "is_suspicious"),
    [(b"/Producer (made with /Type0 fonts)", False), (b"/Subtype/Type0", True)],
)
def test_a_word_of_a_string_is_no_composite_font(tmp_path, entries, is_suspicious):
    objects = make_objects([make_stream(b"BT ET")]) | {41: b"<< %b >>" % entries}
    scan = scan_file(tmp_path / "unread.pdf", write_pdf(objects))
    assert scan.is_suspicious is is_suspicious


@pytest.mark.parametrize("size", [(500, 700), (100, 100), (40, 40)])
def test_a_page_that_shows_only_a_picture_is_told_from_a_blank_one(read, size):
    first, second = read(pictures.make_page_with_picture(*size))
    assert (first.status, second.status) == (PageStatus.TEXT, PageStatus.PICTURE)
    assert second.engine is Engine.PDFIUM


def test_a_dot_is_no_picture(read):
    assert read(pictures.make_page_with_picture(8, 8))[1].status is PageStatus.EMPTY


def test_outlines_are_a_picture_and_a_few_curves_are_not(read):
    assert read(pictures.make_page_of_outlines(200))[1].status is PageStatus.PICTURE
    assert read(pictures.make_page_of_outlines(3))[1].status is PageStatus.EMPTY


@pytest.mark.parametrize(("count", "status"), [(2_500, "picture"), (200, "text")])
def test_the_number_of_a_page_is_not_all_of_one_whose_letters_are_outlines(read, count, status):
    page = read(pictures.make_page_of_outlines(count, b"300 20 Td (- 12 -) Tj"))[1]
    assert (page.status, page.text) == (PageStatus(status), "- 12 -")


@pytest.mark.parametrize("operator", [b"S", b"f", b"B"])
def test_a_plot_of_very_many_points_is_not_a_page_whose_letters_are_outlines(read, operator):
    (page,) = read(pictures.make_plot(operator))
    assert page.status is PageStatus.TEXT
    assert "Speed of the wind" in page.text


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_is_one_however_it_gets_onto_the_page(read, kind):
    (page,) = read(PICTURES[kind])
    assert page.status is PageStatus.PICTURE


@pytest.mark.parametrize(
    "scan",
    [
        pytest.param(pictures.make_scan(b"300 20 Td (- 12 -) Tj"), id="number of the page"),
        pytest.param(
            pictures.make_scan(b"20 785 Td (From: Pier Trust  To: Harbour Office  P. 3/12) Tj"),
            id="line of a fax",
        ),
        pytest.param(
            pictures.make_scan(b"1 0 0 1 400 20 Tm (Scanned by an app) Tj", stripes=40),
            id="name of an app on stripes",
        ),
        pytest.param(
            pictures.make_scan(b"0 1 -1 0 590 300 Tm (PIER-000123) Tj", entries=b"/Rotate 90 "),
            id="number of a file, turned",
        ),
        pytest.param(
            pictures.make_scan(b"300 20 Td (12) Tj 0 380 Td (   ) Tj 0 380 Td (Pier) Tj"),
            id="both edges, and spaces between",
        ),
        pytest.param(
            pictures.make_scan(
                b"200 110 Td (- 12 -) Tj", share=0.9, entries=b"/CropBox [100 100 500 700] "
            ),
            id="edge of what is shown",
        ),
        pytest.param(
            pictures.make_scan(b"5 5 -5 5 200 300 Tm (CONFIDENTIAL) Tj"), id="across the scan"
        ),
        pytest.param(
            pictures.make_scan(b"200 400 Td (DRAFT) Tj", kind="black and white"),
            id="over a scan in black and white",
        ),
        *(
            pytest.param(pictures.make_scan(b"", annotation=annotation), id=name)
            for name, annotation in {
                "field": make_text_field("tenant", "Ola Berg", MIDDLE),
                "remark": make_remark(b"FreeText", MIDDLE, b"/Contents (Seen) /DA (/F1 12 Tf)"),
            }.items()
        ),
    ],
)
def test_what_is_stamped_on_a_scan_is_not_all_that_it_says(read, scan):
    (page,) = read(scan)
    assert page.status is PageStatus.PICTURE
    assert page.text


def test_a_field_on_a_scan_with_a_layer_that_is_off_is_not_all_that_it_says(read):
    off = b"/OC /L1 BDC BT /F1 12 Tf 72 700 Td (DRAFT) Tj ET EMC"
    scan = pictures.make_scan(
        b"", annotation=make_text_field("tenant", "Ola Berg", MIDDLE), content_off=off
    )
    (page,) = read(scan)
    assert (page.status, page.text) == (PageStatus.PICTURE, "tenant: Ola Berg")


def test_a_box_that_is_not_ticked_makes_no_scan_blank(read):
    (page,) = read(
        pictures.make_scan(b"", annotation=make_tick_box("agreed", MIDDLE, is_ticked=False))
    )
    assert (page.status, page.text) == (PageStatus.PICTURE, "")


def test_the_value_of_a_field_is_in_the_picture_of_its_page(extractor, tmp_path):
    drawn = set()
    for value in ("Ola Berg", "Eva Lund"):
        path = tmp_path / "scan.pdf"
        path.write_bytes(pictures.make_scan(b"", annotation=make_text_field("a", value, MIDDLE)))
        with extractor.open(path, Deadline.after(60)) as document:
            (picture,) = document.render([1], dots_per_inch=72, max_pixels=1_000_000)
            drawn.add(picture.data)
    assert len(drawn) == 2


@pytest.mark.parametrize(
    "scan",
    [
        pytest.param(pictures.make_scan(b"200 400 Td (Our pier) Tj"), id="title on a background"),
        pytest.param(
            pictures.make_scan(b"3 Tr 200 400 Td (It is of timber.) Tj", kind="black and white"),
            id="read by the scanner, in black and white",
        ),
        pytest.param(
            pictures.make_scan(b"10 1 -1 10 200 400 Tm (Our pier) Tj"), id="not quite upright"
        ),
        pytest.param(
            pictures.make_scan(b"300 20 Td (- 12 -) Tj", kind="few pixels"),
            id="number of the page over a colour",
        ),
        pytest.param(
            pictures.make_scan(b"3 Tr 300 20 Td (- 12 -) Tj 0 380 Td (It is of timber.) Tj"),
            id="read by the scanner",
        ),
        pytest.param(pictures.make_scan(b"300 20 Td (12) Tj", share=0.7), id="picture and margin"),
        pytest.param(
            pictures.make_scan(b"10 5 Td (Pier) Tj", entries=b"/CropBox [0 0 130 130] "),
            id="smaller than a card",
        ),
        pytest.param(
            pictures.make_scan(
                b"/F1 5 Tf 5 790 Td 7 TL "
                + b" ".join(b"(%d. The pier is of timber.) '" % number for number in range(9))
            ),
            id="more than is stamped",
        ),
    ],
)
def test_a_page_that_says_something_over_a_picture_is_text(read, scan):
    (page,) = read(scan)
    assert page.status is PageStatus.TEXT


@pytest.mark.parametrize("content", [b"( ) Tj", b"(   ) Tj 0 -20 Td ( ) Tj", b"() Tj"])
def test_spaces_are_no_picture(read, content):
    (page,) = read(make_drawn_pdf(b"BT /F1 12 Tf 72 720 Td %b ET" % content))
    assert page.status is PageStatus.EMPTY


def test_a_page_with_all_its_text_on_a_layer_that_is_off_is_empty(read):
    (page,) = read(make_layered_pdf(b"/OC /L1 BDC BT /F1 12 Tf 9 700 Td (DRAFT) Tj ET EMC"))
    assert page.status is PageStatus.EMPTY


def test_a_blank_page_is_empty(read):
    assert read(make_text_pdf("text", ""))[1].status is PageStatus.EMPTY


def test_a_dynamic_form_is_refused_with_what_to_do(refuse):
    refusal = refuse(files.make_dynamic_form())
    assert refusal.code is RejectionCode.XFA_FORM
    assert "print it to a PDF" in refusal.sentence


def test_a_dynamic_form_that_does_not_say_so_is_told_by_its_one_page(refuse, read):
    hint = "Please wait... You can upgrade to the latest version of Adobe Reader."
    refusal = refuse(files.make_dynamic_form(hint, says_so=False))
    assert refusal.code is RejectionCode.XFA_FORM
    assert read(files.make_dynamic_form("Application form", says_so=False))[0].text


def test_what_is_encrypted_for_a_certificate_is_not_told_to_lack_a_password(refuse):
    refusal = refuse(files.make_for_certificate())
    assert refusal.code is RejectionCode.NEEDS_CERTIFICATE
    assert "no password" in refusal.sentence


@pytest.mark.parametrize("portfolio", [True, False])
def test_files_inside_are_named(open_document, portfolio):
    pages, names = open_document(files.make_with_file("contract.pdf", portfolio=portfolio))
    assert pages[0].text == "The cover of what is inside."
    assert names == ("contract.pdf",)


def test_a_file_that_hangs_on_a_page_is_named(open_document):
    assert open_document(files.make_file_on_page("offer.xlsx"))[1] == ("offer.xlsx",)


@pytest.mark.parametrize("relation", ["Alternative", "Data", "Source", "Supplement"])
def test_another_form_of_the_same_content_is_not_missing(open_document, relation):
    assert open_document(files.make_with_file("factur-x.xml", relation=relation))[1] == ()


def test_names_of_files_are_one_line_of_bounded_length(open_document):
    (name,) = open_document(files.make_with_file("a\\nb" + "x" * 500))[1]
    assert name.startswith("a b")
    assert len(name) == 120


@pytest.mark.parametrize(
    ("start", "kind"),
    [(b"PK\x03\x04", "ZIP"), (b"\xd0\xcf\x11\xe0", "Office"), (b"\x89PNG", "picture")],
)
def test_a_file_of_another_kind_with_a_pdf_inside_is_named(refuse, start, kind):
    refusal = refuse(start + b"\0" * 2_000 + files.make_whole())
    assert refusal.code is RejectionCode.NOT_A_PDF
    assert kind in refusal.sentence


@pytest.mark.parametrize(
    ("last", "is_suspicious"), [(b"null", True), (b"[5 0 R]", True), (b"<< /Length 3 >>", False)]
)
def test_the_last_of_packed_objects_is_looked_at_by_itself(tmp_path, last, is_suspicious):
    pages, parts = b"<< /Type /Page /Contents 8 0 R >>\n", b"[5 0 R 9 0 R]\n"
    numbers = b"7 0 8 %d 9 %d " % (len(pages), len(pages) + len(parts))
    packed = make_stream(
        zlib.compress(numbers + pages + parts + last),
        b"/Type /ObjStm /N 3 /First %d /Filter /FlateDecode" % len(numbers),
    )
    path = tmp_path / "packed.pdf"
    path.write_bytes(
        b"%%PDF-1.7\n5 0 obj\n%b\nendobj\n6 0 obj\n%b\nendobj\n" % (make_stream(b"BT ET"), packed)
    )
    assert scan_file(path).is_suspicious is is_suspicious


def test_all_that_is_stamped_on_a_page_is_looked_at_within_one_limit(tmp_path, monkeypatch):
    """A file may have hundreds of stamps, and each may draw thousands of objects."""
    looked_at = []
    look = page_signs.pdfium.FPDFPageObj_GetType
    monkeypatch.setattr(
        page_signs.pdfium, "FPDFPageObj_GetType", lambda item: looked_at.append(1) or look(item)
    )
    monkeypatch.setattr(page_signs, "_MAX_OBJECTS_LOOKED_AT", 5)
    stamp = make_remark(b"Stamp", (72, 600, 400, 700), b"/AP << /N 50 0 R >>")
    path = tmp_path / "stamps.pdf"
    path.write_bytes(make_pdf_with_annotations("", [stamp] * 20))
    document = PdfiumDocument(path, None, may_hide_layers=False, may_show_notes=False)
    document.read_page(1, page_signs.read_page_signs)
    document.close()
    assert len(looked_at) == 5
