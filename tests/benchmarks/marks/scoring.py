"""Quotes to look for, and whether what is marked is what was looked for. Pure functions."""

import random
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.extraction.page_views.page_layout import SPAN, Place
from shared.llm.extractive.candidate_sentences import collect_candidates
from shared.llm.extractive.extractive_model import pick_sentences
from shared.llm.model import Source

# A letter, its middle in shares of the page, and its width.
Letter = tuple[str, float, float, float]
SUMMARY, SAMPLE = "summary", "sample"
# What readers give for a glyph whose character they cannot tell.
UNKNOWN = "\ufffd"
MOST_WORDS = 30
# Two readers do not agree on every sign: so many letters may be more or fewer, of a longer quote
# this share of them.
_LETTERS_ASIDE = 1
_SHARE_ASIDE = 0.05


@dataclass(frozen=True)
class Quote:
    """A quote: its page, its words, and where it was taken from."""

    page: int
    text: str
    origin: str


def pick_quotes(pages: Mapping[int, str]) -> Iterator[Quote]:
    """What the offline model takes out of a document for its summary."""
    sources = [Source(number, number, text) for number, text in pages.items()]
    candidates = collect_candidates(sources) if sources else []
    if not candidates:
        return
    for picked in pick_sentences(candidates):
        for candidate in picked:
            if len(candidate.pages) == 1:
                yield Quote(candidate.pages[0], candidate.text, SUMMARY)


def sample_quotes(pages: Mapping[int, str], each: int, seed: str) -> Iterator[Quote]:
    """So many stretches of words of each page, by a seed of its own."""
    for number, text in pages.items():
        words = text.split()
        generator = random.Random(f"{seed} {number}")
        for _ in range(each if words else 0):
            start = generator.randrange(len(words))
            quote = " ".join(words[start : start + generator.randint(1, MOST_WORDS)])
            if any(letter.isalnum() for letter in quote):
                yield Quote(number, quote, SAMPLE)


def read_marks(marks: Sequence[Place], letters: Sequence[Letter]) -> str:
    """What stands inside of marks by an independent reader's letters."""
    return "".join(
        letter
        for letter, x, y, _ in letters
        if any(
            left < x * SPAN < right and top < y * SPAN < bottom
            for left, top, right, bottom in marks
        )
    )


def is_readable(read: str) -> bool:
    """Whether a judge reads anything, and can name nearly all of it."""
    return bool(count_letters(read)) and read.count(UNKNOWN) <= _SHARE_ASIDE * len(read)


def is_same(quote: str, read: str, places: int) -> bool:
    """Whether marks hold a quote as often as it is marked, and next to nothing else.

    Letters that are missing may be there as other signs, as many as the quote has: where a font
    does not tell its characters, a norm's bars are a `k` to one reader and bars to another.
    """
    wanted = Counter({one: count * places for one, count in count_letters(quote).items()})
    found = count_letters(read)
    aside = max(_LETTERS_ASIDE * places, _SHARE_ASIDE * wanted.total())
    signs = len("".join(read.split())) - places * len("".join(quote.split()))
    is_whole = (wanted - found).total() <= aside or abs(signs) <= aside
    return is_whole and (found - wanted).total() <= aside


def is_near(quote: str, read: str) -> bool:
    """Whether marks hold half of a quote with whatever else, or a part of it and nothing else."""
    wanted, found = count_letters(quote), count_letters(read)
    return 2 * (wanted & found).total() >= wanted.total() or found <= wanted


def count_letters(text: str) -> Counter[str]:
    """Letters and digits of a text in one form for all readers."""
    return Counter(
        letter for letter in unicodedata.normalize("NFKD", text).casefold() if letter.isalnum()
    )
