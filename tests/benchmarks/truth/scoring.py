"""How much of what independent readers agree on is in a reading. Pure functions.

A word is in the reference as often as at least two of the judges have it on the page: with three
judges that is the middle one of their counts, with two the smaller. No judge has to be right alone.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import TypeVar

from tests.benchmarks.truth.words import find_known_pairs, find_pairs, is_known

Thing = TypeVar("Thing", bound=Hashable)

# Two readers agree on a page from this share of common words on.
MIN_AGREEMENT = 0.9
# A run of cells without their separators; longer ones are not looked for.
MAX_GLUED_WORDS = 8


@dataclass(frozen=True)
class Reference:
    """What the judges agree on for one page.

    Args:
        words: Words and how often.
        pairs: Neighbouring words and how often.
        joints: Words run together, as no judge has them: the words that they are.
        agreement: Common words of those two judges that agree best, as a share (Dice).
        added: Of the words those that fields and notes add to the page.
    """

    words: Counter[str]
    pairs: Counter[tuple[str, str]]
    joints: dict[str, tuple[str, ...]]
    agreement: float
    added: Counter[str] = field(default_factory=Counter)


@dataclass
class Score:
    """A reading held against references, summed over pages."""

    pages: int = 0
    words: int = 0
    found_words: int = 0
    pairs: int = 0
    found_pairs: int = 0
    lost_joints: int = 0
    lost_digit_joints: int = 0

    def add(self, other: "Score") -> None:
        """Add the figures of more pages."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    @property
    def word_recall(self) -> float:
        """Share of the reference's words that were read."""
        return self.found_words / self.words if self.words else 1.0

    @property
    def pair_recall(self) -> float:
        """Share of the reference's neighbouring pairs that were read as such."""
        return self.found_pairs / self.pairs if self.pairs else 1.0


def agree(counts: Sequence[Counter[Thing]]) -> Counter[Thing]:
    """Each thing as often as at least two have it."""
    things = {thing for count in counts for thing in count}
    agreed = {thing: sorted(count[thing] for count in counts)[-2] for thing in things}
    return Counter({thing: number for thing, number in agreed.items() if number})


def measure_agreement(first: Counter[Thing], second: Counter[Thing]) -> float:
    """Common things as a share of all that two readers have (Dice); 1 if they have none."""
    total = first.total() + second.total()
    return 2 * (first & second).total() / total if total else 1.0


def make_reference(
    judged: Sequence[Sequence[str]],
    unclear: Collection[str] = (),
    contents: Sequence[str] | None = None,
) -> Reference:
    """The reference of a page.

    Args:
        judged: The words of the page by each judge; at least two.
        unclear: Words that one reader writes together and another apart, both ways and each as
            often as it stands there; none of these is in the reference.
        contents: The words of the page without its fields and notes; None where no one has told.
    """
    counts = [Counter(filter(is_known, page)) for page in judged]
    words, pairs = agree(counts), agree([find_known_pairs(page) for page in judged])
    words -= Counter(unclear)
    pairs = Counter({pair: n for pair, n in pairs.items() if set(pair).isdisjoint(unclear)})
    vocabulary = set().union(*counts)
    joints = [dict(_find_joints(page, vocabulary)) for page in judged]
    return Reference(
        words,
        pairs,
        {
            glued: parts
            for first, second in combinations(joints, 2)
            for glued, parts in first.items()
            if second.get(glued) == parts
        },
        max(measure_agreement(*two) for two in combinations(counts, 2)),
        words - Counter(contents) if contents is not None else Counter(),
    )


def score_page(reference: Reference, words: Sequence[str]) -> Score:
    """Hold the words of a reading against the reference of its page."""
    glued = [reference.joints[word] for word in words if word in reference.joints]
    return Score(
        pages=1,
        words=reference.words.total(),
        found_words=(reference.words & Counter(words)).total(),
        pairs=reference.pairs.total(),
        found_pairs=(reference.pairs & find_pairs(words)).total(),
        lost_joints=sum(len(parts) - 1 for parts in glued),
        lost_digit_joints=sum(map(count_digit_joints, glued)),
    )


def score_added(reference: Reference, words: Sequence[str]) -> Score:
    """The same for the words alone that fields and notes add, beyond those of the page itself."""
    read_beyond = Counter(words) - (reference.words - reference.added)
    return Score(
        pages=1,
        words=reference.added.total(),
        found_words=(reference.added & read_beyond).total(),
    )


def count_digit_joints(parts: Sequence[str]) -> int:
    """Between how many neighbours of these words a digit stands on both sides."""
    return sum(first[-1].isdigit() and second[0].isdigit() for first, second in pairwise(parts))


def find_missing(reference: Reference, words: Sequence[str]) -> list[str]:
    """The reference's words that a reading does not have, the most frequent first."""
    missing = (reference.words - Counter(words)).items()
    ranked = sorted(missing, key=lambda entry: (-entry[1], entry[0]))
    return [word for word, count in ranked for _ in range(count)]


def find_glued(reference: Reference, words: Sequence[str]) -> list[str]:
    """Each run of neighbours that a reading has without the separators, with blanks between."""
    return [" ".join(reference.joints[word]) for word in words if word in reference.joints]


def _find_joints(
    words: Sequence[str], vocabulary: set[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Neighbouring words run together, unless some judge has that as a word."""
    for start in range(len(words)):
        for end in range(start + 2, min(start + MAX_GLUED_WORDS, len(words)) + 1):
            glued = "".join(words[start:end])
            if glued not in vocabulary and is_known(glued):
                yield glued, tuple(words[start:end])
