"""Web pages: the text that a page shows, without what leads elsewhere."""

import re
from html.parser import HTMLParser
from pathlib import Path

from pipeline.formats.text_encoding import decode_text, find_encoding
from pipeline.formats.units import UnitsDocument, UnitWriter

_NAMED_ENCODING = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([A-Za-z0-9_.:-]+)""", re.I)
_ENCODING_WITHIN_BYTES = 4096
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
# Nothing in them is shown, or is of this page: its menus, what other programs draw.
_PASSED_OVER = frozenset(
    {
        *("script", "style", "noscript", "template", "svg", "iframe", "object", "canvas", "audio"),
        *("video", "nav", "footer", "select", "datalist", "dialog", "head"),
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
        *("br", *_HEADINGS),
    }
)
_CELLS = frozenset({"td", "th"})
_BETWEEN_CELLS = " | "
_BEFORE_FIRST_CELL = re.compile(r"^[ \t]*\| ", re.MULTILINE)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)


def open_web_page(path: Path) -> UnitsDocument:
    """Open a web page: a unit a heading with what is below it."""
    return UnitsDocument(read_page_units(decode_page(path.read_bytes())) or [""])


def decode_page(data: bytes) -> str:
    """The characters of a web page, by what it names itself where its bytes do not tell."""
    named = _NAMED_ENCODING.search(data[:_ENCODING_WITHIN_BYTES])
    if find_encoding(data) == "cp1252" and named is not None:
        try:
            return data.decode(named[1].decode("ascii"), "replace")
        except LookupError:
            pass
    return decode_text(data)


def read_page_units(page: str) -> list[str]:
    """The texts of a web page, cut at its headings."""
    reader = _PageReader()
    reader.feed(page)
    reader.close()
    return [_BEFORE_FIRST_CELL.sub("", unit) for unit in reader.writer.finish()]


class _PageReader(HTMLParser):
    """Writes what is shown; of elements that are not, it counts how deep it is in them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.writer = UnitWriter()
        self._passed_over: list[str] = []
        self._is_preformatted = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            if tag in _BLOCKS and not self._passed_over:
                self.writer.write("\n")
            return
        if self._passed_over:
            if tag == self._passed_over[-1]:
                self._passed_over.append(tag)
            return
        if tag in _PASSED_OVER or _is_hidden(dict(attrs)):
            self._passed_over.append(tag)
            return
        if tag in _HEADINGS:
            self.writer.begin()
        if tag in _BLOCKS:
            self.writer.write("\n")
        if tag in _CELLS:
            # The tag that ends a cell may be left out.
            self.writer.write(_BETWEEN_CELLS)
        if tag == "li":
            self.writer.write("- ")
        self._is_preformatted = self._is_preformatted or tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if self._passed_over:
            # What ends is what was begun last: elements inside of it do not count.
            if tag == self._passed_over[-1]:
                self._passed_over.pop()
            elif tag in ("body", "html"):
                self._passed_over.clear()
            return
        if tag in _BLOCKS:
            self.writer.write("\n")
        if tag == "pre":
            self._is_preformatted = False

    def handle_data(self, data: str) -> None:
        if self._passed_over:
            return
        self.writer.write(data if self._is_preformatted else re.sub(r"\s+", " ", data))


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    return (
        "hidden" in attributes
        or (attributes.get("aria-hidden") or "").lower() == "true"
        or _HIDDEN_STYLE.search(attributes.get("style") or "") is not None
    )
