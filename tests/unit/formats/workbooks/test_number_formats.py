"""Numbers of new workbooks as Excel shows them, where the library shows them in another way."""

from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.readers.number_formats import mark_formats, show_marked
from pipeline.formats.readers.workbooks import open_workbook
from tests.fakes.office.packages import make_package, make_relations, xlsx_parts

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def make_workbook(formats, cells, prefix="", given=(), further=""):
    """A workbook of one column.

    Args:
        formats: Codes, or numbers.
        cells: (format, value) each.
        prefix: Of the elements of styles.
        given: (number, code) of formats that have a number in all books.
        further: Other styles.
    """
    codes = [code for code in formats if isinstance(code, str)]
    listed = "".join(
        f"<{prefix}numFmt numFmtId={quoteattr(str(164 + n))} formatCode={quoteattr(code)}/>"
        for n, code in [*((n - 164, code) for n, code in given), *enumerate(codes)]
    )
    numbers = iter(range(164, 164 + len(codes)))
    used = [next(numbers) if isinstance(one, str) else one for one in formats]
    uses = "".join(f'<{prefix}xf numFmtId="{number}" applyNumberFormat="1"/>' for number in used)
    styles = (
        f"<{prefix}styleSheet xmlns{':' * bool(prefix)}{prefix.rstrip(':')}='{_MAIN}'>"
        + (f"<{prefix}numFmts>{listed}</{prefix}numFmts>" if listed else "")
        + f"<{prefix}cellXfs>{uses}</{prefix}cellXfs>{further}</{prefix}styleSheet>"
    )
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" s="{one}"><v>{value}</v></c></row>'
        for n, (one, value) in enumerate(cells, start=1)
    )
    parts = xlsx_parts({"Times": []})
    relations = [("r1", "worksheet", "worksheets/sheet1.xml"), ("r2", "styles", "styles.xml")]
    parts["xl/_rels/workbook.xml.rels"] = make_relations(relations)
    parts["xl/styles.xml"] = styles
    parts["xl/worksheets/sheet1.xml"] = (
        f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    )
    return make_package(parts)


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("h:mm", "0.354166666666667", "8:30"),
        ("hh:mm:ss", "0.354166666666667", "08:30:00"),
        ("h:mm AM/PM", "0.75", "6:00 PM"),
        ("[$-409]h:mm:ss AM/PM;@", "0", "12:00:00 AM"),
        ("[h]:mm:ss", "1.5", "36:00:00"),
        ("[mm]:ss", "0.05", "72:00"),
        ("mm:ss.0", "0.001", "01:26.4"),
        ('h" h "mm" min"', "0.0625", "1 h 30 min"),
        ("00000", "1234", "01234"),
        ("0000-00", "202611", "2026-11"),
        ("(000) 000-0000", "5551234567", "(555) 123-4567"),
        ("000-00-0000", "12345678", "012-34-5678"),
        ("# ##0", "1234567", "1234 567"),
        ("0,000.0", "12.25", "0,012.3"),
        ('General" kg"', "12.5", "12.5 kg"),
        ('General" kg"', "-12", "-12 kg"),
        ("0.###", "5.5", "5.5"),
        ("0.###%", "0.055", "5.5%"),
        ("#.##", "5.5", "5.5"),
        (".0#", "5.5", "5.5"),
        ("0.0#,", "12345", "12.35"),
        ("#,##0.0#;(#,##0.0#);-", "-1234.5", "(1,234.5)"),
        ("#,##0.0#;(#,##0.0#);-", "0", "-"),
        ("# ?/?", "1.5", "1 1/2"),
        ("# ?/?", "3", "3"),
        ('# ??/100" mm"', "0.25", "25/100 mm"),
        ("[$EUR] #,##0.00", "1234.5", "EUR 1,234.50"),
        ("#,##0.00 [$€-407]", "-5", "-5.00 €"),
        # What stands in the code as text is neither a point nor a percentage.
        (r"00\.00\.00", "12345", "01.23.45"),
        ('00"."00"."0000', "28112026", "28.11.2026"),
        (r"0.##\%", "5.5", "5.5%"),
        ('00" kg"', "5", "05 kg"),
        ("00;(00)", "-5", "(05)"),
        ("00%", "0.05", "05%"),
        ("# ##0€", "1200", "1 200€"),
        ('General" kg"', "12345678901", "12345678901 kg"),
        ("General_)", "0.1234567890123", "0.123456789"),
        ("General_)", "0.0000123", "0.0000123"),
        # The sign of a section that has it, beside a currency that is not quoted.
        ("$#,##0.00;-$#,##0.00", "-1234.5", "-$1,234.50"),
        ("$#,##0;[Red]($#,##0)", "-1234.5", "($1,235)"),
        ('_($* #,##0.00_);_($* (#,##0.00);_($* "-"??_);_(@_)', "-1", "$(1.00)"),
        ("[$£-809]#,##0;[Red]-[$£-809]#,##0", "-1234.5", "-£1,235"),
        # The last section is of texts.
        ("$#,##0;@", "-1", "-$1"),
        ("0.0;@", "-1", "-1.0"),
        ("0.0;(0.0);@", "0", "0.0"),
        # By conditions.
        ("[<=9999999]###-####;(###) ###-####", "5551234", "555-1234"),
        ("[<=9999999]###-####;(###) ###-####", "5551234567", "(555) 123-4567"),
        (r"[>=10000000]##\,##\,##\,##0;[>=100000]##\,##\,##0;##,##0", "250000", "2,50,000"),
        (r"[>=10000000]##\,##\,##\,##0;[>=100000]##\,##\,##0;##,##0", "999", "999"),
        ("[<0]-0.0%;0.0%", "-0.5", "-50.0%"),
        ("[>0]0.0;[<0](0.0);0", "-2", "(2.0)"),
        ("[>=0]0;-0", "-2", "-2"),
        ("[>=0]0;[<-5]-0;General", "-2", "-2"),
        ('[=1]"yes";[=0]"no";General', "12", "12"),
        ('[=1]"yes";[=0]"no";General', "0", "no"),
        ("0;[<0]-General;[Red]0", "-3", "-3"),
        ("[=1]General;0;-", "-3", "3"),
    ],
)
def test_a_number_is_shown_as_excel_shows_it(read, code, value, shown):
    assert read(make_workbook([code], [(0, value)])).texts == [f"Times\n{shown}"]


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("0.00%", "0.1234", "12.34%"),
        ("yyyy-mm-dd", "46354", "2026-11-28"),
        ("mmm-yy", "46354", "2026-11-28"),
        ("dd.mm.yyyy hh:mm", "46354.5", "2026-11-28 12:00:00"),
        ('#,##0.00 "EUR"', "1234.5", "1,234.50 EUR"),
        ("[$$-409]#,##0.00", "1234.5", "$1,234.50"),
        ('[>=1000]0.0,"K";0', "2500", "2.5K"),
        ("General", "0.1", "0.1"),
        ("0E+00", "12345", "1.23E+04"),
        ("0.##E+0", "12345", "1.23E+04"),
        ("@", "7", "7"),
    ],
)
def test_what_the_library_shows_well_is_left_to_it(read, code, value, shown):
    data = make_workbook([code], [(0, value)])
    assert read(data).texts == [f"Times\n{shown}"]
    assert mark_formats(f"<styleSheet formatCode={quoteattr(code)}/>".encode()) is None


@pytest.mark.parametrize("prefix", ["", "x:"])
@pytest.mark.parametrize("others", [[], ["0.00"]])
def test_times_by_the_numbers_that_need_no_code_are_times(read, prefix, others):
    formats = [18, 19, 20, 21, 45, 46, 47, *others]
    texts = read(make_workbook(formats, [(n, "0.75") for n in range(7)], prefix)).texts
    lines = ["6:00 PM", "6:00:00 PM", "18:00", "18:00:00", "00:00", "18:00:00", "00:00.0"]
    assert texts == ["\n".join(["Times", *lines])]


@pytest.mark.parametrize(
    ("number", "code", "value", "shown"),
    [
        (5, '#,##0\\ "€";\\-#,##0\\ "€"', "-1234.5", "-1,235 €"),
        (8, '"£"#,##0.00;[Red]\\-"£"#,##0.00', "-1234.5", "-£1,234.50"),
        (44, '_-* #,##0.00\\ "€"_-;\\-* #,##0.00\\ "€"_-;_-* "-"??\\ "€"_-;_-@_-', "5", "5.00 €"),
        (41, "0.0", "5", "5.0"),
        (12, None, "0.5", "1/2"),
        (13, None, "1234.48", "1234 12/25"),
        (41, None, "1234.5", "1,235"),
        (42, None, "0", "-"),
        (44, None, "1234.5", "1,234.50"),
    ],
)
@pytest.mark.parametrize("prefix", ["", "x:"])
def test_a_number_of_a_format_is_of_that_code_only_where_the_book_gives_none(
    read, number, code, value, shown, prefix
):
    given = [] if code is None else [(number, code)]
    data = make_workbook([number], [(0, value)], prefix, given)
    assert read(data).texts == [f"Times\n{shown}"]


@pytest.mark.parametrize("formats", [[5], [5, "[h]:mm"]])
def test_a_format_that_is_given_for_looks_by_a_condition_alone_is_not_of_cells(read, formats):
    looks = '<dxfs><dxf><numFmt numFmtId="5" formatCode="0.000"/></dxf></dxfs>'
    data = make_workbook(formats, [(0, "1234.5")], further=looks)
    assert read(data).texts == ["Times\n$1,235"]


def test_times_in_rows_as_wide_as_the_sheet_says_are_times(read):
    """The library's plain text is read there, and its Markdown elsewhere."""
    parts = xlsx_parts({"Times": []})
    relations = [("r1", "worksheet", "worksheets/sheet1.xml"), ("r2", "styles", "styles.xml")]
    parts["xl/_rels/workbook.xml.rels"] = make_relations(relations)
    parts["xl/styles.xml"] = (
        f'<styleSheet xmlns="{_MAIN}"><cellXfs><xf numFmtId="20"/></cellXfs></styleSheet>'
    )
    parts["xl/worksheets/sheet1.xml"] = (
        f'<worksheet xmlns="{_MAIN}"><dimension ref="A1:B1"/><sheetData><row r="1"><c r="A1" s="0">'
        '<v>0.5</v></c><c r="B1" s="0"><v>0.25</v></c></row></sheetData></worksheet>'
    )
    assert read(make_package(parts)).texts == ["Times\n12:00 | 6:00"]


def test_a_book_whose_list_of_parts_has_slipped_is_damaged(tmp_path):
    """The first part would begin before the file, which the list cannot say when it is written."""
    data = make_workbook(["h:mm"], [(0, "0.5")])
    place = int.from_bytes(data[-6:-2], "little") + 1
    path = tmp_path / "book.xlsx"
    path.write_bytes(data[:-6] + place.to_bytes(4, "little") + data[-2:])
    with pytest.raises(UnreadableDocumentError, match="damaged"):
        open_workbook(path)


def test_of_many_formats_the_first_are_read():
    one = f"<numFmt formatCode={quoteattr('h:mm' + '_x' * 120)}/>"
    marked = mark_formats(f"<styleSheet>{one * 20_000}</styleSheet>".encode())
    assert marked is not None and len(marked[1]) == 2_000


@given(
    st.lists(st.text('0#?.,%/;hms[]$-"\\_* AMPMgeneral€x1', max_size=12), min_size=1, max_size=3),
    st.floats(allow_nan=False, allow_infinity=False),
)
def test_any_code_shows_any_number_in_one_line(codes, value):
    styles = "".join(f"<numFmt formatCode={quoteattr(code)}/>" for code in codes)
    marked = mark_formats(f"<styleSheet>{styles}</styleSheet>".encode())
    if marked is not None:
        for number, _ in enumerate(marked[1]):
            shown = show_marked(f"a\ue0f6{number}\ue0f7{value:.15f}b", marked[1])
            assert shown.startswith("a") and shown.endswith("b")
            assert len(shown.splitlines()) == 1
