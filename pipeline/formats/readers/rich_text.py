r"""Rich Text Format: a section a heading, else what stands between page breaks.

Most of a file are words that tell how it looks, and groups without text. They are taken out by two
regular expressions; what is left is a tenth as much, which a small state machine reads. Rules and
words are those of Microsoft's "Rich Text Format (RTF) Specification", 1.9.1.
"""

import codecs
import re
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from pipeline.formats.text_encoding import decode_named, find_encoding
from pipeline.formats.units import (
    BETWEEN_CELLS,
    LOWERED,
    RAISED,
    UnitsDocument,
    mark_apart,
    set_apart,
)

# No characters of a text: before a heading, before a break, the end of a line, a backslash, where
# words have been taken out.
_HEADING_MARK, _BREAK_MARK, _LINE_END, _BACKSLASH, _GONE = "\x1e", "\x1f", "\x1d", "\x1c", "\x1a"
_MARKS = (_HEADING_MARK, _BREAK_MARK, _LINE_END, _BACKSLASH, _GONE)
_NO_MARKS = dict.fromkeys(map(ord, _MARKS))
_NOT_SHOWN = ("\r", "\n", _GONE)
# What a group that is not read leaves: it ends what stands for a character before it.
_NOTHING = "{}"
_ROWS = ("row", "nestrow")
# Words that stand for one character, and for others.
_SIGNS = {
    **{"emdash": "\u2014", "endash": "\u2013", "bullet": "\u2022"},
    **{"emspace": "\u2003", "enspace": "\u2002", "qmspace": "\u2005"},
    **{"lquote": "\u2018", "rquote": "\u2019", "ldblquote": "\u201c", "rdblquote": "\u201d"},
}
_SHOWN = {
    **_SIGNS,
    **dict.fromkeys(("par", "line", *_ROWS), _LINE_END),
    **dict.fromkeys(("page", "sect"), _BREAK_MARK + _LINE_END),
    **dict.fromkeys(("cell", "nestcell"), BETWEEN_CELLS),
    "tab": "\t",
}
_SYMBOLS = {"~": "\xa0", "_": "\u2011", "\n": _LINE_END, "\r": _LINE_END} | {c: c for c in "{}"}
# What holds text beside the lines of the document, which has lines of its own: notes, remarks,
# headers, text boxes.
_ASIDE = frozenset(
    {
        *("footnote", "annotation", "header", "headerl", "headerr", "headerf", "footer"),
        *("footerl", "footerr", "footerf", "shptxt", "dptxbxtext"),
    }
)
# The drawings that text boxes are in, and what the end of a row is in, of a table in a cell.
_ENTERED = frozenset({"shpinst", "do", "nesttableprops"})
# What holds no text of the document and may lack the mark that says so.
_PASSED_OVER = frozenset(
    {
        *("fonttbl", "colortbl", "stylesheet", "info", "pict", "fldinst", "datafield", "objdata"),
        *("objclass", "sp", "shprslt", "listtable", "listoverridetable", "revtbl", "rsidtbl"),
        *("filetbl", "xe", "tc", "txe", "rxe", "pn", "ftnsep", "ftnsepc", "ftncn"),
        *("aftnsep", "aftnsepc", "aftncn", "atnid", "atnauthor", "bkmkstart", "bkmkend"),
        *("nonesttables", "private", "themedata", "template", "formfield"),
    }
)
# Raised or lowered, and no longer: what marks where that begins and ends.
_RAISED = {"super": RAISED, "up": RAISED, "sub": LOWERED, "dn": LOWERED, "nosupersub": ""}
_FORM = frozenset({"u", "uc", "f", "v", "deleted", "plain", "s", "outlinelevel", *_RAISED})


def _match_any(words: Iterable[str]) -> str:
    """An expression for words that is quick to fail: by their first characters."""
    by_first = groupby(sorted(words), key=lambda word: word[0])
    return "|".join(f"{first}(?:{'|'.join(word[1:] for word in some)})" for first, some in by_first)


def _match_group(depth: int) -> str:
    """An expression for what is in a group that has groups in it, so many levels deep.

    A brace that is a character of a text fails it.
    """
    flat = r"[^{}\\]*+(?:\\[^{}][^{}\\]*+)*+"
    inner = flat
    for _ in range(depth):
        inner = rf"{flat}(?:\{{{inner}\}}{flat})*+"
    return inner


_NO_LETTER = "(?![a-zA-Z])"
_NOT_READ = re.compile(
    rf"\{{\\(?:\*\\(?!(?:{_match_any(_ASIDE | _ENTERED)}){_NO_LETTER})"
    rf"|(?:{_match_any(_PASSED_OVER)}){_NO_LETTER}){_match_group(4)}\}}"
)
_READ = _match_any({*_SHOWN, *_ASIDE, *_ENTERED, *_PASSED_OVER, *_FORM})
_LOOKS = re.compile(
    rf"(?:\\(?!(?:{_READ}){_NO_LETTER})[a-zA-Z]{{1,32}}+(?:-?[0-9]{{1,10}}+)?+ ?+)++"
)
_TOKEN = re.compile(
    r"\\(?:([a-z]{1,32})(-?\d{1,10})? ?|('[0-9a-f]{2}(?:\\'[0-9a-f]{2}){0,999})|(.))\x1a?"
    r"|([{}])\x1a?|([^\\{}]+)",
    re.I | re.S,
)
_BINARY = re.compile(rb"(?<!\\)((?:\\\\)*)\\bin(\d{1,9}) ?")
_AT_END_OF_ROW = BETWEEN_CELLS + "".join(_NOT_SHOWN) + RAISED
_STYLES = re.compile(rf"\{{\\stylesheet{_NO_LETTER}({_match_group(4)})")
_STYLE_ENTRY = re.compile(rf"\{{\\s(\d{{1,4}})(?!\d)({_match_group(1)})\}}")
_OF_HEADINGS = re.compile(r"\\outlinelevel[0-8](?!\d)|\bheading \d\s*;", re.I)
_FONT_ENTRY = re.compile(r"\\f(\d{1,5})(?!\d)[^{};]{0,200}?\\fcharset(\d{1,3})")
_CODE_PAGE = re.compile(r"\\ansicpg(\d{3,5})|\\(mac|pca?)(?![a-z])")
_DEFAULT_FONT = re.compile(r"\\deff(\d{1,5})")
_CODE_PAGES = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
_DEFAULT_CODEC = "cp1252"
_HEADER_CHARACTERS = 1000
_FONT_TABLE, _MOST_OF_FONTS = r"{\fonttbl", 1 << 16
# By the number of a font's character set; of any other it is the document's.
_CODECS = {
    **{"77": "mac_roman", "128": "cp932", "129": "cp949", "130": "johab", "134": "gb18030"},
    **{"136": "big5hkscs", "161": "cp1253", "162": "cp1254", "163": "cp1258", "177": "cp1255"},
    **{"178": "cp1256", "186": "cp1257", "204": "cp1251", "222": "cp874", "238": "cp1250"},
    **{"254": "cp437", "255": "cp850"},
}
_CHARACTERS_OF_16_BITS = 0x10000


def open_rich_text(path: Path) -> UnitsDocument:
    """Open a text: a unit a heading with what is below it."""
    return UnitsDocument(read_rich_text(path.read_bytes()) or [""])


def read_rich_text(data: bytes) -> list[str]:
    """The texts of the units."""
    source = _take_out(_MARKS, _decode(_cut_binary(data)))
    text = _Reader(source).read()
    mark = _HEADING_MARK if _HEADING_MARK in text else _BREAK_MARK
    parts = [part.replace(_BREAK_MARK, "") for part in text.split(mark)]
    return [part for part in parts if part.strip()]


def _cut_binary(data: bytes) -> bytes:
    """The file without pictures that are no RTF but bytes of a number that is told."""
    if b"\\bin" not in data:
        return data
    pieces, place = [], 0
    while (found := _BINARY.search(data, place)) is not None:
        pieces.append(data[place : found.end(1)])
        place = found.end() + int(found[2])
    return b"".join([*pieces, data[place:]])


def _decode(data: bytes) -> str:
    """All but ASCII should be in escapes; what is not is in the code page of the document."""
    encoding = find_encoding(data)
    if encoding == _DEFAULT_CODEC:
        encoding = _find_codec_of_document(data[:_HEADER_CHARACTERS].decode("latin-1"))
    return decode_named(data, encoding)


def _find_codec_of_document(source: str) -> str:
    page = _CODE_PAGE.search(source, 0, _HEADER_CHARACTERS)
    if page is None:
        return _DEFAULT_CODEC
    return _find_codec(f"cp{page[1]}" if page[1] else _CODE_PAGES[page[2]])


class _State(NamedTuple):
    """What a group begins with, and what it has to be again after it."""

    is_passed_over: bool
    is_hidden: bool
    is_aside: bool
    codec: str
    # How many characters stand for one in Unicode, for programs that know none.
    fallback_characters: int
    # What marks where it begins and ends, if it is raised or lowered.
    apart: str = ""


class _Reader:
    """Reads a source whose marks have been taken out."""

    def __init__(self, source: str) -> None:
        source = source.replace("\\\\", _BACKSLASH)
        self._codec = _find_codec_of_document(source)
        fonts = source.find(_FONT_TABLE)
        self._codecs = {
            font: _CODECS.get(number, self._codec)
            for font, number in _FONT_ENTRY.findall(source, fonts, fonts + _MOST_OF_FONTS)
        }
        default = _DEFAULT_FONT.search(source, 0, _HEADER_CHARACTERS)
        self._default_codec = self._codecs.get(default[1] if default else "", self._codec)
        styles = _STYLES.search(source)
        self._headings = {
            number
            for number, told in _STYLE_ENTRY.findall(
                _NOT_READ.sub("", styles[1] if styles else source)
            )
            if _OF_HEADINGS.search(told) is not None
        }
        self._tokens = _TOKEN.finditer(_LOOKS.sub(_GONE, _NOT_READ.sub(_NOTHING, source)))

    def read(self) -> str:
        """The text, with marks before headings and breaks."""
        shown: list[str] = []
        state = first = _State(False, False, False, self._default_codec, 1)
        stack: list[_State] = []
        to_skip, half = 0, b""
        for token in self._tokens:
            word, number, escapes, symbol, brace, text = token.groups()
            is_shown = not (state.is_passed_over or state.is_hidden)
            if text is not None or escapes is not None:
                if text is None:
                    data = bytes.fromhex(escapes.replace("\\", "").replace("'", ""))
                    decoder = codecs.getincrementaldecoder(state.codec)("replace")
                    text = decoder.decode(half + data[to_skip:]).translate(_NO_MARKS)
                    to_skip = max(0, to_skip - len(data))
                    half = decoder.getstate()[0]
                elif half or to_skip:
                    text = text.lstrip("".join(_NOT_SHOWN))
                    if half and text:
                        # The second byte of a character may be written as what it is in ASCII.
                        second = text[0].replace(_BACKSLASH, "\\").encode("latin-1", "replace")
                        text = (half + second).decode(state.codec, "replace") + text[1:]
                        half = b""
                    else:
                        text, to_skip = text[to_skip:], max(0, to_skip - len(text))
                if is_shown:
                    shown.append(text)
                continue
            half = b""
            if brace is not None:
                # What stands for a character ends with its group, and before another.
                to_skip = 0
                if brace == "{":
                    stack.append(state)
                    continue
                outer = stack.pop() if stack else first
                if state.is_aside and is_shown and not outer.is_aside:
                    shown.append(_LINE_END)
                _mark_changed_place(shown, state, outer)
                state = outer
            elif symbol == "*":
                state = state._replace(is_passed_over=True)
            elif symbol is not None:
                if to_skip:
                    to_skip -= 1
                elif is_shown:
                    shown.append(_SYMBOLS.get(symbol, ""))
            elif word == "u":
                if is_shown and number is not None:
                    character = chr(int(number) % _CHARACTERS_OF_16_BITS)
                    shown.append(character.translate(_NO_MARKS))
                # A word that was taken out is what stands for it, too.
                to_skip = 0 if token[0].endswith(_GONE) else state.fallback_characters
            elif to_skip and word in _SIGNS:
                to_skip -= 1
            elif word in _SHOWN:
                to_skip = 0
                if is_shown:
                    if word in _ROWS:
                        while shown and not shown[-1].strip(_AT_END_OF_ROW):
                            shown.pop()
                    shown.append(_SHOWN[word])
            elif word in _PASSED_OVER:
                state = state._replace(is_passed_over=True)
            elif word in _ASIDE or word in _ENTERED:
                state = state._replace(is_passed_over=bool(stack) and stack[-1].is_passed_over)
                if word in _ASIDE and not state.is_passed_over:
                    state = state._replace(is_aside=True)
                    shown.append(_LINE_END)
            elif is_shown and self._is_heading(word, number):
                shown.append(_HEADING_MARK)
            elif word in _RAISED or (word == "plain" and state.apart):
                changed = self._change_form(state, word, number)
                _mark_changed_place(shown, state, changed)
                state = changed
            else:
                state, to_skip = self._change_form(state, word, number), 0
        return _join(shown)

    def _is_heading(self, word: str, number: str | None) -> bool:
        if word == "s":
            return number in self._headings
        return word == "outlinelevel" and number is not None and 0 <= int(number) <= 8

    def _change_form(self, state: _State, word: str, number: str | None) -> _State:
        match word:
            case "f":
                codec = self._codecs.get(number or "", self._codec)
                # Most fonts are of the same characters.
                changed = state if codec == state.codec else state._replace(codec=codec)
            case "v" | "deleted":
                changed = state._replace(is_hidden=number != "0")
            case "plain" if state.is_hidden or state.apart or state.codec != self._default_codec:
                changed = state._replace(is_hidden=False, apart="", codec=self._default_codec)
            case "super" | "sub" | "up" | "dn" | "nosupersub":
                changed = state._replace(apart=_RAISED[word] if number != "0" else "")
            case "uc":
                changed = state._replace(fallback_characters=max(0, int(number or "1")))
            case _:
                changed = state
        return changed


def _find_codec(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return _DEFAULT_CODEC


def _take_out(characters: Iterable[str], text: str) -> str:
    for character in characters:
        text = text.replace(character, "")
    return text


def _mark_changed_place(shown: list[str], before: _State, after: _State) -> None:
    """Mark that what is raised or lowered begins or ends where it does."""
    if before.apart != after.apart:
        for mark in filter(None, (before.apart, after.apart)):
            mark_apart(shown, mark)


def _join(shown: list[str]) -> str:
    text = _take_out(_NOT_SHOWN, "".join(shown)).replace(_LINE_END, "\n").replace(_BACKSLASH, "\\")
    # A character beyond the first 65,536 is written as two halves, which become one here.
    return set_apart(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
