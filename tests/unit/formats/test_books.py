"""Pages of books: read as XML where they are, and as web pages where they are not."""

import pytest

from pipeline.formats.readers.web_pages import read_page_units, read_xhtml_units
from tests.fakes.office.packages import epub_parts, make_package

HEAD = '<?xml version="1.0" encoding="utf-16"?>\n<html xmlns="http://www.w3.org/1999/xhtml">'
PAGES = [
    f"{HEAD}<head><title>T</title><style>p {{}}</style></head><body><h1>One</h1><p>al<b>pha</b>"
    "</p><p hidden='hidden'>no<br/>no</p><h2>Two</h2><table><tr><td>a</td><td>b</td></tr></table>"
    "<ul><li>x<br/>y &amp; z &#233;</li></ul><pre>a\n b</pre></body></html>",
    "<p>caf&eacute;&nbsp;<b>noir",
    "<p>one<p>two & three",
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "x.dtd"><html><body>&nbsp;a</body></html>',
    '<!DOCTYPE html [<!ENTITY x "yy">]><html><body>a&x;</body></html>',
]


@pytest.mark.parametrize("page", PAGES)
def test_both_ways_to_read_a_page_give_the_same(page):
    words = [unit.split() for unit in read_page_units(page)]
    assert [unit.split() for unit in read_xhtml_units(page)] == words
    assert words


@pytest.mark.parametrize(
    "declared", ['<!ENTITY x "yy">', "\n<!-- ]] -->\n<!ATTLIST p a CDATA #IMPLIED>\n", ""]
)
def test_what_a_document_type_declares_is_not_shown(declared):
    page = f"<?xml version='1.0'?>\n<!DOCTYPE html [{declared}] ><html><p>one</p>&nbsp;]></html>"
    assert [unit.split() for unit in read_page_units(page)] == [["one", "]>"]]


def test_a_chapter_that_is_no_xml_is_read_beside_those_that_are(read):
    chapters = ["<h1>A</h1><p>one</p>", "<h1>B</h1><p>caf&eacute;<br>two"]
    texts = read(make_package(epub_parts(chapters))).texts
    assert [text.split() for text in texts] == [["A", "one"], ["B", "café", "two"]]


def test_entities_that_grow_are_not_expanded(read):
    doctype = '<!DOCTYPE html [<!ENTITY a "xx"><!ENTITY b "&a;&a;">]>'
    parts = epub_parts(["<p>kept</p>"])
    parts["book/c0.xhtml"] = f"{doctype}<html><body><p>kept &b;</p></body></html>"
    assert "xx" not in read(make_package(parts)).texts[0]
