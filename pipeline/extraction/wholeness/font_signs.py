"""What the bytes of a PDF say of its fonts: parts that are missing, and names that mislead."""

import re
from collections.abc import Callable
from itertools import islice

# More fonts are not looked at.
_MAX_LOOKED_UP = 64
# Around the word that tells the kind of a font.
_MAX_DICTIONARY_BYTES = 4096
_TYPE3_NAME = b"/Type3"
_TYPE3 = re.compile(rb"/Subtype\s*/Type3\b")
_COMPOSITE_NAME, _PARTS_OF_COMPOSITE = b"/Type0", b"/DescendantFonts"
_COMPOSITE = re.compile(rb"/Subtype\s*/Type0\b")
_ENCODING = re.compile(rb"/Encoding\s+(\d{1,10})\s+\d{1,5}\s+R\b")
_DIFFERENCES = re.compile(rb"/Differences\s*\[([^\]]{0,20000})\]")
_CODE_OR_NAME = re.compile(rb"(?<![^\s])(\d{1,3})(?![^\s/])|/([^\s/<>\[\]()]{1,60})")
_DIGIT_NAMES = {
    name: 0x30 + digit
    for digit, name in enumerate(b"zero one two three four five six seven eight nine".split())
}
_MIN_RENAMED = 2


def lacks_parts_of_fonts(text: bytes) -> bool:
    """Whether a font that is made of others does not say of which: PDFium drops its text.

    Args:
        text: All that is no stream.
    """
    # The plain word is counted many times as quickly, but may be one of a string.
    named = text.count(_COMPOSITE_NAME)
    parts = text.count(_PARTS_OF_COMPOSITE) if named else 0
    return named > parts and len(_COMPOSITE.findall(text)) > parts


def has_renamed_glyphs(text: bytes, find_object: Callable[[bytes], bytes | None]) -> bool:
    """Whether fonts whose glyphs are drawings call them by other letters than their codes.

    Args:
        text: All that is no stream.
        find_object: Gives an object by its number; None where there is none.
    """
    if _TYPE3_NAME not in text:
        return False
    for match in islice(_TYPE3.finditer(text), _MAX_LOOKED_UP):
        start = max(text.rfind(b"obj", 0, match.start()), match.start() - _MAX_DICTIONARY_BYTES)
        font = text[start : match.end() + _MAX_DICTIONARY_BYTES].split(b"endobj", 1)[0]
        encoding = _ENCODING.search(font)
        names = find_object(encoding[1]) if encoding else font
        if names and _renames_glyphs(names):
            return True
    return False


def _renames_glyphs(encoding: bytes) -> bool:
    """Whether an encoding gives codes the names of letters that they are not the codes of."""
    differences = _DIFFERENCES.search(encoding)
    code = renamed = 0
    for number, name in _CODE_OR_NAME.findall(differences[1] if differences else b""):
        if number:
            code = int(number)
            continue
        letter = _DIGIT_NAMES.get(name, ord(name) if len(name) == 1 else code)
        renamed += letter != code
        code += 1
    return renamed >= _MIN_RENAMED
