"""Numbers in workbooks that `office_oxide` shows in another way than Excel does.

It knows dates, percentages, thousands and most currencies. But it writes times of day as fractions
of a day and postcodes without their first zeros, puts all digits of a telephone number in one
place, and rounds away decimals that are shown only where there are any. So cells of such formats
get, by a change of the styles before the book is opened, a format that gives all their digits and
says which it stands for. Old books get it in `old_workbooks`.

Source: ECMA-376-1, 18.8.30 (numFmt) and 18.8.31 (numFmts): what the codes of formats mean.
"""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from html import unescape
from operator import eq, ge, gt, le, lt, ne
from typing import NamedTuple

# Of the private use area: no program writes them, and no font shows them.
_BEFORE, _AFTER = "\ue0f6", "\ue0f7"
_MARKED = re.compile(f"{_BEFORE}(\\d+){_AFTER}(-?\\d+\\.\\d+)")
_ALL_DIGITS = "0.000000000000000"

# Formats that have a number and no code in the file (ECMA-376-1, 18.8.30): fractions, times, sums.
# The currency of 42 is the one of whoever looks at the book.
BUILT_IN = {
    **{12: "# ?/?", 13: "# ??/??"},
    **{18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss"},
    **dict.fromkeys((41, 42), '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)'),
    **{45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0"},
}
_BUILT_IN_USED = re.compile(
    rb"<(?:[\w.-]+:)?xf\b[^<>]*\snumFmtId=[\"'](1[2389]|2[01]|4[12567])[\"']"
)
# Whatever code a file gives for one of these, the library shows what it is in the United States:
# dollars for euros. So they get another number.
FIXED = r"[5-8]|1[23]|3[7-9]|4[0-4]"
_GIVEN = re.compile(rb"<(?:[\w.-]+:)?numFmt\b[^<>]*\snumFmtId=[\"'](%s)[\"']" % FIXED.encode())
_FIXED_NUMBER = re.compile(rb"(\snumFmtId=[\"'])(%s)(?=[\"'])" % FIXED.encode())
MOVED_BY = 40_000
_CODE = re.compile(rb"(\sformatCode\s*=\s*)(?:\"([^\"<]*+)\"|'([^'<]*+)')")
_ROOT = re.compile(rb"<([\w.-]+:)?styleSheet\b[^<>]*>")
_LIST, _LIST_END = re.compile(rb"<(?:[\w.-]+:)?numFmts\b[^<>/]*>"), b"numFmts>"

_TOKEN = re.compile(
    r'"(?P<text>[^"]*)"?|\\(?P<letter>.)|_(?P<width>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>general)|(?P<half>am/pm|a/p)|(?P<time>h+|m+|s+)|(?P<digit>[0#?])|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
# A section in short, as `_Section.shape` writes it, that the library does not show as Excel does.
_SHOWN_HERE = re.compile(
    r"""
    [hs]                            # times
    | G. | .G                       # words beside a number that has no other format
    | ^[^.]*0,?0                    # at least so many digits
    | [0#?][^0#?.,;/%Ehms$<]+[0#?]  # something between two digits
    | \.0*[#?]                      # as many decimals as there are
    | [0#?]\ */\ *[0-9#?]           # fractions
    | [0#?]\ *\$ | \$[ ]            # a currency behind its figure, or apart from it
    """,
    re.VERBOSE | re.DOTALL,
)
_SECTIONS_OF_NUMBERS = 3
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d{1,15}(?:\.\d{1,15})?)")
_COMPARE = {"<": lt, "<=": le, ">": gt, ">=": ge, "=": eq, "<>": ne}
_FRACTION = re.compile(r"(?:([0#?]+) +)?[0#?]+ */ *(?:([1-9]\d*)|([0#?]+))")
# A duration in one unit, as all its seconds.
_ONE_UNIT = re.compile(r"\[[hms]+\](?!:)", re.IGNORECASE)
_SECONDS_OF = {"h": 3600, "m": 60, "s": 1}
_DAY_SECONDS = 86_400
_MOST_DENOMINATOR_DIGITS = 4
# What `Decimal` keeps exactly beside figures below `_LARGE`.
_MOST_DECIMALS = 12
_LARGE = Decimal(10**15)
_MOST_DECIMALS_OF_SECONDS = 3
_DIGITS_OF_GENERAL = 10
# Excel takes none that is longer, and some 250 of a workbook's own (Microsoft, "Excel
# specifications and limits"); other programs have written more.
_LONGEST_CODE = 255
_MOST_CODES = 2_000


class _Piece(NamedTuple):
    """A piece of a format's code.

    Args:
        kind: `literal`, `general`, `half` (of the day), `time`, `elapsed`, `digit` or `mark`.
        text: What is shown of a literal; the letters or the sign of another.
    """

    kind: str
    text: str


_POINT, _COMMA, _PERCENT = (_Piece("mark", sign) for sign in ".,%")


class _Section(NamedTuple):
    """What a code says of some numbers, mostly of those of one sign.

    Args:
        pieces: Its pieces.
        shape: A letter for each, for what is asked of it by patterns.
        condition: A sign of `_COMPARE` and the limit, if it says itself of which numbers.
    """

    pieces: list[_Piece]
    shape: str
    condition: tuple[str, Decimal] | None = None


def mark_formats(styles: bytes) -> tuple[bytes, list[str]] | None:
    """The styles of a workbook with marks for the formats that are shown here, and their codes.

    None if the library shows all of them as they are; without codes it shows them by these styles.
    What it makes of the marks is for `show_marked`.
    """
    codes: list[str] = []

    def mark(code: str) -> bytes:
        codes.append(code)
        return f'"&quot;{write_mark(len(codes) - 1)}&quot;{_ALL_DIGITS}"'.encode()

    def mark_code(found: re.Match[bytes]) -> bytes:
        code = unescape((found[2] or found[3] or b"").decode("utf-8", "replace"))
        return found[1] + mark(code) if is_shown_here(code) else found[0]

    marked = _CODE.sub(mark_code, styles, _MOST_CODES)
    listed = _LIST.search(styles)
    # What is given besides is of looks by a condition, which the library does not read.
    end = 0 if listed is None else styles.find(_LIST_END, listed.end())
    given = {int(number) for number in _GIVEN.findall(styles, 0, end if end >= 0 else len(styles))}
    added = {int(number) for number in _BUILT_IN_USED.findall(styles)} - given
    root = _ROOT.search(marked)
    if root is not None and added:
        prefix = root[1] or b""
        entries = b"".join(
            b'<%snumFmt numFmtId="%d" formatCode=%s/>' % (prefix, number, mark(BUILT_IN[number]))
            for number in sorted(added)
        )
        formats = _LIST.search(marked)
        if formats is None:
            entries = b"<%snumFmts>%s</%snumFmts>" % (prefix, entries, prefix)
        place = root.end() if formats is None else formats.end()
        marked = marked[:place] + entries + marked[place:]
    moved = given | added

    def move(found: re.Match[bytes]) -> bytes:
        number = int(found[2])
        return found[1] + b"%d" % (number + MOVED_BY * (number in moved))

    if moved:
        marked = _FIXED_NUMBER.sub(move, marked)
    return (marked, codes) if codes or moved else None


def write_mark(number: int) -> str:
    """What stands before the digits of a number whose format is the one of that number."""
    return f"{_BEFORE}{number}{_AFTER}"


def show_marked(text: str, codes: Sequence[str]) -> str:
    """Text of the library, with each marked number as Excel shows it."""
    read: dict[int, list[_Section]] = {}

    def show(found: re.Match[str]) -> str:
        number = int(found[1])
        if number >= len(codes):
            return found[2]
        if number not in read:
            read[number] = _read_code(codes[number])
        return " ".join(_show(float(found[2]), read[number]).split())

    return _MARKED.sub(show, text)


# Books have few formats, and the same ones as others.
@lru_cache(maxsize=256)
def is_shown_here(code: str) -> bool:
    """Whether numbers of a format are shown here, and not by the library."""
    if len(code) > _LONGEST_CODE:
        return False
    shapes = [section.shape for section in _read_code(code)]
    # Of dates and powers of ten the library makes what it can.
    if any(letter in shape for shape in shapes for letter in "d<E"):
        return False
    return is_shown_wrong(code) or any(_SHOWN_HERE.search(shape) for shape in shapes)


def is_shown_wrong(code: str) -> bool:
    """Whether the library shows some numbers of a format as others, and not just in another way.

    It loses the sign where a section of negative numbers has a currency that is not quoted, writes
    a second one where a condition is about signs, shows the word where `General` has a condition
    beside it, takes the section of texts for one of numbers where there are less than four, and
    shows of durations in one unit nothing.
    """
    sections = _read_code(code)
    limits = [section.condition[1] for section in sections if section.condition]
    return (
        _ONE_UNIT.search(code) is not None
        or any(limit <= 0 for limit in limits)
        or (bool(limits) and any("G" in section.shape for section in sections))
        or (len(sections) > 1 and "$" in sections[1].shape)
        or (";" in code and "@" in code and len(sections) < _SECTIONS_OF_NUMBERS)
    )


def _read_code(code: str) -> list[_Section]:
    """The sections of a code for numbers: from zero on, negative ones, zero, or by conditions."""
    sections = [_Section([], "")]
    for found in _TOKEN.finditer(code):
        kind = found.lastgroup or "other"
        text = found[kind]
        if kind == "other" and text == ";":
            sections.append(_Section([], ""))
            continue
        piece, letter = _read_piece(kind, text)
        pieces, shape, condition = sections[-1]
        told = _CONDITION.fullmatch(text) if letter == "<" else None
        if told is not None:
            sections[-1] = _Section(pieces, shape, (told[1], Decimal(told[2])))
        elif letter:
            pieces.append(piece)
            sections[-1] = _Section(pieces, shape + letter, condition)
    # The one of texts is the last one, and the fourth if there are so many.
    if len(sections) > 1 and "@" in sections[-1].shape:
        sections.pop()
    return sections[:_SECTIONS_OF_NUMBERS]


def _read_piece(kind: str, text: str) -> tuple[_Piece, str]:
    """A piece and its letter; no letter, and it shows nothing."""
    if kind == "width":
        return _Piece("literal", " "), " "
    if kind == "bracket":
        if text.startswith("$"):
            sign = text[1:].split("-")[0]
            return _Piece("literal", sign), "$" * bool(sign)
        letters = text.lower()
        if letters and letters == letters[0] * len(letters) and letters[0] in _SECONDS_OF:
            return _Piece("elapsed", letters), "h"
        return _Piece("literal", ""), "<" * text.startswith(("<", ">", "="))
    if kind in ("text", "letter"):
        return _Piece("literal", text), (" " if text.isspace() else "x") * bool(text)
    if kind == "fill":
        return _Piece("literal", ""), ""
    if kind == "digit" or (kind == "other" and text in ".,%/"):
        return _Piece("digit" if kind == "digit" else "mark", text), text
    if kind == "other":
        return _Piece("literal", text), "d" if text in "dyebDYB" else text
    letter = {"general": "G", "half": "h"}.get(kind, text[0].lower())
    return _Piece(kind, text.lower()), letter


def _choose(value: Decimal, sections: Sequence[_Section]) -> tuple[_Section, bool]:
    """The section of a number, and whether it is one of negative numbers, which has their sign.

    A second section without a condition is of negative numbers, or of all others if it is the last
    one and there is a condition before it.
    """
    first, *others = (section.condition for section in sections)
    second = others[0] if others else None
    if first is None and second is None:
        if len(sections) > 2 and value == 0:
            return sections[2], False
        is_second = len(sections) > 1 and value < 0
        return sections[is_second], is_second
    if first is None:
        first = (">", Decimal(0))
    if len(others) > 1 and second is None:
        second = ("<", Decimal(0))
    if _COMPARE[first[0]](value, first[1]) or not others:
        return sections[0], first[0] in ("<", "<=") and first[1] <= 0
    if second is None:
        return sections[1], first[0] in (">", ">=") and not first[1]
    if _COMPARE[second[0]](value, second[1]) or len(others) == 1:
        return sections[1], second[0] in ("<", "<=") and second[1] <= 0
    return sections[2], False


def _show(value: float, sections: Sequence[_Section]) -> str:
    # A double has 15 digits that count.
    exact = Decimal(f"{value:.15g}")
    section, has_sign = _choose(exact, sections)
    is_negative, size = value < 0 and not has_sign, abs(exact)
    pieces = section.pieces
    fraction = _FRACTION.search(section.shape)
    if size >= _LARGE:
        text = f"{size:f}"
    elif any(piece.kind in ("time", "elapsed") for piece in pieces):
        text = _show_time(size, pieces)
    elif fraction is not None:
        before, after = pieces[: fraction.start()], pieces[fraction.end() :]
        text = _join(before) + _show_fraction(size, fraction) + _join(after)
    else:
        text = _show_digits(size, pieces)
    return f"-{text}" if is_negative else text


def _join(pieces: Sequence[_Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def _show_time(days: Decimal, pieces: Sequence[_Piece]) -> str:
    marks = [place for place, piece in enumerate(pieces) if piece == _POINT]
    decimals = sum(piece.kind == "digit" for piece in pieces) if marks else 0
    seconds = round(days * _DAY_SECONDS, min(decimals, _MOST_DECIMALS_OF_SECONDS))
    whole = int(seconds)
    has_halves = any(piece.kind == "half" for piece in pieces)
    shown = []
    for place, (kind, text) in enumerate(pieces):
        if kind == "elapsed":
            shown.append(str(whole // _SECONDS_OF[text[0]]).zfill(len(text)))
        elif kind == "time":
            count = whole // _SECONDS_OF[text[0]] % (24 if text[0] == "h" else 60)
            if has_halves and text[0] == "h":
                count = count % 12 or 12
            shown.append(str(count).zfill(min(len(text), 2)))
        elif kind == "half":
            half = text.upper().split("/")[whole % _DAY_SECONDS >= _DAY_SECONDS // 2]
            shown.append(half)
        elif marks[:1] == [place]:
            shown.append(f"{seconds % 1:.{decimals}f}"[1:] if decimals else text)
        elif kind != "digit":
            shown.append(text)
    return "".join(shown)


def _show_fraction(size: Decimal, found: re.Match[str]) -> str:
    """A number as a whole one and a fraction, or as a fraction alone."""
    whole = int(size) if found[1] else 0
    left = Fraction(size) - whole
    if found[2]:
        bottom = int(found[2])
        top = round(left * bottom)
    else:
        most = 10 ** min(len(found[3]), _MOST_DENOMINATOR_DIGITS) - 1
        top, bottom = left.limit_denominator(most).as_integer_ratio()
    if found[1] and top == bottom:
        whole, top = whole + 1, 0
    if found[1] and not top:
        return str(whole)
    return f"{whole or ''} {top}/{bottom}".strip()


def _show_general(size: Decimal) -> str:
    """A number in ten digits that count, and in all those before the point."""
    text = f"{round(size, max(0, _DIGITS_OF_GENERAL - 1 - size.adjusted())):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _show_digits(size: Decimal, pieces: Sequence[_Piece]) -> str:
    """A number in the places that a code has for its digits."""
    places = [place for place, piece in enumerate(pieces) if piece.kind == "digit"]
    if not places:
        return "".join(_show_general(size) if one.kind == "general" else one.text for one in pieces)
    first, last = places[0], places[-1]
    point = pieces.index(_POINT) if _POINT in pieces else len(pieces)
    decimals = "".join(pieces[place].text for place in places if place > point)
    wholes = "".join(pieces[place].text for place in places if place < point)
    commas = [n for n, piece in enumerate(pieces) if piece == _COMMA]
    scale = 2 * pieces.count(_PERCENT) - 3 * sum(n > last for n in commas)
    size = size.scaleb(scale)
    step = Decimal(1).scaleb(-min(len(decimals), _MOST_DECIMALS))
    size = size.quantize(step, ROUND_HALF_UP) if size < _LARGE else size
    whole, _, part = f"{size:f}".partition(".")
    part = part.rstrip("0").ljust(decimals.rfind("0") + 1, "0")
    left = list(whole.lstrip("0").zfill(len(wholes) - wholes.find("0") if "0" in wholes else 0))
    is_grouped = any(first < n < min(point, last) for n in commas)
    shown: list[str] = []
    count = 0
    # From the right, as digits have their places by their distance from the point.
    for place in range(len(pieces) - 1, -1, -1):
        kind, text = pieces[place]
        if place == point:
            shown.append(("" if wholes else "".join(left)) + f".{part}" * bool(part))
        elif kind == "digit" and place < point:
            for _ in range(len(left) if place == first else min(1, len(left))):
                shown.append(left.pop() + "," * (is_grouped and count > 0 and count % 3 == 0))
                count += 1
        elif kind == "literal" or text == "%":
            shown.append(text)
    return "".join(reversed(shown))
