"""Whether claims are true to texts that are known page by page. Pure.

It is stricter than the pipeline's own checks, and none of them: words stand on a page letter by
letter, white space and case aside, or they do not.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.tasks.extract.evidence import read_numbers

_NUMBER = re.compile(r"\d+(?:[.,']\d+)*")


@dataclass
class Share:
    """How many of some claims are true."""

    true: int = 0
    of: int = 0

    def add(self, is_true: bool) -> None:
        """Count a claim."""
        self.true += is_true
        self.of += 1

    def __str__(self) -> str:
        return f"{self.true} of {self.of}"


def stands_on_one(text: str, cited: Sequence[int], pages: Sequence[str]) -> bool:
    """Whether a text stands, word for word, on one of the cited pages."""
    wanted = squeeze(text)
    return bool(wanted) and any(
        wanted in squeeze(pages[page - 1]) for page in cited if 0 < page <= len(pages)
    )


def stands_on_all(text: str, cited: Sequence[int], pages: Sequence[str]) -> bool:
    """Whether a text stands, word for word, on each of the cited pages, of which there are some."""
    return bool(cited) and all(stands_on_one(text, [page], pages) for page in cited)


def check_numbers(text: str, pages: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Each number of a text, and whether the pages hold it, as it is or in another form.

    A part of a number is another number: 250 does not stand in 1,250, but 2027 does in 5.6.2027.
    """
    whole = " ".join(pages)
    known = set(read_numbers(whole))
    written_there = set(_NUMBER.findall(whole))
    no_numbers = " ".join(run for run in written_there if not set(read_numbers(run)))
    for written in _NUMBER.findall(text):
        stands = written in written_there or re.search(
            rf"(?<!\d){re.escape(written)}(?!\d)", no_numbers
        )
        yield written, bool(stands) or not known.isdisjoint(read_numbers(written))


def squeeze(text: str) -> str:
    """A text without white space and case: a line's end or a cell's border may stand anywhere."""
    return "".join(text.split()).casefold()
