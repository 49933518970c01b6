"""Texts as quotes are held against them: word for word, white space aside. Pure functions.

White space and invisible characters do not count, as for the one who checks what a model quotes
(`stands_in` in `pipeline/tasks/ask.py`). Neither does what the cleaning of a page's text changes
(`pipeline/extraction/text_cleanup.py`), as a quote is from the cleaned text, and the characters of
a page are those before it: ligatures are spelled out, and a hyphen at a line end may be gone.
"""

import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass

# Latin ligatures (ff, fi, fl, ffi, ffl, long s-t, st), as `text_cleanup` spells them out.
_LIGATURES = {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}
# A hyphen as typed, PDFium's mark of one at a line end, a soft one, and the one of Unicode.
_HYPHENS = frozenset("-\x02\xad\u2010")
_OPTIONAL_HYPHENS = frozenset("\x02\xad")
# Controls, marks without width, what is no character; white space is told apart.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u2060\ufeff\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True)
class FoldedText:
    """A text without what does not count, and where each of its characters is from.

    Args:
        letters: The characters that count; hyphens are none of them.
        sources: Of each, its place in the text.
        hyphens: Before which characters hyphens stand, in order.
        optional: Before which of these they stand at a line end, where they may have been dropped.
    """

    letters: str
    sources: tuple[int, ...]
    hyphens: tuple[int, ...]
    optional: frozenset[int]

    def has_hyphens_of(self, quote: "FoldedText", start: int) -> bool:
        """Whether a quote that stands here has its hyphens where this text has them."""
        end = start + len(quote.letters)
        here = self.hyphens[bisect_left(self.hyphens, start + 1) : bisect_left(self.hyphens, end)]
        inner = [at for at in quote.hyphens if 0 < at < len(quote.letters)]
        wanted = {start + at for at in inner}
        there = set(here)
        return wanted <= there and there - wanted <= self.optional


def fold_text(text: str) -> FoldedText:
    """A text as it is compared, in time linear in its length."""
    letters: list[str] = []
    sources: list[int] = []
    hyphens: list[int] = []
    optional: set[int] = set()
    for place, letter in enumerate(text):
        if letter in _HYPHENS:
            if not hyphens or hyphens[-1] != len(letters):
                hyphens.append(len(letters))
            if letter in _OPTIONAL_HYPHENS or _ends_line(text, place):
                optional.add(len(letters))
        elif letter in _LIGATURES:
            spelled = _LIGATURES[letter]
            letters += spelled
            sources += [place] * len(spelled)
        elif not letter.isspace() and not _UNSEEN.match(letter):
            letters.append(letter)
            sources.append(place)
    return FoldedText("".join(letters), tuple(sources), tuple(hyphens), frozenset(optional))


def loosen_text(folded: FoldedText) -> FoldedText:
    """The same with nothing but letters and digits, whatever their case and their form."""
    letters: list[str] = []
    sources: list[int] = []
    for letter, source in zip(folded.letters, folded.sources, strict=True):
        for plain in unicodedata.normalize("NFKD", letter).casefold():
            if plain.isalnum():
                letters.append(plain)
                sources.append(source)
    return FoldedText("".join(letters), tuple(sources), (), frozenset())


def _ends_line(text: str, place: int) -> bool:
    """Whether nothing but spaces stands between a place and the end of its line."""
    after = text[place + 1 : place + 4].lstrip(" ")
    return after[:1] in ("\n", "\r")
