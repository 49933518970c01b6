"""Each format gives the text that people see, in the units that they cite."""

from email.message import EmailMessage

import pytest

from shared.errors import RejectedDocumentError, RejectionCode
from tests.fakes.office.compound_files import make_msg
from tests.fakes.office.packages import (
    docx_parts,
    epub_parts,
    make_package,
    make_relations,
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
KINDS = ("default", "even")
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


def test_the_header_of_even_pages_is_read_too(read):
    parts = docx_parts([("One", "alpha")])
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    sections = "".join(f'<w:headerReference w:type="{kind}" r:id="{kind}"/>' for kind in KINDS)
    parts["word/document.xml"] = parts["word/document.xml"].replace(
        "</w:body>",
        '<w:sectPr xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        f"{sections}</w:sectPr></w:body>",
    )
    relations = [("r1", "styles", "styles.xml"), *((one, "header", f"{one}.xml") for one in KINDS)]
    parts["word/_rels/document.xml.rels"] = make_relations(relations)
    for kind in KINDS:
        parts[f"word/{kind}.xml"] = (
            f"<w:hdr {space}><w:p><w:r><w:t>{kind}</w:t></w:r></w:p></w:hdr>"
        )
    assert read(make_package(parts)).texts[0].split() == ["default", "even"]


def test_deleted_text_and_numbers_of_notes_are_no_text(read):
    body = (
        "<text:tracked-changes><text:p>gone</text:p></text:tracked-changes><text:p>kept<text:note>"
        "<text:note-citation>7</text:note-citation><text:note-body><text:p>a note</text:p>"
        '</text:note-body></text:note><text:s text:c="2"/>on</text:p>'
    )
    assert read(make_package(open_document_parts("text", body))).texts == ["a note\nkept on"]


def test_cells_and_rows_that_stand_several_times_are_written_as_often(read):
    cell = "<table:table-cell table:number-columns-repeated='{}'>{}</table:table-cell>".format
    row = "<table:table-row table:number-rows-repeated='{}'>{}</table:table-row>".format
    rows = [
        row(1, cell(2, "<text:p>5</text:p>") + cell(2, "") + cell(1, "<text:p>7</text:p>")),
        row(2, cell(1, "<text:p>a</text:p>") + cell(16_000, "")),
        row(1_048_000, cell(16_384, "")),
    ]
    body = f'<table:table table:name="S">{"".join(rows)}</table:table>'
    document = read(make_package(open_document_parts("spreadsheet", body)))
    assert document.texts == ["S\n5 | 5 | | | 7\na\na"]


def test_who_wrote_a_remark_is_no_text(read):
    body = (
        "<text:p>be<office:annotation><dc:creator xmlns:dc='http://purl.org/dc/elements/1.1/'>Bo"
        "</dc:creator><text:p>why?</text:p></office:annotation>fore</text:p>"
    )
    assert read(make_package(open_document_parts("text", body))).texts == ["why?\nbefore"]


def test_what_a_picture_in_a_paragraph_says_of_itself_stands_apart(read):
    svg = "xmlns:svg='urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0'"
    about = f"<svg:title {svg}>A pier</svg:title><svg:desc {svg}>at low tide</svg:desc>"
    body = f"<text:p>The work<draw:frame>{about}</draw:frame>shop</text:p>"
    document = read(make_package(open_document_parts("text", body)))
    assert document.texts == ["A pier\nat low tide\nThe workshop"]


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
    ("page", "text"),
    [
        ("<head><title>T</title><body><p>shown", "shown"),
        ("<title>T</title><p>shown", "shown"),
        ("<p hidden>no<p>shown</p>rest", "shown rest"),
        ("<p hidden>no<hr>shown", "shown"),
        ("<div><p hidden>no<b>no</b></div>shown", "shown"),
        ("<ul><li hidden>no<ul><li>no</ul><li>shown</ul>rest", "- shown rest"),
        ("<table><tr hidden><td>no<tr><td>shown</table>rest", "shown rest"),
        ("<div hidden><p>no<p>no</div>shown", "shown"),
        ("<div hidden>no</p>no<br>no</div>shown", "shown"),
        ("<p hidden>no<br/>no</p>shown", "shown"),
    ],
)
def test_what_ends_without_a_tag_hides_nothing_after_it(read, page, text):
    document = read(f"<!doctype html>{page}".encode())
    assert [" ".join(one.split()) for one in document.texts] == [text]


@pytest.mark.parametrize("name", ["iso-8859-1", "US-ASCII", "undefined", "idna", "x-unknown"])
def test_a_narrow_or_wrong_name_of_an_encoding_costs_no_character(read, name):
    page = f"<!doctype html><meta charset={name}><p>It\x92s".encode("latin-1")
    assert read(page).texts == ["It\u2019s"]
    mail = f"From: a@b\nTo: c@d\nContent-Type: text/plain; charset={name}\n\nIt\x92s\n"
    assert read(mail.encode("latin-1")).texts[0].endswith("\n\nIt\u2019s")


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("high water\n", ["high water"]),
        ("# Tides\n\nhigh water\n", ["# Tides\n\nhigh water"]),
        ("a,b\n1,2\n3,4\n", ["a | b\n1 | 2\n3 | 4"]),
        ("<!doctype html><p>high water\n", ["high water"]),
    ],
)
def test_the_sign_that_dos_ends_a_file_with_is_no_text(read, text, texts):
    for ending in ("", "\x1a", "\x1a" * 3):
        assert read(f"{text}{ending}".encode()).texts == texts


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


def test_markdown_is_cut_at_headings_that_are_underlined(read):
    front = "---\ntitle: Pier\n---\n"
    table, rule = "| x | y |\n|---|---|\n\n", "- item\n---\nrest\n\n---\n"
    text = f"{front}intro\n\nOne\n===\n\n# A\na\n\n{table}Two\n---\n\n{rule}"
    starts = [one.strip().split("\n")[0] for one in read(text.encode()).texts]
    assert starts == ["---", "One", "# A", "Two"]


@pytest.mark.parametrize(
    ("text", "unit", "shown"),
    [
        ("<div><p>Only a piece</p></div>", "section", "Only a piece"),
        ('<table class="x"><tr><td>1</td><td>2</td></tr></table>', "section", "1 | 2"),
        ("<p align=center>logo</p>\n\n# Title", "section", "<p align=center>logo</p>"),
        ("<note>no page</note>", "part", "<note>no page</note>"),
    ],
)
def test_a_piece_of_a_page_is_told_from_other_texts(read, text, unit, shown):
    document = read(text.encode())
    assert (document.unit, document.texts[0].strip()) == (unit, shown)


def test_each_part_of_a_table_begins_with_its_head(read):
    rows = "".join(f'"x, {n}";{n}\n' for n in range(1000))
    document = read(f"name;count\n{rows}".encode())
    assert [part.splitlines()[0] for part in document.texts] == ["name | count"] * 2
    assert document.texts[1].splitlines()[1] == "x, 500 | 500"


@pytest.mark.parametrize(
    ("data", "unit", "text"),
    [
        (b"a,b\r\n1,2\r\n\x1a", "part", "a | b\n1 | 2"),
        (b"Pier closed.\x1a", "part", "Pier closed."),
        (b"From: a@b.cd\nTo: c@d.ef\nSubject: x\n\nhello \x07there\x08", "part", None),
    ],
)
def test_control_characters_that_stray_into_a_text_make_it_no_other_kind(read, data, unit, text):
    document = read(data)
    assert document.unit == unit
    assert document.texts == [text] if text else document.texts[0].endswith("hello there")


def test_a_line_end_in_quotes_does_not_make_a_table_a_text(read):
    document = read(b'"a","b"\n"1","two\nlines"\n"3","4"\n')
    assert document.texts == ["a | b\n1 | two lines\n3 | 4"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1;2,5;3\n4;5,5;6\n", "1 | 2,5 | 3\n4 | 5,5 | 6"),
        ("a,b\tc,d\n1,5\t2,5\n", "a,b | c,d\n1,5 | 2,5"),
        ("it's,5\n'tis,6\n", "it's | 5\n'tis | 6"),
        ("a,b\n1,x;y\n2,z\n", "a | b\n1 | x;y\n2 | z"),
        ("a,b\n\n1,2\n", "a | b\n\n1 | 2"),
        ("'Lund,Ada',5\n'Holm,Bo',6\n", "Lund,Ada | 5\nHolm,Bo | 6"),
    ],
)
def test_a_comma_in_numbers_separates_no_cells(read, text, shown):
    assert read(text.encode()).texts == [shown]


def test_prose_with_commas_is_no_table(read):
    assert read(b"Dear Bo, hello\nBest, Ada\n").texts == ["Dear Bo, hello\nBest, Ada"]


def test_rich_text_is_read(read):
    data = (
        rb"{\rtf1\ansi{\fonttbl\f0 Arial;}\b Tides\b0\par caf\'e9 \u8364?1 \u-10178?\u-8948?\par}"
    )
    assert read(data).texts[0].split() == ["Tides", "café", "€1", "\U0001f90c"]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_rich_text_that_escapes_nothing_is_read(read, encoding):
    text = "It\u2019s a caf\u00e9"
    assert read(f"{{\\rtf1\\ansi {text}}}".encode(encoding)).texts == [text]


def test_notes_headers_and_boxes_of_rich_text_are_read(read):
    data = (
        rb"{\rtf1\ansi{\header\pard Top\par}{\footerf Foot\par}word{\footnote \pard a note} on"
        rb"{\shp{\*\shpinst\shpleft10{\sp{\sn shapeType}{\sv 202}}{\shptxt in a box\par}}"
        rb"{\shprslt{\*\do{\dptxbxtext again}}}}"
        rb"{\*\do\dobxpage{\dptxbxtext old box\par}}{\*\annotation why?}"
        rb"{\*\generator x} \\footnote is text\par}"
    )
    lines = [line.strip() for line in read(data).texts[0].split("\n")]
    assert [line for line in lines if line] == [
        *("Top", "Foot", "word", "a note", "on", "in a box", "old box", "why?"),
        "\\footnote is text",
    ]


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
    mail.add_attachment(b"GIF89a", "image", "gif", filename="scan.gif")
    inner = make_mail(Subject="Earlier")
    mail.add_attachment(inner)
    document = read(mail.as_bytes())
    assert document.unit == "part"
    assert document.texts == [
        "From: ada@example.org\nTo: bo@example.org\nDate: Mon, 02 Mar 2026 10:00:00 +0000\n"
        "Subject: Tides\n\nSee below.\nAda"
    ]
    assert [name for name, _ in document.files] == ["a report.pdf", "scan.gif", "Earlier.eml"]
    assert [reason is None for _, reason in document.files] == [True, False, True]
    assert "a picture" in document.files[1][1]


def test_a_mail_whose_plain_form_is_empty_is_read_in_html(read):
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "ada@example.org", "Tides"
    mail.set_content(" ")
    mail.add_alternative("<p>See below.</p>", subtype="html")
    assert read(mail.as_bytes()).texts[0].split() == (
        ["From:", "ada@example.org", "Subject:", "Tides", "See", "below."]
    )


def test_a_further_text_in_html_is_no_other_form_of_the_body(read):
    mail = make_mail()
    mail.add_alternative("<p>See below.</p>", subtype="html")
    mail.make_mixed()
    further = EmailMessage()
    further.set_content("<p>All the rest.</p>", subtype="html")
    mail.attach(further)
    texts = read(mail.as_bytes()).texts
    assert [text.split("\n")[-1] for text in texts] == ["Ada", "All the rest."]


def test_a_mail_whose_parts_no_line_divides_is_a_text(read):
    mail = b"From: a@b\nTo: c@d\nContent-Type: multipart/mixed; boundary=B\n\n--C\n\nAll of it.\n"
    assert read(mail).texts[1].split() == ["--C", "All", "of", "it."]


def test_an_encoding_that_a_page_names_as_xml_is_taken(read):
    page = (
        "<?xml version='1.0' encoding='windows-1251'?><html><body>\u041f\u0440\u0438</body></html>"
    )
    assert read(page.encode("cp1251")).texts == ["\u041f\u0440\u0438"]


def test_many_end_tags_in_what_is_passed_over_take_no_time(read):
    page = "<!doctype html>shown<div hidden>" + "<b>" * 100_000 + "</i>" * 100_000
    assert read(page.encode()).texts == ["shown"]


def test_a_picture_that_the_body_shows_is_no_attachment(read):
    mail = make_mail()
    mail.add_alternative('<img src="cid:logo">Hello', subtype="html")
    mail.get_payload()[1].add_related(b"\x89PNG", "image", "png", cid="<logo>")
    assert read(mail.as_bytes()).files == []


def test_a_mail_of_outlook_is_read_with_its_attachments(read):
    document = read(make_msg("Tides", "The pier is closed.", [("a.txt", b"x" * 5000)]))
    assert document.texts == ["From: Ada\nSubject: Tides\n\nThe pier is closed."]
    assert document.files == [("a.txt", None)]


def test_a_body_in_html_is_read_however_outlook_has_saved_it(read):
    page = "<p>The pier is closed.</p>"
    for name, data in (("1013001F", page.encode("utf-16-le")), ("10130102", page.encode())):
        document = read(make_msg("Tides", " ", further=[(f"__substg1.0_{name}", data)]))
        assert document.texts[0].split("\n")[-1] == "The pier is closed."
        assert document.files == []


def test_what_outlook_keeps_in_forms_of_its_own_is_named_with_a_reason(read):
    rich = [("__substg1.0_10090102", b"LZFu")]
    ((name, reason),) = read(make_msg("Tides", "", further=rich)).files
    assert (name, "compressed rich text" in reason) == ("the body of the mail", True)
    inner = [("__attach_version1.0_#00000000/__substg1.0_3701000D", b"x")]
    ((name, reason),) = read(make_msg("Tides", "Closed.", further=inner)).files
    assert (name, "in pieces" in reason) == ("mail", True)


def test_an_attached_file_of_no_bytes_is_named_and_no_document(read):
    mail = make_mail()
    mail.add_attachment(b"", "text", "plain", filename="notes.txt")
    assert read(mail.as_bytes()).files == [("notes.txt", "there is nothing in it")]


@pytest.mark.parametrize(
    ("part", "is_locked"), [("book/c1.xhtml", True), ("book/c%31.xhtml", True), ("a.otf", False)]
)
def test_a_book_is_locked_if_a_chapter_is_and_not_for_its_fonts(read, part, is_locked):
    parts = epub_parts(["one", "two"])
    parts["META-INF/encryption.xml"] = (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><e:EncryptedData '
        f'xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:CipherReference URI="{part}"/>'
        "</e:EncryptedData></encryption>"
    )
    if not is_locked:
        assert read(make_package(parts)).texts == ["one", "two"]
        return
    with pytest.raises(RejectedDocumentError) as refusal:
        read(make_package(parts))
    assert refusal.value.code is RejectionCode.ENCRYPTED
