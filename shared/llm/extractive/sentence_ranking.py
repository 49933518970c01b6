"""Rank sentences by how much of the text they carry, and pick few that differ.

The score is the likeness of a sentence to the centroid of the text in term space (Radev, Jing,
Styś and Tam, "Centroid-based summarization of multiple documents", 2004); the pick is by maximal
marginal relevance (Carbonell and Goldstein, "The use of MMR", SIGIR 1998). Both need one pass over
the text, unlike a graph of all pairs of sentences, and no word lists: they serve every language.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from shared.llm.extractive.sentences import is_spaceless
from shared.llm.extractive.words import split_words

TermWeights = Mapping[str, float]

# Words are cut to their first letters, which joins most inflected forms in most languages.
_STEM_CHARS = 7
_CENTROID_TERMS = 150
_COMPARED_PER_SECTION = 60
# As like as this, two sentences say the same.
_REPETITION = 0.7


def weigh_terms(sentences: Sequence[str]) -> list[TermWeights]:
    """The terms of each sentence with tf-idf weights, as vectors of length one.

    Terms are words; in scripts without spaces, pairs of characters.
    """
    counts = [Counter(_split_terms(sentence)) for sentence in sentences]
    sentences_with: Counter[str] = Counter()
    for terms in counts:
        sentences_with.update(terms.keys())
    total = len(sentences)
    weights: list[TermWeights] = []
    for terms in counts:
        vector = {
            term: count * math.log(1 + total / sentences_with[term])
            for term, count in terms.items()
        }
        norm = math.sqrt(sum(weight * weight for weight in vector.values()))
        weights.append({term: weight / norm for term, weight in vector.items()} if norm else {})
    return weights


def score_by_centroid(vectors: Sequence[TermWeights]) -> list[float]:
    """How like each sentence is to the whole text, from 0 to 1."""
    centroid: dict[str, float] = {}
    for vector in vectors:
        for term, weight in vector.items():
            centroid[term] = centroid.get(term, 0.0) + weight
    top = dict(sorted(centroid.items(), key=lambda item: (-item[1], item[0]))[:_CENTROID_TERMS])
    norm = math.sqrt(sum(weight * weight for weight in top.values())) or 1.0
    return [
        sum(weight * top.get(term, 0.0) for term, weight in vector.items()) / norm
        for vector in vectors
    ]


def pick_diverse(
    scores: Sequence[float],
    vectors: Sequence[TermWeights],
    sections: Sequence[int],
    count: int,
    *,
    novelty: float = 0.3,
) -> list[int]:
    """Pick the sentences that score high and say something else than those picked before.

    Args:
        scores: The score of each sentence; those at or below zero are never picked.
        vectors: The terms of each sentence, of length one.
        sections: The part of the text that each sentence stands in: a second pick from one part
            counts as half a repetition, so that the picks spread over the text.
        count: How many to pick at most.
        novelty: The weight of being different against the weight of the score, from 0 to 1.

    Returns:
        The indices of the picked sentences, best first. One that all but repeats another is
        never picked.
    """
    best = max(scores, default=0.0)
    candidates = _best_of_each_section(scores, sections)
    repetition = [0.0] * len(scores)
    picked: list[int] = []
    while candidates and len(picked) < count:
        chosen = max(
            candidates,
            key=lambda index: (
                (1 - novelty) * scores[index] / best - novelty * repetition[index],
                -index,
            ),
        )
        picked.append(chosen)
        candidates.remove(chosen)
        for index in candidates:
            likeness = _likeness(vectors[index], vectors[chosen])
            same_section = 0.5 if sections[index] == sections[chosen] else 0.0
            repetition[index] = max(repetition[index], likeness, same_section)
        candidates = [index for index in candidates if repetition[index] < _REPETITION]
    return picked


def _best_of_each_section(scores: Sequence[float], sections: Sequence[int]) -> list[int]:
    """The indices that are worth comparing, in order: it bounds the work on a long text."""
    by_section: dict[int, list[int]] = {}
    for index, score in enumerate(scores):
        if score > 0:
            by_section.setdefault(sections[index], []).append(index)
    best = (
        sorted(indices, key=lambda index: (-scores[index], index))[:_COMPARED_PER_SECTION]
        for indices in by_section.values()
    )
    return sorted(index for indices in best for index in indices)


def _likeness(one: TermWeights, other: TermWeights) -> float:
    if len(one) > len(other):
        one, other = other, one
    return sum(weight * other.get(term, 0.0) for term, weight in one.items())


def _split_terms(sentence: str) -> list[str]:
    terms: list[str] = []
    for word in split_words(sentence):
        if is_spaceless(word[0]) and len(word) > 1:
            terms.extend(word[start : start + 2] for start in range(len(word) - 1))
        else:
            terms.append(word[:_STEM_CHARS])
    return terms
