"""The sentences that a summary may be made of, and how well each would serve.

Prose is preferred to headings, table rows, tables of contents and running headers, by penalties
and not by exclusion: a text that has nothing else is served from those. That texts say what they
are about at their start is Edmundson's location method ("New methods in automatic extracting",
1969).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.llm.extractive.sentence_ranking import TermWeights, score_by_centroid
from shared.llm.extractive.sentences import count_spaceless, is_small_letter, split_sentences
from shared.llm.model import Source

_LEADING_MARK = re.compile("^[\u2022\u25e6\u25aa\u25b8\u2023\u25cf\u25cb\u25a0\u25a1*-]+ ")
_DIGITS = re.compile(r"\d+")
_LEADER_DOTS = re.compile(r"(?:\. ?){4}")
# `Table 3. Offers received`, `Abb. 2: …`: it names what stands beside it, and says nothing alone.
_CAPTION = re.compile(
    r"(?:table|figure|fig|chart|box|tabelle|abbildung|abb|tableau|tabla|cuadro|figura|tabella|"
    r"tabela|tabel|tabell|tabulka|figur|obr)\.? *[0-9IVX]+[a-z]?(?:\.[0-9]+)* *[.:\u2013\u2014-] ",
    re.IGNORECASE,
)
# What such a sentence speaks of stands in the one before it.
_POINTS_BACK = re.compile(
    r"(?:it|its|this|that|these|those|they|their|he|she|both|neither|such|the only one)\b",
    re.IGNORECASE,
)
_PROSE_FORM = 0.5
_WORDS_OF_PROSE, _MOST_WORDS = 8, 45
_LETTER_SHARE_OF_PROSE = 0.75
_HEADER_CHARS, _HEADER_PAGES = 120, 3
_WORST = 0.01


@dataclass(frozen=True)
class Candidate:
    """A sentence that may be picked.

    Attributes:
        text: The sentence, without the bullet of a list.
        pages: All pages that it stands on.
        span_pages: The length of the page range that it is known to stand in; 1 is exact.
        position: Where in the text it stands first, from 0 to 1.
        opens_block: Whether a paragraph begins with it.
        complete: Whether it ends in a sentence mark.
    """

    text: str
    pages: tuple[int, ...]
    span_pages: int
    position: float
    opens_block: bool
    complete: bool

    @property
    def is_prose(self) -> bool:
        """Whether it reads like a sentence rather than a heading, a row or a fragment."""
        return _judge_form(self) > _PROSE_FORM


def collect_candidates(sources: Sequence[Source]) -> list[Candidate]:
    """All sentences in page order, each once.

    A sentence that stands in several sources is merged: it has the pages of all of them, or only
    of those with the narrowest page range, where a wide one (the abstract of a chunk) repeats it.
    """
    in_page_order = sorted(sources, key=lambda source: (source.first_page, source.last_page))
    total_chars = sum(len(source.text) for source in sources) or 1
    merged: dict[str, Candidate] = {}
    chars_before = 0
    for source in in_page_order:
        pages = tuple(range(source.first_page, source.last_page + 1))
        for sentence in split_sentences(source.text):
            text = _LEADING_MARK.sub("", sentence.text)
            candidate = Candidate(
                text=text,
                pages=pages,
                span_pages=len(pages),
                position=min(1.0, chars_before / total_chars),
                opens_block=sentence.opens_block,
                complete=sentence.complete,
            )
            chars_before += len(sentence.text)
            key = text.casefold()
            merged[key] = _merge(merged[key], candidate) if key in merged else candidate
    return list(merged.values())


def score_candidates(
    candidates: Sequence[Candidate], vectors: Sequence[TermWeights]
) -> list[float]:
    """How well each candidate would serve; all are above zero."""
    headers = _find_headers(candidates)
    return [
        max(likeness, _WORST)
        * _judge_form(candidate)
        * _judge_place(candidate)
        * (0.1 if _mask_digits(candidate.text) in headers else 1.0)
        for candidate, likeness in zip(candidates, score_by_centroid(vectors), strict=True)
    ]


def find_inexact(candidates: Sequence[Candidate]) -> set[int]:
    """The indices of those that cannot be cited by page, where others of their pages can."""
    exact_pages = {page for one in candidates if one.span_pages == 1 for page in one.pages}
    return {
        index
        for index, candidate in enumerate(candidates)
        if candidate.span_pages > 1 and not exact_pages.isdisjoint(candidate.pages)
    }


def _merge(one: Candidate, other: Candidate) -> Candidate:
    if one.span_pages != other.span_pages:
        narrow = min(one, other, key=lambda candidate: candidate.span_pages)
        return replace(one, pages=narrow.pages, span_pages=narrow.span_pages)
    return replace(one, pages=tuple(sorted({*one.pages, *other.pages})))


def _judge_form(candidate: Candidate) -> float:
    """How much it looks like prose, from near 0 to 1."""
    text = candidate.text
    letters = sum(map(str.isalpha, text))
    if letters < 2:
        return _WORST
    visible = len(text) - sum(map(str.isspace, text))
    tokens = text.split()
    # A Han or kana character carries about as much as half a word.
    words = len(tokens) + count_spaceless(text) / 2
    verdict = min(1.0, words / _WORDS_OF_PROSE) * min(1.0, _MOST_WORDS / words)
    verdict *= min(1.0, (letters / visible / _LETTER_SHARE_OF_PROSE) ** 2)
    capitals = sum(1 for token in tokens if token[0].isupper())
    if not candidate.complete:
        verdict *= 0.35
    if is_small_letter(text[0]):
        verdict *= 0.5
    if text.endswith("?"):
        verdict *= 0.6
    if _LEADER_DOTS.search(text) or _CAPTION.match(text):
        verdict *= 0.1
    if not candidate.opens_block and _POINTS_BACK.match(text):
        verdict *= 0.7
    if words >= 4 and capitals / words > 0.6:
        verdict *= 0.4
    return max(verdict, _WORST)


def _judge_place(candidate: Candidate) -> float:
    """The start of a text weighs more, and so does the start of a paragraph."""
    weight = 1.0 + 0.35 * max(0.0, 1 - candidate.position / 0.1)
    return weight * (1.1 if candidate.opens_block else 1.0)


def _find_headers(candidates: Sequence[Candidate]) -> set[str]:
    """Running headers and footers: short texts that come back on several pages."""
    pages_with: dict[str, set[int]] = {}
    for candidate in candidates:
        if len(candidate.text) <= _HEADER_CHARS:
            pages_with.setdefault(_mask_digits(candidate.text), set()).update(candidate.pages)
    return {masked for masked, pages in pages_with.items() if len(pages) >= _HEADER_PAGES}


def _mask_digits(text: str) -> str:
    return _DIGITS.sub("#", text.casefold())
