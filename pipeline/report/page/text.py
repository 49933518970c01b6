"""The daily report as plain text in 72 columns: the part of its mail for clients without HTML.

Only what is there to be copied, commands and addresses, may make a line longer.
"""

import unicodedata
from collections.abc import Iterable, Iterator

from pipeline.report.page.build_view import build_view
from pipeline.report.page.templates import load_template, render_lines
from pipeline.report.page.view import ListLimits
from pipeline.report.report_types import DailyReport
from shared.printable import to_printable

COLUMNS = 72
LIMITS = ListLimits(
    documents=60,
    tasks=20,
    letters=12,
    files=20,
    models=10,
    digest_characters=6_000,
    excerpt_characters=400,
)


def render_text(report: DailyReport) -> str:
    """A report as plain text."""
    template = load_template("report.txt.j2", to_printable, wrap)
    return render_lines(template, build_view(report, LIMITS))


def measure_width(text: str) -> int:
    """How many columns a text takes: wide characters take two, marks on others none."""
    if text.isascii():
        return len(text)
    return sum(map(_measure_character, text))


def _measure_character(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def wrap(text: str, indent: int = 0, first: str = "") -> str:
    """Break a text into lines of at most `COLUMNS`; a word too long for a line is broken.

    Args:
        text: The text.
        indent: Columns to leave free at the left.
        first: What the first line begins with instead; as wide as `indent` at most.
    """
    width_left = COLUMNS - indent
    lines = [""]
    for word in _break_long_words(to_printable(text).split(), width_left):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if measure_width(joined) <= width_left:
            lines[-1] = joined
        else:
            lines.append(word)
    margin = " " * indent
    return "\n".join([first.ljust(indent) + lines[0], *(margin + line for line in lines[1:])])


def _break_long_words(words: Iterable[str], width_left: int) -> Iterator[str]:
    for word in words:
        part, width = "", 0
        for character in word:
            step = _measure_character(character)
            if width + step > width_left:
                yield part
                part, width = "", 0
            part += character
            width += step
        yield part
