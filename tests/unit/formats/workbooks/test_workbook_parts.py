"""Packages whose parts have other names than Office gives them: found by relations and types."""

import io
import time
import tracemalloc
import zipfile

import pytest

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.readers.part_starts import list_parts, read_package
from pipeline.formats.readers.workbook_parts import has_other_names, name_as_excel_does
from pipeline.formats.readers.workbooks import open_workbook
from shared.errors import RejectedDocumentError, RejectionCode
from tests.fakes.office.packages import (
    docx_parts,
    epub_parts,
    make_package,
    make_relations,
    odp_parts,
    ods_parts,
    odt_parts,
    pptx_parts,
    xlsx_parts,
)

_SHEETS = {"Fees": [["berth", "fee"], ["B1", "7"]], "Ships": [["Skagerrak"]]}
_TEXTS = ["Fees\nberth | fee\nB1 | 7", "Ships\nSkagerrak"]


def rename(parts, names):
    """Parts with other names, which are told wherever they are referred to."""
    renamed = {}
    for name, content in parts.items():
        for old, new in names.items():
            content = content.replace(f'Target="{old}"', f'Target="{new}"')
            content = content.replace(f'PartName="/{old}"', f'PartName="/{new}"')
        renamed[names.get(name, name)] = content
    return make_package(renamed)


def with_words(parts):
    """A workbook whose cells are numbers of words, as Excel writes them."""
    parts = dict(parts)
    sheet = "xl/worksheets/sheet2.xml"
    parts[sheet] = parts[sheet].replace('t="inlineStr"><is><t>Skagerrak</t></is>', 't="s"><v>0</v>')
    parts["xl/sharedStrings.xml"] = (
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        "<si><t>Skagerrak</t></si></sst>"
    )
    relations = "xl/_rels/workbook.xml.rels"
    one = parts[relations].partition("<Relationship ")[2].partition("/>")[0]
    words = one.replace("r1", "r9").replace("worksheets/sheet1.xml", "sharedStrings.xml")
    parts[relations] = parts[relations].replace(
        "</Relationships>",
        f"<Relationship {words.replace('/worksheet', '/sharedStrings')}/></Relationships>",
    )
    return parts


@pytest.mark.parametrize(
    "names",
    [
        {},
        {"xl/workbook.xml": "xl/book.xml", "xl/_rels/workbook.xml.rels": "xl/_rels/book.xml.rels"},
        {
            "xl/workbook.xml": "xl/Workbook.xml",
            "xl/_rels/workbook.xml.rels": "xl/_rels/Workbook.xml.rels",
        },
        {
            "xl/workbook.xml": "main.xml",
            "xl/_rels/workbook.xml.rels": "_rels/main.xml.rels",
            "worksheets/sheet1.xml": "one.xml",
            "xl/worksheets/sheet1.xml": "one.xml",
            "worksheets/sheet2.xml": "s/two.xml",
            "xl/worksheets/sheet2.xml": "s/two.xml",
            "sharedStrings.xml": "/s/words.xml",
            "xl/sharedStrings.xml": "s/words.xml",
        },
        {"sharedStrings.xml": "words.xml", "xl/sharedStrings.xml": "xl/words.xml"},
        {"sharedStrings.xml": "../words.xml", "xl/sharedStrings.xml": "words.xml"},
        {"worksheets/sheet2.xml": "../two.xml", "xl/worksheets/sheet2.xml": "two.xml"},
    ],
    ids=["none", "book", "case", "all", "words", "words above", "a sheet above"],
)
def test_a_workbook_is_read_whatever_its_parts_are_called(read, names):
    document = read(rename(with_words(xlsx_parts(_SHEETS)), names))
    assert (document.unit, document.texts) == ("sheet", _TEXTS)


def test_parts_that_are_named_and_missing_are_passed_over(read):
    parts = with_words(xlsx_parts(_SHEETS))
    del parts["xl/sharedStrings.xml"]
    assert read(make_package(parts)).texts == [_TEXTS[0], "Ships"]


def test_a_part_that_is_named_a_thousand_times_is_read_once(tmp_path):
    parts = with_words(xlsx_parts(_SHEETS))
    relations = "xl/_rels/workbook.xml.rels"
    ahead, words, rest = parts[relations].rpartition("<Relationship ")
    parts[relations] = ahead + (words + rest.removesuffix("</Relationships>")) * 2_000
    parts[relations] += "</Relationships>"
    parts["xl/sharedStrings.xml"] += " " * 500_000
    path = tmp_path / "fees.xlsx"
    path.write_bytes(
        rename(parts, {"sharedStrings.xml": "w.xml", "xl/sharedStrings.xml": "xl/w.xml"})
    )
    started = time.process_time()
    assert open_workbook(path).read_page(2).text.strip() == _TEXTS[1]
    assert time.process_time() - started < 2.5


@pytest.mark.parametrize("is_book_renamed", [True, False])
def test_parts_that_are_called_otherwise_keep_their_formats(read, is_book_renamed):
    parts = with_words(xlsx_parts(_SHEETS))
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(
        't="inlineStr"><is><t>7</t></is>', 's="1"><v>0.25</v>'
    )
    parts["xl/styles.xml"] = (
        '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs>'
        '<xf numFmtId="0"/><xf numFmtId="20" applyNumberFormat="1"/></cellXfs></styleSheet>'
    )
    relations = "xl/_rels/workbook.xml.rels"
    parts[relations] = parts[relations].replace("sharedStrings", "styles")
    parts[relations] = parts[relations].replace('Target="styles.xml"', 'Target="looks.xml"')
    del parts["xl/sharedStrings.xml"]
    names = {}
    if is_book_renamed:
        names = {"xl/workbook.xml": "xl/book.xml", relations: "xl/_rels/book.xml.rels"}
    document = read(rename(parts, {**names, "xl/styles.xml": "xl/looks.xml"}))
    assert document.texts[0] == "Fees\nberth | fee\nB1 | 6:00"


def test_a_package_that_the_library_alone_can_open_is_read_without_its_formats(tmp_path):
    parts = xlsx_parts(_SHEETS)
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(
        't="inlineStr"><is><t>7</t></is>', 's="1"><v>0.25</v>'
    )
    parts["xl/styles.xml"] = (
        '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs>'
        '<xf numFmtId="0"/><xf numFmtId="20" applyNumberFormat="1"/></cellXfs></styleSheet>'
    )
    package = bytearray(make_package(parts))
    package[package.rindex(b"PK\x01\x02") + 6] = 99  # a version that is not there yet
    path = tmp_path / "fees.xlsx"
    path.write_bytes(package)
    assert "berth | fee" in open_workbook(path).read_page(1).text


@pytest.mark.parametrize(
    ("kind", "target", "is_other"),
    [
        ("customXml", "../customXml/item1.xml", False),
        ("worksheet", "../customXml/item1.xml", True),
        ("styles", "looks.xml", True),
    ],
)
def test_a_workbook_is_written_anew_only_for_parts_that_the_library_reads(kind, target, is_other):
    parts = xlsx_parts(_SHEETS)
    relations = "xl/_rels/workbook.xml.rels"
    parts[relations] = make_relations(
        [("r1", "worksheet", "worksheets/sheet1.xml"), ("r7", kind, target)]
    )
    data = make_package(parts)
    listed = {
        part.name: part for part in list_parts(data, rb"xl/(?:_rels/)?workbook\.xml(?:\.rels)?")
    }
    assert has_other_names(data, listed) == is_other


def test_words_under_another_name_are_copied_as_packed_and_not_in_memory():
    parts = with_words(xlsx_parts(_SHEETS))
    parts["xl/sharedStrings.xml"] += "<!-- words -->" * (1 << 20)
    names = {"sharedStrings.xml": "w.xml", "xl/sharedStrings.xml": "xl/w.xml"}
    data = rename(parts, names)
    del parts
    tracemalloc.start()
    copied = name_as_excel_does(data)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 2 << 20
    assert len(copied) < 1 << 20
    assert zipfile.ZipFile(io.BytesIO(copied)).testzip() is None


@pytest.mark.parametrize(
    "parts",
    [
        docx_parts([("One", "text")]),
        pptx_parts(["one", "two"]),
        with_words(xlsx_parts(_SHEETS)),
        odt_parts([("One", "text")]),
        ods_parts(_SHEETS),
        odp_parts(["one", "two"]),
        epub_parts(["<h1>One</h1>text"]),
    ],
    ids=["docx", "pptx", "xlsx", "odt", "ods", "odp", "epub"],
)
def test_names_with_backslashes_are_read_as_with_slashes(read, parts):
    expected = read(make_package(parts))
    backslashed = {name.replace("/", "\\"): content for name, content in parts.items()}
    assert any("\\" in name for name in backslashed)
    assert read(make_package(backslashed)) == expected


def test_parts_that_would_have_one_name_keep_theirs(tmp_path):
    path = tmp_path / "fees.xlsx"
    parts = xlsx_parts(_SHEETS)
    for name in ("_rels\\.rels", "XL\\workbook.xml"):
        path.write_bytes(make_package({**parts, name: "other"}))
        assert read_package(path) == path.read_bytes()
        with pytest.raises(UnreadableDocumentError):
            open_workbook(path)


def test_a_part_that_has_another_name_than_the_list_says_is_left_as_it_is(tmp_path):
    path = tmp_path / "fees.xlsx"
    parts = {name.replace("/", "\\"): part for name, part in xlsx_parts(_SHEETS).items()}
    data = make_package(parts)
    path.write_bytes(data.replace(b"xl\\workbook.xml", b"xl\\workbook.XML", 1))
    assert read_package(path) == path.read_bytes()


@pytest.mark.parametrize("sign", ["/", "\\"])
def test_programs_are_found_by_either_sign_between_folders(read, sign):
    parts = {**odt_parts([("One", "text")]), f"Basic{sign}Standard{sign}Module1.xml": "<a/>"}
    with pytest.raises(RejectedDocumentError) as refusal:
        read(make_package(parts))
    assert refusal.value.code is RejectionCode.HAS_MACROS


@pytest.mark.parametrize(
    ("parts", "folder", "unit", "texts"),
    [
        (docx_parts([("One", "text")]), "word", "section", ["One\ntext"]),
        (pptx_parts(["one", "two"]), "ppt", "slide", ["one", "two"]),
        (xlsx_parts(_SHEETS), "xl", "sheet", _TEXTS),
    ],
)
def test_a_package_without_the_folder_of_office_is_told_by_its_types(
    read, parts, folder, unit, texts
):
    renamed = {
        name.replace(f"{folder}/", "other/"): content.replace(f"{folder}/", "other/")
        for name, content in parts.items()
    }
    document = read(make_package(renamed))
    assert (document.unit, document.texts) == (unit, texts)
