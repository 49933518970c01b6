"""How true summaries and answers are to made documents, whose texts are known page by page."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.evaluation.truth import Share, check_numbers, stands_on_all, stands_on_one


@dataclass
class Scores:
    """What is claimed in all documents, and what of it their texts bear out.

    Args:
        quotes: Key points and quotes that stand, word for word, on a page that they cite.
        names: Names that stand on each page that they cite.
        dates: Dates that stand on each page that they cite, and whose ISO form is right.
        numbers: Numbers in titles, abstracts and points that stand in the text.
        points, cited_pages: How many key points, and pages that a point cites.
        covered: Pages that the coverage counts as summarised or empty.
        done: Documents that are DONE.
    """

    quotes: Share = field(default_factory=Share)
    names: Share = field(default_factory=Share)
    dates: Share = field(default_factory=Share)
    numbers: Share = field(default_factory=Share)
    points: int = 0
    cited_pages: int = 0
    covered: int = 0
    done: int = 0


def score(reports: Iterable[Mapping[str, Any]], documents: Mapping[str, Sequence[str]]) -> Scores:
    """Score what one version has made of documents.

    Args:
        reports: What it has made, as `one_side.py` writes it.
        documents: The texts of pages by key.
    """
    scores = Scores()
    for report in reports:
        pages = documents[report["key"]]
        summary = report["summary"]
        scores.done += summary["status"] == "DONE"
        scores.covered += _count_pages(summary["coverage"]["summarised_pages"])
        scores.points += len(summary["key_points"])
        scores.cited_pages += len(
            {page for point in summary["key_points"] for page in point["pages"]}
        )
        for point in summary["key_points"]:
            scores.quotes.add(stands_on_one(point["text"], point["pages"], pages))
            _score_numbers(point["text"], scores, pages)
        for answer in report["answers"]:
            for citation in answer["citations"]:
                scores.quotes.add(stands_on_one(citation["quote"] or "", [citation["page"]], pages))
        _score_numbers(summary["abstract"], scores, pages)
        for name in summary["entities"]:
            scores.names.add(stands_on_all(name["name"], name["pages"], pages))
        for date in summary["dates"]:
            is_read = date["iso"] in (None, _read_iso(date["text"]))
            scores.dates.add(is_read and stands_on_all(date["text"], date["pages"], pages))
    return scores


def _score_numbers(text: str, scores: Scores, pages: Sequence[str]) -> None:
    for _, is_true in check_numbers(text, pages):
        scores.numbers.add(is_true)


def _read_iso(date: str) -> str | None:
    match = re.fullmatch(r"(\d{1,2}) (\w+) (\d{4})", date)
    if match is None:
        return None
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return f"{match[3]}-{months.index(match[2][:3]) + 1:02d}-{int(match[1]):02d}"


def _count_pages(ranges: str) -> int:
    spans = (part.split("-") for part in ranges.split(",") if part)
    return sum(int(span[-1]) - int(span[0]) + 1 for span in spans)
