"""What a page shows by how its elements lie in one another, as HTML and as a chapter of a book."""

import time

import pytest

from pipeline.formats.readers.web.web_pages import read_page_units, read_xhtml_units

PIECES = {
    "numbers": ("<ol><li>a</li><li>b</li></ol>", "1. a|2. b"),
    "start": ('<ol start="5"><li>a</li><li>b</li></ol>', "5. a|6. b"),
    "negative": ('<ol start="-1"><li>a</li><li>b</li></ol>', "-1. a|0. b"),
    "values": ('<ol><li value="10">a</li><li>b</li></ol>', "10. a|11. b"),
    "no number": ('<ol start="x"><li value="">a</li></ol>', "1. a"),
    "down from": ('<ol start="3" reversed=""><li>a</li><li>b</li></ol>', "3. a|2. b"),
    "down to one": ('<ol reversed=""><li>a</li><li>b</li></ol>', "- a|- b"),
    "letters": ('<ol type="a" start="26"><li>a</li><li>b</li></ol>', "z. a|aa. b"),
    "capitals": ('<ol type="A"><li>a</li><li>b</li></ol>', "A. a|B. b"),
    "roman": ('<ol type="i" start="9"><li>a</li><li type="I">b</li></ol>', "ix. a|X. b"),
    "no letters": ('<ol type="a" start="0"><li>a</li></ol>', "0. a"),
    "in one another": (
        "<ol><li>a<ul><li>x</li></ul></li><li>b<ol><li>y</li></ol></li><li>c</li></ol>",
        "1. a|- x|2. b|1. y|3. c",
    ),
    "without marks": ('<ol style="list-style-type: none"><li>a</li></ol>', "- a"),
    "hidden item": ("<ol><li>a</li><li hidden=''>b</li><li>c</li></ol>", "1. a|2. c"),
    "no list": ("<div><li>a</li></div>", "- a"),
    "end alone": ("<p>a</p><ol><li>b</li></ol><ol><li>c</li></ol>", "a|1. b|1. c"),
    "rows": (
        '<table><tr><td rowspan="2">x</td><td>1</td></tr><tr><td>2</td></tr>'
        "<tr><td>y</td><td>3</td></tr></table>",
        "x | 1|| 2|y | 3",
    ),
    "columns": (
        '<table><tr><th colspan="2">A</th><th>B</th></tr>'
        "<tr><td>1</td><td>2</td><td>3</td></tr></table>",
        "A | | B|1 | 2 | 3",
    ),
    "rows and columns": (
        '<table><tr><td>a</td><td rowspan="3" colspan="2">b</td><td>c</td></tr>'
        "<tr><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr>"
        "<tr><td>5</td><td>6</td></tr></table>",
        "a | b | | c|1 | | | 2|3 | | | 4|5 | 6",
    ),
    "table in a cell": (
        '<table><tr><td rowspan="2">x</td><td><table><tr><td>i</td></tr><tr><td>j</td></tr></table>'
        "</td></tr><tr><td>2</td></tr></table>",
        "x ||i|j|| 2",
    ),
    "no sizes": ('<table><tr><td colspan="0" rowspan="-1">x</td><td>1</td></tr></table>', "x | 1"),
    "power": ("<p>10<sup>2</sup> m<sup>2</sup> and 10<sup>-3</sup></p>", "10 2 m2 and 10 -3"),
    "note": ("<p>1,250<sup><a>3</a></sup> birds</p>", "1,250 3 birds"),
    "fraction": ("<p>3<sup>1</sup>/<sub>2</sub> H<sub>2</sub>O</p>", "3 1/2 H2O"),
    "struck": ("<p><s>50</s>40 <strike>5</strike>0 x<s>y</s>z</p>", "50 40 5 0 xyz"),
    "formula": ("<p><mfrac><mn>1</mn><mn>2</mn></mfrac></p>", "1 2"),
    "deleted": ("<p>now <del>100</del><ins>80</ins></p>", "now 80"),
    "fields": (
        '<p>Name<input value="Lund"/> Sea<input type="checkbox" checked="checked"/>'
        '<input type="radio"/>Air<input type="hidden" value="no"/><input type="Submit" value="no"/>'
        '<input hidden="" value="no"/><input/></p>',
        "Name Lund Sea [x] [ ] Air",
    ),
    "drawing": (
        "<svg><title>no</title><desc>no</desc><defs><text>no</text></defs><g><text>a 1</text>"
        '<text><tspan x="1">12</tspan><tspan x="9">34</tspan> <tspan>b</tspan><tspan>c</tspan>'
        "</text></g></svg>after",
        "a 1|12 34 bc|after",
    ),
    "lists with a style": (
        '<ol style="list-style-type: lower-alpha"><li>a</li><li style="list-style: none">b</li>'
        '<li>c</li></ol><ol style="list-style: inside none"><li>d</li></ol>'
        '<ul type="disc"><li>e</li></ul>'
        '<ol type="i" style="list-style: upper-roman"><li>f</li></ol>',
        "a. a|- b|c. c|- d|- e|I. f",
    ),
    "blocks": ("<center>a</center><center>b</center><legend>c</legend>d", "a|b|c|d"),
}


def show_lines(units):
    lines = " ".join(units).split("\n")
    return "|".join(shown for line in lines if (shown := " ".join(line.split())))


@pytest.mark.parametrize("kind", PIECES)
def test_a_page_and_a_chapter_are_read_alike(kind):
    piece, shown = PIECES[kind]
    page = f"<html><body>{piece}</body></html>"
    assert show_lines(read_page_units(page)) == shown
    assert show_lines(read_xhtml_units(page)) == shown


def test_what_is_empty_and_raised_is_no_section():
    page = "<html><body><p><sup></sup></p><h1>A</h1><p>b</p></body></html>"
    assert [unit.split() for unit in read_page_units(page)] == [["A", "b"]]
    assert [unit.split() for unit in read_xhtml_units(page)] == [["A", "b"]]


@pytest.mark.parametrize("condition", ["<![ endif]-->", "<![n 1]>", "<![endif]-->", "<![if !x]>"])
def test_conditions_of_office_are_passed_over(condition):
    assert show_lines(read_page_units(f"<p>a{condition}b<p>c")) == "ab|c"


def test_what_is_deleted_ends_with_the_block_that_it_is_in():
    assert show_lines(read_page_units("<div>a <del>old</div><p>new</p>")) == "a|new"


def test_tags_may_be_left_out():
    assert show_lines(
        read_page_units("<ol><li>a<li>b</ol><table><tr><td rowspan=2>x<td>1<tr><td>2")
    ) == ("1. a|2. b|x | 1|| 2")


@pytest.mark.parametrize(
    "cell", ["<tr><td rowspan=99999 colspan=99999>x", "<td colspan=99999>", "<tr><td rowspan=9999>"]
)
def test_cells_that_reach_far_take_no_time(cell):
    begun = time.process_time()
    read_page_units("<table>" + cell * 20_000)
    assert time.process_time() - begun < 5
