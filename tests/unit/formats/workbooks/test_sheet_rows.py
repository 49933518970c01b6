"""Rows of OpenDocument spreadsheets that are made into text before they are parsed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.formats.readers import xml_parts
from pipeline.formats.readers.open_document import open_spreadsheet
from pipeline.formats.readers.sheet_rows import fold_rows
from tests.fakes.office.packages import make_package, ods_parts


def make_sheet(rows, before=""):
    """The parts of a spreadsheet of one sheet: `rows` as they stand in XML."""
    parts = ods_parts({"A": [["x"]]})
    content = parts["content.xml"]
    start, end = content.index("<table:table-row>"), content.index("</table:table>")
    parts["content.xml"] = content[:start] + before + rows + content[end:]
    return parts


def cell(text, attributes=""):
    return f"<table:table-cell{attributes}><text:p>{text}</text:p></table:table-cell>"


def row(*cells, attributes=""):
    return f"<table:table-row{attributes}>{''.join(cells)}</table:table-row>"


REPEATED = ' table:number-columns-repeated="{}"'.format
ROWS = {
    "plain": (row(cell("a"), cell("b")), "a | b\n"),
    "entities": (row(cell("a &amp; b"), cell("&lt;c&gt;")), "a & b | <c>\n"),
    "of numbers": (row(cell("a&#10;b"), cell("&#x41;")), "a b | A\n"),
    "blanks": (row(cell(" a \n b"), cell("\tc  d ")), "a b | c d\n"),
    "other blanks": (row(cell("1\u00a0234\u2009567"), cell("\u3000")), "1 234 567\n"),
    "empty": (row(cell("a"), cell(""), cell("b"), cell(" "), "<table:table-cell/>"), "a | | b\n"),
    "nothing": (row(cell(" ")) + row(cell("a")), "\na\n"),
    "attributes": (row(cell("a", ' office:value-type="float" office:formula="of:=1>0"')), "a\n"),
    "covered": (row(cell("a"), "<table:covered-table-cell/>", cell("b")), "a | | b\n"),
    "cells repeated": (
        row(cell("a", REPEATED(3)), f"<table:table-cell{REPEATED(9999)}/>"),
        "a | a | a\n",
    ),
    "gaps repeated": (row(f"<table:table-cell{REPEATED(2)}/>", cell("a")), "| | a\n"),
    "rows repeated": (row(cell("a"), attributes=' table:number-rows-repeated="2"'), "a\na\n"),
    "two lines": (
        row("<table:table-cell><text:p>a</text:p><text:p>b</text:p></table:table-cell>", cell("c")),
        "a b | c\n",
    ),
    "marks": (row(cell('<text:span text:style-name="T">a</text:span>b<text:s/>c')), "ab c\n"),
    "remark": (
        row(
            "<table:table-cell><office:annotation><text:p>why</text:p></office:annotation>"
            "<text:p>a</text:p></table:table-cell>"
        ),
        "why a\n",
    ),
    "table in a cell": (
        row(f"<table:table-cell><table:table>{row(cell('in'))}</table:table></table:table-cell>"),
        "in\n",
    ),
    "single quotes": (
        "<table:table-row table:style-name='r'>" + cell("a") + "</table:table-row>",
        "a\n",
    ),
    "not parsed": (
        row(cell("<![CDATA[</text:p></table:table-cell></table:table-row>]]>")),
        "</text:p></table:table-cell></table:table-row>\n",
    ),
    "values alone": (
        row(
            cell("a"),
            *(
                f'<table:table-cell office:value-type="{kind}" office:{name}="{value}"{more}/>'
                for kind, name, value, more in (
                    ("float", "value", "3.5", ""),
                    ("percentage", "value", "0.125", ""),
                    ("percentage", "value", "much", ""),
                    ("percentage", "value", "1E9999999", ""),
                    ("currency", "value", "25", ' office:currency="EUR"'),
                    ("date", "date-value", "2026-11-28", ""),
                    ("time", "time-value", "PT8H5M00.5S", ""),
                    ("string", "string-value", "b", ""),
                    ("boolean", "boolean-value", "true", ""),
                )
            ),
        ),
        "a | 3.5 | 12.5% | much | 1E9999999 | 25 EUR | 2026-11-28 | 8:05:00 | b | true\n",
    ),
    "formulas alone": (
        row(
            *(
                f'<table:table-cell table:formula="{formula}"{more}/>'
                for formula, more in (
                    ("of:=SUM([.B2:.C9])*2", ""),
                    ("oooc:=[$'My sheet'.B2]", ' office:value-type="float"'),
                    ("of:=1+1", ' office:value-type="float" office:value="2"'),
                    ("of:=&quot;&quot;", ' office:value-type="string" office:string-value=""'),
                    ("=A1", ""),
                )
            ),
        ),
        "=SUM(B2:C9)*2 | =$'My sheet'.B2 | 2 | | =A1\n",
    ),
    "comment": (f"<!--{row(cell('no'))}-->" + row(cell("a")), "a\n"),
    "instruction": (f"<?x {row(cell('no'))}?>" + row(cell("a")), "a\n"),
    "other names": (
        '<t:table-row xmlns:t="urn:oasis:names:tc:opendocument:xmlns:table:1.0">'
        "<t:table-cell><text:p>a</text:p></t:table-cell></t:table-row>",
        "a\n",
    ),
    "other meaning": (
        row(cell("a"))
        + '<table:table-row xmlns:table="urn:else">'
        + cell("b")
        + "</table:table-row>",
        "a\nb\n",
    ),
}


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize("before", ["", row(cell("first")), "<!-- kept as it stands -->"])
def test_a_row_has_the_same_text_however_it_is_read(read, kind, before):
    rows, text = ROWS[kind]
    first = "first\n" if "first" in before else ""
    shown = f"A\n{first}{text}"
    assert read(make_package(make_sheet(rows, before))).texts == [shown.removesuffix("\n")]


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize("before", [row(cell("first")), "<!-- kept as it stands -->"])
def test_a_row_of_a_large_part_has_the_same_text(tmp_path, monkeypatch, kind, before):
    path = tmp_path / "sheet.ods"
    path.write_bytes(make_package(make_sheet(ROWS[kind][0], before)))
    text = open_spreadsheet(path).read_page(1).text
    monkeypatch.setattr(xml_parts, "_LARGE_TREE_BYTES", 0)
    assert open_spreadsheet(path).read_page(1).text == text


@pytest.mark.parametrize(
    "broken",
    ["<table:table-row><table:table-cell></table:table-row>", row(cell("a & b")), row("<a:b/>")],
)
def test_what_is_no_xml_is_none_with_rows_that_are(tmp_path, broken):
    path = tmp_path / "sheet.ods"
    path.write_bytes(make_package(make_sheet(row(cell("a")) + broken)))
    with pytest.raises(Exception, match="damaged"):
        open_spreadsheet(path)


_TEXTS = st.text("ab &<\u00a0\n\t é", max_size=5).map(
    lambda text: text.replace("&", "&amp;").replace("<", "&lt;")
)


@given(st.lists(st.lists(_TEXTS, max_size=4), max_size=6), st.integers(1, 400))
def test_a_part_is_folded_alike_in_pieces_of_any_size(rows, size):
    content = make_sheet("".join(row(*map(cell, one)) for one in rows))["content.xml"].encode()
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    whole = b"".join(fold_rows([content], int))
    assert b"".join(fold_rows(pieces, int)) == whole
    assert whole.count(b"<table:table-row") == len(rows)


def test_a_part_without_rows_is_not_copied_for_each_piece():
    pieces = [b"<a>" + b" " * 65_536] * 100
    assert b"".join(fold_rows(iter(pieces), int)) == b"".join(pieces)
