"""What a program hides or repeats: hidden sheets and text, headers, breaks; and odd encodings."""

import zipfile

import pytest

from infra.project_files import PROJECT
from pipeline.formats.readers.old_workbooks import list_old_sheets
from shared.document_formats import SECTION
from shared.errors import RejectedDocumentError
from tests.fakes.office.compound_files import make_compound_file
from tests.fakes.office.packages import (
    docx_parts,
    make_package,
    odp_parts,
    odt_parts,
    open_document_parts,
    xlsx_parts,
)

_ODF = "".join(
    f' xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (("office", "office"), ("style", "style"), ("text", "text"))
)

_ODF_OF_STYLES = ' xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"'


def make_styles(*masters):
    pages = "".join(f"<style:master-page>{one}</style:master-page>" for one in masters)
    return (
        f"<office:document-styles{_ODF}><office:styles><style:header-style/></office:styles>"
        f"<office:master-styles>{pages}</office:master-styles></office:document-styles>"
    )


def test_what_each_page_of_an_opendocument_text_repeats_is_read_once(read):
    header = "<style:header><text:p>Board of Ravnsund</text:p></style:header>"
    first = "<style:header-first><text:p>Cover</text:p></style:header-first>"
    footer = "<style:footer><text:p>Page <text:page-number>1</text:page-number></text:p>"
    footer += "<text:p>Draft</text:p></style:footer>"
    off = '<style:header-left style:display="false"><text:p>off</text:p></style:header-left>'
    parts = odt_parts([("One", "alpha"), ("Two", "beta")])
    parts["styles.xml"] = make_styles(header + first + footer + off, header)
    texts = read(make_package(parts)).texts
    assert texts == ["Board of Ravnsund\nCover", "One\nalpha", "Two\nbeta\nPage\nDraft"]


def test_styles_without_headers_change_nothing(read):
    parts = odt_parts([("One", "alpha")])
    parts["styles.xml"] = make_styles("")
    assert read(make_package(parts)).texts == ["One\nalpha"]


def test_codes_of_headers_that_stand_in_cells_are_words_of_theirs(read):
    words = ["&[Page]", "see &[Date]", "&[x]"]
    (text,) = read(
        make_package(xlsx_parts({"Codes": [["code", "b"], [words[0], "c"], words[1:]]}))
    ).texts
    assert text == "Codes\ncode | b\n&[Page] | c\nsee &[Date] | &[x]"


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_of_a_workbook_says_so(read, state):
    parts = xlsx_parts({"Costs": [["pier"]], "Secret & co": [["wall"]], "Blank": []})
    name, workbook = "xl/workbook.xml", 'name="Secret &amp; co"'
    assert workbook in parts[name]
    parts[name] = parts[name].replace(workbook, f'{workbook} state="{state}"')
    parts[name] = parts[name].replace('name="Blank"', f'name="Blank" state="{state}"')
    assert read(make_package(parts)).texts == [
        "Costs\npier",
        "Secret & co (hidden sheet)\nwall",
        "Blank (hidden sheet)",
    ]


def put_styles(parts, styles):
    """Put styles into a part, each a name and what hides it."""
    listed = "".join(
        f'<style:style style:name="{name}">{hiding}</style:style>' for name, hiding in styles
    )
    content = parts["content.xml"].replace(
        "<office:document-content", "<office:document-content" + (_ODF_OF_STYLES)
    )
    styled = f"<office:automatic-styles>{listed}</office:automatic-styles><office:body>"
    parts["content.xml"] = content.replace("<office:body>", styled)
    return parts


def test_a_hidden_slide_of_opendocument_says_so(read):
    parts = odp_parts(["first", "second", "third"])
    content = parts["content.xml"].split("<draw:page>")
    parts["content.xml"] = '<draw:page draw:style-name="D2">'.join(
        ["<draw:page>".join(content[:2]), "<draw:page>".join(content[2:])]
    )
    hiding = '<style:drawing-page-properties presentation:visibility="hidden"/>'
    texts = read(make_package(put_styles(parts, [("D2", hiding)]))).texts
    assert texts == ["first", "(hidden slide)\nsecond", "third"]


@pytest.mark.parametrize("filling", ["", "<!--" + 7_000_000 * " " + "-->"])
def test_hidden_words_of_an_opendocument_text_are_left_out(read, filling):
    body = (
        '<text:p>a<text:span text:style-name="T1"> vanished</text:span>'
        '<text:hidden-text text:is-hidden="true">gone</text:hidden-text> b</text:p>'
        '<text:p text:style-name="T1">no</text:p><text:p text:style-name="T1">n<text:s/>o</text:p>'
        '<text:section text:display="none"><text:p>unseen</text:p></text:section>'
        '<text:section text:display="true"><text:p>seen</text:p></text:section>'
    )
    parts = open_document_parts("text", body + filling)
    hiding = '<style:text-properties text:display="none"/>'
    data = make_package(put_styles(parts, [("T1", hiding)]), zipfile.ZIP_STORED)
    assert read(data).texts == ["a b\nseen"]


def test_how_a_word_is_read_stands_beside_it_in_an_opendocument_text(read):
    word = (
        "<text:ruby><text:ruby-base>\u6771\u4eac</text:ruby-base>"
        "<text:ruby-text>\u3068\u3046</text:ruby-text></text:ruby>"
    )
    parts = open_document_parts("text", f"<text:p>{word}!</text:p>")
    assert read(make_package(parts)).texts == ["\u6771\u4eac(\u3068\u3046)!"]


@pytest.mark.parametrize("words", [("\u6771\u4eac", "\u3068\u3046"), ("\u5317", "b\u011bi")])
def test_how_a_word_is_read_stands_beside_it_in_a_word_document(read, words):
    base, reading = (f"<w:r><w:t>{word}</w:t></w:r>" for word in words)
    ruby = f"<w:ruby><w:rubyPr/><w:rt>{reading}</w:rt><w:rubyBase>{base}</w:rubyBase></w:ruby>"
    parts = docx_parts([("\u4eac", "a"), (None, "b\u3002")])
    name = "word/document.xml"
    text = '<w:t xml:space="preserve">a</w:t>'
    assert text in parts[name]
    parts[name] = parts[name].replace(text, f"{ruby}</w:r><w:r>{text}")
    assert read(make_package(parts)).texts == [f"\u4eac\n{words[0]}({words[1]})a\nb\u3002"]


def test_a_part_in_an_encoding_that_there_is_none_of_is_damage(read):
    parts = odt_parts([("One", "alpha")])
    named = parts["content.xml"].replace('version="1.0"', 'version="1.0" encoding="UTFF-8"')
    with pytest.raises(RejectedDocumentError, match="damaged"):
        read(make_package({**parts, "content.xml": named}))


@pytest.mark.parametrize("state", [1, 2])
def test_a_hidden_sheet_of_an_old_workbook_says_so(read, state):
    data = (PROJECT / "tests" / "documents" / "libreoffice-fees.xls").read_bytes()
    shown = read(data).texts
    # The byte before the sheet's kind, length and name ([MS-XLS], 2.4.28).
    record = b"\x00\x00\x05\x00Ships"
    assert data.count(record) == 1
    hidden = read(data.replace(record, bytes([state]) + record[1:])).texts
    assert [text.partition("\n")[0] for text in hidden] == ["Fees", "Ships (hidden sheet)"]
    assert hidden[0] == shown[0]


def test_what_only_looks_like_a_sheet_of_an_old_workbook_misleads_nobody(read):
    data = (PROJECT / "tests" / "documents" / "libreoffice-fees.xls").read_bytes()
    record = b"\x00\x00\x05\x00Ships"
    data = data.replace(record, b"\x01" + record[1:])
    # In the first sector, where the places of further tables would stand in a large file.
    decoy = b"\x85\x00\x0d\x00" + bytes(4) + b"\x00\x00\x05\x00Decoy"
    misleading = data[:448] + decoy + data[448 + len(decoy) :]
    assert read(misleading).texts == read(data).texts


def test_a_workbook_that_is_damaged_has_no_sheets_or_some():
    damaged = b"\x85\x00\x0d\x00....\x01\x00\x05\x00Ships"
    assert list_old_sheets(damaged) == []
    packed = make_compound_file({"Workbook": damaged[:-3]})
    assert {sheet.name for sheet in list_old_sheets(packed)} <= {"Sh\0\0\0"}


@pytest.mark.parametrize("before", [4096, 4096 + 500, 4096 + 510])
def test_the_sheets_of_an_old_workbook_are_listed_wherever_they_lie(before):
    # Records of sheets at the beginning of a sector, and across the end of one.
    names = [("Costs", 0), ("Secret", 2), ("\u041f\u0440\u0438", 0)]
    stream = b"\xff\xff" + (before - 4).to_bytes(2, "little") + bytes(before - 4)
    for name, state in names:
        wide = not name.isascii()
        text = bytes([len(name), wide]) + name.encode("utf-16-le" if wide else "latin-1")
        stream += b"\x85\x00" + (6 + len(text)).to_bytes(2, "little")
        stream += bytes(4) + bytes([state, 0]) + text
    stream += b"\x0a\x00\x00\x00"
    sheets = list_old_sheets(make_compound_file({"Workbook": stream}))
    assert sheets == [(name, state > 0) for name, state in names]


def test_a_hidden_sheet_of_an_opendocument_spreadsheet_says_so(read):
    table = '<table:table table:name="{0}" table:style-name="{1}"></table:table>'.format
    parts = open_document_parts("spreadsheet", table("Shown", "ta1") + table("Hidden", "ta2"))
    style = (
        '<style:style style:name="{0}" style:family="table">'
        '<style:table-properties table:display="{1}"/></style:style>'
    ).format
    styles = f"<office:automatic-styles>{style('ta1', 'true')}{style('ta2', 'false')}"
    parts["content.xml"] = (
        parts["content.xml"]
        .replace("<office:body>", f"{styles}</office:automatic-styles><office:body>")
        .replace(
            "<office:document-content",
            f"<office:document-content{_ODF_OF_STYLES}",
        )
    )
    assert read(make_package(parts)).texts == ["Shown", "Hidden (hidden sheet)"]


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        (r"shown {\v hidden}on", ["shown on"]),
        (r"shown \v hidden {\b deeper}\v0 on", ["shown on"]),
        (r"a\v b\plain c", ["ac"]),
        (r"a{\v \'e9\u8364?\tab }b", ["ab"]),
        (r"a\v1 x\v0 {\xe {\v Index}}b", ["ab"]),
        (r"caf\'e9 \vertalt \viewkind4 all", ["café all"]),
        (r"{\v \{ \} x}kept", ["kept"]),
    ],
)
def test_hidden_text_of_rich_text_is_left_out(read, body, texts):
    document = read(rf"{{\rtf1\ansi {body}\par}}".encode("ascii"))
    assert [" ".join(text.split()) for text in document.texts] == texts


def test_rich_text_is_cut_at_its_headings(read):
    styles = r"{\stylesheet{\s1\outlinelevel0 heading 1;}{\s0\outlinelevel9 Normal;}}"
    body = (
        r"before\par\pard\s1\outlinelevel0\b One\b0\par\pard\s0\outlinelevel9 alpha\page beta\par"
        r"\pard\s2\outlinelevel1 Two\par\pard gamma\par"
    )
    document = read(rf"{{\rtf1\ansi{styles}{body}}}".encode("ascii"))
    assert document.unit == SECTION
    assert [text.split() for text in document.texts] == [
        ["before"],
        ["One", "alpha", "beta"],
        ["Two", "gamma"],
    ]


def test_headings_of_rich_text_are_told_by_their_styles_too(read):
    styles = r"{\stylesheet{\s0 Normal;}{\s1\sbasedon0\b Heading 1;}{\s12\outlinelevel1 Mine;}}"
    body = (
        r"before\par\pard\plain \s1\b{\loch One}\par\pard\plain \s0 alpha\page beta\par"
        r"\pard\plain \s12 Two\par\pard\s15 gamma\par"
    )
    document = read(rf"{{\rtf1\ansi{styles}{body}}}".encode("ascii"))
    sections = [["before"], ["One", "alpha", "beta"], ["Two", "gamma"]]
    assert [text.split() for text in document.texts] == sections
    only_styles = read(rf"{{\rtf1\ansi{styles}one\page two\par}}".encode("ascii"))
    assert [text.split() for text in only_styles.texts] == [["one"], ["two"]]


@pytest.mark.parametrize("mark", [r"\page ", r"\sect ", r"\sect\sectd "])
def test_rich_text_without_headings_is_cut_at_its_breaks(read, mark):
    document = read(rf"{{\rtf1\ansi one\par {mark}two {{\b \\page}}\par {mark}\par}}".encode())
    assert [text.split() for text in document.texts] == [["one"], ["two", r"\page"]]


@pytest.mark.parametrize("name", ["iso-2022-jp", "ISO-2022-JP"])
def test_an_encoding_that_switches_by_escapes_is_read(read, name):
    text = "潮位表は毎日更新されます"
    page = f"<!doctype html><html><head><meta charset='{name}'></head><p>{text}".encode(name)
    assert read(page).texts == [text]
    mail = f"From: a@b\nTo: c@d\nContent-Type: text/html; charset={name}\n\n<p>{text}\n"
    assert read(mail.encode(name)).texts[0].split("\n")[-1] == text


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("sep=;\r\nname;cost\r\npier, old;1,5\r\n", "name | cost\npier, old | 1,5"),
        ("sep=|\nname|cost\npier|1\n", "name | cost\npier | 1"),
        ('"sep=\t"\nname\tcost\npier\t1\n', "name | cost\npier | 1"),
        ("SEP=,\nname;x,cost\n", "name;x | cost"),
        ("sep=;\n", ""),
    ],
)
def test_a_table_may_say_what_separates_its_cells(read, table, text):
    document = read(table.encode())
    assert (document.unit, document.texts) == ("part", [text])
    assert read(b"\xef\xbb\xbf" + table.encode()).texts == [text]


@pytest.mark.parametrize(
    ("place", "shown"), [("super 58%", "10 2 m2 H2 5 12"), ("0% 100%", "102 m2 H25 12")]
)
def test_a_raised_figure_of_an_opendocument_text_stands_apart(read, place, shown):
    parts = odt_parts([(None, "x")])
    style = (
        '<style:style style:name="T1" style:family="text">'
        f'<style:text-properties style:text-position="{place}"/></style:style>'
    )
    up = '<text:span text:style-name="T1">2</text:span>'
    one = '<text:span text:style-name="T1">1</text:span>'
    parts["content.xml"] = (
        f"<office:document-content{_ODF}><office:automatic-styles>{style}</office:automatic-styles>"
        f"<office:body><office:text><text:p>10{up} m{up} H{up}5 {one}{up}</text:p></office:text>"
        "</office:body></office:document-content>"
    )
    assert read(make_package(parts)).texts == [shown]
