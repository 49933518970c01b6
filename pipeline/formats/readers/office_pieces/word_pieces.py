"""Pieces of new Word texts that mean another thing in plain text than they do where they are shown.

Raised figures would be digits of the number before them, a fraction would be one number, what a
field is made of would stand before what it shows, and signs of fonts of symbols would be letters.
So a document gets, before the library opens it, a space, a sign of mathematics, nothing or the sign
in these places. Programs write these elements with the same prefixes; others are left as they are.

Source: ECMA-376-1, 17.3.2.42 (vertAlign), 17.16.18 (fldChar), 17.3.3.30 (sym), 22.1 (Math).
"""

import re
from collections.abc import Iterator
from html import escape

from pipeline.formats.readers.office_pieces.piece_changes import (
    MOST_BYTES,
    NEAR_BYTES,
    Change,
    TextMarks,
    apply_changes,
    change_parts,
    set_raised_apart,
)
from pipeline.formats.readers.old_office.symbol_fonts import SYMBOLS
from pipeline.formats.readers.part_starts import list_parts, read_start

_PARTS = rb"word/(?:document|footnotes|endnotes)\.xml"
_TEXT = re.compile(rb"<w:t(?:\s[^<>]*)?>([^<]*)</w:t>")
_MARKS = TextMarks(
    raised=re.compile(rb"<w:vertAlign w:val=\"su(per|b)script\"\s*/>"),
    text=_TEXT,
    text_end=b"</w:t>",
    run_end=b"</w:r>",
    between=(b"</w:p>", b"<w:tab/>", b"<w:br", b"<w:cr/>"),
    space=b'<w:t xml:space="preserve"> </w:t>',
    others=(b"w:pPr", b"w:rPrChange"),
)
_FIELD = re.compile(rb"<w:fldChar\b[^<>]*?\sw:fldCharType=\"(begin|separate|end)\"")
_BUTTON = re.compile(rb"<w:instrText[^<>]*>\s*(?:GOTOBUTTON|MACROBUTTON|EQ)\b", re.IGNORECASE)
_SYMBOL = re.compile(rb"<w:sym\b([^<>]*?)/>")
_FONT, _PLACE = re.compile(rb"w:font=\"([^\"]*)\""), re.compile(rb"w:char=\"([0-9A-Fa-f]{2,4})\"")
# Boxes and ticks, as forms have them.
_WINGDINGS_2 = {0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0xA3: "☐"}
_MATH = re.compile(rb"<(/?)m:(num|den|sup|sub|deg|rad|d|nary)(?:\s[^<>]*?)?(/?)>")
_TAG = re.compile(rb"<[^<>]*>")
_LOOKS = re.compile(
    rb"\s*<m:(?:d|nary)Pr>(?:\s*<m:(?:chr|begChr|sepChr|endChr)\b[^<>]*>(?:</m:\w+>)?)+"
)
_BRACKETS = re.compile(rb"<m:(beg|end)Chr m:val=\"([^\"<>]{0,9})\"")
_SIGN = re.compile(rb"<m:chr m:val=\"([^\"<>]{0,9})\"")
_INTEGRAL, _ROOT = "∫".encode(), "√(".encode()
_BEFORE = {b"den": b"/", b"sup": b"^", b"sub": b"_"}


def change_pieces(package: bytes) -> bytes:
    """A package of Word with such pieces as plain text can say them."""
    changed = {}
    for part in list_parts(package, _PARTS):
        content = read_start(package, part, MOST_BYTES)
        changes = list(_list_changes(content)) if len(content) < MOST_BYTES else []
        if changes:
            changed[part.name] = apply_changes(content, changes)
    return change_parts(package, changed)


def _list_changes(content: bytes) -> Iterator[Change]:
    if b"vertAlign" in content:
        yield from set_raised_apart(content, _MARKS)
    if b"fldChar" in content:
        yield from _drop_what_fields_are_made_of(content)
    if b"<w:sym" in content:
        yield from _show_symbols(content)
    if b"<m:" in content:
        yield from _show_math(content)


def _drop_what_fields_are_made_of(content: bytes) -> Iterator[Change]:
    """The results of fields in the instruction of another, of which that makes what it shows.

    Of a field without an end nothing is dropped: all text behind it would be. Nor of a button
    or an equation, which show what they are made of.
    """
    # Of each field that is open, whether it is in its instruction; and how many are.
    in_instruction: list[bool] = []
    count = start = told = 0
    dropped: list[Change] = []
    for found in _FIELD.finditer(content):
        if found[1] == b"begin":
            if count == 0:
                told = found.end()
            elif count == 1 and in_instruction[-1]:
                is_button = _BUTTON.search(content, told, min(told + NEAR_BYTES, found.start()))
                start = len(content) if is_button else found.end()
            in_instruction.append(True)
            count += 1
        elif in_instruction:
            count -= in_instruction[-1]
            in_instruction[-1] = False
            if found[1] == b"end":
                in_instruction.pop()
                if count == 1 and in_instruction[-1]:
                    dropped += (
                        Change(*text.span(), b"")
                        for text in _TEXT.finditer(content, start, found.start())
                    )
                elif not in_instruction:
                    yield from dropped
                    dropped.clear()


def _show_symbols(content: bytes) -> Iterator[Change]:
    for found in _SYMBOL.finditer(content):
        font, place = _FONT.search(found[1]), _PLACE.search(found[1])
        if font is not None and place is not None:
            number = int(place[1], 16) & 0xFF
            name = font[1].decode("utf-8", "replace")
            sign = SYMBOLS.get(name, {}).get(0xF000 | number, "\0")
            if name == "Wingdings 2":
                sign = _WINGDINGS_2.get(number, "\0")
            if sign != "\0":
                yield Change(*found.span(), f"<w:t>{escape(sign)}</w:t>".encode())


def _show_math(content: bytes) -> Iterator[Change]:
    """The signs that formulas have by how their parts lie in one another."""
    opened: list[tuple[bytes, int]] = []
    for found in _MATH.finditer(content):
        is_end, name, is_empty = found.groups()
        if is_empty:
            if name == b"deg":
                yield _write(found.end(), _ROOT)
        elif not is_end:
            opened.append((name, found.end()))
        elif opened and opened[-1][0] == name:
            _, start = opened.pop()
            yield from _show_part(content, name, start, found.start())


def _show_part(content: bytes, name: bytes, start: int, end: int) -> Iterator[Change]:
    found = _LOOKS.match(content, start)
    looks = b"" if found is None else found[0]
    if name == b"d":
        brackets = dict(_BRACKETS.findall(looks))
        yield _write(start, brackets.get(b"beg", b"("))
        yield _write(end, brackets.get(b"end", b")"))
    elif name == b"nary":
        # A sum, mostly; else it is no other sign than this one (ECMA-376-1, 22.1.2.20).
        sign = _SIGN.search(looks)
        yield _write(start, sign[1] if sign is not None else _INTEGRAL)
    elif name == b"deg":
        yield _write(end, _ROOT)
    elif name == b"rad":
        yield _write(end, b")")
    else:
        is_one = _MATH.search(content, start, end) is None
        if is_one:
            text = _TAG.sub(b"", content[start:end]).decode("utf-8", "replace").strip()
            is_one = not text or text.replace(".", "").replace(",", "").isalnum()
        yield _write(start, _BEFORE.get(name, b"") + b"(" * (not is_one))
        if not is_one:
            yield _write(end, b")")


def _write(place: int, signs: bytes) -> Change:
    return Change(place, place, b"<m:r><m:t>%s</m:t></m:r>" % signs)
