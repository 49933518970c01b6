"""The scores of an evaluation, by name: what each one counts, and the misses behind it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from infra.evaluation.truth import Share

SCORES: Mapping[str, str] = {
    "status": "documents that end in the status that they should",
    "pages_covered": "pages that are summarised or empty",
    "quotes_on_page": "quotes that stand on the page they are cited from",
    "quotes_kept": "citations whose quote was kept; of the others it was dropped",
    "summary_names": "names of summaries that stand on all of their pages",
    "summary_dates": "dates of summaries that stand on all of their pages",
    "summary_numbers": "numbers in titles, abstracts and key points that the text bears out",
    "names_found": "names to be found that summaries have",
    "dates_found": "dates to be found that summaries have",
    "answers_right": "questions that are answered, rightly and from the right page",
    "no_answer_right": "questions that nothing answers, and that are not answered",
    "fields_recall": "values to be found that are there",
    "fields_precision": "values given that are right",
    "fields_page": "right values with the right page",
    "rows_recall": "rows of lists that are there, with all of their values",
    "rows_precision": "rows given that are right",
    "rows_page": "right rows with the right page",
    "rows_accounted": "rows that are there, or whose page is named as one that lacks something",
    "conflicts_named": "fields told differently that are named, with all values",
}


@dataclass(frozen=True)
class Miss:
    """Something that is not as it should be.

    Args:
        document: The document's file.
        score: The name of the score that it counts in.
        what: What it is about: a question, a field, a page.
        expected: What should be there.
        got: What is there.
    """

    document: str
    score: str
    what: str
    expected: str
    got: str


@dataclass
class Scores:
    """What was counted."""

    shares: dict[str, Share] = field(default_factory=lambda: {name: Share() for name in SCORES})
    misses: list[Miss] = field(default_factory=list)

    def count(
        self,
        document: str,
        score: str,
        is_right: bool,
        *,
        what: str,
        expected: object = "",
        got: object = "",
    ) -> None:
        """Count one thing, and keep it if it is a miss."""
        self.shares[score].add(is_right)
        if not is_right:
            self.misses.append(Miss(document, score, what, _write(expected), _write(got)))

    def add(self, others: Iterable["Scores"]) -> "Scores":
        """Add what others have counted."""
        for other in others:
            for name, share in other.shares.items():
                self.shares[name].true += share.true
                self.shares[name].of += share.of
            self.misses += other.misses
        return self


def _write(value: object) -> str:
    return "nothing" if value is None or value in ("", [], ()) else str(value)
