"""Rank texts by how well they match a question, in any language.

The rank is BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond",
2009). Terms are words; in scripts without spaces, pairs of characters. A word that only begins like
one of the question's counts for half: that joins most inflected forms in most languages, without a
dictionary of any.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from shared.llm.extractive.sentences import is_spaceless
from shared.llm.extractive.words import split_words

_SATURATION = 1.2
_LENGTH_WEIGHT = 0.75
_BEGINS_ALIKE = 0.5

# A word of at most three letters has to be met as it is; of a longer one its end may differ.
_LONGEST_EXACT = 3
_LONGEST_STEM = 7


def split_terms(text: str) -> list[str]:
    """The terms of a text, in order."""
    terms: list[str] = []
    for word in split_words(text):
        if word.isascii():
            terms.append(word)
        else:
            terms.extend(_cut_word(word))
    return terms


def _cut_word(word: str) -> Iterator[str]:
    for spaceless, letters in groupby(word, is_spaceless):
        run = "".join(letters)
        if spaceless and len(run) > 1:
            yield from (run[start : start + 2] for start in range(len(run) - 1))
        else:
            yield run


def find_stem(term: str) -> str | None:
    """What words that are like a term begin with; None if only the term itself is."""
    if len(term) <= _LONGEST_EXACT or is_spaceless(term[0]):
        return None
    return term[: min(_LONGEST_STEM, len(term) - min(2, len(term) - _LONGEST_EXACT - 1))]


def score_texts(question: str, texts: Sequence[str]) -> list[float]:
    """How well each text matches the question; zero where they have nothing in common."""
    wanted = Counter(split_terms(question))
    stems = {stem: term for term in wanted if (stem := find_stem(term)) is not None}
    stem_lengths = sorted({len(stem) for stem in stems})
    counts: list[dict[str, float]] = []
    lengths: list[int] = []
    for text in texts:
        terms = split_terms(text)
        lengths.append(len(terms))
        counts.append(_count_terms(terms, wanted, stems, stem_lengths))
    texts_with = Counter(term for count in counts for term in count)
    weights = {
        term: times * math.log(1 + (len(texts) - texts_with[term] + 0.5) / (texts_with[term] + 0.5))
        for term, times in wanted.items()
    }
    mean_length = sum(lengths) / len(lengths) if any(lengths) else 1.0
    return [
        sum(
            weights[term]
            * (found * (_SATURATION + 1))
            / (found + _SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * length / mean_length))
            for term, found in count.items()
        )
        for count, length in zip(counts, lengths, strict=True)
    ]


def _count_terms(
    terms: Sequence[str],
    wanted: Counter[str],
    stems: dict[str, str],
    stem_lengths: Sequence[int],
) -> dict[str, float]:
    """How often each wanted term is met, as it is or by its beginning."""
    found: dict[str, float] = {}
    for term, times in Counter(terms).items():
        if term in wanted:
            found[term] = found.get(term, 0.0) + times
            continue
        for length in stem_lengths:
            like = stems.get(term[:length])
            if like is not None and len(term) >= length:
                found[like] = found.get(like, 0.0) + times * _BEGINS_ALIKE
                break
    return found


def rank_texts(question: str, texts: Sequence[str]) -> list[int]:
    """The indices of the texts, best first; those that match equally well stay in order."""
    scores = score_texts(question, texts)
    return sorted(range(len(texts)), key=lambda index: (-scores[index], index))


def choose_texts(question: str, texts: Sequence[str], sizes: Sequence[int], room: int) -> list[int]:
    """Which texts to read: all if they fit, else the best that do.

    Args:
        question: What is looked for.
        texts: The texts.
        sizes: What each takes up.
        room: What all may take up together.

    Returns:
        Their indices, in the order of the texts.
    """
    if sum(sizes) <= room:
        return list(range(len(texts)))
    chosen = []
    for index in rank_texts(question, texts):
        if sizes[index] <= room:
            chosen.append(index)
            room -= sizes[index]
    return sorted(chosen)
