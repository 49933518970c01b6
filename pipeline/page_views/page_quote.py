"""A quote on a page: how it stands there, and the boxes or pieces of text that show it. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.extraction.page_views.page_layout import PageLayout, Place
from pipeline.page_views.line_marks import MOST_MARKS, LineMarker
from pipeline.page_views.quote_places import (
    MOST_PLACES,
    FoundQuote,
    QuoteMatch,
    Stretch,
    find_quote,
)

# Most characters of a text that are shown; of a longer one those around the quote.
MOST_SHOWN_CHARACTERS = 100_000
# A text is looked through in pieces, each with what a quote may take of the next one.
_PIECE_CHARACTERS = 200_000
_OVERLAP_CHARACTERS = 10_000
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class MarkedPicture:
    """How a quote stands on a picture.

    Args:
        match: How.
        marks: Where, one box a line.
    """

    match: QuoteMatch
    marks: tuple[Place, ...] = ()


@dataclass(frozen=True)
class TextPiece:
    """A piece of a text, and whether it is of the quote."""

    text: str
    is_quote: bool = False


@dataclass(frozen=True)
class MarkedText:
    """How a quote stands in a text.

    Args:
        match: How; None where none was asked for.
        pieces: The text, in order.
        is_cut: Whether the text is longer.
    """

    match: QuoteMatch | None
    pieces: tuple[TextPiece, ...]
    is_cut: bool = False


def mark_picture(quote: str, layout: PageLayout) -> MarkedPicture:
    """The boxes that show a quote on a picture."""
    found = find_quote(quote, layout.text)
    marker = LineMarker(layout)
    shown = [marker.mark(one) for one in found.stretches]
    marks = [mark for one in shown for mark in one.places][:MOST_MARKS]
    if not marks:
        return MarkedPicture(QuoteMatch.NONE)
    is_exact = all(one.is_exact for one in shown if one.places)
    return MarkedPicture(found.match if is_exact else QuoteMatch.NEAR, tuple(marks))


def mark_text(quote: str | None, text: str) -> MarkedText:
    """A text in pieces, those of a quote apart."""
    found = _find_in_long_text(quote, text) if quote else None
    stretches = found.stretches if found else ()
    first = stretches[0].start if stretches else 0
    start = max(0, min(first - MOST_SHOWN_CHARACTERS // 2, len(text) - MOST_SHOWN_CHARACTERS))
    end = start + MOST_SHOWN_CHARACTERS
    return MarkedText(
        found.match if found else None,
        tuple(_divide(text, stretches, start, end)),
        is_cut=start > 0 or end < len(text),
    )


def _find_in_long_text(quote: str, text: str) -> FoundQuote:
    """Find a quote in a text of any length, such as that of a sheet, piece by piece."""
    longest = max(_WORD.findall(quote), key=len, default="").casefold()
    near = FoundQuote(QuoteMatch.NONE)
    stretches: list[Stretch] = []
    for start in range(0, max(1, len(text)), _PIECE_CHARACTERS):
        end = start + _PIECE_CHARACTERS + _OVERLAP_CHARACTERS
        piece = text[start:end]
        if longest not in piece.casefold():
            continue
        found = find_quote(quote, piece)
        moved = [Stretch(one.start + start, one.end + start) for one in found.stretches]
        if found.match is QuoteMatch.EXACT:
            # What lies in the overlap is found a second time.
            done = stretches[-1].end if stretches else 0
            stretches += [one for one in moved if one.start >= done]
        elif found.match is QuoteMatch.NEAR and near.match is QuoteMatch.NONE:
            near = FoundQuote(QuoteMatch.NEAR, tuple(moved))
        if len(stretches) >= MOST_PLACES:
            break
    if not stretches:
        return near
    return FoundQuote(QuoteMatch.EXACT, tuple(stretches[:MOST_PLACES]))


def _divide(text: str, stretches: Sequence[Stretch], start: int, end: int) -> list[TextPiece]:
    pieces: list[TextPiece] = []
    done = start
    for one in stretches:
        if one.start >= end:
            break
        pieces.append(TextPiece(text[done : one.start]))
        pieces.append(TextPiece(text[one.start : min(one.end, end)], is_quote=True))
        done = min(one.end, end)
    pieces.append(TextPiece(text[done:end]))
    return [piece for piece in pieces if piece.text]
