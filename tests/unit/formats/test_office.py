"""Office files whose plain text does not tell all: rows, sheets and headings are found even so."""

import time
import zipfile

import pytest

from infra.project_files import PROJECT
from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.child import open_file
from pipeline.formats.readers.office import _flatten_ruby
from pipeline.formats.readers.workbooks import _prepare
from shared.errors import RejectionCode
from tests.fakes.office.packages import (
    docx_parts,
    make_package,
    make_relations,
    odt_parts,
    xlsx_parts,
)


@pytest.mark.parametrize(
    ("sheets", "texts"),
    [
        # A line end in a cell looks like the end of a row, alone and in a row of cells.
        ({"A": [["x", "one\ntwo", "y"], ["1", "2", "3"]]}, ["A\nx | one two | y\n1 | 2 | 3"]),
        ({"A": [["one\ntwo"]], "B": [["x"]]}, ["A\none two", "B\nx"]),
        # In the middle of each row it leaves rows of one width.
        (
            {"A": [["x", "one\ntwo", "y"], ["1", "2\n3", "4"]], "B": [["5", "6"]]},
            ["A\nx | one two | y\n1 | 2 3 | 4", "B\n5 | 6"],
        ),
        # So does what looks like the beginning of the next sheet.
        (
            {"A": [["x", "y\n\nB"], ["1", "2"]], "B": [["3", "4"]]},
            ["A\nx | y B\n1 | 2", "B\n3 | 4"],
        ),
        ({"A": [["x", "y\n\nB\nz", ""]], "B": [["3", "4"]]}, ["A\nx | y B z", "B\n3 | 4"]),
        ({"A": [["x", "tab\tin"], ["1", "2"]]}, ["A\nx | tab in\n1 | 2"]),
        # A dash is a cell, and not the line below the first row of a table.
        ({"A": [["yes"], ["-"], ["no"]]}, ["A\nyes\n-\nno"]),
        # Rows of one width, with sheets that have none.
        (
            {"A": [["x", "y"], ["1", ""]], "B": [], "C": [["z", "|"]]},
            ["A\nx | y\n1", "B", "C\nz | |"],
        ),
        ({"A": [["long", "er", "row"], ["short"]], "A ": []}, ["A\nlong | er | row\nshort", "A"]),
    ],
)
def test_rows_and_sheets_are_told_whatever_stands_in_cells(read, sheets, texts):
    assert read(make_package(xlsx_parts(sheets))).texts == texts


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
@pytest.mark.parametrize("comment", ["", '<!-- <sheet name="no" r:id="r9"/> -->'])
def test_sheets_are_listed_however_the_list_is_written(read, encoding, comment):
    parts = xlsx_parts({"Geb\u00fchren & <Co>": [["a", "b"]], "It's": []})
    book = parts["xl/workbook.xml"].replace("<sheets>", f"{comment}<sheets>")
    book = book.replace('"It\'s"', "'It&#39;s > x'")
    declared = f'<?xml version="1.0" encoding="{encoding}"?>{book}'
    parts["xl/workbook.xml"] = declared.encode(encoding)
    assert read(make_package(parts)).texts == ["Geb\u00fchren & <Co>\na | b", "It's > x"]


def test_the_charts_of_a_sheet_that_is_listed_many_times_are_looked_for_once():
    parts = xlsx_parts({"A": [["a"]]})
    one = parts["xl/workbook.xml"].partition("<sheets>")[2].partition("</sheets>")[0]
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(one, one * 30_000)
    parts["xl/charts/chart1.xml"] = "<c/>"
    drawings = [(f"d{n}", "drawing", f"../drawings/d{n}.xml") for n in range(5)]
    parts |= {f"xl/drawings/_rels/d{n}.xml.rels": make_relations([]) for n in range(5)}
    parts["xl/worksheets/_rels/sheet1.xml.rels"] = make_relations(drawings)
    started = time.process_time()
    assert len(_prepare(make_package(parts))[1].sheets) == 30_000
    assert time.process_time() - started < 2.5


def test_words_whose_reading_never_ends_are_looked_at_once():
    parts = docx_parts([("", "\u3002")])
    document = parts["word/document.xml"]
    rubies = "<w:r><w:ruby><w:rt>" * 20_000 + "</w:rt></w:ruby></w:r>" * 20_000
    parts["word/document.xml"] = document.replace("</w:body>", f"<w:p>{rubies}</w:p></w:body>")
    started = time.process_time()
    assert _flatten_ruby(make_package(parts)) is None
    assert time.process_time() - started < 5


def make_chart(title):
    drawing = "http://schemas.openxmlformats.org/drawingml/2006"
    return (
        f'<c:chartSpace xmlns:c="{drawing}/chart" xmlns:a="{drawing}/main"><c:chart><c:title><c:tx>'
        f"<c:rich><a:p><a:r><a:t>{title}</a:t></a:r></a:p></c:rich></c:tx></c:title><c:plotArea/>"
        "</c:chart></c:chartSpace>"
    )


@pytest.mark.parametrize("numbers", [(1, 2), (2, 1)])
def test_what_a_chart_says_stands_on_its_sheet(read, numbers):
    """A sheet may be called as the library calls a chart."""
    parts = xlsx_parts({"Fees": [["a", "b"]], "Tides": [["c", "d"]], "Chart 1": [["e", "f"]]})
    for sheet, chart in enumerate(numbers, start=1):
        parts[f"xl/worksheets/_rels/sheet{sheet}.xml.rels"] = make_relations(
            [("r1", "drawing", f"../drawings/drawing{sheet}.xml")]
        )
        parts[f"xl/drawings/_rels/drawing{sheet}.xml.rels"] = make_relations(
            [("r1", "chart", f"/xl/charts/chart{chart}.xml")]
        )
    parts |= {f"xl/charts/chart{n}.xml": make_chart(f"Title {n}") for n in (1, 2, 3)}
    first, second = numbers
    assert read(make_package(parts)).texts == [
        f"Fees\na | b\n\nChart {first}\nTitle: Title {first}",
        f"Tides\nc | d\n\nChart {second}\nTitle: Title {second}",
        "Chart 1\ne | f\n\nChart 3\nTitle: Title 3",
    ]


@pytest.mark.parametrize("state", ["", ' state="hidden"'])
def test_the_name_of_a_sheet_is_no_markdown(read, state):
    name = "A ~~ B <br> *c* # d"
    parts = xlsx_parts({name: [["long", "er", "row"], ["x"]], "Blank": []})
    book = parts["xl/workbook.xml"].replace('&lt;br&gt; *c* # d"', f'&lt;br&gt; *c* # d"{state}')
    parts["xl/workbook.xml"] = book
    shown = f"{name} (hidden sheet)" if state else name
    assert read(make_package(parts)).texts == [f"{shown}\nlong | er | row\nx", "Blank"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one_x000D_\ntwo", "one two"),
        ("a_x005F_b", "a_b"),
        ("a_x0041_", "aA"),
        ("_x00e9", "_x00e9"),
    ],
)
def test_a_character_that_xml_cannot_hold_is_read(read, text, shown):
    assert read(make_package(xlsx_parts({"A": [[text]]}))).texts == [f"A\n{shown}"]


@pytest.mark.parametrize(
    ("blocks", "texts"),
    [
        # A table of contents with the very words of the headings.
        (
            [(None, "One"), (None, "Two"), ("One", "alpha"), ("Two", "beta")],
            ["One\nTwo", "One\nalpha", "Two\nbeta"],
        ),
        # A paragraph that has the words of the heading above it.
        ([("One", "One"), ("Two", "One")], ["One\nOne", "Two\nOne"]),
        # Headings of the same words.
        ([("One", "alpha"), ("One", "beta")], ["One\nalpha", "One\nbeta"]),
        # Words that Markdown writes in another way.
        (
            [("a*b* [c](d) \\ <e>", "f"), ("1. Two", "3. no")],
            ["a*b* [c](d) \\ <e>\nf", "1. Two\n3. no"],
        ),
        # What begins as a heading of Markdown does.
        ([("One", "# Two"), ("Two", "## One")], ["One\n# Two", "Two\n## One"]),
    ],
)
def test_headings_are_told_from_lines_of_the_same_words(read, blocks, texts):
    assert read(make_package(docx_parts(blocks))).texts == texts


def test_a_line_end_in_the_middle_of_each_row_of_an_old_workbook_is_none_of_a_row(read):
    data = (PROJECT / "tests" / "documents" / "libreoffice-fees.xls").read_bytes()
    broken = data
    for row in range(4):
        cell = b"fees %d 1" % row
        assert data.count(cell) == 1
        broken = broken.replace(cell, cell.replace(b" ", b"\n", 1))
    assert read(broken).texts == read(data).texts


def test_a_large_text_keeps_of_its_paragraphs_the_words_alone(read):
    paragraph = (
        "<text:p>a<text:span>b<text:s/>c</text:span>d<text:note><text:note-body>"
        "<text:p>n<text:span>o</text:span></text:p></text:note-body></text:note>e</text:p>"
        "<text:p><text:span>f<text:tab/></text:span>g</text:p>"
    )
    parts = odt_parts([("One", "x"), ("Two", "y")])
    content = parts["content.xml"]
    assert content.count("<text:p>y</text:p>") == 1
    texts = []
    for filling in ("", "<!--" + 7_000_000 * " " + "-->"):
        parts["content.xml"] = content.replace("<text:p>y</text:p>", paragraph + filling)
        texts.append(read(make_package(parts, zipfile.ZIP_STORED)).texts)
    assert texts[0] == texts[1] == ["One\nx", "Two\nno\nab cde\nf g"]


@pytest.mark.parametrize("name", ["libreoffice-lease.doc", "libreoffice-welcome.ppt"])
def test_an_old_file_is_the_same_under_any_name(tmp_path, name):
    data = (PROJECT / "tests" / "documents" / name).read_bytes()
    suffix = name[-4:]
    texts = []
    for ending in (suffix, "", ".pdf"):
        path = tmp_path / f"document{ending}"
        path.write_bytes(data)
        document = open_file(path, suffix)
        texts.append([document.read_page(n + 1).text for n in range(document.page_count)])
        path.write_bytes(data[:1500])
        with pytest.raises(UnreadableDocumentError) as refusal:
            open_file(path, suffix)
        assert refusal.value.code is RejectionCode.DAMAGED
    assert texts[0] == texts[1] == texts[2]
    assert len(texts[0]) == (5 if suffix == ".doc" else 3)


def test_an_old_text_has_its_lists_tables_and_footer():
    document = open_file(PROJECT / "tests" / "documents" / "libreoffice-lease.doc", ".doc")
    last = document.read_page(document.page_count).text.split("\n")
    assert last[0] == "Ending"
    assert "- point one" in last
    assert "merged head | r0c2" in last
    assert last[-1] == "Registered as 4711"
