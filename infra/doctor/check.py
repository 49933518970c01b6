"""What one look of the doctor has found."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Check:
    """What one look has found.

    Args:
        name: What was looked at.
        verdict: How bad it is.
        words: What was found.
        advice: What to do; empty if nothing is to do.
    """

    name: str
    verdict: Verdict
    words: str
    advice: str = ""


def passed(name: str, words: str) -> Check:
    """A look that has found nothing wrong."""
    return Check(name, Verdict.OK, words)


def warned(name: str, words: str, advice: str) -> Check:
    """A look that has found something that may become a problem."""
    return Check(name, Verdict.WARNING, words, advice)


def failed(name: str, words: str, advice: str) -> Check:
    """A look that has found something that does not work."""
    return Check(name, Verdict.FAILURE, words, advice)


def skipped(name: str, words: str) -> Check:
    """A look that was not taken, and why."""
    return Check(name, Verdict.SKIPPED, words)
