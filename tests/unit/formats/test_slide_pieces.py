"""What slides and charts show that plain text says otherwise."""

import time

import pytest

from pipeline.formats.readers.office_pieces.chart_points import fill_gaps
from pipeline.formats.readers.office_pieces.piece_changes import apply_changes
from pipeline.formats.readers.office_pieces.slide_pieces import change_slides, divide_cells
from pipeline.formats.readers.part_starts import list_parts
from tests.fakes.office.packages import make_package, pptx_parts

_A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'


def make_slide(shapes):
    parts = pptx_parts(["Fees"])
    name = "ppt/slides/slide1.xml"
    parts[name] = parts[name].replace("</p:spTree>", f"{shapes}</p:spTree>")
    return make_package(parts)


def make_box(*runs, hidden=""):
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="9" name="Box"{hidden}/><p:cNvSpPr/><p:nvPr/></p:nvSpPr>'
        f"<p:spPr/><p:txBody><a:bodyPr/><a:p>{''.join(runs)}</a:p></p:txBody></p:sp>"
    )


def run(text, looks=""):
    return f"<a:r><a:rPr{looks}/><a:t>{text}</a:t></a:r>"


def up(text, by=30000):
    return run(text, f' lang="en" baseline="{by}"')


@pytest.mark.parametrize(
    ("runs", "shown"),
    [
        ([run("10"), up("2")], "10 2"),
        ([run("1,250"), up("3"), run(" birds")], "1,250 3 birds"),
        ([run("H"), up("2", -25000), run("5")], "H2 5"),
        ([run("m"), up("2")], "m2"),
        ([run("10"), up("2", 0)], "102"),
        ([run("10"), "<a:br/>", up("2")], "10\n2"),
        ([run("10"), up("1"), up("2")], "10 12"),
    ],
)
def test_a_raised_figure_is_no_digit_of_the_number_before_it(read, runs, shown):
    assert read(make_slide(make_box(*runs))).texts == [f"Fees\n\n{shown}"]


def test_a_shape_that_is_switched_off_is_not_read(read):
    hidden = make_box(run("no"), hidden=' hidden="1"')
    shown = make_box(run("yes"), hidden=' hidden="0"')
    assert read(make_slide(hidden + shown + hidden)).texts == ["Fees\n\nyes"]


@pytest.mark.parametrize("text", ["1", "a</a:t></a:r><a:br/><a:r><a:t>b"])
def test_cells_beside_merged_ones_stay_in_their_columns(read, text):
    """A line break in a cell has the library's tree read, which leaves out what is merged."""

    def cell(text, looks=""):
        return f"<a:tc{looks}><a:txBody><a:p>{run(text) if text else ''}</a:p></a:txBody></a:tc>"

    rows = (
        cell("wide", ' gridSpan="2"') + cell("", ' hMerge="1"') + cell("x"),
        cell("high", ' rowSpan="2"') + cell(text) + cell("2"),
        cell("", ' vMerge="1"') + cell("3") + cell("4"),
    )
    lines = "".join(f"<a:tr>{row}</a:tr>" for row in rows)
    table = (
        '<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="8" name="T"/></p:nvGraphicFramePr>'
        '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/table">'
        f"<a:tbl><a:tblPr/><a:tblGrid/>{lines}</a:tbl></a:graphicData></a:graphic>"
        "</p:graphicFrame>"
    )
    (shown,) = read(make_slide(table)).texts
    assert "wide | | x" in shown
    assert "\n| 3 | 4" in shown


def make_values(count, *places, prefix="c:"):
    points = "".join(
        f'<{prefix}pt idx="{n}"><{prefix}v>{n}.5</{prefix}v></{prefix}pt>' for n in places
    )
    return f'<{prefix}ptCount val="{count}"/>{points}'.encode()


@pytest.mark.parametrize("prefix", ["c:", ""])
@pytest.mark.parametrize(
    ("count", "places", "filled"),
    [
        (3, (0, 1, 2), "0.5 1.5 2.5"),
        (3, (1,), "- 1.5 -"),
        (4, (0, 3), "0.5 - - 3.5"),
        # What has no values at all, or says that it has very many, is left as it is.
        (3, (), ""),
        (999_999, (1,), "1.5"),
        # More than it says, and in no order.
        (2, (0, 1, 2), "0.5 1.5 2.5"),
        (3, (2, 0), "- - 2.5 0.5"),
        # Of a place far off, there would be megabytes of dashes.
        (5_000, (999_998,), "999998.5"),
    ],
)
def test_a_gap_in_the_values_of_a_chart_is_a_dash(prefix, count, places, filled):
    content = make_values(count, *places, prefix=prefix)
    text = b"".join(apply_changes(content, list(fill_gaps(content)))).decode()
    values = [one.partition("<")[0] for one in text.split(f"<{prefix}v>")[1:]]
    assert values[: len(filled.split())] == filled.split()


@pytest.mark.parametrize(
    "piece",
    [
        make_box(run("no"), hidden=' hidden="1"'),
        '<p:sp><p:nvSpPr><p:cNvPr hidden="1"/>',
        '<p:cNvPr hidden="1"/>',
        up("2"),
        '<a:rPr baseline="30000"/>',
        '<c:ptCount val="5"/>',
        '<c:pt idx="1"><c:v>',
        '<c:ptCount val="2"/><c:pt idx="1">',
        '<c:ptCount val="5000"/><c:pt idx="4000"></c:pt>',
    ],
)
def test_many_pieces_take_no_time(piece):
    data = make_slide(piece * 20_000)
    parts = list_parts(data, rb"ppt/slides/[^/]*\.xml")
    begun = time.process_time()
    change_slides(data, parts, parts)
    assert time.process_time() - begun < 5


def test_a_cell_that_says_often_that_it_is_merged_takes_no_time():
    data = make_slide("<a:tc" + ' hMerge="1"' * 20_000 + ">")
    parts = list_parts(data, rb"ppt/slides/[^/]*\.xml")
    begun = time.process_time()
    divide_cells(data, parts)
    assert time.process_time() - begun < 5
