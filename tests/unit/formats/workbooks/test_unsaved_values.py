"""Formulas whose values no program has worked out: the formula is read, and no zero."""

import time

import pytest

from pipeline.formats.readers.unsaved_values import drop_unsaved_values
from tests.fakes.office.packages import make_package, xlsx_parts

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RECALCULATED = '<calcPr calcId="124519" fullCalcOnLoad="1"/>'
_IS_EXCEL = '<fileVersion appName="xl" rupBuild="22228"/>'
_SEEMS_EXCEL = '<fileVersion appName="xl" rupBuild="4505"/>'


def make_book(cells, before="", after="", prefix=""):
    """A workbook of one row of cells, with what stands around the list of its sheets."""
    parts = xlsx_parts({"Sums": []})
    name = "xl/workbook.xml"
    parts[name] = parts[name].replace("<sheets>", f"{before}<sheets>")
    parts[name] = parts[name].replace("</sheets>", f"</sheets>{after}")
    space = _MAIN.replace("=", f":{prefix[:-1]}=") if prefix else _MAIN
    parts["xl/worksheets/sheet1.xml"] = (
        f"<{prefix}worksheet {space}><{prefix}sheetData><{prefix}row>"
        f"{cells}</{prefix}row></{prefix}sheetData></{prefix}worksheet>"
    )
    return make_package(parts)


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ('<c r="B1"><f>A1*2</f><v>0</v></c>', "=A1*2"),
        ('<c r="B1" s="0" t="n"><f>A1*2</f><v>0.0</v></c>', "=A1*2"),
        ('<c r="B1"><f>A1&lt;2</f><v></v></c>', "=A1<2"),
        ('<c r="B1"><f t="array" ref="B1">SUM(A1)</f><v>0</v></c>', "=SUM(A1)"),
        # Worked out, or an empty text.
        ('<c r="B1"><f>A1*2</f><v>10</v></c>', "10"),
        ('<c r="B1"><f>A1*2</f><v>0.5</v></c>', "0.5"),
        ('<c r="B1" t="str"><f>""</f><v></v></c>', ""),
        ('<c r="B1" t="b"><f>A1&lt;2</f><v>0</v></c>', "FALSE"),
        # No formula.
        ('<c r="B1"><v>0</v></c>', "0"),
    ],
)
def test_a_value_that_is_not_worked_out_is_not_read(read, cell, shown):
    data = make_book(f'<c r="A1"><v>5</v></c>{cell}', _SEEMS_EXCEL, _RECALCULATED)
    assert read(data).texts == [f"Sums\n5 | {shown}".rstrip(" |")]


@pytest.mark.parametrize(
    ("before", "after", "value", "shown"),
    [
        # What writes nothing in place of values, and says so by no program's name.
        ("", _RECALCULATED, "", "=A1*2"),
        ("", _RECALCULATED, "0", "0"),
        # Apache POI, row by row.
        ('<workbookPr date1904="false"/>', "", "0.0", "=A1*2"),
        # Who has calculated.
        ("", '<calcPr iterate="false"/>', "0", "0"),
        (_SEEMS_EXCEL, '<calcPr calcId="191029"/>', "0", "0"),
        ("", '<calcPr fullCalcOnLoad="0"/>', "0", "0"),
        ("", "", "0", "0"),
    ],
)
def test_a_zero_is_read_where_a_program_has_worked_it_out(read, before, after, value, shown):
    cells = f'<c r="A1"><v>5</v></c><c r="B1"><f>A1*2</f><v>{value}</v></c>'
    assert read(make_book(cells, before, after)).texts == [f"Sums\n5 | {shown}"]


def test_a_zero_is_read_also_beside_empty_cells(read):
    cells = '<c r="A1"><v>5</v></c><c r="B1"/><c r="C1"><f>A1-5</f><v>0</v></c>'
    empty = '<c r="D1"><f>A1+1</f><v></v></c>'
    assert read(make_book(cells, "", _RECALCULATED)).texts == ["Sums\n5 | | 0"]
    assert read(make_book(cells + empty, "", _RECALCULATED)).texts == ["Sums\n5 | | 0 | =A1+1"]


def test_a_formula_alone_in_its_sheet_is_read(read):
    cells = '<c r="A1"><f>1+1</f><v></v></c>'
    assert read(make_book(cells, "", _RECALCULATED)).texts == ["Sums\n=1+1"]


def test_elements_may_have_a_prefix(read):
    cells = '<x:c r="A1"><x:f>1+1</x:f><x:v>0</x:v></x:c>'
    data = make_book(cells, _SEEMS_EXCEL, _RECALCULATED, "x:")
    changed = drop_unsaved_values(data)
    assert changed is not None
    assert drop_unsaved_values(changed) is None


def test_formulas_of_a_long_sheet_are_found_wherever_they_stand(read):
    row = "".join(f"<c><f>A{n}*2</f><v>0</v></c><c><v>{n}</v></c>" for n in range(20_000))
    data = make_book(row, _SEEMS_EXCEL, _RECALCULATED)
    cells = read(data).texts[0].partition("\n")[2].split(" | ")
    assert cells == [one for n in range(20_000) for one in (f"=A{n}*2", str(n))]


def test_what_lies_beside_the_cells_may_be_long(read):
    cells = '<c r="A1"><f>1+1</f><v>0</v></c>' + f'<extLst><ext uri="{"x" * 3_000_000}"/></extLst>'
    assert read(make_book(cells, _SEEMS_EXCEL, _RECALCULATED)).texts == ["Sums\n=1+1"]


@pytest.mark.parametrize(
    ("before", "after", "value", "shown"),
    [
        (_IS_EXCEL, _RECALCULATED, "0", "0"),
        (_IS_EXCEL, _RECALCULATED, "", "=A1-5"),
        ('<workbookPr date1904="false"/>', "", "0.0", "0"),
        # XlsxWriter has the values that it was given, and zeros.
        (_SEEMS_EXCEL, _RECALCULATED, "0", "=A1-5"),
    ],
)
def test_a_zero_beside_values_that_are_worked_out_is_one_of_them(read, before, after, value, shown):
    cells = (
        '<c r="A1"><v>5</v></c><c r="B1"><f>A1*2</f><v>10</v></c>'
        f'<c r="C1"><f>A1-5</f><v>{value}</v></c>'
    )
    assert read(make_book(cells, before, after)).texts == [f"Sums\n5 | 10 | {shown}"]


def test_what_lies_beside_the_cells_takes_no_longer_for_being_long():
    data = make_book(f'<c><f>1+1</f><v>0</v></c><ext uri="{"x" * 40_000_000}"/>')
    begun = time.process_time()
    assert drop_unsaved_values(data) is not None
    assert time.process_time() - begun < 5
