"""What charts of old workbooks say stands on their sheets."""

import struct

from pipeline.formats.readers.old_workbooks import find_sheets_of_old_charts
from tests.fakes.office.compound_files import make_compound_file

_BOOK, _SHEET, _CHART = 5, 0x10, 0x20


def make_records(*records):
    return b"".join(struct.pack("<HH", kind, len(body)) + body for kind, body in records)


def make_part(kind, *inside):
    """A part of a workbook: the book, a sheet, a chart ([MS-XLS], 2.1.4)."""
    begin = make_records((0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6)))
    return begin + b"".join(inside) + make_records((0x0A, b""))


def make_text(text, count_bytes=1):
    wide = not text.isascii()
    length = len(text).to_bytes(count_bytes, "little") + bytes((wide,))
    return length + text.encode("utf-16-le" if wide else "ascii")


def make_chart(*texts):
    return make_part(_CHART, *(make_records((0x100D, bytes(2) + make_text(one))) for one in texts))


def make_sheet(value, *charts):
    cell = (0x0204, struct.pack("<HHH", 0, 0, 15) + make_text(value, 2))
    return make_part(
        _SHEET, make_records((0x0200, struct.pack("<IIHHH", 0, 1, 0, 1, 0)), cell), *charts
    )


def make_book(**sheets):
    def list_sheets(places):
        return make_part(
            _BOOK,
            *(
                make_records((0x85, struct.pack("<IH", place, 0) + make_text(name)))
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
