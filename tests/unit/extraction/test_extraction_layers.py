"""Layers that are off are left out of the text, as they are on the page."""

import zlib

import pytest

from pipeline.extraction.pdfium_document import PdfiumDocument
from pipeline.extraction.shown_text.layers import Layers
from pipeline.extraction.wholeness import file_scan
from pipeline.extraction.wholeness.file_scan import scan_file
from shared.deadline import Deadline
from tests.fakes.pdf.pdf_files import make_page, make_stream
from tests.fakes.pdf.shown_pdf_files import make_layered_pdf


def show(text, height):
    return b"BT /F1 12 Tf 14 TL 72 %d Td (%b) Tj ET" % (height, text)


PRICE = show(b"The price is 500.", 740)


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"/OC /L1 BDC %b EMC" % show(b"DRAFT", 700), []),
        (b"/OC /L2 BDC %b EMC" % show(b"FINAL", 700), ["FINAL"]),
        (b"/OC /L3 BDC %b EMC" % show(b"BOTH", 700), []),
        (b"/OC /L1 BDC /P BMC %b EMC EMC %b" % (show(b"IN", 700), show(b"OUT", 680)), ["OUT"]),
        (b"/X1 Do", []),
        (b"/X2 Do", ["form on"]),
        (b"/OC /L1 BDC BT /F1 12 Tf 14 TL 72 700 Td (off) ' EMC (on) ' ET", ["on"]),
    ],
    ids=["off", "on", "all of two", "nested", "form", "part of a form", "line"],
)
def test_what_is_on_a_layer_that_is_off_is_left_out(read_text, content, shown):
    text = read_text(make_layered_pdf(PRICE + b" " + content))
    assert text.split("\n") == ["The price is 500.", *shown]


@pytest.mark.parametrize(
    ("entries", "is_shown"),
    [
        (b"/OFF [60 0 R]", False),
        (b"/OFF []", True),
        (b"/BaseState /OFF", False),
        (b"/BaseState /OFF /ON [60 0 R]", True),
    ],
)
def test_the_default_configuration_says_what_is_off(read_text, entries, is_shown):
    data = make_layered_pdf(PRICE + b" /OC /L1 BDC %b EMC" % show(b"DRAFT", 700),
                            layer_entries=entries)  # fmt: skip
    assert ("DRAFT" in read_text(data)) is is_shown


OFF, NONE_OFF = b"/OFF [60 0 R]", b""


@pytest.mark.parametrize(
    ("membership", "entries", "is_shown"),
    [
        (b"/OCGs [null 61 0 R]", OFF, True),
        (b"/OCGs [null 60 0 R]", OFF, False),
        (b"/OCGs 61 0 R /VE [/Not 61 0 R]", OFF, False),
        (b"/VE [/And 60 0 R 61 0 R]", OFF, False),
        (b"/VE [/Or [/Not 60 0 R] 60 0 R]", OFF, True),
        (b"/VE [/Not 60 0 R]", NONE_OFF, False),
        (b"/OCGs 60 0 R /P /AllOff", NONE_OFF, False),
        (b"/OCGs 60 0 R /P /AnyOff", OFF, True),
    ],
)
def test_what_belongs_to_several_layers_is_shown_by_its_rule(
    read_text, membership, entries, is_shown
):
    content = PRICE + b" /OC /L3 BDC %b EMC" % show(b"BOTH", 700)
    data = make_layered_pdf(content, layer_entries=entries, membership=membership)
    assert ("BOTH" in read_text(data)) is is_shown


@pytest.mark.parametrize(
    ("entries", "state", "is_shown"),
    [
        (b"/AS [<< /Event /View /Category [/View] /OCGs [60 0 R] >>]", b"OFF", False),
        (b"/AS [<< /Event /View /Category [/View] /OCGs [60 0 R] >>] /OFF [60 0 R]", b"ON", True),
        (b"/AS [<< /Event /Print /Category [/View] /OCGs [60 0 R] >>]", b"OFF", True),
        (b"/AS [<< /Event /View /Category [/View] /OCGs [61 0 R] >>]", b"OFF", True),
    ],
)
def test_what_viewers_switch_for_viewing_counts(read_text, entries, state, is_shown):
    data = make_layered_pdf(
        PRICE + b" /OC /L1 BDC %b EMC" % show(b"DRAFT", 700),
        layer_entries=entries,
        usage=b"/Usage << /View << /ViewState /%b >> >>" % state,
    )
    assert ("DRAFT" in read_text(data)) is is_shown


@pytest.mark.parametrize("last", [b"[/Not 61 0 R]", b"[/And 65 0 R [/Not 61 0 R]]"])
def test_expressions_that_name_each_other_many_times_are_looked_at_once(read_text, last):
    """Looked at each time, they would be 30 ** 7. The second of the last ones names the first."""
    named = [b"[/And %b]" % (b"%d 0 R " % number * 30) for number in range(66, 73)]
    data = make_layered_pdf(
        PRICE + b" /OC /L3 BDC %b EMC" % show(b"BOTH", 700),
        membership=b"/VE 65 0 R",
        more=dict(enumerate([*named, last], 65)),
    )
    text = read_text(data)
    assert "500" in text and "BOTH" not in text


def test_a_form_without_resources_draws_with_those_of_its_page(read_text):
    part = show(b"part on", 430) + b" /OC /L1 BDC %b EMC" % show(b"part off", 410)
    form = make_stream(part, b"/Type /XObject /Subtype /Form /BBox [0 0 612 792]")
    text = read_text(make_layered_pdf(PRICE + b" /X2 Do", more={64: form}))
    assert text.split("\n") == ["The price is 500.", "part on"]


@pytest.mark.parametrize("first", [60, 61], ids=["off first", "on first"])
@pytest.mark.parametrize("shares_names", [False, True])
def test_a_form_without_resources_is_read_anew_on_each_page(tmp_path, first, shares_names):
    """What it draws on is a layer that is off on one page, and one that is on on the other."""
    forms = b"70 0 R" if shares_names else b"<< /X 64 0 R >>"
    layers = [first, 121 - first]
    names = b"/Properties << /L1 %d 0 R /L2 60 0 R >> /XObject %b"
    objects = {
        number: make_page(68, resources=names % (layer, forms))
        for number, layer in zip((66, 67), layers, strict=True)
    }
    objects[2] = b"<< /Type /Pages /Count 2 /Kids [66 0 R 67 0 R] >>"
    objects[68] = make_stream(show(b"page", 740) + b" /X Do")
    part = b"/OC /L1 BDC %b EMC" % show(b"part", 700)
    objects[64] = make_stream(part, b"/Type /XObject /Subtype /Form /BBox [0 0 612 792]")
    objects[70] = b"<< /X 64 0 R >>"
    path = tmp_path / "forms.pdf"
    path.write_bytes(make_layered_pdf(b"", more=objects))
    document = PdfiumDocument(path, None, may_hide_layers=True, may_show_notes=False)
    texts = [document.read_page(number, lambda *_: None).text.split() for number in (1, 2)]
    document.close()
    assert texts == [["page", "part"] if layer == 61 else ["page"] for layer in layers]


def test_a_form_that_is_not_there_does_not_make_show_what_is_off(read_text):
    content = PRICE + b" /X9 Do /OC /L1 BDC %b EMC" % show(b"DRAFT", 700)
    assert read_text(make_layered_pdf(content)) == "The price is 500."


def test_a_picture_draws_with_nothing(read_text):
    entries = b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 "
    picture = make_stream(b"\xff", entries + b"/ColorSpace /DeviceGray")
    content = PRICE + b" /X2 Do /OC /L1 BDC %b EMC" % show(b"DRAFT", 700)
    assert read_text(make_layered_pdf(content, more={64: picture})) == "The price is 500."


def test_forms_that_share_the_resources_of_all_are_looked_at_once(read_text):
    """One after the other, to the depth to which forms are read, they would be 30 ** 8."""
    forms = b"".join(b"/F%d %d 0 R " % (number, number) for number in range(66, 96))
    entries = b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources 65 0 R"
    shared = {65: b"<< /XObject << %b >> >>" % forms, 64: make_stream(b"", entries)}
    shared |= {number: make_stream(b"", entries) for number in range(66, 96)}
    data = make_layered_pdf(PRICE, layer_entries=b"/OFF [99 0 R]", more=shared)
    assert read_text(data) == "The price is 500."


def test_resources_that_forms_share_are_looked_at_once(tmp_path, monkeypatch):
    """Looked at for each form that names them, and each that is drawn, they would be 30 ** 3."""
    looks = []
    is_off = Layers._is_off
    monkeypatch.setattr(
        Layers, "_is_off", lambda self, layer: looks.append(1) or is_off(self, layer)
    )
    names = b"".join(b"/F%d %d 0 R " % (number, number) for number in range(66, 96))
    entries = b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources 65 0 R"
    shared = {number: make_stream(b"", entries) for number in range(66, 96)}
    shared[65] = b"<< /XObject << %b >> >>" % names
    drawn = b"".join(b"/F%d Do " % number for number in range(66, 96))
    page = make_page(5, resources=b"/Properties << /L1 60 0 R >> /XObject << %b >>" % names)
    path = tmp_path / "forms.pdf"
    path.write_bytes(make_layered_pdf(PRICE + b" " + drawn, more=shared | {4: page}))
    document = PdfiumDocument(path, None, may_hide_layers=True, may_show_notes=False)
    assert document.read_page(1, lambda *_: None).text.strip() == "The price is 500."
    document.close()
    assert len(looks) < 3 * 30


LAYERED_FORM = (
    b"/Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> "
    b"/Properties << /L1 60 0 R >> /XObject << /X2 64 0 R >> >>"
)
LAYERED_WORDS = show(b"kept", 450) + b" /OC /L1 BDC %b EMC" % show(b"DRAFT", 430)


@pytest.mark.parametrize(
    ("drawn", "inside"), [(b"/X2 Do " * 200, b""), (b"/X2 Do", b" /X2 Do")], ids=["often", "itself"]
)
def test_a_form_is_written_anew_once(tmp_path, monkeypatch, drawn, inside):
    """Of one that draws itself that is left out, as viewers do."""
    written = []
    write_form = Layers._write_form
    monkeypatch.setattr(
        Layers, "_write_form", lambda self, *form: written.append(1) or write_form(self, *form)
    )
    form = {64: make_stream(LAYERED_WORDS + inside, LAYERED_FORM)}
    path = tmp_path / "forms.pdf"
    path.write_bytes(make_layered_pdf(PRICE + b" " + drawn, more=form))
    document = PdfiumDocument(path, None, may_hide_layers=True, may_show_notes=False)
    text = document.read_page(1, lambda *_: None).text
    document.close()
    assert text.split()[:5] == ["The", "price", "is", "500.", "kept"]
    assert "DRAFT" not in text
    assert len(written) == 1


def test_of_forms_that_lie_very_deep_in_each_other_nothing_is_shown_that_is_off(read_text):
    """Nobody shows the deepest. Written anew with them, the page could not be written at all."""
    forms = {
        number: make_stream(
            b"/OC /L1 BDC %b EMC /X2 Do" % show(b"DRAFT", 600),
            LAYERED_FORM.replace(b"64 0 R", b"%d 0 R" % (number + 1)),
        )
        for number in range(100, 500)
    }
    forms[500] = make_stream(show(b"deepest", 500), LAYERED_FORM)
    forms[64] = make_stream(b"/X2 Do", LAYERED_FORM.replace(b"64 0 R", b"100 0 R"))
    assert read_text(make_layered_pdf(PRICE + b" /X1 Do /X2 Do", more=forms)) == "The price is 500."


def test_layers_are_found_in_compressed_objects(tmp_path):
    path = tmp_path / "a.pdf"
    for content, may_hide in (
        (b"1 0 << /OCProperties << /D << /OFF [7 0 R] >> >> >>", True),
        (b"1 0 << /OCProperties << /D << /OFF [ ] >> >> >>", False),
        (b"1 0 << /Type /Catalog >>", False),
    ):
        entries = b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode"
        path.write_bytes(b"%PDF-1.7\n1 0 obj\n" + make_stream(zlib.compress(content), entries))
        assert scan_file(path).may_hide_layers is may_hide
    path.write_bytes(b"%PDF-1.7\n1 0 obj\n" + make_stream(b"not compressed", entries))
    assert not scan_file(path).may_hide_layers


def test_objects_that_are_not_looked_at_any_more_may_hide_layers(tmp_path, monkeypatch):
    content = b"1 0 << /OCProperties << /D << /OFF [7 0 R] >> >> >>"
    entries = b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode"
    drawing = make_stream(zlib.compress(b"0 0 m " * 100), b"/Filter /FlateDecode")
    objects = make_stream(zlib.compress(content), entries)
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7\n1 0 obj\n" + drawing + b"\nendobj\n2 0 obj\n" + objects)
    monkeypatch.setattr(file_scan, "_MAX_UNPACKED_OF_FILE", 100)
    assert scan_file(path).may_hide_layers


def test_a_picture_that_is_stamped_on_a_page_whose_words_are_all_off_is_shown(
    shared_extractor, tmp_path
):
    data = make_layered_pdf(
        b"/OC /L1 BDC %b EMC" % show(b"DRAFT", 700),
        more={
            65: b"[<< /Type /Annot /Subtype /Stamp /Rect [72 300 400 600] /AP << /N 66 0 R >> >>]",
            66: make_stream(
                b"300 0 0 300 0 0 cm /I Do",
                b"/Subtype /Form /BBox [0 0 300 300] /Resources << /XObject << /I 67 0 R >> >>",
            ),
            67: make_stream(
                b"0",
                b"/Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray",
            ),
        },
    )
    path = tmp_path / "stamped.pdf"
    path.write_bytes(
        data.replace(b"/MediaBox [0 0 612 792]", b"/Annots 65 0 R /MediaBox [0 0 612 792]")
    )
    with shared_extractor.open(path, Deadline.after(60)) as document:
        page = next(iter(document.pages()))
    assert (page.text, page.shows_picture) == ("", True)
