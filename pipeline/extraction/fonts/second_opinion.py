"""Whose text of a doubtful page is taken, if any. Pure functions.

The measure: text is sound if next to none of it stands for glyphs without a character, its letters
are of few scripts, and its words of Latin letters are words in all of its parts: most have a vowel,
and few a capital inside. A text that is not sound is noise for a model, whichever engine gives it.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.extraction.text_cleanup import (
    GLYPH_NAMES,
    MIN_JUDGED_CHARACTERS,
    UNMAPPED,
    is_unreadable,
)

# What stands for a glyph without a character, as PDFium or this package has marked it.
_MARK = "\ufffd"
MAX_UNMAPPED_SHARE = 0.05
# Of the characters of good pages, those whose font does not say what they are: a few signs.
MIN_DOUBTFUL_SHARE = 0.1
# The scripts of Japanese text with Latin words in it, and one more.
_MAX_SCRIPTS = 5
_MIN_SHARE_OF_SCRIPTS = 0.95
_JUDGED_CHARACTERS = 2_000
_MIN_JUDGED_LETTERS = 20

LETTER = "[A-Za-z\u00c0-\u024f]"
_WORD = re.compile(f"{LETTER}{{3,}}")
_VOWEL = re.compile(
    "[aeiouAEIOU\u00c0-\u00c6\u00c8-\u00cf\u00d2-\u00d6\u00d8-\u00dd\u00e0-\u00e6\u00e8-\u00ef\u00f2-\u00f6\u00f8-\u00fd\u0100-\u024f]"
)
_CAPITAL_INSIDE = re.compile("[a-z][A-Z]")
# The same but for names of programs, as "phenoData": codes that are none have fewer small letters.
_CAPITAL_OF_NO_NAME = re.compile("(?<=[a-z])[A-Z](?:(?<![a-z]{2}[A-Z])|(?![a-z]{2}))")
_MIN_VOWEL_SHARE = 0.75
_MAX_CAPITAL_SHARE = 0.4
MIN_JUDGED_WORDS = 8
# Of the parts of a text, and how many words each has.
_PART_WORDS = 24
_MAX_SHARE_OF_NOISE = 0.1

# What pypdf gives for signs of music, which are called so in LilyPond's fonts. Names by themselves
# tell nothing: "/glyph.12" may be a letter.
_SIGN_OF_MUSIC = re.compile(
    r"/(?:(?:accidentals|accordion|arrowheads|brackettips|clefs|custodes|dots|flags|lyricties"
    r"|noteheads|pedal|rests|scripts|ties|timesig)\.[A-Za-z0-9._]+|brace[0-9]+)"
)
# The same glyphs as PDFium gives them: by their codes, or marked.
_CODES_OF_SIGNS = re.compile(r"[\x00\x01\x03-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]+")
# "mf", "fff", "sfz": how loud it is played.
_DYNAMICS = re.compile(r"\b[fmprsz]{2,5}\b")

# pypdf may leave out what PDFium counts twice, but not half of a page.
_MIN_SIZE_SHARE = 0.5
_SAME_SHARE = 0.9
_MIN_SHARE_OF_LETTERS = 0.8


class Opinion(NamedTuple):
    """What a second engine gives for a page.

    Args:
        text: The text.
        has_telling_names: Whether it comes from glyph names that say what they draw.
    """

    text: str
    has_telling_names: bool = False


def is_doubtful(
    text: str, unmapped_share: float = 0.0, *, is_plain: bool = False, drops_text: bool = False
) -> bool:
    """Whether another engine should be asked for the text of a page.

    Args:
        text: The text, not cleaned yet.
        unmapped_share: How much of it PDFium has no character for.
        is_plain: Whether it has nothing but plain characters, as far as that is known.
        drops_text: Whether PDFium has no characters for much of the page's text.
    """
    # Of what is doubtful in a text itself, only names of glyphs can be plain.
    if is_plain and not GLYPH_NAMES.search(text):
        return drops_text or unmapped_share >= MIN_DOUBTFUL_SHARE
    if drops_text or unmapped_share >= MIN_DOUBTFUL_SHARE or is_unreadable(text):
        return True
    marks = text.count(_MARK)
    if not marks:
        return False
    # Signs of a symbol font are no doubt: they have characters of its own.
    if marks > MAX_UNMAPPED_SHARE * max(MIN_JUDGED_CHARACTERS, _count_visible(text)):
        return True
    # A title of a few glyphs, of which none has a character.
    return not UNMAPPED.sub("", text).strip()


def choose_text(
    first: str, second: Opinion | None, *, drops_text: bool, noise: Sequence[str] = ()
) -> str | None:
    """The text that is taken for a page whose first text is doubtful.

    Args:
        first: What PDFium gives.
        second: What pypdf gives; None where it gives nothing.
        drops_text: Whether PDFium has no characters for much of the page's text.
        noise: Words that are none, and that pypdf may give as PDFium does.

    Returns:
        The text; None where neither is to be trusted.
    """
    is_first_sound = not drops_text and is_sound(first)
    is_noisy = second is not None and any(word in second.text for word in noise)
    if second is not None and not is_noisy and is_sound(second.text):
        is_as_long = _count_visible(second.text) >= _MIN_SIZE_SHARE * _count_visible(first)
        # Where codes and names say the same, PDFium's lines and blanks are the better ones.
        is_corrected = second.has_telling_names and not _has_same_characters(first, second.text)
        if is_as_long and (is_corrected or not is_first_sound):
            return second.text
    return first if is_first_sound else None


def leave_out_music(first: str, second: str) -> str | None:
    """PDFium's text without the signs of music, which are no characters.

    Args:
        first: What PDFium gives: a code or a mark for each.
        second: What pypdf gives: the name of each.

    Returns:
        The text; None where there are none, or it is not sound, or something else is missing in it.
    """
    letters, count = _SIGN_OF_MUSIC.subn(" ", second)
    if not count or _SIGN_OF_MUSIC.search(first):
        return None
    text = _CODES_OF_SIGNS.sub(" ", first)
    ours, theirs = (
        Counter("".join(unicodedata.normalize("NFKC", one).split())) for one in (text, letters)
    )
    lost = theirs - ours
    # Letters that follow a name at once are taken for more of it.
    is_whole = (
        lost.total() <= (1 - _SAME_SHARE) * theirs.total()
        and not any(map(str.isdecimal, lost))
        and theirs.total() >= _MIN_SHARE_OF_LETTERS * ours.total()
    )
    return text if is_whole and is_sound(_DYNAMICS.sub(" ", text)) else None


def is_sound(text: str) -> bool:
    """Whether a text is more than codes of glyphs, by the measure of this module."""
    characters = _count_visible(text)
    if characters == 0:
        return False
    unmapped = len(UNMAPPED.findall(text)) + sum(map(len, GLYPH_NAMES.findall(text)))
    if unmapped > MAX_UNMAPPED_SHARE * characters:
        return False
    return _has_few_scripts(text) and has_words(text)


def _has_few_scripts(text: str) -> bool:
    scripts: dict[str, int] = {}
    letters = 0
    for character in text[:_JUDGED_CHARACTERS]:
        category = unicodedata.category(character)
        if category[0] in "LM" or category in ("Cn", "Co"):
            letters += 1
            script = unicodedata.name(character, category).split(" ", 1)[0]
            scripts[script] = scripts.get(script, 0) + 1
    if letters < _MIN_JUDGED_LETTERS:
        return True
    if scripts.get("Cn", 0) > MAX_UNMAPPED_SHARE * letters:
        return False
    most = sorted(scripts.values(), reverse=True)[:_MAX_SCRIPTS]
    return sum(most) >= _MIN_SHARE_OF_SCRIPTS * letters


def count_words(text: str) -> int:
    """How many words of Latin letters a text has."""
    return len(_WORD.findall(text))


def has_words(text: str) -> bool:
    """Whether the words of Latin letters of a text are words, in nearly all of its parts.

    A text of few words is not judged, and taken to have some.
    """
    words = _WORD.findall(text)
    if len(words) < MIN_JUDGED_WORDS:
        return True
    # The last part is as long as the others, or the only one.
    starts = range(0, max(1, len(words) - _PART_WORDS // 2), _PART_WORDS)
    parts = [words[start : start + _PART_WORDS] for start in starts]
    noise = sum(not _are_words(part) for part in parts)
    return noise <= _MAX_SHARE_OF_NOISE * len(parts)


def measure_words(text: str) -> float:
    """The share of the words of Latin letters in a text that have a vowel, and no capital inside.

    Returns:
        0 for a text without words.
    """
    words = _WORD.findall(text)
    good = sum(bool(_VOWEL.search(word)) and not _CAPITAL_INSIDE.search(word) for word in words)
    return good / len(words) if words else 0.0


def _are_words(words: Sequence[str]) -> bool:
    with_vowel = sum(_VOWEL.search(word) is not None for word in words)
    with_capital = sum(_CAPITAL_OF_NO_NAME.search(word) is not None for word in words)
    is_spoken = with_vowel >= _MIN_VOWEL_SHARE * len(words)
    return is_spoken and with_capital <= _MAX_CAPITAL_SHARE * len(words)


def _has_same_characters(first: str, second: str) -> bool:
    ours, theirs = Counter("".join(first.split())), Counter("".join(second.split()))
    return (ours & theirs).total() >= _SAME_SHARE * max(ours.total(), theirs.total())


def _count_visible(text: str) -> int:
    return len("".join(text.split()))
