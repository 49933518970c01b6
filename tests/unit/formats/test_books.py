"""Pages of books: read as XML where they are, and as web pages where they are not."""

import io
import zipfile

import pytest

from pipeline.extraction.readable_document import UnreadableDocumentError, UnreadablePageError
from pipeline.formats.readers.web.books import open_book
from pipeline.formats.readers.web.web_pages import decode_page, read_page_units, read_xhtml_units
from pipeline.formats.readers.xml_parts import unpack_part
from shared.errors import RejectedDocumentError, RejectionCode
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


@pytest.mark.parametrize("named", ["iso-8859-1", "windows-1252", "utf-8"])
@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-8"])
def test_a_page_of_xml_has_its_letters_in_any_encoding(named, encoding):
    page = f'<?xml version="1.0" encoding="{named}"?><html><body><p>caf\u00e9</p></body></html>'
    data = page.encode(encoding)
    if (named, encoding) != ("utf-8", "iso-8859-1"):
        assert [unit.split() for unit in read_xhtml_units(decode_page(data))] == [["caf\u00e9"]]


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


def test_a_chapter_that_is_missing_or_broken_is_a_failed_unit_among_the_others(tmp_path):
    parts = epub_parts(["<h1>A</h1>one", "two", "<h1>C</h1>three", "four"])
    del parts["book/c1.xhtml"]
    package = bytearray(make_package(parts))
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        broken = archive.getinfo("book/c3.xhtml")
    start = broken.header_offset + 30 + len(broken.filename)
    package[start : start + 4] = b"\xff" * 4
    path = tmp_path / "book"
    path.write_bytes(package)
    book = open_book(path)
    assert book.page_count == 4
    assert [book.read_page(number).text.split() for number in (1, 3)] == [
        ["A", "one"],
        ["C", "three"],
    ]
    for number, reason in ((2, "book/c1.xhtml is missing"), (4, "book/c3.xhtml is broken")):
        with pytest.raises(UnreadablePageError, match=reason):
            book.read_page(number)


def test_a_chapter_that_is_a_picture_fails_and_one_that_is_a_drawing_is_read(read):
    parts = epub_parts(["one", "two", "three"])
    name = "book/package.opf"
    for number, kind in ((1, "image/jpeg"), (2, "image/svg+xml")):
        parts[name] = parts[name].replace(f'id="c{number}"', f'id="c{number}" media-type="{kind}"')
    parts["book/c2.xhtml"] = '<svg xmlns="http://www.w3.org/2000/svg"><text>12</text></svg>'
    first, second, third = read(make_package(parts)).texts
    assert (first, third.strip()) == ("one", "12")
    assert "c1.xhtml is a picture" in second


def test_what_a_book_lists_in_place_of_a_picture_is_read(read):
    parts = epub_parts(["one", "two"])
    name = "book/package.opf"
    picture = '<item id="p" href="p.jpg" media-type="image/jpeg" fallback="c1"/>'
    parts[name] = parts[name].replace("</manifest>", f"{picture}</manifest>")
    parts[name] = parts[name].replace('idref="c1"', 'idref="p"')
    parts["book/p.jpg"] = "\xff\xd8"
    assert read(make_package(parts)).texts == ["one", "two"]


def test_a_book_whose_chapters_are_all_missing_is_refused_with_the_first(read):
    parts = {name: x for name, x in epub_parts(["one", "two"]).items() if "xhtml" not in name}
    with pytest.raises(RejectedDocumentError, match=r"damaged.*c0\.xhtml is missing") as refusal:
        read(make_package(parts))
    assert refusal.value.code is RejectionCode.DAMAGED


def test_entities_that_grow_are_not_expanded(read):
    doctype = '<!DOCTYPE html [<!ENTITY a "xx"><!ENTITY b "&a;&a;">]>'
    parts = epub_parts(["<p>kept</p>"])
    parts["book/c0.xhtml"] = f"{doctype}<html><body><p>kept &b;</p></body></html>"
    assert "xx" not in read(make_package(parts)).texts[0]


def make_lying_package(lie):
    """A package with one part, and what its list says of the part after a lie."""
    package = bytearray(make_package({"part.xml": "text " * 200}))
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        part = archive.getinfo("part.xml")
    lie(package, part)
    return bytes(package), part


def test_a_part_is_unpacked_as_its_package_says():
    package, part = make_lying_package(lambda package, part: None)
    assert unpack_part(package, part) == b"text " * 200


@pytest.mark.parametrize(
    "lie",
    [
        lambda package, part: setattr(part, "file_size", 999),
        lambda package, part: setattr(part, "file_size", 1001),
        lambda package, part: setattr(part, "CRC", part.CRC ^ 1),
        lambda package, part: setattr(part, "compress_type", zipfile.ZIP_LZMA),
        lambda package, part: setattr(part, "header_offset", len(package) - 10),
        lambda package, part: setattr(part, "header_offset", 7),
        # Another name in the part than in the list, and no deflated bytes.
        lambda package, part: package.__setitem__(30, ord("q")),
        lambda package, part: package.__setitem__(slice(38, 50), b"\xff" * 12),
    ],
)
def test_a_part_that_is_not_what_its_list_says_is_refused(lie):
    with pytest.raises(UnreadableDocumentError):
        unpack_part(*make_lying_package(lie))
