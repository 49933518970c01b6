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
from typing import NamedTuple

from shared.llm.extractive.sentences import is_spaceless
from shared.llm.extractive.words import split_words

_SATURATION = 1.2
_LENGTH_WEIGHT = 0.75
_BEGINS_ALIKE = 0.5

# A word of at most three letters has to be met as it is; of a longer one its end may differ.
_LONGEST_EXACT = 3
_LONGEST_STEM = 7

# Of fewer texts one does not say which words are common among them.
_MANY_TEXTS = 10


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


class Match(NamedTuple):
    """What the score of a text hangs on: texts whose matches are equal score alike.

    Attributes:
        length: How many terms the text has.
        found: The question's terms that are met in it, each with how often.
    """

    length: int
    found: tuple[tuple[str, float], ...]


class TextRanking:
    """Ranks texts that are shown to it one by one, and keeps none of them.

    Args:
        terms: What is looked for, as `split_terms` cuts a question.
    """

    def __init__(self, terms: Sequence[str]) -> None:
        self._wanted = Counter(terms)
        self._stems = {stem: term for term in self._wanted if (stem := find_stem(term)) is not None}
        self._stem_lengths = sorted({len(stem) for stem in self._stems})
        self._texts = 0
        self._terms = 0
        self._texts_with: Counter[str] = Counter()

    def add(self, text: str) -> Match:
        """Count a text in; its score stands when all have been."""
        terms = split_terms(text)
        found = _count_terms(terms, self._wanted, self._stems, self._stem_lengths)
        self._texts += 1
        self._terms += len(terms)
        self._texts_with.update(found.keys())
        return Match(len(terms), tuple(found.items()))

    def score(self, match: Match) -> float:
        """How well a text matches; zero where it has nothing in common with the question."""
        if not match.found:
            return 0.0
        share = match.length * self._texts / self._terms
        damping = _SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * share)
        return sum(
            self._weigh(term) * (times * (_SATURATION + 1)) / (times + damping)
            for term, times in match.found
        )

    def tells_apart(self, match: Match) -> bool:
        """Whether a text shares more with the question than one word of two that most texts have.

        Among many texts about boats, "boat" alone is no answer to what a boat has to do with
        something else. Where it is all that is asked for, it is.
        """
        if len(match.found) != 1 or len(self._wanted) == 1 or self._texts < _MANY_TEXTS:
            return bool(match.found)
        return self._texts_with[match.found[0][0]] * 2 <= self._texts

    def _weigh(self, term: str) -> float:
        texts_with = self._texts_with[term]
        rarity = (self._texts - texts_with + 0.5) / (texts_with + 0.5)
        return self._wanted[term] * math.log(1 + rarity)


def score_texts(question: str, texts: Sequence[str]) -> list[float]:
    """How well each text matches the question; zero where they have nothing in common."""
    ranking = TextRanking(split_terms(question))
    matches = [ranking.add(text) for text in texts]
    return [ranking.score(match) for match in matches]


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


def rank_scores(scores: Sequence[float]) -> list[int]:
    """The indices of scores, best first; those that are equal stay in order."""
    return sorted(range(len(scores)), key=lambda index: (-scores[index], index))


def rank_texts(question: str, texts: Sequence[str]) -> list[int]:
    """The indices of the texts, best first; those that match equally well stay in order."""
    return rank_scores(score_texts(question, texts))


def choose_best(scores: Sequence[float], sizes: Sequence[int], room: int) -> list[int]:
    """Which texts to read: the best that fit.

    Args:
        scores: How well each text matches.
        sizes: What each takes up.
        room: What all may take up together.

    Returns:
        Their indices, in the order of the texts.
    """
    chosen = []
    for index in rank_scores(scores):
        if sizes[index] <= room:
            chosen.append(index)
            room -= sizes[index]
    return sorted(chosen)
