"""Words of a page, in one form whichever reader has given its text. Pure functions.

What readers write differently without either being wrong is made alike, for all of them: ligatures
and full-width forms (NFKC), invisible marks, hyphens between letters with the line end after them,
the order inside of lam-alef, which both readers that know Arabic get wrong for some producers, and
UTF-16 whose two bytes are swapped. A word that a judge gives letter by letter, as it is set with
room between its letters, is one that this judge does not know.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

# Written without blanks, so each character counts as a word: kana, Bopomofo, Han, Hangul (whose
# blanks the readers see differently), Thai, Lao, Burmese, Khmer.
CJK = (
    "\u2e80-\u2fdf\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc-\u30fe\u3105-\u312f"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
OTHERS_WITHOUT_BLANKS = "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff"
# PDFium's marks for a hyphen that ends a line, before anyone has cleaned them up.
PDFIUM_HYPHENS = re.compile("[\ufffe\x02]")
HYPHEN_BETWEEN_LETTERS = re.compile(
    r"(?<=[^\W\d_])[-\xad\u2010\u2011] *(?:\r?\n *){0,2}(?=[^\W\d_])"
)
LAM_AND_ALEF = re.compile("[\u0644\u0627\u0623\u0625\u0622\u0671]{2,}")
TATWEEL = "\u0640"

# What stands for a glyph that has no character: controls, U+FFFD, private use.
UNKNOWN = "\x00\x01\x03-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffd\ue000-\uf8ff"
IS_UNKNOWN = re.compile(f"[{UNKNOWN}]")

# Hebrew, Arabic and its neighbours, whose letters have the bidirectional classes R and AL.
RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
IS_RIGHT_TO_LEFT = re.compile(f"[{RIGHT_TO_LEFT}]")
# Letters of both directions are no word: where one beside the other begins, readers lose a space,
# and write a mark that is invisible.
EUROPEAN = "A-Za-z\u00c0-\u024f"
BETWEEN_DIRECTIONS = re.compile(
    f"(?<=[{RIGHT_TO_LEFT}])[\u202a-\u202e]*(?=[{EUROPEAN}])"
    f"|(?<=[{EUROPEAN}])[\u202a-\u202e]*(?=[{RIGHT_TO_LEFT}])"
)
# What pdfminer.six writes for a glyph that has no character.
NAMED_GLYPH = re.compile(r"\(cid:\d+\)")
# Pieces of one or two characters in a row, of which three are letters by themselves. Characters of
# scripts without blanks are words of their own anyway.
SPELLED = re.compile(r"(?<!\S)\S{1,2}(?:[^\S\n]{1,2}\S{1,2}){3,}(?!\S)")
LETTER = rf"(?![{CJK}{OTHERS_WITHOUT_BLANKS}])[^\W\d_]"
LETTERS_APART = re.compile(rf"(?<!\S){LETTER}(?:[^\S\n]{{1,2}}{LETTER}){{2}}(?!\S)")
# The same of fewer pieces, on a page with so many rows of more.
SPELLED_BESIDE, MIN_SPELLED = re.compile(r"(?<!\S)\S(?:[^\S\n]{1,2}\S{1,2})+(?!\S)"), 3
WIDE = re.compile("[\u0100-\uffff]")
MIN_SWAPPED, MIN_SWAPPED_SHARE = 6, 0.8

MIN_CLASS_SHARE = 0.1


@cache
def compile_word_pattern() -> re.Pattern[str]:
    """A word: one character of a script without blanks, or a run of letters, digits and marks.

    A number keeps the points and commas inside of it: an amount is right as a whole or not at all.
    What stands for an unknown glyph is part of its word, which so is not known either.
    """
    marks = "".join(
        re.escape(chr(code))
        for code in range(0x20000)
        if unicodedata.category(chr(code)) in ("Mn", "Mc")
    )
    single = f"[{CJK}{OTHERS_WITHOUT_BLANKS}]"
    run = f"(?:(?!{single})(?:[^\\W_]|[{UNKNOWN}{marks}]))+"
    return re.compile(rf"{single}|{run}(?:(?<=\d)[.,](?=\d){run})*")


def find_words(text: str) -> list[str]:
    """The words of a text, in its order."""
    text = _swap_bytes(NAMED_GLYPH.sub("\ufffd", text))
    text = BETWEEN_DIRECTIONS.sub(" ", text)
    text = unicodedata.normalize("NFKC", PDFIUM_HYPHENS.sub("-", text))
    text = HYPHEN_BETWEEN_LETTERS.sub(_drop_hyphen, text)
    text = "".join(
        character
        for character in text
        if character != TATWEEL and unicodedata.category(character) != "Cf"
    )
    return compile_word_pattern().findall(LAM_AND_ALEF.sub(_sort_characters, text))


def hide_spelled_words(text: str) -> str:
    """The text of a judge with each piece of a word that it gives letter by letter as unknown.

    Where such a word begins and ends is not told, and the page shows a word and not its letters. On
    a page with several of them, figures and short words are set so, too.
    """
    count = 0

    def hide(row: re.Match[str]) -> str:
        nonlocal count
        if not LETTERS_APART.search(row[0]):
            return row[0]
        count += 1
        return _hide_pieces(row)

    text = SPELLED.sub(hide, text)
    return SPELLED_BESIDE.sub(_hide_pieces, text) if count >= MIN_SPELLED else text


def find_pairs(words: Sequence[str]) -> Counter[tuple[str, str]]:
    """How often each two words stand next to each other."""
    return Counter(pairwise(words))


def find_known_pairs(words: Sequence[str]) -> Counter[tuple[str, str]]:
    """The same of those pairs whose words are known."""
    pairs = find_pairs(words).items()
    return Counter({pair: count for pair, count in pairs if all(map(is_known, pair))})


def is_known(word: str) -> bool:
    """Whether a word is of characters alone, and nothing in it stands for an unknown glyph."""
    return not IS_UNKNOWN.search(word)


def is_mostly(words: Counter[str], pattern: re.Pattern[str]) -> bool:
    """Whether at least a tenth of the characters of these words match a pattern."""
    characters = sum(len(word) * count for word, count in words.items())
    matching = sum(len(pattern.findall(word)) * count for word, count in words.items())
    return matching > 0 and matching >= MIN_CLASS_SHARE * characters


IS_CJK = re.compile(f"[{CJK}]")


def _hide_pieces(row: re.Match[str]) -> str:
    return re.sub(r"\S+", "\ufffd", row[0])


def _swap_bytes(text: str) -> str:
    """Text in UTF-16 with its bytes the wrong way round, of which the second bytes are all 0."""
    wide = WIDE.findall(text)
    swapped = {character for character in wide if ord(character) & 0xFF == 0}
    count = sum(character in swapped for character in wide)
    if count < max(MIN_SWAPPED, MIN_SWAPPED_SHARE * len(wide)):
        return text
    return text.translate({ord(character): ord(character) >> 8 for character in swapped})


def _drop_hyphen(match: re.Match[str]) -> str:
    """Nothing, unless only blanks follow it, as in "pre- and postwar"."""
    return match[0] if match[0].endswith(" ") and "\n" not in match[0] else ""


def _sort_characters(match: re.Match[str]) -> str:
    return "".join(sorted(match[0]))
