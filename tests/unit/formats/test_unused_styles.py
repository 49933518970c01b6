"""Styles of OpenDocument are dropped before they are parsed, where nothing is lost by it."""

import pytest

from pipeline.formats.readers.unused_styles import drop_styles
from tests.fakes.office.packages import make_package, odt_parts

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
        make_content("<style:text-properties text:display='none'/>"),
        make_content('<style:text-properties text:display ="none"/>'),
        make_content('<style:text-properties text:display= "none"/>'),
        # What is no element, though it looks like one, would take words with it.
        make_content("", before="<!-- <office:automatic-styles> --> words <!-- "),
        make_content("", before="<?a <office:automatic-styles>?> words"),
        make_content("", office='xmlns:office="urn:other"'),
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
