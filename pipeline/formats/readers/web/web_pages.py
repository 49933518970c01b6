"""Web pages: the text that a page shows, without what leads elsewhere."""

import re
from collections import Counter
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element  # the type alone: pages are parsed in `xml_parts`

from pipeline.formats.readers.web.element_order import ENDED, LAID_OUT, ElementOrder
from pipeline.formats.readers.xml_parts import NoPlainXmlError, parse_page
from pipeline.formats.text_encoding import EUROPEAN, decode_named, decode_text, find_encoding
from pipeline.formats.units import APART, BETWEEN_CELLS, UnitsDocument, UnitWriter

_NAMED_ENCODING = re.compile(
    rb"""(?:<meta[^>]{0,200}charset|<\?xml[^>]{0,99}encoding)\s*=\s*["']?([A-Za-z0-9_.:-]+)""", re.I
)
_ENCODING_WITHIN_BYTES = 4096
_ESCAPE = b"\x1b"
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
# Nothing in them is shown, or is of this page: menus, what other programs draw, what is deleted.
_PASSED_OVER = frozenset(
    {
        *("script", "style", "noscript", "template", "iframe", "object", "canvas", "audio"),
        *("video", "nav", "footer", "select", "datalist", "dialog", "title", "del"),
        # Of drawings, whose words are shown.
        *("defs", "desc", "metadata", "symbol"),
    }
)
# They have no end tag (WHATWG, "HTML", 13.1.2, void elements).
_VOID = frozenset(
    {
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"),
        *("track", "wbr"),
    }
)
_BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "caption", "dd", "details", "div"),
        *("dl", "dt", "fieldset", "figcaption", "figure", "form", "header", "hr", "li", "main"),
        *("ol", "p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul"),
        *("br", "text", "center", "dir", "hgroup", "legend", "menu", "search", *_HEADINGS),
    }
)
_CELLS = frozenset({"td", "th"})
# What is raised, lowered, struck out or a number in a formula.
_SET_APART = frozenset({"sup", "sub", "s", "strike", "mn"})
# Of those in lines the usual ones.
_IN_LINES = ("a", "b", "code", "em", "i", "img", "small", "span", "strong", "sub", "sup")
# What ends an element whose own end tag is left out, besides the end of what it is in (WHATWG,
# "HTML", 13.1.2.4, optional tags).
_ENDED_BY = {
    "p": (_BLOCKS | _CELLS | {"nav", "footer"}) - {"br"},
    "li": frozenset({"li"}),
    **dict.fromkeys(("dt", "dd"), frozenset({"dt", "dd"})),
    **dict.fromkeys(("td", "th"), _CELLS | {"tr", "tbody", "tfoot"}),
    "tr": frozenset({"tr", "tbody", "tfoot"}),
    **dict.fromkeys(("thead", "tbody", "tfoot"), frozenset({"tbody", "tfoot"})),
}
# What ends with a block that it is in. The end of what is deleted may be forgotten.
_ENDED_IN_BLOCKS = frozenset({"del", *_ENDED_BY})
_BEFORE_FIRST_CELL = re.compile(r"^[ \t]*\| ", re.MULTILINE)
_NAMED_CHARACTER = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z]")
# What a document type of XML declares by itself: `html.parser` ends it with the first declaration.
_DOCUMENT_TYPE = "<!DOCTYPE"
_XML_DECLARATION = re.compile(r"\s*<\?xml\s[^>]*>")
_DECLARATIONS = re.compile(rf"{_DOCUMENT_TYPE}[^<>\[]*\[.*?\]\s*>", re.DOTALL)
_HIDING = frozenset({"hidden", "aria-hidden", "style"})
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)


def open_web_page(path: Path) -> UnitsDocument:
    """Open a web page: a unit a heading with what is below it."""
    return UnitsDocument(read_page_units(decode_page(path.read_bytes())) or [""])


def decode_page(data: bytes) -> str:
    """The characters of a web page, by what it names itself where its bytes do not tell."""
    encoding = find_encoding(data)
    # Encodings that switch by escapes look like ASCII (ISO-2022-JP).
    if encoding == EUROPEAN or _ESCAPE in data:
        named = _NAMED_ENCODING.search(data[:_ENCODING_WITHIN_BYTES])
        if named is not None:
            return decode_named(data, named[1].decode("ascii"))
        return decode_text(data)
    return data.decode(encoding, "replace")


def read_page_units(page: str) -> list[str]:
    """The texts of a web page, cut at its headings."""
    declared = _DECLARATIONS.match(page, max(0, page.find(_DOCUMENT_TYPE)))
    if declared is not None:
        page = page[: declared.start()] + page[declared.end() :]
    reader = _PageReader()
    reader.feed(page)
    reader.close()
    return reader.finish()


def read_xhtml_units(page: str) -> list[str]:
    """The same of a page that should be XML, as those of books are: in half the time if it is."""
    # Without the document type no names of characters are known, and expat leaves them out.
    if _NAMED_CHARACTER.search(page):
        return read_page_units(page)
    # It may name another encoding than the one it gets here.
    declared = _XML_DECLARATION.match(page)
    plain = page[declared.end() :] if declared else page
    try:
        root = parse_page(plain.encode("utf-8", "replace"))
        writer = UnitWriter()
        _write_element(writer, ElementOrder(), root)
    except (NoPlainXmlError, RecursionError):
        return read_page_units(page)
    return _finish_units(writer)


class _Around(NamedTuple):
    """What is written around an element.

    Args:
        before: Before its text; None if the element is passed over.
        after: After it.
        begins_unit: Whether a unit begins with it.
        keeps_spaces: Whether white space in it is shown as it is.
        laid_out_as: Its name, if what stands before it is told by what it lies in.
    """

    before: str | None
    after: str = ""
    begins_unit: bool = False
    keeps_spaces: bool = False
    laid_out_as: str = ""


def _tell_around(name: str) -> _Around:
    if name in _PASSED_OVER:
        return _Around(None)
    if name in _SET_APART:
        return _Around(APART, APART)
    laid_out_as = name if name in LAID_OUT else ""
    if name not in _BLOCKS:
        return _Around("", laid_out_as=laid_out_as)
    after = "" if name in _VOID else "\n"
    return _Around("\n", after, name in _HEADINGS, name == "pre", laid_out_as)


# The usual ones, as a tree names them.
_AROUND = {
    f"{space}{name}": _tell_around(name)
    for space in ("", "{http://www.w3.org/1999/xhtml}")
    for name in (*_PASSED_OVER, *LAID_OUT, *_BLOCKS, *_SET_APART, *_IN_LINES)
}


def _write_element(
    writer: UnitWriter, layout: ElementOrder, element: Element, *, keeps_spaces: bool = False
) -> None:
    """Write what is shown of an element of a page that is a tree: it ends where XML says so."""
    around = _AROUND.get(element.tag) or _tell_around(element.tag.rpartition("}")[2])
    before, after, begins_unit, keeps, laid_out_as = around
    if before is None or (element.attrib and _is_hidden(element.attrib)):
        return
    if begins_unit:
        writer.begin()
    write = writer.write
    if before:
        write(before)
    if laid_out_as:
        write(layout.begin(laid_out_as, element.attrib))
    keeps = keeps or keeps_spaces
    text = element.text
    if text:
        write(text if keeps else _collapse_spaces(text))
    for child in element:
        _write_element(writer, layout, child, keeps_spaces=keeps)
        tail = child.tail
        if tail:
            write(tail if keeps else _collapse_spaces(tail))
    if laid_out_as and laid_out_as in ENDED:
        layout.end(laid_out_as)
    if after:
        write(after)


def _finish_units(writer: UnitWriter) -> list[str]:
    return [
        _BEFORE_FIRST_CELL.sub("", unit) if BETWEEN_CELLS in unit else unit
        for unit in writer.finish()
    ]


def _collapse_spaces(text: str) -> str:
    """Each run of white space as one space."""
    # Most texts have none, and no white space but spaces: that cannot be printed.
    if "  " not in text and text.isprintable():
        return text
    words = " ".join(text.split())
    if text[0].isspace():
        words = f" {words}"
    return f"{words} " if text[-1].isspace() and words != " " else words


class _PageReader(HTMLParser):
    """Writes what is shown; of an element that is not, it keeps which are open in it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.writer = UnitWriter()
        self._layout = ElementOrder()
        self._passed_over: list[str] = []
        # How often each tag is among them.
        self._open_counts: Counter[str] = Counter()
        self._is_preformatted = False

    def finish(self) -> list[str]:
        """The texts, cut at the headings."""
        return _finish_units(self.writer)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._begin_element(tag, dict(attrs))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._begin_element(tag, dict(attrs))
        if tag not in _VOID:
            self.handle_endtag(tag)

    def parse_html_declaration(self, i: int) -> int:
        """Pass over a condition of Office, which the standard library takes for one of SGML.

        It raises where it is none of the names of these (WHATWG, "HTML", 13.2.5.42).
        """
        if self.rawdata.startswith("<![", i) and not self.rawdata.startswith("<![CDATA[", i):
            return self.parse_bogus_comment(i)
        return super().parse_html_declaration(i)

    def _begin_element(self, tag: str, attributes: Mapping[str, str | None]) -> None:
        while self._passed_over and tag in _ENDED_BY.get(self._passed_over[-1], ()):
            self._open_counts[self._passed_over.pop()] -= 1
        if tag in _VOID:
            if not self._passed_over:
                self._write_void(tag, attributes)
            return
        if self._passed_over:
            self._pass_over(tag)
            return
        if tag in _PASSED_OVER or (attributes and _is_hidden(attributes)):
            self._pass_over(tag)
            return
        if tag in _HEADINGS:
            self.writer.begin()
        if tag in _BLOCKS:
            self.writer.write("\n")
        # The tag that ends a cell or an item may be left out.
        if tag in LAID_OUT:
            self.writer.write(self._layout.begin(tag, attributes))
        if tag in _SET_APART:
            self.writer.write(APART)
        self._is_preformatted = self._is_preformatted or tag == "pre"

    def _write_void(self, tag: str, attributes: Mapping[str, str | None]) -> None:
        if tag in _BLOCKS:
            self.writer.write("\n")
        elif tag in LAID_OUT and not (attributes and _is_hidden(attributes)):
            self.writer.write(self._layout.begin(tag, attributes))

    def handle_endtag(self, tag: str) -> None:
        if self._passed_over:
            is_of_outer = self._end_passed_over(tag)
            if not is_of_outer:
                return
        if tag in ENDED:
            self._layout.end(tag)
        if tag in _SET_APART:
            self.writer.write(APART)
        if tag in _BLOCKS:
            self.writer.write("\n")
        if tag == "pre":
            self._is_preformatted = False

    def _pass_over(self, tag: str) -> None:
        self._passed_over.append(tag)
        self._open_counts[tag] += 1

    def _end_passed_over(self, tag: str) -> bool:
        """End what a tag ends; whether it belongs to an element around what is passed over."""
        open_tags = self._passed_over
        if self._open_counts[tag]:
            ended = ""
            while ended != tag:
                ended = open_tags.pop()
                self._open_counts[ended] -= 1
            return False
        ends_all = open_tags[0] in _ENDED_IN_BLOCKS and tag in _BLOCKS | _CELLS
        if ends_all or tag in ("body", "html"):
            open_tags.clear()
            self._open_counts.clear()
        return ends_all

    def handle_data(self, data: str) -> None:
        if self._passed_over:
            return
        if data:
            self.writer.write(data if self._is_preformatted else _collapse_spaces(data))


def _is_hidden(attributes: Mapping[str, str | None]) -> bool:
    if _HIDING.isdisjoint(attributes):
        return False
    return (
        "hidden" in attributes
        or (attributes.get("aria-hidden") or "").lower() == "true"
        or _HIDDEN_STYLE.search(attributes.get("style") or "") is not None
    )
