"""Fields that are filled in, remarks, stamps and signatures are read where the page shows them."""

import time

import pytest

from pipeline.extraction import pypdf_errors
from pipeline.extraction.pdfium_document import PdfiumDocument
from pipeline.extraction.pypdf_errors import open_with_pypdf
from pipeline.extraction.shown_text.appearances import is_drawn_otherwise
from tests.fakes.pdf.shown_pdf_files import (
    DRAWN,
    make_field,
    make_pdf_with_annotations,
    make_remark,
    make_text_field,
    make_tick_box,
)

HIDDEN, NOT_VIEWED = 2, 32
PASSWORD = 1 << 13
# The lines of a page are 14 points apart; the first has its baseline at 720.
FIRST_LINE, SECOND_LINE, THIRD_LINE = ((200, y, 400, y + 14) for y in (717, 703, 689))


def make_form(text, *fields):
    return make_pdf_with_annotations(text, fields, form_entries=b"/DA (/F1 12 Tf 0 g)")


def test_values_follow_their_labels(read_text):
    data = make_form(
        "Name:\nDeposit in kroner:\nDue date:",
        make_text_field("name", "Marit Solheim", FIRST_LINE),
        make_text_field("f1_01[0]", "48250.75", SECOND_LINE),
        make_text_field("date", "14 March 2027", THIRD_LINE),
    )
    assert read_text(data) == (
        "Name: Marit Solheim\nDeposit in kroner: 48250.75\nDue date: 14 March 2027"
    )


def test_a_form_of_nothing_but_fields_has_their_names_for_labels(read_text):
    data = make_form("", make_text_field("applicant", "Marit Solheim", FIRST_LINE))
    assert read_text(data) == "applicant: Marit Solheim"


def test_a_name_that_the_label_does_not_say_stands_before_the_value(read_text):
    data = make_form("Application for a permit", make_text_field("deposit", "48250.75", FIRST_LINE))
    assert read_text(data) == "Application for a permit deposit: 48250.75"


def test_a_value_stands_under_a_label_that_is_over_it(read_text):
    field = make_text_field("name", "Marit Solheim", (72, 700, 272, 716))
    assert read_text(make_form("Name", field)) == "Name\nMarit Solheim"


@pytest.mark.parametrize("flags", [HIDDEN, NOT_VIEWED])
def test_fields_that_are_not_shown_stay_out(read_text, flags):
    data = make_form("A form", make_text_field("secret", "not for your eyes", FIRST_LINE, flags))
    assert read_text(data) == "A form"


def test_passwords_stay_out(read_text):
    field = make_field(b"Tx", "password", FIRST_LINE, b"/Ff %d /V (hunter2)" % PASSWORD)
    assert read_text(make_form("Password:", field)) == "Password:"


def test_fields_outside_of_the_page_stay_out(read_text):
    data = make_form("A form", make_text_field("far", "away", (900, 700, 1000, 720)))
    assert read_text(data) == "A form"


def test_boxes_are_ticked_or_not_before_their_labels(read_text):
    data = make_form(
        "Dangerous goods?\n    Yes\n    No",
        make_tick_box("yes", (72, 703, 82, 713), is_ticked=True),
        make_tick_box("no", (72, 689, 82, 699), is_ticked=False),
    )
    assert read_text(data) == "Dangerous goods?\n[x] Yes\n[ ] No"


def test_a_box_between_two_lines_belongs_to_the_one_of_its_name(read_text):
    boxes = [make_tick_box(name, (72, 697, 84, 709), is_ticked=True) for name in ("Yes", "No")]
    for box, line in zip(boxes, ("[x] Yes", "[x] No"), strict=True):
        assert line in read_text(make_form("Goods?\n    Yes\n    No", box)).split("\n")


def test_the_label_of_a_box_may_say_its_name_further_on(read_text):
    box = make_tick_box("agree", (72, 717, 82, 727), is_ticked=True)
    assert read_text(make_form("    I agree to the terms", box)) == "[x] I agree to the terms"


def test_a_box_over_its_label_stands_before_it(read_text):
    boxes = [
        make_tick_box("a", (72, 733, 80, 741), is_ticked=True),
        make_tick_box("b", (72, 706, 80, 714), is_ticked=False),
    ]
    assert read_text(make_form("Agreed\n\nDeclined", *boxes)) == "[x] Agreed\n[ ] Declined"


def test_a_page_with_nothing_but_empty_boxes_has_no_text(read_text):
    assert read_text(make_form("", make_tick_box("no", FIRST_LINE, is_ticked=False))) == ""


def test_choices_are_read_by_what_the_page_calls_them(read_text):
    entries = b"/Ff 131072 /V (no) /Opt [[(dk) (Denmark)] [(no) (Norway)]]"
    assert read_text(make_form("Country:", make_field(b"Ch", "country", FIRST_LINE, entries))) == (
        "Country: Norway"
    )


def test_a_field_of_one_choice_shows_one_though_others_have_its_value(read_text):
    """As WeasyPrint writes options without a value."""
    entries = b"/Ff 131072 /V () /Opt [[() (Denmark)] [() (Norway)]]"
    field = make_field(b"Ch", "country", FIRST_LINE, entries)
    assert read_text(make_form("Country:", field)) == "Country: Denmark"


def test_a_value_is_read_as_it_is_formatted(read_text):
    entries = (
        b"/V (1250) /AA << /F << /S /JavaScript /JS (AFNumber_Format\\(2\\);) >> >> "
        b"/AP << /N 53 0 R >>"
    )
    assert read_text(make_form("Sum:", make_field(b"Tx", "sum", FIRST_LINE, entries))) == (
        "Sum: 1,250.00 EUR"
    )


CHOICE = b"/Ff 131072 /Opt [(A) (B)]"


@pytest.mark.parametrize(
    ("kind", "entries"), [(b"Tx", b"/V (46)"), (b"Tx", b"/V (1,250)"), (b"Ch", CHOICE + b"/V (C)")]
)
def test_what_is_drawn_counts_where_the_value_has_changed_since(read_text, kind, entries):
    """As after files were merged that have fields of the same name."""
    field = make_field(kind, "sum", FIRST_LINE, entries + b" /AP << /N 53 0 R >>")
    assert read_text(make_form("Sum:", field)) == "Sum: 1,250.00 EUR"


@pytest.mark.parametrize(
    ("value", "is_read_again"),
    [(b"1,250.00 EUR", False), (b"1,250.00\\nEUR", False), (b"1,250.00", True)],
)
def test_a_value_that_is_plainly_drawn_is_not_read_again(
    tmp_path, monkeypatch, value, is_read_again
):
    """To open a document with pypdf takes longer than most documents."""
    opened = []
    monkeypatch.setattr(
        pypdf_errors,
        "open_with_pypdf",
        lambda path, data: opened.append(path) or open_with_pypdf(path, data),
    )
    field = make_field(b"Tx", "sum", FIRST_LINE, b"/V (%b) /AP << /N 53 0 R >>" % value)
    path = tmp_path / "form.pdf"
    path.write_bytes(make_form("Sum:", field))
    document = PdfiumDocument(path, None, may_hide_layers=False, may_show_notes=True)
    assert document.read_page(1, lambda *_: None).text.split() == [
        "Sum:",
        "1,250.00",
        "EUR",
    ]
    document.close()
    assert bool(opened) is is_read_again


def test_a_value_counts_where_the_form_is_to_be_drawn_anew(read_text):
    field = make_field(b"Tx", "sum", FIRST_LINE, b"/V (46) /AP << /N 53 0 R >>")
    entries = b"/DA (/F1 12 Tf 0 g) /NeedAppearances true"
    assert read_text(make_pdf_with_annotations("Sum:", [field], form_entries=entries)) == "Sum: 46"


def test_a_value_counts_where_nothing_is_drawn(read_text):
    field = make_field(b"Tx", "sum", FIRST_LINE, b"/V (46) /AP << /N 52 0 R >>")
    assert read_text(make_form("Sum:", field)) == "Sum: 46"


@pytest.mark.parametrize(
    ("drawn", "value", "is_otherwise"),
    [
        ("46", "C", True),
        ("4", "46", True),
        ("2026\n03", "202603", False),
        ("Vi\ufb01", "Vifi", False),
        # Its font has no code for a letter of the value.
        ("Mller", "M\u00fcller", False),
        ("Meier", "M\u00fcller", True),
        # From right to left, as it is drawn.
        ("\u05dd\u05d5\u05dc\u05e9", "\u05e9\u05dc\u05d5\u05dd", False),
        # Codes of a font that does not say what they mean.
        ("\x01\x02", "46", False),
        ("\ue001\ue002", "46", False),
    ],
)
def test_what_reads_otherwise_is_told_from_what_is_spelled_otherwise(drawn, value, is_otherwise):
    assert is_drawn_otherwise(drawn, value) is is_otherwise


def test_strings_without_an_end_are_looked_for_once(read_text, monkeypatch):
    """From each of the signs in it to the end would take a minute."""
    monkeypatch.setitem(DRAWN, 53, b"\\(" * 60_000 + b"(")
    field = make_field(b"Tx", "sum", FIRST_LINE, b"/V (46) /AP << /N 53 0 R >>")
    began = time.process_time()
    assert read_text(make_form("Sum:", field)).startswith("Sum: ")
    assert time.process_time() - began < 10


def test_a_signature_is_read_from_what_it_draws(read_text):
    field = make_field(b"Sig", "Signature1", FIRST_LINE, b"/AP << /N 50 0 R >>")
    assert read_text(make_form("Signed by:", field)) == "Signed by: Digitally signed by Ola Berg"


def test_a_remark_on_the_page_is_read(read_text):
    remark = make_remark(b"FreeText", (72, 600, 500, 618), b"/Contents (Approved by the board)")
    assert read_text(make_pdf_with_annotations("Budget: see remark below.", [remark])) == (
        "Budget: see remark below.\nApproved by the board"
    )


def test_a_stamp_is_read_from_what_it_draws(read_text):
    stamp = make_remark(b"Stamp", (72, 600, 400, 618), b"/Contents (by Ola) /AP << /N 50 0 R >>")
    assert read_text(make_pdf_with_annotations("A page", [stamp])) == (
        "A page\nDigitally signed by Ola Berg"
    )


@pytest.mark.parametrize("subtype", [b"Text", b"Popup", b"Highlight", b"Link"])
def test_what_opens_in_a_window_of_its_own_is_not_on_the_page(read_text, subtype):
    remark = make_remark(subtype, (72, 600, 500, 618), b"/Contents (only on a click)")
    assert read_text(make_pdf_with_annotations("A page", [remark])) == "A page"


def test_the_caption_of_a_button_is_read_from_what_it_draws(read_text):
    button = make_field(b"Btn", "Button1", FIRST_LINE, b"/Ff 65536 /AP << /N 53 0 R >>")
    assert read_text(make_form("To pay:", button)) == "To pay: 1,250.00 EUR"


def test_what_the_page_prints_under_a_button_is_not_said_twice(read_text):
    button = make_field(b"Btn", "Button1", (70, 717, 160, 731), b"/Ff 65536 /AP << /N 53 0 R >>")
    assert read_text(make_form("1,250.00 EUR", button)) == "1,250.00 EUR"


def test_what_a_field_draws_without_a_value_is_read(read_text):
    field = make_field(b"Tx", "sum", FIRST_LINE, b"/AP << /N 53 0 R >>")
    assert read_text(make_form("Sum:", field)) == "Sum: 1,250.00 EUR"


def test_what_is_drawn_for_a_password_stays_out(read_text):
    entries = b"/Ff %d /AP << /N 53 0 R >>" % PASSWORD
    assert read_text(make_form("Code:", make_field(b"Tx", "code", FIRST_LINE, entries))) == "Code:"


@pytest.mark.parametrize(("flags", "shown"), [(PASSWORD, ""), (0, " 1,250.00 EUR")])
def test_a_field_far_above_may_say_that_it_is_a_password(read_text, flags, shown):
    field = (
        b"<< /Type /Annot /Subtype /Widget /Rect [%d %d %d %d] /F 4 /AP << /N 53 0 R >> "
        b"/Parent << /Parent << /Parent << /FT /Tx /Ff %d >> >> >> >>" % (*FIRST_LINE, flags)
    )
    assert read_text(make_form("Code:", field)) == f"Code:{shown}"


@pytest.mark.parametrize(("flags", "shown"), [(PASSWORD, ""), (0, " 1,250.00 EUR")])
def test_what_says_that_a_field_is_a_password_may_stand_elsewhere(read_text, flags, shown):
    field = (
        b"<< /Type /Annot /Subtype /Widget /Rect [%d %d %d %d] /F 4 /AP << /N 53 0 R >> "
        b"/Parent << /Parent << /Parent << /FT 31 0 R /Ff 32 0 R >> >> >> >>" % FIRST_LINE
    )
    data = make_form("Code:", field, b"/Tx", b"%d" % flags)
    assert read_text(data) == f"Code:{shown}"


def test_what_is_drawn_by_hand_is_read_if_it_has_words(read_text):
    ink = make_remark(b"Ink", FIRST_LINE, b"/AP << /N 53 0 R >>")
    assert read_text(make_pdf_with_annotations("Sum:", [ink])) == "Sum: 1,250.00 EUR"


def test_a_value_in_utf_16_that_does_not_say_so_is_read(read_text):
    value = "Marit Solheim".encode("utf-16-be").hex().encode()
    field = make_field(b"Tx", "name", FIRST_LINE, b"/V <%b>" % value)
    assert read_text(make_form("Name:", field)) == "Name: Marit Solheim"


def test_a_list_shows_what_is_chosen_and_what_is_not(read_text):
    entries = b"/V (no) /I [1] /Opt [[(dk) (Denmark)] [(no) (Norway)]]"
    assert read_text(make_form("Country:", make_field(b"Ch", "country", FIRST_LINE, entries))) == (
        "Country: [ ] Denmark, [x] Norway"
    )


def test_controls_in_a_value_divide_its_words(read_text):
    field = make_text_field("sum", "1\x022\x113", FIRST_LINE)
    assert read_text(make_form("Sum:", field)) == "Sum: 1 2 3"


RADIO = 1 << 15
BESIDE_FIRST_LINE = (72, 717, 82, 727)


def test_a_box_without_a_label_says_which_of_several_it_is(read_text):
    drawn = b"/AP << /N << /sea 51 0 R /Off 52 0 R >> >>"
    entries = b"/Ff %d /V /sea /AS /sea %b" % (RADIO, drawn)
    assert read_text(make_form("", make_field(b"Btn", "way", FIRST_LINE, entries))) == (
        "way: sea: [x]"
    )


@pytest.mark.parametrize(
    ("entries", "tick"),
    [
        (b"/V /On /AP << /N << /On 51 0 R >> >>", "[x]"),
        (b"/V /Off /AP << /N << /On 51 0 R >> >>", "[ ]"),
        # Nothing is drawn.
        (b"/V /On", "[ ]"),
    ],
)
def test_a_box_without_a_state_is_drawn_by_its_value(read_text, entries, tick):
    data = make_form("    Agree", make_field(b"Btn", "agree", BESIDE_FIRST_LINE, entries))
    assert read_text(data) == f"{tick} Agree"


def test_fields_of_one_name_show_what_each_holds(read_text):
    data = make_form(
        "Name:\nSecond name:",
        make_text_field("name", "Marit Solheim", FIRST_LINE),
        make_text_field("name", "Otto Weber", SECOND_LINE),
    )
    assert read_text(data) == "Name: Marit Solheim\nSecond name: Otto Weber"


@pytest.mark.parametrize(
    ("text", "field", "shown"),
    [
        ("Name:", make_text_field("name", "Marit", FIRST_LINE), "Name: Marit"),
        (
            "    Agree",
            make_tick_box("agree", BESIDE_FIRST_LINE, is_ticked=True),
            "[x] Agree",
        ),
        (
            "    Agree",
            make_tick_box("agree", BESIDE_FIRST_LINE, is_ticked=False),
            "[ ] Agree",
        ),
        (
            "Code:",
            make_field(b"Tx", "code", FIRST_LINE, b"/Ff %d /V (a) /AP << /N 53 0 R >>" % PASSWORD),
            "Code:",
        ),
        (
            "To pay:",
            make_field(b"Btn", "pay", FIRST_LINE, b"/Ff 65536 /AP << /N 53 0 R >>"),
            "To pay: 1,250.00 EUR",
        ),
        (
            "Name:",
            make_field(b"Tx", "name", FIRST_LINE, b"/Ff %s.0 /V (Marit)" % (b"9" * 60)),
            "Name: Marit",
        ),
    ],
    ids=["text", "ticked", "not ticked", "password", "button", "flags beyond all numbers"],
)
def test_fields_that_no_form_knows_are_read_by_what_they_say(read_text, text, field, shown):
    """As on pages that were taken out of a form."""
    assert read_text(make_pdf_with_annotations(text, [field])) == shown


def test_a_field_without_a_name_is_read(read_text):
    field = make_text_field("", "Marit", FIRST_LINE)
    assert read_text(make_form("Name:", field)) == "Name: Marit"


def test_a_remark_is_read_as_it_is_drawn(read_text):
    entries = b"/Contents (before it was changed) /AP << /N 53 0 R >>"
    remark = make_remark(b"FreeText", (72, 600, 500, 618), entries)
    assert read_text(make_pdf_with_annotations("A page", [remark])) == "A page\n1,250.00 EUR"


def test_a_remark_may_have_rich_text_alone(read_text):
    rich = b"/RC (<body><p>Up to 9 &lt; 10 <b>kroner</b></p><p>a day<br/>in May</p></body>)"
    remark = make_remark(b"FreeText", (72, 600, 500, 618), rich)
    assert read_text(make_pdf_with_annotations("A page", [remark])) == (
        "A page\nUp to 9 < 10 kroner\na day\nin May"
    )
