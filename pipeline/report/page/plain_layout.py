"""Plain text in columns: how wide it shows, broken into lines, aligned. Pure functions."""

import unicodedata
from collections.abc import Iterable, Sequence

COLUMNS = 72


def measure_width(text: str) -> int:
    """How many columns a text takes: wide characters take two, marks on others none."""
    if text.isascii():
        return len(text)
    return sum(map(_measure_character, text))


def _measure_character(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def wrap_text(text: str, *, indent: int = 0, first: str = "") -> list[str]:
    """Break a text into lines of at most `COLUMNS`; a word too long for a line is broken.

    Args:
        text: The text, on one line.
        indent: Columns to leave free at the left.
        first: What the first line begins with instead; as wide as `indent` at most.
    """
    room = COLUMNS - indent
    lines = [""]
    for word in _break_long_words(text.split(), room):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if measure_width(joined) <= room:
            lines[-1] = joined
        else:
            lines.append(word)
    margin = " " * indent
    head = first + " " * (indent - measure_width(first))
    return [(margin if number else head) + line for number, line in enumerate(lines)]


def _break_long_words(words: Iterable[str], room: int) -> Iterable[str]:
    for word in words:
        part, width = "", 0
        for character in word:
            step = _measure_character(character)
            if width + step > room:
                yield part
                part, width = "", 0
            part += character
            width += step
        yield part


def pad(text: str, width: int, *, right: bool = False) -> str:
    """A text with blanks up to a width, at its left if it is to stand at the right."""
    blanks = " " * max(0, width - measure_width(text))
    return blanks + text if right else text + blanks


def align_columns(rows: Sequence[Sequence[str]], *, numbers: Iterable[int]) -> list[str]:
    """Rows of cells as lines of one width, two blanks between columns.

    Args:
        rows: The cells.
        numbers: The columns that stand at the right.
    """
    if not rows:
        return []
    at_right = set(numbers)
    widths = [max(map(measure_width, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            pad(cell, width, right=number in at_right)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
