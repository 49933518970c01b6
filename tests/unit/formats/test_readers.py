"""Each format gives the text that people see, in the units that they cite."""

from email.message import EmailMessage

import pytest

from tests.fakes.office.compound_files import make_msg
from tests.fakes.office.packages import (
    docx_parts,
    epub_parts,
    make_package,
    odp_parts,
    ods_parts,
    odt_parts,
    open_document_parts,
    pptx_parts,
    xlsx_parts,
)
from tests.fakes.pdf.pdf_files import make_text_pdf

BLOCKS = [(None, "before"), ("One", "alpha a*b_c <d> & # e"), ("Two", "gamma")]
SECTIONS = ["before", "One\nalpha a*b_c <d> & # e", "Two\ngamma"]
SHEETS_WITH_A_GAP = {"Costs": [["pier"]], "Blank": [], "Rest & more": [["wall"]]}
SHEETS = {"Costs": [["pier", 1], ["wall|gate", 2]], "Rest": [["*c*", "# d"]]}
SHEET_TEXTS = ["Costs\npier | 1\nwall|gate | 2", "Rest\n*c* | # d"]


@pytest.mark.parametrize(
    ("parts", "unit", "texts"),
    [
        (docx_parts(BLOCKS), "section", SECTIONS),
        (odt_parts(BLOCKS), "section", SECTIONS),
        (xlsx_parts(SHEETS), "sheet", SHEET_TEXTS),
        (ods_parts(SHEETS), "sheet", SHEET_TEXTS),
        (xlsx_parts(SHEETS_WITH_A_GAP), "sheet", ["Costs\npier", "Blank", "Rest & more\nwall"]),
        (pptx_parts(["first", "", "third"]), "slide", ["first", "", "third"]),
        (odp_parts(["first", "", "third"]), "slide", ["first", "", "third"]),
        (epub_parts(["<h1>A</h1>one", "two<h2>B</h2>"]), "section", ["A\none", "two", "B"]),
    ],
    ids=["docx", "odt", "xlsx", "ods", "blank sheet", "pptx", "odp", "epub"],
)
def test_packages_are_read_in_their_units(read, parts, unit, texts):
    document = read(make_package(parts))
    assert (document.unit, document.texts) == (unit, texts)


def test_a_paragraph_that_looks_like_a_heading_is_none(read):
    assert read(make_package(docx_parts([(None, "# no"), (None, "## no")]))).texts == [
        "# no\n## no"
    ]


def test_deleted_text_and_numbers_of_notes_are_no_text(read):
    body = (
        "<text:tracked-changes><text:p>gone</text:p></text:tracked-changes><text:p>kept<text:note>"
        "<text:note-citation>7</text:note-citation><text:note-body><text:p>a note</text:p>"
        '</text:note-body></text:note><text:s text:c="2"/>on</text:p>'
    )
    assert read(make_package(open_document_parts("text", body))).texts == ["a note\nkept on"]


PAGE = """<!doctype html><html><head><title>T</title><style>x</style></head><body>
<nav>menu</nav><h1>Tides</h1><p>High<b> at</b> noon.<script>var x = "<p>no</p>";</script></p>
<div hidden>secret <div>deep</div> still</div><div style="display: none">also</div>
<h2>Table</h2><table><tr><th>a<td>b<tr><td>c</td><td>d</td></tr></table><footer>imprint</footer></body></html>"""


def test_a_web_page_is_what_it_shows(read):
    document = read(PAGE.encode())
    assert document.unit == "section"
    assert [" ".join(text.split()) for text in document.texts] == [
        "Tides High at noon.",
        "Table a | b c | d",
    ]


@pytest.mark.parametrize(
    ("data", "encoding"),
    [("Ærø - naïve", "utf-8"), ("Ærø - naïve", "cp1252"), ("Ærø - naïve", "utf-16")],
)
def test_texts_of_any_encoding_are_read(read, data, encoding):
    assert read(data.encode(encoding)).texts == [data]


def test_a_text_is_counted_in_parts_of_lines_and_at_form_feeds(read):
    text = "\n".join(f"line {n}" for n in range(1, 1201)) + "\fnext"
    document = read(text.encode())
    assert document.unit == "part"
    assert [len(part.splitlines()) for part in document.texts] == [500, 500, 200, 1]


def test_markdown_is_cut_at_headings_outside_of_code(read):
    document = read(b"intro\n\n# A\n\n```\n# no heading\n```\n\n## B\ntext\n")
    assert document.unit == "section"
    assert [text.split("\n")[0] for text in document.texts] == ["intro", "# A", "## B"]


def test_each_part_of_a_table_begins_with_its_head(read):
    rows = "".join(f'"x, {n}";{n}\n' for n in range(1000))
    document = read(f"name;count\n{rows}".encode())
    assert [part.splitlines()[0] for part in document.texts] == ["name | count"] * 2
    assert document.texts[1].splitlines()[1] == "x, 500 | 500"


def test_a_line_end_in_quotes_does_not_make_a_table_a_text(read):
    document = read(b'"a","b"\n"1","two\nlines"\n"3","4"\n')
    assert document.texts == ["a | b\n1 | two lines\n3 | 4"]


def test_prose_with_commas_is_no_table(read):
    assert read(b"Dear Bo, hello\nBest, Ada\n").texts == ["Dear Bo, hello\nBest, Ada"]


def test_rich_text_is_read(read):
    data = rb"{\rtf1\ansi{\fonttbl\f0 Arial;}\b Tides\b0\par caf\'e9 \u8364?1\par}"
    assert read(data).texts[0].split() == ["Tides", "café", "€1"]


def make_mail(**headers):
    mail = EmailMessage()
    for name, value in {"From": "ada@example.org", "Subject": "Tides", **headers}.items():
        mail[name] = value
    mail.set_content("See below.\nAda")
    return mail


def test_a_mail_is_its_headers_and_body_and_what_is_attached(read):
    mail = make_mail(To="bo@example.org", Date="Mon, 02 Mar 2026 10:00:00 +0000")
    mail.add_alternative("<p>See below.</p>", subtype="html")
    mail.add_attachment(make_text_pdf("inside"), "application", "pdf", filename="a report.pdf")
    mail.add_attachment(b"\x89PNG\r\n\x1a\n", "image", "png", filename="scan.png")
    inner = make_mail(Subject="Earlier")
    mail.add_attachment(inner)
    document = read(mail.as_bytes())
    assert document.unit == "part"
    assert document.texts == [
        "From: ada@example.org\nTo: bo@example.org\nDate: Mon, 02 Mar 2026 10:00:00 +0000\n"
        "Subject: Tides\n\nSee below.\nAda"
    ]
    assert [name for name, _ in document.files] == ["a report.pdf", "scan.png", "Earlier.eml"]
    assert [reason is None for _, reason in document.files] == [True, False, True]
    assert "a picture" in document.files[1][1]


def test_a_picture_that_the_body_shows_is_no_attachment(read):
    mail = make_mail()
    mail.add_alternative('<img src="cid:logo">Hello', subtype="html")
    mail.get_payload()[1].add_related(b"\x89PNG", "image", "png", cid="<logo>")
    assert read(mail.as_bytes()).files == []


def test_a_mail_of_outlook_is_read_with_its_attachments(read):
    document = read(make_msg("Tides", "The pier is closed.", [("a.txt", b"x" * 5000)]))
    assert document.texts == ["From: Ada\nSubject: Tides\n\nThe pier is closed."]
    assert document.files == [("a.txt", None)]
