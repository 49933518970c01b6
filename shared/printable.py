"""Texts of unknown origin, made harmless for a terminal, a mail, a page or a spreadsheet."""

import re
import unicodedata
from collections.abc import Iterable

# Some scripts cannot be written without these two: zero width non-joiner and joiner.
_HARMLESS_FORMATS = frozenset({"\u200c", "\u200d"})

# What a spreadsheet takes for the beginning of a formula, in East Asian settings also in full width
# (OWASP, "CSV Injection"): at the beginning of a cell, and behind what divides cells where a comma
# is the decimal point, whatever quotes stand between.
_FORMULA = re.compile("(^|;)([\\s\"']*)(?=[=+\\-@\uff1d\uff0b\uff0d\uff20])")


def to_printable(text: str) -> str:
    """Make a text of unknown origin one harmless line.

    Titles and keys come from strangers: an escape sequence in them could rewrite what the terminal
    shows, and a change of writing direction could make one name look like another.
    """
    return text if text.isprintable() else "".join(_to_printable_characters(text))


def _to_printable_characters(text: str) -> Iterable[str]:
    for character in text:
        match unicodedata.category(character):
            case "Cc" | "Zl" | "Zp" if character.isspace():
                yield " "
            case "Cc" | "Cs" | "Zl" | "Zp":
                yield "\ufffd"
            case "Cf" if character not in _HARMLESS_FORMATS:
                pass
            case _:
                yield character


def fold_text(text: str) -> str:
    """A text as it is compared in a search: whatever its case, and however its accents are spelt.

    macOS takes an é in a file's name apart, a keyboard gives it as one (Unicode Standard Annex
    #15, NFD and NFC).
    """
    return unicodedata.normalize("NFC", text).casefold()


def defuse_cell(text: str) -> str:
    """A text on one harmless line that no spreadsheet takes for a formula."""
    line = " ".join(to_printable(text).split())
    return _FORMULA.sub(r"\1'\2", line)
