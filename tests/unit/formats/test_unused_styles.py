"""Styles are dropped before they are parsed, where nothing is lost by it."""

import io
import random
import zipfile
from functools import partial

import pytest

from pipeline.formats.readers.unused_styles import drop_styles, drop_table_styles
from tests.fakes.office.packages import docx_parts, make_package, odt_parts

_OFFICE = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
_STYLES = "<office:automatic-styles>{}</office:automatic-styles>"


def make_content(styles, *, office=_OFFICE, before=""):
    declaration = '<?xml version="1.0"?>'
    return f"{declaration}<a {office}>{before}{_STYLES.format(styles)}<b>text</b></a>".encode()


def cut_in_pieces(content, size):
    pieces = (content[at : at + size] for at in range(0, len(content), size))
    return b"".join(drop_styles(pieces))


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_styles_that_hide_nothing_are_dropped(size):
    content = make_content('<style:style style:name="P1"/>')
    left = cut_in_pieces(content, size)
    assert b"style" not in left
    assert left.endswith(b"><b>text</b></a>")


@pytest.mark.parametrize(
    "content",
    [
        make_content('<style:text-properties text:display="none"/>'),
        make_content('<style:table-properties table:display="false"/>'),
        make_content('<style:drawing-page-properties presentation:visibility="hidden"/>'),
        *(
            make_content(f"<style:text-properties text:display{written}/>")
            for written in (
                *("='none'", '="n&#111;ne"', '="&#x6e;one"'),
                *(f'{blank}="none"' for blank in " \t\r\n"),
                *(f'={blank}"none"' for blank in " \t\r\n"),
            )
        ),
        # What is no element, though it looks like one, would take words with it.
        make_content("", before="<!-- <office:automatic-styles> --> words <!-- "),
        make_content("", before="<?a <office:automatic-styles>?> words"),
        make_content("", office='xmlns:office="urn:other"'),
        # What is shown, in an element that is only called so.
        make_content("words", before='<b xmlns:office="urn:other">'),
        make_content("<office:automatic-styles></office:automatic-styles>words"),
        make_content("").replace(b"</office:automatic-styles>", b""),
        b"</office:automatic-styles>" + make_content(""),
        b"<a/>",
        b"",
    ],
)
def test_styles_that_may_hide_something_are_left_to_the_parser(content):
    assert cut_in_pieces(content, 50) == content


def test_styles_of_a_megabyte_are_left_as_they_are():
    content = make_content("<style:style/>" * 100_000)
    assert cut_in_pieces(content, 1 << 16) == content


def test_a_text_is_the_same_without_its_styles(read):
    parts = odt_parts([("One", "alpha"), ("Two", "beta")])
    texts = read(make_package(parts)).texts
    styled = _STYLES.format('<s:style xmlns:s="urn:x" s:name="P1">no text</s:style>')
    parts["content.xml"] = parts["content.xml"].replace("<office:body>", f"{styled}<office:body>")
    assert "no text" in parts["content.xml"]
    assert read(make_package(parts)).texts == texts


@pytest.mark.parametrize("written", ['="n&#111;ne"', '\t="none"', "='none'", '=\r\n"none"'])
def test_words_are_hidden_however_their_style_is_written(read, written):
    parts = odt_parts([("One", "alpha"), ("Two", "beta")])
    names = ("style", "text")
    declared = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in names
    )
    style = (
        f'<style:style {declared} style:name="H" style:family="text">'
        f"<style:text-properties text:display{written}/></style:style>"
    )
    parts["content.xml"] = (
        parts["content.xml"]
        .replace("<office:body>", f"{_STYLES.format(style)}<office:body>")
        .replace("alpha", '<text:span text:style-name="H">secret</text:span>alpha')
    )
    assert "secret" in parts["content.xml"]
    assert read(make_package(parts)).texts == ["One\nalpha", "Two\nbeta"]


def make_docx(further="", *, count=900, **packing):
    """A document of Word with a table, whose styles of tables are some 100 KiB."""
    draw = random.Random(1)
    styles = "".join(
        f'<w:style w:type="table" w:styleId="T{n}"><w:name w:val="{draw.randbytes(40).hex()}"/>'
        "</w:style>"
        for n in range(count)
    )
    parts = docx_parts([("One", "alpha"), ("Two", "beta")])
    cell = "<w:tc><w:p><w:r><w:t>cell</w:t></w:r></w:p></w:tc>"
    table = f'<w:tbl><w:tblPr><w:tblStyle w:val="T"/></w:tblPr><w:tr>{cell}</w:tr></w:tbl>'
    parts["word/document.xml"] = parts["word/document.xml"].replace(
        "</w:body>", f"{table}</w:body>"
    )
    parts["word/styles.xml"] = parts["word/styles.xml"].replace(
        "<w:style ", f"{styles}{further}<w:style ", 1
    )
    return make_package(parts, **packing)


def break_styles(package):
    """The package with styles that are said to be shorter, packed, than they are."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        size = archive.getinfo("word/styles.xml").compress_size.to_bytes(4, "little")
    place = package.rindex(size, 0, package.rindex(b"word/styles.xml"))
    return package[:place] + (1 << 15).to_bytes(4, "little") + package[place + 4 :]


def test_long_styles_of_tables_are_dropped_and_nothing_else(read):
    package = make_docx()
    left = drop_table_styles(package)
    with zipfile.ZipFile(io.BytesIO(left)) as archive:
        styles = archive.read("word/styles.xml").decode()
    assert 'w:type="table"' not in styles
    assert styles == docx_parts([])["word/styles.xml"]
    assert read(package).texts == ["One\nalpha", "Two\nbeta\ncell"]


def test_words_in_a_table_whose_style_hides_them_stay_hidden(read):
    hides = '<w:style w:type="table" w:styleId="T"><w:rPr><w:vanish/></w:rPr></w:style>'
    package = make_docx(hides)
    assert drop_table_styles(package) != package
    assert read(package).texts == ["One\nalpha", "Two\nbeta"]


@pytest.mark.parametrize(
    "make",
    [
        partial(make_docx, "<!-- </w:styles> -->"),
        # Short, or not packed, or longer than styles are.
        partial(make_docx, count=90),
        partial(make_docx, compression=zipfile.ZIP_STORED),
        partial(make_docx, count=9_000),
        partial(make_docx, compression=zipfile.ZIP_LZMA),
        lambda: break_styles(make_docx()),
    ],
)
def test_styles_of_tables_that_are_in_no_usual_form_are_left(make):
    package = make()
    assert drop_table_styles(package) == package


@pytest.mark.parametrize(
    "changes",
    # A version that is not there yet, and a name that is no text, though it says so.
    [{6: b"\x63"}, {9: b"\x08", 46: b"\xff"}],
)
def test_a_package_that_the_library_alone_can_open_is_read_with_its_styles(changes):
    package = bytearray(make_docx())
    other = package.rindex(b"PK\x01\x02")
    for at, written in changes.items():
        package[other + at : other + at + 1] = written
    assert drop_table_styles(bytes(package)) == package
