"""Lines that look like rows and are in none: where a model has left out rows. Pure.

A model that is given fifty rows and writes forty-nine does not say so. But the rows of a table look
alike, and the lines of those that were taken show how: with what a line begins, and how many
numbers stand at its end. A line of that look that no row was read from is one that was left out,
or a line of another kind: sums and balances, by their words, and lines that come back on other
pages and are never a row. Lists without numbers cannot be told from other text.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.tasks.extract.row_places import PlacedRow
from pipeline.tasks.extract.text_lines import TextLine

# A look counts where so many rows have it, and this share of all.
_LEAST_ROWS = 2
_LEAST_SHARE = 0.03

_NUMERIC = re.compile(r"[^\w\s]*\d[\d.,:/'%()\-\u2212\u2013]*[^\w\s]*")
_NOT_A_NUMBER_ALONE = re.compile(r"[^\w\s]+|[A-Z]{3}")
# Of a line that is no row of a list but sums it up, or carries it over to a page.
_SUM = re.compile(
    r"\b(?:sub|grand|sous)?-?totale?s?\b|\bsums?\b|\bbalance\b|\b(?:brought|carried) forward\b"
    r"|\bopening\b|\bclosing\b|\w*summe\b|\bgesamt\w*|\w*saldo\b|\b\xfcbertrag\b|\w+bestand\b"
    r"|\bsolde\b|\briporto\b|\bsuma\b|\bsoma\b|\btotaal\b|\bbeholdning\b|\bi alt\b|\brazem\b"
    r"|\b\u0438\u0442\u043e\u0433\u043e\b|\u5408[\u8ba1\u8a08]|\u5c0f[\u8ba1\u8a08]",
    re.IGNORECASE,
)
_DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\W?")


@dataclass(frozen=True)
class UnreadLines:
    """The lines of a page that look like rows of a list and are in none."""

    page: int
    lines: tuple[TextLine, ...]


def find_unread_lines(
    lines: Sequence[TextLine], rows: Sequence[PlacedRow]
) -> Iterator[UnreadLines]:
    """The pages with lines that look like rows and are in none, in order.

    Args:
        lines: All lines that were read.
        rows: The rows of one list that were taken.
    """
    looks = Counter(_describe(row.lines[0].text) for row in rows)
    known = {
        look
        for look, count in looks.items()
        if look.has_numbers and count >= max(_LEAST_ROWS, _LEAST_SHARE * len(rows))
    }
    if not known:
        return
    taken = {line.place for row in rows for line in row.lines}
    words_of_rows = {_strip_numbers(row.lines[0].text) for row in rows}
    has_sums = any(_SUM.search(row.lines[0].text) for row in rows)
    alike = [
        line
        for line in lines
        if line.place not in taken
        and _describe(line.text) in known
        and (has_sums or not _SUM.search(line.text))
    ]
    pages_by_words: dict[str, set[int]] = defaultdict(set)
    for line in alike:
        pages_by_words[_strip_numbers(line.text)].add(line.page)
    unread = [
        line
        for line in alike
        if (words := _strip_numbers(line.text)) in words_of_rows or len(pages_by_words[words]) == 1
    ]
    by_page: dict[int, list[TextLine]] = defaultdict(list)
    for line in unread:
        by_page[line.page].append(line)
    for page, found in sorted(by_page.items()):
        yield UnreadLines(page, tuple(found))


@dataclass(frozen=True)
class _Look:
    """What lines of one table have in common."""

    begins: str
    has_words: bool
    last_numbers: int

    @property
    def has_numbers(self) -> bool:
        return self.begins != "w" or self.last_numbers > 0


def _describe(text: str) -> _Look:
    kinds = "".join(_list_kinds(text.split()))
    return _Look(kinds[:1], "w" in kinds, len(kinds) - len(kinds.rstrip("dn")))


def _list_kinds(words: Iterable[str]) -> Iterator[str]:
    """Of each word whether it is a date, a number or a word; signs and currencies are nothing."""
    for word in words:
        if _DATE.fullmatch(word):
            yield "d"
        elif _NUMERIC.fullmatch(word):
            yield "n"
        elif not _NOT_A_NUMBER_ALONE.fullmatch(word):
            yield "w"


def _strip_numbers(text: str) -> str:
    return " ".join(word for word in text.casefold().split() if not any(map(str.isdigit, word)))
