"""Codes of fonts that an engine has taken for characters, made the characters they draw.

A font need not say which characters its glyphs are. An engine then gives its codes as they are,
and some of them tell what they stand for: those of TeX's own encodings, Adobe's small capitals,
UTF-16 with its bytes the wrong way round, and UTF-8 that was taken for UTF-16. Pure functions, to
be called before control characters are dropped.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

# Control characters of PDFium's own (a hyphen, line ends, a tab) are no codes of fonts.
_CONTROLS = re.compile("[\x00\x01\x03-\x08\x0b\x0c\x0e-\x1f\x80-\x9f]")
_LAST_CONTROL = "\x9f"
# What stands beside letters in words: the ligatures of either encoding. A pattern that begins with
# what is rare is quick.
_OT1_CODES_OF_LIGATURES = frozenset("\x0b\x0c\x0e\x0f")
_T1_CODES_OF_LIGATURES = frozenset("\x1b\x1c\x1d\x1e\x1f")
_OT1_LIGATURE = re.compile("[\x0b\x0c\x0e\x0f](?:[a-z]|(?<=[a-z].))")
_T1_LIGATURE = re.compile("[\x1b-\x1f](?:[a-z]|(?<=[a-z].))")
# No ligature is within a number: there the code is of another font, a comma by its number.
_LIGATURE_IN_NUMBER = re.compile("[\x0b\x0c\x0e\x0f\x1b-\x1f](?<=[0-9].)(?=[0-9])")
_UNKNOWN = "\ufffd"
# With more codes than that, they are no ligatures in words but the letters themselves.
_MAX_CODE_SHARE = 0.15

# The Cork encoding of European TeX fonts (LaTeX's `t1enc.def`), where it differs from Latin-1.
_T1_LOW = "`´ˆ˜¨˝˚ˇ˘¯\n¸˛\r‹›“”„«»–—\0\0ıȷ"  # noqa: RUF001  # the characters themselves
_T1_LIGATURES = ("ff", "fi", "fl", "ffi", "ffl")
_T1_HIGH = "ĂĄĆČĎĚĘĞĹĽŁŃŇŊŐŔŘŚŠŞŤŢŰŮŸŹŽŻĲİđ§ăąćčďěęğĺľłńňŋőŕřśšşťţűůÿźžżĳ¡¿£"
# The encoding of Knuth's Computer Modern, the low codes (LaTeX's `ot1enc.def`).
_OT1_LOW = ("ı", "ȷ", "`", "´", "ˇ", "˘", "¯", "˚", "¸", "ß", "æ", "œ", "ø", "Æ", "Œ", "Ø")  # noqa: RUF001  # as above

_OT1: dict[int, str] = {
    0x0B: "ff", 0x0C: "fi", 0x0E: "ffi", 0x0F: "ffl",
    **{0x10 + index: letter for index, letter in enumerate(_OT1_LOW)},
}  # fmt: skip
_OT1_CODES = re.compile(f"[{''.join(map(chr, _OT1))}]")
_OT1_LONE_RETURN = re.compile("\r(?<=[A-Za-z]\r)(?=[a-z])")
_T1: dict[int, str] = {
    **{
        code: character
        for code, character in enumerate(_T1_LOW)
        if code >= 0x0E and character != "\0"
    },
    **{0x1B + index: letters for index, letters in enumerate(_T1_LIGATURES)},
    **{0x80 + index: letter for index, letter in enumerate(_T1_HIGH[:0x20])},
}
# Codes that other fonts of the page may have used for what they are in Latin-1.
_T1_LIKE_LATIN1: dict[int, str] = {
    **{0xA0 + index: letter for index, letter in enumerate(_T1_HIGH[0x20:])},
    0xD0: "Đ", 0xD7: "Œ", 0xDF: "SS", 0xF7: "œ", 0xFF: "ß",
}  # fmt: skip

# Adobe's names for small capitals and old-style digits have characters of Adobe's own (Adobe Glyph
# List, 2.0): U+F700 and the Latin-1 code of the letter they stand for, but for these.
_ADOBE_LATIN1 = (0x21, 0x24, 0x26, *range(0x30, 0x3A), 0x3F, *range(0x60, 0x7B), 0xA1, 0xA2, 0xA8,
                 0xAF, 0xB4, 0xB8, 0xBF, *range(0xE0, 0xF7), *range(0xF8, 0x100))  # fmt: skip
_ADOBE: dict[int, str] = {
    **{0xF700 + code: chr(code) for code in _ADOBE_LATIN1},
    **{0xF6F4 + index: letter for index, letter in enumerate("˘ˇˆ˙˝łœ˛˚š˜ž")},  # noqa: RUF001  # as above
}  # fmt: skip

_ADOBE_CODES = re.compile("[\uf6f4-\uf7ff]")
_MIN_WIDE_CHARACTERS = 6
_MIN_SWAPPED_SHARE = 0.8
# The second bytes of Latin, Greek, Cyrillic, Armenian with Hebrew, and Arabic in UTF-16.
_SWAPPED_PLANES = frozenset({0x00, 0x03, 0x04, 0x05, 0x06})
# Two bytes of UTF-8 that were taken for one character, and characters of two bytes that were not.
# Patterns of so many characters take as long to compile as a page to read, and few pages ask.
_UTF8_PAIRS = ("\uc280", "\ud7bf")
_HANGUL = ("\uac00", "\ud7a3")

# What there is in a text with anything to mend: controls, Adobe's codes, Korean syllables that may
# be pairs of UTF-8, and the most frequent letters of some scripts with their bytes the wrong way
# round. One search of all that is quick; most pages have nothing.
_NOTEWORTHY = re.compile(
    "[\x00\x01\x03-\x08\x0b\x0c\x0e-\x1f\x80-\x9f\uf6f4-\uf7ff\uc280-\ud7bf"
    "\u6100\u6500\u6900\u6f00\u3004\u3504\u3e04\ub103\ub503\u6105\ud905\u2706\u4406]"
)


def mend_codes(text: str, unmapped_share: float = 0.0) -> str:
    """The text of a page with codes of fonts made characters, where they tell what they are.

    Args:
        text: The text as an engine gives it.
        unmapped_share: How much of it the engine has no character for, as far as it says.
    """
    noteworthy = _NOTEWORTHY.findall(text)
    if not noteworthy:
        return text
    if max(noteworthy) > _LAST_CONTROL:
        text = _read_utf8_pairs(_swap_bytes(text))
        text = _ADOBE_CODES.sub(lambda match: _ADOBE.get(ord(match[0]), match[0]), text)
        noteworthy = _CONTROLS.findall(text)
    return _mend_tex_codes(text, noteworthy, unmapped_share)


def _mend_tex_codes(text: str, controls: Sequence[str], unmapped_share: float) -> str:
    if not 0 < len(controls) <= _MAX_CODE_SHARE * len(text):
        return text
    if not _OT1_CODES_OF_LIGATURES.isdisjoint(controls) and _OT1_LIGATURE.search(text):
        text = _OT1_LONE_RETURN.sub("fl", _LIGATURE_IN_NUMBER.sub(_UNKNOWN, text))
        # Where few characters are meant, that is many times as quick as `str.translate`.
        return _OT1_CODES.sub(lambda match: _OT1[ord(match[0])], text)
    if not _T1_CODES_OF_LIGATURES.isdisjoint(controls) and _T1_LIGATURE.search(text):
        table: Mapping[int, str] = _T1 | _T1_LIKE_LATIN1 if unmapped_share > 1 / 2 else _T1
        return _LIGATURE_IN_NUMBER.sub(_UNKNOWN, text).translate(table)
    return text


def _swap_bytes(text: str) -> str:
    """Text whose characters have their two bytes the wrong way round, the right way round."""
    wide = [code for code in map(ord, text) if 0xFF < code <= 0xFFFF]
    if len(wide) < _MIN_WIDE_CHARACTERS:
        return text
    plane, count = Counter([code & 0xFF for code in wide]).most_common(1)[0]
    if plane not in _SWAPPED_PLANES or count < _MIN_SWAPPED_SHARE * len(wide):
        return text
    codes = set(wide)
    if sum(code & 0xFF == plane for code in codes) > 2:
        return text.translate({code: chr(code >> 8 | (code & 0xFF) << 8) for code in codes})
    return text


def _read_utf8_pairs(text: str) -> str:
    """Characters that are the two bytes of one in UTF-8, as that one.

    Korean text has as many syllables outside of these pairs as it has within, and more.
    """
    first, last = _UTF8_PAIRS
    pairs = [one for one in text if first <= one <= last and 0x80 <= ord(one) & 0xFF <= 0xBF]
    if len(pairs) < _MIN_WIDE_CHARACTERS:
        return text
    first, last = _HANGUL
    if any(first <= one <= last and not 0x80 <= ord(one) & 0xFF <= 0xBF for one in text):
        return text
    return text.translate({ord(pair): ord(pair).to_bytes(2, "big").decode() for pair in set(pairs)})
