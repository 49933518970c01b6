"""What Word shows by place or by sign, and what stands in a field that makes another."""

import time

import pytest

from pipeline.formats.readers.office_pieces.word_pieces import change_pieces
from tests.fakes.office.packages import docx_parts, make_package

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_M = "http://schemas.openxmlformats.org/officeDocument/2006/math"


def make_text(body):
    """A text with some content in the place of its paragraphs."""
    parts = docx_parts([(None, "x")])
    parts["word/document.xml"] = (
        f'<w:document xmlns:w="{_W}" xmlns:m="{_M}"><w:body>{body}</w:body></w:document>'
    )
    return make_package(parts)


def run(text, looks=""):
    return f'<w:r><w:rPr>{looks}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def up(text, where="super"):
    return run(text, f'<w:vertAlign w:val="{where}script"/>')


def field(made_of, *shown):
    marks = [
        f'<w:r><w:fldChar w:fldCharType="{one}"/></w:r>' for one in ("begin", "separate", "end")
    ]
    middle = (marks[1], *shown) if shown else ()
    return "".join((marks[0], made_of, *middle, marks[2]))


def told(text):
    return f"<w:r><w:instrText> {text} </w:instrText></w:r>"


def math(inner):
    return f"<m:oMath>{inner}</m:oMath>"


def term(text):
    return f"<m:r><m:t>{text}</m:t></m:r>"


def over(top, bottom):
    return f"<m:f><m:fPr/><m:num>{top}</m:num><m:den>{bottom}</m:den></m:f>"


def symbol(font, place):
    return f'<w:r><w:sym w:font="{font}" w:char="{place}"/></w:r>'


_INNER = field(told("MERGEFIELD sum"), run("100"))
_WAS_RAISED = '<w:vertAlign w:val="superscript"/>'
_INNER_BRACKETS = '<m:d><m:dPr><m:begChr m:val="["/><m:endChr m:val="]"/></m:dPr>'
PIECES = {
    "raised in two runs": (run("10") + up("1") + up("2") + run("5"), "10 12 5"),
    "raised beside lowered": (run("10") + up("1") + up("2", "sub"), "10 1 2"),
    "the mark of a paragraph": (
        f"<w:pPr><w:rPr>{_WAS_RAISED}</w:rPr></w:pPr>" + run("1") + run("250"),
        "1250",
    ),
    "no longer raised": (
        run("1") + run("2", f"<w:rPrChange><w:rPr>{_WAS_RAISED}</w:rPr></w:rPrChange>") + run("50"),
        "1250",
    ),
    "raised now": (
        run("10") + run("2", f"{_WAS_RAISED}<w:rPrChange><w:rPr/></w:rPrChange>"),
        "10 2",
    ),
    "a field without an end": (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>' + field(told("DATE"), run("2026")),
        "2026",
    ),
    "a button": (field(told("GOTOBUTTON fee") + field(told("PAGEREF fee"), run("12"))), "12"),
    "brackets in brackets": (
        math(f"<m:d><m:e>{_INNER_BRACKETS}<m:e>{term('x')}</m:e></m:d></m:e></m:d>"),
        "([x])",
    ),
    "a sum in an integral": (
        math(
            '<m:nary><m:e><m:nary><m:naryPr><m:chr m:val="\u2211"/></m:naryPr>'
            f"<m:e>{term('x')}</m:e></m:nary></m:e></m:nary>"
        ),
        "\u222b\u2211x",
    ),
    "power": (run("10") + up("2"), "10 2"),
    "negative power": (run("10") + up("-3"), "10 -3"),
    "note": (run("1,250") + up("3") + run(" birds"), "1,250 3 birds"),
    "digits behind": (run("H") + up("2", "sub") + run("5"), "H2 5"),
    "unit": (run("5 m") + up("2"), "5 m2"),
    "ordinal": (run("1") + up("st"), "1st"),
    "apart": (run("10 ") + up("2"), "10 2"),
    "next line": (run("10") + "</w:p><w:p>" + up("2"), "10\n2"),
    "base line": (run("10") + run("2", '<w:vertAlign w:val="baseline"/>'), "102"),
    "field in a field": (
        field(told("IF") + _INNER + told('&gt; 50 "yes" "no"'), run("20")),
        "20",
    ),
    "fields in a field": (
        field(told("=") + field(told("=") + _INNER, run("7")) + told("+") + _INNER, run("8"))
        + run("9"),
        "89",
    ),
    "field in a result": (field(told("TOC"), run("Sea"), _INNER), "Sea100"),
    "after it": (field(told("IF") + _INNER, run("5")) + _INNER, "5100"),
    "nothing shown": (run("a") + field(told("SET") + _INNER) + run("b"), "ab"),
    "no begin": (
        '<w:r><w:fldChar w:fldCharType="end"/><w:fldChar w:fldCharType="separate"/></w:r>'
        + run("a"),
        "a",
    ),
    "box": (symbol("Wingdings", "F0FE") + run("yes ") + symbol("Wingdings", "00FD"), "☑yes ☒"),
    "other box": (symbol("Wingdings 2", "F0A3") + symbol("Wingdings 2", "F052"), "☐☑"),
    "greek": (symbol("Symbol", "F061") + symbol("Symbol", "F03C"), "\u03b1<"),
    "fraction": (math(over(term("1"), term("2"))), "1/2"),
    "sums": (math(over(term("a+b"), term("2-c"))), "(a+b)/(2-c)"),
    "fraction below": (math(over(term("1"), over(term("2"), term("3")))), "1/(2/3)"),
    "formula's power": (
        math(f"<m:sSup><m:e>{term('10')}</m:e><m:sup>{term('6')}</m:sup></m:sSup>"),
        "10^6",
    ),
    "index": (
        math(f"<m:sSub><m:e>{term('x')}</m:e><m:sub>{term('i+1')}</m:sub></m:sSub>"),
        "x_(i+1)",
    ),
    "root": (math(f"<m:rad><m:radPr/><m:deg/><m:e>{term('16')}</m:e></m:rad>"), "√(16)"),
    "third root": (
        math(f"<m:rad><m:deg>{term('3')}</m:deg><m:e>{term('8')}</m:e></m:rad>"),
        "3√(8)",
    ),
    "sum": (
        math(
            '<m:nary><m:naryPr><m:chr m:val="\u2211"/></m:naryPr>'
            f"<m:sub>{term('i=1')}</m:sub><m:sup>{term('9')}</m:sup><m:e>{term('i')}</m:e></m:nary>"
        ),
        "\u2211_(i=1)^9i",
    ),
    "integral": (math(f"<m:nary><m:naryPr/><m:sub/><m:sup/><m:e>{term('x')}</m:e></m:nary>"), "∫x"),
    "brackets": (math(term("2") + f"<m:d><m:dPr/><m:e>{term('3+4')}</m:e></m:d>"), "2(3+4)"),
    "other brackets": (
        math(
            '<m:d><m:dPr><m:begChr m:val="["/><m:endChr m:val="]"/></m:dPr>'
            f"<m:e>{term('x')}</m:e></m:d>"
        ),
        "[x]",
    ),
}


@pytest.mark.parametrize("kind", PIECES)
def test_a_text_says_what_word_shows(read, kind):
    body, shown = PIECES[kind]
    assert read(make_text(f"<w:p>{body}</w:p>")).texts == [shown]


def test_a_text_without_such_pieces_is_not_copied():
    for body in (run("2"), "<w:r><w:tab/></w:r>" + up("2"), run("m") + up("2"), up("2")):
        data = make_text(f"<w:p>{run('10')}{body}</w:p>") if "tab" in body else make_text(body)
        assert change_pieces(data) is data


def test_what_is_no_package_is_left_to_the_library():
    assert change_pieces(b"PK\x03\x04") == b"PK\x03\x04"


@pytest.mark.parametrize(
    "piece",
    [
        up("2"),
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>',
        field(told("IF") + _INNER, run("1")),
        '<w:vertAlign w:val="superscript"/>',
        "<m:den>",
        math(over(term("1"), term("2"))),
        '<w:fldChar w:fldCharType="begin"/><w:fldChar w:fldCharType="separate"/>',
    ],
)
def test_many_pieces_take_no_time(piece):
    data = make_text(f"<w:p>{piece * 20_000}</w:p>")
    begun = time.process_time()
    change_pieces(data)
    assert time.process_time() - begun < 5


def test_formulas_that_lie_deep_in_one_another_take_no_time():
    data = make_text("<m:num>" * 20_000 + "</m:num>" * 20_000)
    begun = time.process_time()
    change_pieces(data)
    assert time.process_time() - begun < 5
