"""What came of a document beside what should: each claim held to its pages. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from infra.evaluation.cases import EvalCase, Json, KnownQuestion, Outcome
from infra.evaluation.field_scoring import score_extract
from infra.evaluation.scores import Scores
from infra.evaluation.truth import check_numbers, squeeze, stands_on_all, stands_on_one
from shared.llm.model_choice import EXTRACTIVE
from shared.page_ranges import parse_page_ranges


def score_case(case: EvalCase, outcome: Outcome) -> Scores:
    """Score what came of one document."""
    scores = Scores()
    name = case.document
    pages = case.text or outcome.texts
    if case.status is not None:
        scores.count(
            *(name, "status", outcome.status == case.status),
            what="status", expected=case.status, got=outcome.status,
        )  # fmt: skip
    if outcome.summary is not None:
        _score_summary(case, outcome.summary, pages, scores)
    else:
        _score_found(case, [], [], scores)
        for number in range(1, len(case.text) + 1):
            scores.count(name, "pages_covered", False, what=f"page {number}", got="no summary")
    for number, question in enumerate(case.questions):
        result = outcome.answers[number] if number < len(outcome.answers) else None
        _score_answer(name, question, result, pages, scores)
    if outcome.extracts:
        for known, result in zip(case.extract, outcome.extracts, strict=True):
            score_extract(name, known, result, scores)
    return scores


def _score_summary(case: EvalCase, summary: Json, pages: Sequence[str], scores: Scores) -> None:
    name = case.document
    coverage = summary["coverage"]
    covered = {
        page
        for pages_of in ("summarised_pages", "empty_pages")
        for page in parse_page_ranges(coverage[pages_of])
    }
    for number in range(1, coverage["pages"] + 1):
        scores.count(name, "pages_covered", number in covered, what=f"page {number}")
    points = summary["key_points"]
    if summary["model"] == EXTRACTIVE:
        # It only picks sentences, so each is a quote.
        for point in points:
            _count_quote(name, point["text"], point["pages"], pages, scores)
    for text in (summary["title"], summary["abstract"], *(point["text"] for point in points)):
        for written, is_true in check_numbers(text, pages):
            scores.count(name, "summary_numbers", is_true, what=text, got=written)
    entities, dates = summary.get("entities", []), summary.get("dates", [])
    for entity in entities:
        is_true = stands_on_all(entity["name"], entity["pages"], pages)
        scores.count(
            name, "summary_names", is_true, what=f"pages {entity['pages']}", got=entity["name"]
        )
    for one in dates:
        is_true = stands_on_all(one["text"], one["pages"], pages)
        scores.count(name, "summary_dates", is_true, what=f"pages {one['pages']}", got=one["text"])
    _score_found(case, entities, dates, scores)


def _score_found(
    case: EvalCase, entities: Sequence[Mapping[str, Any]], dates: Sequence[Json], scores: Scores
) -> None:
    """Which names and dates that should be found are there."""
    names = {squeeze(entity["name"]) for entity in entities}
    for wanted in case.summary.names:
        is_there = squeeze(wanted) in names
        scores.count(case.document, "names_found", is_there, what="summary", expected=wanted)
    isos = {date["iso"] for date in dates}
    for wanted in case.summary.dates:
        scores.count(
            case.document, "dates_found", wanted in isos, what="summary", expected=wanted
        )  # fmt: skip


def _score_answer(
    name: str, question: KnownQuestion, result: Json | None, pages: Sequence[str], scores: Scores
) -> None:
    citations = result["citations"] if result else []
    for one in citations:
        is_kept = one["quote"] is not None
        scores.count(name, "quotes_kept", is_kept, what=question.question, got=f"p. {one['page']}")
        if is_kept:
            _count_quote(name, one["quote"], [one["page"]], pages, scores)
    answered = bool(result and result["answered"])
    got = result["answer"] if result and answered else None
    if not question.answers:
        scores.count(name, "no_answer_right", not answered, what=question.question, got=got)
        return
    cited = {one["page"] for one in citations}
    is_right = (
        got is not None
        and any(squeeze(wanted) in squeeze(got) for wanted in question.answers)
        and (not question.pages or not cited.isdisjoint(question.pages))
    )
    scores.count(
        *(name, "answers_right", is_right),
        what=question.question, expected=f"{' or '.join(question.answers)}, p. {question.pages}",
        got=f"{got}, p. {sorted(cited)}",
    )  # fmt: skip


def _count_quote(
    name: str, quote: str, cited: Sequence[int], pages: Sequence[str], scores: Scores
) -> None:
    is_true = stands_on_one(quote, cited, pages)
    scores.count(name, "quotes_on_page", is_true, what=f"p. {list(cited)}", got=quote)
