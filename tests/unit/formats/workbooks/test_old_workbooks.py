"""Numbers of old workbooks as Excel shows them, and what charts say on their sheets."""

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from office_oxide import Document

from pipeline.formats.readers.old_workbooks import (
    find_sheets_of_old_charts,
    mark_old_formats,
    put_texts_behind_formulas,
)
from tests.fakes.office.compound_files import make_compound_file

_BEGINS, _SHEET_BEGINS = (
    (0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6)) for kind in (5, 0x10)
)
_WRITER = (0x5C, b" " * 112)


def pack_records(records):
    """Records of (kind, bytes) each ([MS-XLS], 2.1.4)."""
    return b"".join(struct.pack("<HH", kind, len(body)) + body for kind, body in records)


def pack_text(text, count):
    """A text with its length before it, in so many bytes."""
    if text.isascii():
        return len(text).to_bytes(count, "little") + b"\0" + text.encode("ascii")
    return len(text).to_bytes(count, "little") + b"\1" + text.encode("utf-16-le")


def make_old_workbook(formats, cells, before=(_WRITER,)):
    """A workbook of one column.

    Args:
        formats: Codes, or numbers of those without one.
        cells: (format, value) each.
        before: What its records begin with.
    """
    numbers = [one if isinstance(one, int) else 164 + n for n, one in enumerate(formats)]
    records = [_BEGINS, *before]
    for number, code in zip(numbers, formats, strict=True):
        if isinstance(code, str):
            records.append((0x041E, struct.pack("<H", number) + pack_text(code, 2)))
    records += [(0xE0, struct.pack("<HHH14x", 0, number, 1)) for number in numbers]
    name = pack_text("Times", 1)
    start = len(pack_records([*records, (0x85, bytes(6) + name), (0x0A, b"")]))
    records += [(0x85, struct.pack("<IH", start, 0) + name), (0x0A, b"")]
    records += [_SHEET_BEGINS, (0x0200, struct.pack("<IIHHH", 0, len(cells), 0, 1, 0))]
    for row, (one, value) in enumerate(cells):
        records.append((0x0203, struct.pack("<HHHd", row, 0, one, value)))
    return make_compound_file({"Workbook": pack_records([*records, (0x0A, b"")])})


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("h:mm", 0.466, "11:11"),
        (20, 0.466, "11:11"),
        (18, 0.75, "6:00 PM"),
        (46, 1.5, "36:00:00"),
        ("[h]:mm", 1.5, "36:00"),
        ("[h]:mm", -1.5, "-36:00"),
        ("00000", 1234, "01234"),
        ("#,##0.00 [$€-407]", 1234.5, "1,234.50 €"),
        # What the library shows well is left to it.
        ("General", 0.466, "0.466"),
        ("yyyy-mm-dd", 43000, "2017-09-22"),
        ('0.00" kg"', 1.5, "1.50 kg"),
    ],
)
def test_a_number_of_an_old_workbook_is_shown_as_excel_shows_it(read, code, value, shown):
    assert read(make_old_workbook([code], [(0, value)])).texts == [f"Times\n{shown}"]


def test_sums_of_an_old_workbook_have_the_currency_of_the_book(read):
    """Excel gives its codes for these numbers in each book, in the currency of who made it."""
    codes = {
        5: '#,##0\\ "€";\\-#,##0\\ "€"',
        8: '"£"#,##0.00;[Red]\\-"£"#,##0.00',
        44: '#,##0.00\\ "€";\\-#,##0.00\\ "€"',
        41: "[<0]-0;0",
    }
    formats = [(0x041E, struct.pack("<H", n) + pack_text(one, 2)) for n, one in codes.items()]
    data = make_old_workbook([*codes], [(n, -1234.5) for n in range(4)], (_WRITER, *formats))
    lines = ["-1,235 €", "-£1,234.50", "-1,234.50 €", "-1235"]
    assert read(data).texts == ["\n".join(["Times", *lines])]


def test_of_many_formats_of_an_old_workbook_the_first_are_shown_as_excel_does(read):
    formats = ["General", 20, 21, "00000", "[h]:mm", "000000", "0000000"]
    texts = read(make_old_workbook(formats, [(n, 0.5) for n in range(7)])).texts
    assert texts == ["Times\n0.5\n12:00\n12:00:00\n00001\n12:00\n000001\n1"]


def test_of_many_formats_of_an_old_workbook_those_are_shown_that_would_be_lost(read):
    formats = [20, 21, "00000", "[h]:mm", "000000", "[s]", '[h]" hours"']
    texts = read(make_old_workbook(formats, [(n, 0.5) for n in range(7)])).texts
    assert texts == ["Times\n12:00\n12:00:00\n00001\n0.5\n1\n43200\n12 hours"]


@pytest.mark.parametrize(
    "before",
    [[], [(0x5C, b" " * 40)], [_WRITER, *[(0x42, bytes(1 << 15))] * 8]],
    ids=["no room", "little room", "very long"],
)
def test_an_old_workbook_whose_formats_cannot_be_marked_is_left_to_the_library(before):
    assert mark_old_formats(_list_globals(_WRITER)) is not None
    assert mark_old_formats(_list_globals(*before)) is None


def test_formats_of_an_old_workbook_between_which_other_sectors_lie_are_left_to_the_library():
    data = make_old_workbook([20], [(0, 0.5)])
    place = data.index(struct.pack("<HH", 0x85, 13))
    assert mark_old_formats(data[:place] + b"\0" + data[place:]) is None


@given(st.binary(max_size=200))
def test_whatever_stands_before_the_sheets_of_an_old_workbook_is_no_error(content):
    data = _list_globals(_WRITER, rest=content)
    marked = mark_old_formats(data)
    assert marked is None or len(marked[0]) == len(data)


_OF_ALL_BOOKS = [(1, "0"), (2, "0.00"), (3, "#,##0"), (4, "#,##0.00"), (9, "0%"), (10, "0.00%")]


@pytest.mark.parametrize(("number", "code"), _OF_ALL_BOOKS)
def test_the_code_of_a_format_of_all_books_has_its_number_for_the_library(number, code):
    marked, codes = mark_old_formats(make_old_workbook([code], [(0, 1.5)]))
    assert (marked, codes) == (_number_format(make_old_workbook([code], [(0, 1.5)]), number), [])


@given(value=st.floats(allow_nan=False, allow_infinity=False))
@example(-0.004)
@example(2.675)
def test_a_format_of_all_books_is_shown_alike_by_its_number_and_its_code(value):
    by_number, by_code = (
        make_old_workbook(formats, [(n, value) for n in range(len(formats))])
        for formats in zip(*_OF_ALL_BOOKS, strict=True)
    )
    assert Document.from_bytes(by_number, "xls").plain_text() == (
        Document.from_bytes(by_code, "xls").plain_text()
    )


def test_a_number_by_which_a_book_means_another_format_still_has_the_code_of_all_books(read):
    meant = (0x041E, struct.pack("<H", 2) + pack_text("0.000", 2))
    book = make_old_workbook(["0.00", "00000"], [(0, 1.5), (1, 7)], before=(_WRITER, meant))
    assert read(book).texts == ["Times\n1.50\n00007"]


def test_a_long_old_workbook_is_not_copied_for_the_sake_of_time():
    data = make_old_workbook(["0.00"], [(0, 1.5)])
    assert mark_old_formats(data + bytes((4 << 20) - len(data))) is not None
    assert mark_old_formats(data + bytes((4 << 20) - len(data) + 1)) is None


def _number_format(data, number):
    """A workbook whose one format has another number."""
    look = struct.pack("<HHHH", 0xE0, 20, 0, 164)
    assert data.count(look) == 1
    return data.replace(look, look[:6] + struct.pack("<H", number))


def _list_globals(*before, rest=b""):
    """What a book with a cell of the format 20 says of all its sheets."""
    look = (0xE0, struct.pack("<HHH14x", 0, 20, 1))
    sheet = (0x85, bytes(6) + pack_text("A", 1))
    return pack_records([_BEGINS, *before, look]) + rest + pack_records([sheet])


_BOOK, _SHEET, _CHART = 5, 0x10, 0x20


def make_part(kind, *inside):
    """A part of a workbook: the book, a sheet, a chart ([MS-XLS], 2.1.4)."""
    begin = (0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))
    return pack_records([begin]) + b"".join(inside) + pack_records([(0x0A, b"")])


def make_chart(*texts):
    return make_part(
        _CHART, *(pack_records([(0x100D, bytes(2) + pack_text(one, 1))]) for one in texts)
    )


def make_sheet(value, *charts):
    cell = (0x0204, struct.pack("<HHH", 0, 0, 15) + pack_text(value, 2))
    return make_part(
        _SHEET, pack_records([(0x0200, struct.pack("<IIHHH", 0, 1, 0, 1, 0)), cell]), *charts
    )


def make_book(**sheets):
    def list_sheets(places):
        return make_part(
            _BOOK,
            *(
                pack_records([(0x85, struct.pack("<IH", place, 0) + pack_text(name, 1))])
                for place, name in zip(places, sheets, strict=True)
            ),
        )

    places, end = [], len(list_sheets([0] * len(sheets)))
    for sheet in sheets.values():
        places.append(end)
        end += len(sheet)
    stream = list_sheets(places) + b"".join(sheets.values())
    return make_compound_file({"Workbook": stream.ljust(8192, b"\0")})


def test_what_a_chart_of_an_old_workbook_says_stands_on_its_sheet(read):
    data = make_book(
        Fees=make_sheet("a", make_chart("Dues", "Dûes")),
        Tides=make_sheet("b"),
        Works=make_sheet("c", make_chart("Hours"), make_chart("Days")),
    )
    assert find_sheets_of_old_charts(data) == [0, 0, 2, 2]
    assert [text.split() for text in read(data).texts] == [
        ["Fees", "a", "Chart", "1", "Dues", "Chart", "2", "Dûes"],
        ["Tides", "b"],
        ["Works", "c", "Chart", "3", "Hours", "Chart", "4", "Days"],
    ]


def test_a_chart_that_is_a_sheet_of_its_own_moves_no_other(read):
    data = make_book(
        Fees=make_sheet("a", make_chart("Dues")), Drawn=make_chart("Sums"), Tides=make_sheet("b")
    )
    assert find_sheets_of_old_charts(data) == [0]
    texts = [text.split() for text in read(data).texts]
    assert texts == [["Fees", "a", "Chart", "1", "Dues"], ["Drawn", "Sums"], ["Tides", "b"]]


def test_charts_whose_sheet_is_not_told_stand_on_the_last(read):
    hidden = make_chart("Dues").replace(b"\x0d\x10\x08\x00\x00\x00", b"\x0d\x10\x08\x00\x01\x01")
    texts = read(make_book(Fees=make_sheet("a", hidden), Tides=make_sheet("b"))).texts
    assert [text.split() for text in texts] == [["Fees", "a"], ["Tides", "b", "Chart", "1", "Dues"]]


def make_formula(row, text, shared=None):
    """A cell with a formula and its text; between them, where given, what it shares with others."""
    formula = struct.pack("<HHH", row, 0, 15) + bytes(6) + b"\xff\xff" + bytes(8)
    between = [] if shared is None else [(0x04BC, shared)]
    return pack_records([(0x06, formula), *between, (0x0207, pack_text(text, 2))])


def make_sheet_of_formulas(*formulas):
    size = struct.pack("<IIHHH", 0, len(formulas), 0, 1, 0)
    return make_part(_SHEET, pack_records([(0x0200, size)]), *formulas)


def test_the_text_of_a_formula_that_cells_share_is_read(read):
    shared = struct.pack("<HHBBBBH", 0, 2, 0, 0, 0, 3, 0)
    formulas = [
        make_formula(0, "one", shared),
        make_formula(1, "two"),
        make_formula(2, "ûn", shared),
    ]
    book = make_book(Fees=make_sheet_of_formulas(*formulas))
    assert read(book).texts == ["Fees\none\ntwo\nûn"]


def test_only_a_text_behind_what_is_shared_is_moved():
    shared = struct.pack("<HHBBBBH", 0, 2, 0, 0, 0, 3, 0)
    moved = make_formula(0, "one", shared)
    assert put_texts_behind_formulas(b"x" + moved + b"y") == (
        b"x" + make_formula(0, "one") + pack_records([(0x04BC, shared)]) + b"y"
    )
    # Broken off, of another length than its characters have, or with a sector between.
    text = pack_records([(0x0207, pack_text("one", 2))])
    assert moved.endswith(text)
    for other in (moved[:-1], moved[:-7] + b"\x09" + moved[-6:], moved.replace(text, b"\0" + text)):
        assert put_texts_behind_formulas(other) is None
