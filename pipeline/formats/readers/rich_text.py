"""Rich Text Format, by `striprtf`: a section a heading, else what stands between page breaks.

The library passes over notes, headers and text boxes, which are written here so that they are text
as any other, and takes hidden text for shown, which is left out before.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from striprtf.striprtf import rtf_to_text

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.text_encoding import decode_text
from pipeline.formats.units import UnitsDocument
from shared.errors import RejectionCode

# What holds text beside the lines of the document (Microsoft, "RTF Specification 1.9.1"): notes,
# remarks, headers, text boxes. Each begins a line.
_TEXTS_ASIDE = r"(?:\*\\)?(?:footnote|annotation|header[lrf]?|footer[lrf]?|shptxt|dptxbxtext)"
# The drawings that text boxes are in.
_DRAWINGS = r"(?:\*\\)?(?:shp|shpinst|do)"
# Where a section begins: at a paragraph with the level of a heading, from 0 to 8, or with a style
# that has one or is called a heading; where there is none, at a break of a page or a section.
_HEADING = r"outlinelevel[0-8](?!\d)"
_STYLE = r"s\d{1,4}(?!\d)"
_STYLE_ENTRY = re.compile(r"\{\\(s\d{1,4})(?!\d)([^{}]*)\}")
_OF_HEADINGS = re.compile(rf"\\{_HEADING}|\bheading \d\s*;", re.I)
_BREAK = r"(?:sect|page)"
# Each begins at a backslash, and nothing is before it: so the search is one for that character. Two
# of them are the character itself.
_WORDS = re.compile(
    rf"\\(?:\\|(?:(?P<aside>{_TEXTS_ASIDE})|(?P<drawing>{_DRAWINGS})|(?P<heading>{_HEADING})"
    rf"|(?P<style>{_STYLE})|(?P<break>{_BREAK}))(?![a-z]))"
)
# No characters of a text: before a heading, and before a break.
_HEADING_MARK, _BREAK_MARK = "\x1e", "\x1f"
_MARKS = {ord(mark): None for mark in (_HEADING_MARK, _BREAK_MARK)}
# Words that stand for characters.
_WORDS_OF_TEXT = frozenset(
    {
        *("u", "tab", "line", "emdash", "endash", "emspace", "enspace", "qmspace", "bullet"),
        *("lquote", "rquote", "ldblquote", "rdblquote", "par"),
    }
)
_MAY_HIDE = re.compile(r"\\v(?![a-z])(?!0)")
_TOKEN = re.compile(r"\\(?:([a-z]{1,32})(-?\d{1,10})? ?|'[0-9a-f]{2}|.)|[{}]|[^\\{}]+", re.I | re.S)


def open_rich_text(path: Path) -> UnitsDocument:
    """Open a text: a unit a heading with what is below it."""
    # All but ASCII should be in escapes (Microsoft, "RTF Specification 1.9.1"); some is not.
    source = decode_text(path.read_bytes()).translate(_MARKS)
    if _MAY_HIDE.search(source):
        source = "".join(_leave_out_hidden(source))
    headings = {
        f"\\{number}"
        for number, told in _STYLE_ENTRY.findall(source)
        if _OF_HEADINGS.search(told) is not None
    }

    def rewrite(word: re.Match[str]) -> str:
        match word.lastgroup:
            case "aside":
                return r"\par"
            case "drawing":
                return ""
            case "break":
                return _BREAK_MARK + word[0]
            case "heading":
                return f"{word[0]} {_HEADING_MARK}"
            case "style" if word[0] in headings:
                return f"{word[0]} {_HEADING_MARK}"
        return word[0]

    source = _WORDS.sub(rewrite, source)
    try:
        text = str(rtf_to_text(source, errors="replace"))  # type: ignore[no-untyped-call]  # it has none
    except (ValueError, IndexError, KeyError, LookupError) as error:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, "it is no RTF") from error
    # A character beyond the first 65,536 is written as two halves, which become one here.
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    mark = _HEADING_MARK if _HEADING_MARK in text else _BREAK_MARK
    parts = [part.translate(_MARKS) for part in text.split(mark)]
    return UnitsDocument([part for part in parts if part.strip()] or [""])


def _leave_out_hidden(source: str) -> Iterator[str]:
    r"""The source without the text that is hidden, `\v` to `\v0` or the end of the group."""
    hidden = [False]
    place = 0
    while (token := _TOKEN.match(source, place)) is not None:
        place = token.end()
        word, text = token[1], token[0]
        if word == "bin":
            # As many bytes follow that are no RTF.
            place += max(0, int(token[2] or 0))
            continue
        if text == "{":
            hidden.append(hidden[-1])
        elif text == "}" and len(hidden) > 1:
            hidden.pop()
        elif word == "v":
            hidden[-1] = token[2] != "0"
        elif word == "plain":
            hidden[-1] = False
        if not hidden[-1] or text in "{}" or (word is not None and word not in _WORDS_OF_TEXT):
            yield text
