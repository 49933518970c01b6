"""What the benchmarks are told on their command lines: a wrong number is refused in one line."""

import argparse
import math
from collections.abc import Callable, Collection


def read_count(text: str) -> int:
    """A whole number from 1.

    Raises:
        ArgumentTypeError: It is none.
    """
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is no whole number from 1")
    return int(text)


def read_number(text: str) -> float:
    """A number above 0.

    Raises:
        ArgumentTypeError: It is none.
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is no number above 0")
    return number


def choose_of(known: Collection[str]) -> Callable[[str], list[str]]:
    """Reads words that are known, with commas between them."""

    def read_words(text: str) -> list[str]:
        words = text.split(",")
        for word in words:
            if word not in known:
                raise argparse.ArgumentTypeError(f"{word[:20]!r} is none of {', '.join(known)}")
        return words

    return read_words


def read_counts(text: str) -> list[int]:
    """Whole numbers from 1, with commas between them."""
    return [read_count(part) for part in text.split(",")]
