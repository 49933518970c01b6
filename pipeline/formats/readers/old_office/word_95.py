"""Texts of Word 6 and 95, which the library reads, in the signs that they were written in.

It takes all bytes for those of Windows in the west. Which ones they are is told of a file of the
Mac by its header, and of other alphabets by the fonts that the file names.
"""

import re
import struct
from pathlib import Path

from pipeline.formats.readers.office import read_text
from pipeline.formats.readers.old_office.text_pieces import SIGNS

# Of the header of these versions: the signs of the computer; where the fonts are, and how long.
_SIGNS_AT, _OF_MAC = 20, 256
_FONTS_AT = 0xD0
_NUMBERS = struct.Struct("<II")
# Of a font: how many bytes follow, and where the number of its alphabet stands; by these, what
# bytes are (Microsoft, [MS-WMF], 2.1.1.5, CharacterSet).
_ALPHABET_AT = 4
_ALPHABETS = {204: "cp1251", 161: "cp1253"}


def read_word_95(path: Path, stream: bytes) -> list[str]:
    """The units of a text.

    Args:
        path: The file.
        stream: The stream of its text, of which the header is looked at.
    """
    units = read_text(path)
    if int.from_bytes(stream[_SIGNS_AT : _SIGNS_AT + 2], "little") == _OF_MAC:
        return [unit.translate(_list_signs("mac_roman")) for unit in units]
    encodings = {_ALPHABETS[one] for one in _list_alphabets(stream) if one in _ALPHABETS}
    if len(encodings) != 1:
        return units
    signs = _list_signs(encodings.pop())
    letters = {chr(sign) for sign, shown in signs.items() if shown.isalpha()}
    usual = frozenset(SIGNS[0xC0:])

    def show(word: re.Match[str]) -> str:
        # A word of the west has a letter of ASCII, or is one of few signs.
        is_other = letters.issuperset(word[0]) and not usual.isdisjoint(word[0])
        return word[0].translate(signs) if is_other else word[0]

    words = re.compile(f"[A-Za-z{''.join(map(re.escape, sorted(letters)))}]+")
    return [words.sub(show, unit) for unit in units]


def _list_signs(encoding: str) -> dict[int, str]:
    """What signs stand for that the library has made of bytes."""
    return {
        ord(SIGNS[byte]): bytes((byte,)).decode(encoding, "ignore") or SIGNS[byte]
        for byte in range(0x80, 0x100)
    }


def _list_alphabets(stream: bytes) -> set[int]:
    """The numbers of the alphabets of the fonts."""
    header = stream[_FONTS_AT : _FONTS_AT + _NUMBERS.size]
    place, length = _NUMBERS.unpack(header.ljust(_NUMBERS.size, b"\0"))
    table = stream[place : place + length]
    at = 2
    found = set()
    while at + _ALPHABET_AT < len(table):
        found.add(table[at + _ALPHABET_AT])
        at += 1 + table[at]
    return found
