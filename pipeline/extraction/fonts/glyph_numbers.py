"""Text in numbers of glyphs, of fonts that do not say what they draw. Runs in the child.

A font without a character map gives its glyphs by number, and PDFium takes the numbers for
characters: of "Venu au cinéma" it makes "9HQX DX FLQpPD". Most TrueType fonts number their glyphs
in Apple's order (TrueType Reference Manual, "The 'post' table"), in which letters follow each other
as in ASCII, 29 further up; in others it is 30, 31 or 33. Which, if any, tells whether words come
out. Where none do it is noise, also in few lines of a page that is sound: it is marked.

No word tells what a figure is. They are read where words end in commas and in full stops, so that
the order is that of ASCII on both sides of them, and marked in all other fonts.
"""

import re
from collections.abc import Iterator, Sequence

from pipeline.extraction.fonts.second_opinion import (
    LETTER,
    MIN_JUDGED_WORDS,
    count_words,
    has_words,
    measure_words,
)
from pipeline.extraction.shown_text.page_characters import PageCharacters
from pipeline.extraction.shown_text.uncoded_glyphs import is_blank

_UNKNOWN = "\ufffd"
_APPLE_SHIFT = 29
# Glyphs in the order of ASCII as a whole, and with the letters alone in it.
_SHIFTS, _SHIFT_OF_LETTERS = (_APPLE_SHIFT, 30, 31), 33
_FIRST_AFTER_ASCII = 98
# From that number on. Windows' fonts have no glyph for the space that does not break, which Apple's
# order has after the ellipsis.
_AFTER_ASCII = (
    "ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»…"  # noqa: RUF001  # as below
    "ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄¤‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇŁłŠšŽž¦ÐðÝýÞþ−×¹²³½¼¾₣ĞğİŞşĆćČčđ"  # noqa: RUF001  # the characters themselves
)
# From that number on in DejaVu's fonts, which have the space that does not break: as in Unicode.
_AS_IN_UNICODE = "".join(map(chr, range(0xA0, 0x180)))
# What stands for a glyph that draws nothing. PDFium has no glyph of that number in its text.
_BLANK = "\0"
_ENDS_IN_COMMA = re.compile(r"[^\W\d_]{2},(?= |$)")
_ENDS_IN_STOP = re.compile(r"[^\W\d_]{2}\.(?= *[A-Z]| *$)")
# Numbers of the comma in fonts that have their letters alone in order, and how far on the stop is.
_COMMAS, _STOP_AFTER_COMMA = range(11, 16), 2
# Of the words that come out: a wrong order may have as many as half of them.
_MIN_SHARE = 0.9
# Wherever three letters follow each other, one of these is among them. Fonts of formulas have no
# words, and of a page with fewer than two nothing can be told.
_THIRD_LETTERS = re.compile(f"{LETTER}{{2}}({LETTER})")
_MIN_THIRD_LETTERS = 2
# What is no noise of so few words.
_MIN_NOISE_WORDS, _MAX_NOISE_SHARE = 2, 0.5
_MIN_ASCII_SHARE = 0.8
_WITHIN_WORDS = frozenset("-'\N{RIGHT SINGLE QUOTATION MARK}.,/&@_") | {_UNKNOWN}


def read_glyph_numbers(characters: PageCharacters) -> tuple[PageCharacters, tuple[str, ...]]:
    """The page with letters where fonts give numbers of glyphs, and marks where no one can tell.

    Returns:
        The page, and the words of noise that are marked: no engine has others for them.
    """
    if not characters.has_unmapped():
        return characters, ()
    thirds = (found.start(1) for found in _THIRD_LETTERS.finditer(characters.text))
    if characters.count_unmapped(thirds) < _MIN_THIRD_LETTERS:
        return characters, ()
    known: dict[int, str] = {}
    noise: list[str] = []
    shifts: set[int] = set()
    # Fonts of bitmaps have ASCII for codes, in a listing of "mov" and "cmp" as in the words beside.
    has_sound_font = False
    # What a font with much text tells holds for those with little.
    for places in sorted(characters.list_unmapped(), key=len, reverse=True):
        codes = [characters.text[place] for place in places]
        text = _join(places, codes)
        is_long = count_words(text) >= MIN_JUDGED_WORDS
        if has_words(text) if is_long else measure_words(text) == 1.0:
            has_sound_font = has_sound_font or is_long
            continue
        tried = (*_SHIFTS, _SHIFT_OF_LETTERS) if is_long else shifts
        codes = _mark_blanks(characters, places)
        shift = max(tried, key=lambda shift: _measure(places, codes, shift), default=0)
        if shift and _measure(places, codes, shift) >= (_MIN_SHARE if is_long else 1.0):
            shifts.add(shift)
            letters = _decode_all(places, codes, shift)
            known |= zip(places, _mark_within_words(places, letters), strict=True)
        elif not has_sound_font and _is_noise(text):
            noise += text.split()
            known |= {
                place: " " if code == _BLANK else _UNKNOWN
                for place, code in zip(places, codes, strict=True)
            }
    return characters.replace_each(known) if known else characters, tuple(noise)


def _mark_blanks(characters: PageCharacters, places: Sequence[int]) -> list[str]:
    """The codes at some places, all of one font, with `_BLANK` for what draws nothing."""
    text = characters.text
    # One place for each code.
    blanks = {text[place]: place for place in places}
    blanks = {code: place for code, place in blanks.items() if is_blank(characters, place)}
    return [_BLANK if text[place] in blanks else text[place] for place in places]


def _is_noise(text: str) -> bool:
    """Whether the words of a font are none; of few words it takes most to tell."""
    count = count_words(text)
    if count >= MIN_JUDGED_WORDS:
        return not has_words(text)
    return count >= _MIN_NOISE_WORDS and measure_words(text) <= _MAX_NOISE_SHARE


def _measure(places: Sequence[int], codes: Sequence[str], shift: int) -> float:
    """How much of what comes out is words, if most letters are of ASCII as they are everywhere."""
    decoded = _join(places, _decode_letters(places, codes, shift))
    letters = [letter for letter in decoded if letter.isalpha()]
    in_ascii = sum(letter.isascii() for letter in letters)
    return measure_words(decoded) if in_ascii >= _MIN_ASCII_SHARE * len(letters) else 0.0


def _join(places: Sequence[int], letters: Sequence[str]) -> str:
    """The letters at some places, with a space wherever something else is between two of them."""
    parts = [
        letter if place == before + 1 else f" {letter}"
        for before, place, letter in zip((-2, *places), places, letters, strict=False)
    ]
    return "".join(parts)


def _decode_all(places: Sequence[int], codes: Sequence[str], shift: int) -> list[str]:
    """What glyphs of a font stand for, with marks for figures and signs that nothing tells of."""
    letters = _decode_letters(places, codes, shift)
    if shift != _SHIFT_OF_LETTERS:
        text = _join(places, letters)
        if _ENDS_IN_COMMA.search(text) and _ENDS_IN_STOP.search(text):
            return letters
        return [_UNKNOWN if letter.isnumeric() else letter for letter in letters]
    for comma in _COMMAS:
        signs = {chr(comma): ",", chr(comma + _STOP_AFTER_COMMA): "."}
        separated = [signs.get(code, letter) for code, letter in zip(codes, letters, strict=True)]
        text = _join(places, separated)
        # Signs of all other kinds also stand elsewhere.
        commas, stops = len(_ENDS_IN_COMMA.findall(text)), len(_ENDS_IN_STOP.findall(text))
        if commas == text.count(",") > 0 < stops == text.count("."):
            return separated
    return letters


def _decode_letters(places: Sequence[int], codes: Sequence[str], shift: int) -> list[str]:
    """What glyphs of a font stand for, in the order in which fewest signs are within words."""
    letters = [_decode(code, shift, _AFTER_ASCII) for code in codes]
    if shift != _APPLE_SHIFT or ord(max(codes)) < _FIRST_AFTER_ASCII:
        return letters
    others = [_decode(code, shift, _AS_IN_UNICODE) for code in codes]
    # An apostrophe here is a letter there: the first is Apple's, and stands where both fit.
    return min(
        letters, others, key=lambda some: [*_mark_within_words(places, some)].count(_UNKNOWN)
    )


def _decode(code: str, shift: int, after_ascii: str) -> str:
    if code == _BLANK:
        return " "
    letter = chr(ord(code) + shift)
    if shift == _SHIFT_OF_LETTERS:
        return letter if letter.isascii() and letter.isalpha() else _UNKNOWN
    if " " <= letter <= "~":
        return letter
    index = ord(code) - _FIRST_AFTER_ASCII
    is_in_order = shift == _APPLE_SHIFT and 0 <= index < len(after_ascii)
    return after_ascii[index] if is_in_order else _UNKNOWN


def _mark_within_words(places: Sequence[int], letters: Sequence[str]) -> Iterator[str]:
    """The letters with a mark for each sign that no word has: there the order is another one."""
    around = dict(zip(places, letters, strict=True))
    for place, letter in around.items():
        is_within = around.get(place - 1, "").isalpha() and around.get(place + 1, "").isalpha()
        is_sign = not letter.isalnum() and letter not in _WITHIN_WORDS and letter != " "
        yield _UNKNOWN if is_within and is_sign else letter
