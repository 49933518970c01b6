"""Where on a page a quote stands. Pure functions; the page is anybody's, so their time is bounded.

Nothing is marked that is not the quote. What stands there word for word is `exact`. What differs in
signs or case, or is a large part of the quote and the one such place, is `near`, and said to be so.
All else is `none`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline.page_views.folded_text import FoldedText, fold_text, loosen_text

# A quote that stands in more places than this is no quote but a word.
MOST_PLACES = 50
# So many places of the same letters are looked at; more are in no page that was written to be read.
_MOST_LOOKED_AT = 5_000
# With fewer letters, what differs in signs or case may be something else.
_LEAST_LOOSE_LETTERS = 8
# A part of a quote is its beginning or its end, as long as this at the least.
_LEAST_PART_LETTERS = 24
_LEAST_PART_SHARE = 0.4
# Scripts whose words stand without spaces: a quote may begin and end anywhere.
_FIRST_UNSPACED = "\u0e00"


class QuoteMatch(StrEnum):
    """How a quote stands on a page."""

    EXACT = "exact"
    NEAR = "near"
    NONE = "none"


@dataclass(frozen=True)
class Stretch:
    """A stretch of a text: where it begins and where it ends."""

    start: int
    end: int


@dataclass(frozen=True)
class FoundQuote:
    """Where a quote stands.

    Args:
        match: How.
        stretches: The stretches of the page's text, in order; none overlap.
    """

    match: QuoteMatch
    stretches: tuple[Stretch, ...] = ()


_NOT_FOUND = FoundQuote(QuoteMatch.NONE)


def find_quote(quote: str, text: str) -> FoundQuote:
    """Find a quote in the text of a page.

    Args:
        quote: The quote.
        text: The text, cleaned or as an engine gives it.

    Returns:
        Every place in which it stands, `MOST_PLACES` at the most.
    """
    wanted, page = fold_text(quote), fold_text(text)
    if not any(letter.isalnum() for letter in wanted.letters):
        return _NOT_FOUND
    size = len(wanted.letters)
    found = _find_all(
        wanted.letters,
        page.letters,
        lambda at: page.has_hyphens_of(wanted, at) and _is_whole(text, page, at, size),
    )
    return _tell(QuoteMatch.EXACT, page, found, size) if found else _find_nearly(wanted, page, text)


def _find_nearly(wanted: FoldedText, page: FoldedText, text: str) -> FoundQuote:
    loose, loose_page = loosen_text(wanted), loosen_text(page)
    size = len(loose.letters)
    if size < _LEAST_LOOSE_LETTERS:
        return _NOT_FOUND
    found = _find_all(
        loose.letters, loose_page.letters, lambda at: _is_whole(text, loose_page, at, size)
    )
    if found:
        return _tell(QuoteMatch.NEAR, loose_page, found, size)
    return _find_part(loose, loose_page, text)


def _find_part(wanted: FoldedText, page: FoldedText, text: str) -> FoundQuote:
    """The beginning or the end of a quote, whichever of the two is longer, where only one is."""
    letters = wanted.letters
    least = max(_LEAST_PART_LETTERS, int(_LEAST_PART_SHARE * len(letters)))
    beginning = _measure_longest(lambda size: letters[:size] in page.letters, len(letters))
    end = _measure_longest(
        lambda size: letters[len(letters) - size :] in page.letters, len(letters)
    )
    size = max(beginning, end)
    if size < least:
        return _NOT_FOUND
    part = letters[:size] if beginning >= end else letters[len(letters) - size :]
    found = _find_all(part, page.letters, lambda at: True)
    if len(found) != 1:
        return _NOT_FOUND
    (at,) = found
    # Where quote and page part in the middle of a word, that word is another one.
    while size >= least and not _is_whole(text, page, at, size):
        at, size = (at, size - 1) if beginning >= end else (at + 1, size - 1)
    return _tell(QuoteMatch.NEAR, page, [at], size) if size >= least else _NOT_FOUND


def _measure_longest(stands: Callable[[int], bool], most: int) -> int:
    """The greatest size that stands; what stands in one size stands in each smaller one."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if stands(middle) else (low, middle - 1)
    return low


def _find_all(wanted: str, letters: str, is_meant: Callable[[int], bool]) -> list[int]:
    """Where letters stand and are what is meant, one place behind the other."""
    found: list[int] = []
    at = letters.find(wanted)
    for _ in range(_MOST_LOOKED_AT):
        if at < 0 or len(found) == MOST_PLACES:
            break
        is_taken = is_meant(at)
        if is_taken:
            found.append(at)
        at = letters.find(wanted, at + (len(wanted) if is_taken else 1))
    return found


def _is_whole(text: str, page: FoldedText, at: int, size: int) -> bool:
    """Whether neither end is in the middle of a word."""
    first, last = page.sources[at], page.sources[at + size - 1]
    return not (_are_one_word(text, first - 1) or _are_one_word(text, last))


def _are_one_word(text: str, place: int) -> bool:
    """Whether a character and the next one belong to one word."""
    pair = text[max(0, place) : place + 2] if place >= 0 else ""
    return len(pair) == 2 and all(letter.isalnum() and letter < _FIRST_UNSPACED for letter in pair)


def _tell(match: QuoteMatch, page: FoldedText, found: Sequence[int], size: int) -> FoundQuote:
    return FoundQuote(
        match,
        tuple(Stretch(page.sources[at], page.sources[at + size - 1] + 1) for at in found),
    )
