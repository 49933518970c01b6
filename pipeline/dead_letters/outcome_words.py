"""What became of letters, in words: how many ended how, and why some were refused."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.dead_letters.hold import LetterOutcome, LetterResult

# What ends a letter's time in the DLQ, or is nobody's business any more who works on it.
GOOD_ENDINGS = frozenset(
    {
        LetterOutcome.REPLAYED,
        LetterOutcome.DISCARDED,
        LetterOutcome.RESTORED,
        LetterOutcome.FINISHED,
        LetterOutcome.GONE,
    }
)
_WORDS = {
    LetterOutcome.REPLAYED: "replayed",
    LetterOutcome.DISCARDED: "discarded",
    LetterOutcome.RESTORED: "back in the DLQ",
    LetterOutcome.FINISHED: "left alone, their work is done",
    LetterOutcome.GONE: "not there any more, or held by somebody else",
    LetterOutcome.REFUSED: "not accepted by SQS",
    LetterOutcome.NOT_DELETED: "sent, but still in the DLQ as well",
}
_MOST_REASONS = 3


@dataclass(frozen=True)
class OutcomeLine:
    """A line about what became of letters.

    Args:
        words: The line.
        is_good: Whether nothing is left to be done.
        is_reason: Whether it tells why, of the line before.
    """

    words: str
    is_good: bool
    is_reason: bool = False


def describe_outcomes(results: Sequence[LetterResult]) -> list[OutcomeLine]:
    """How many letters ended in which way, and why some were refused."""
    counts = Counter(result.ending for result in results)
    lines = [
        OutcomeLine(f"{counts[ending]:,} {_WORDS[ending]}.", ending in GOOD_ENDINGS)
        for ending in LetterOutcome
        if counts[ending]
    ]
    reasons = Counter(r.reason for r in results if r.ending is LetterOutcome.REFUSED)
    for reason, count in reasons.most_common(_MOST_REASONS):
        lines.append(OutcomeLine(f"{count:,}: {reason}", is_good=False, is_reason=True))
    return lines
