"""The figures of `make bench-truth` as a table, as JSON, and as a list of the worst documents."""

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.truth.judging import CLASSES, Judgement, count_unjudged
from tests.benchmarks.truth.scoring import Score

LINE = "{:<14}{:>5}{:>7}  {:<12}{:>7}{:>8}{:>8}{:>8}{:>8}{:>8}{:>9}"
MAX_SHOWN_WORDS = 25


@dataclass(frozen=True)
class Row:
    """The figures of one version in one class.

    Args:
        name: The class.
        version: What was held against the judges.
        documents: Documents with such a page that it has read.
        mean_recall: Word recall, the mean over these documents.
        mean_pair_recall: Recall of neighbouring pairs, likewise.
        whole: Share of these documents with every word.
        score: The same over all their pages together.
    """

    name: str
    version: str
    documents: int
    mean_recall: float
    mean_pair_recall: float
    whole: float
    score: Score


def sum_up(judgements: Sequence[Judgement], versions: Sequence[str]) -> list[Row]:
    """Rows by class and version; a class without a page has none."""
    rows = []
    for name in CLASSES:
        for version in versions:
            scores = [
                verdict.scores[name]
                for judgement in judgements
                if (verdict := judgement.verdicts.get(version)) and name in verdict.scores
            ]
            if not scores:
                continue
            total = Score()
            for score in scores:
                total.add(score)
            recalls = [score.word_recall for score in scores]
            pair_recalls = [score.pair_recall for score in scores]
            rows.append(
                Row(
                    *(name, version, len(scores)),
                    *(statistics.fmean(recalls), statistics.fmean(pair_recalls)),
                    sum(recall == 1 for recall in recalls) / len(scores),
                    total,
                )
            )
    return rows


def write_table(judgements: Sequence[Judgement], versions: Sequence[str]) -> Iterator[str]:
    """The lines of the table, and of what was counted apart."""
    yield LINE.format(
        *("class", "docs", "pages", "version", "recall", "pairs", "whole"),
        *("words", "pairs", "glued", "digits"),
    )
    last = ""
    for row in sum_up(judgements, versions):
        if row.name != last:
            yield ""
        last = row.name
        yield LINE.format(
            *(row.name, row.documents, row.score.pages, row.version),
            *(f"{row.mean_recall:.4f}", f"{row.mean_pair_recall:.4f}", f"{row.whole:.2f}"),
            *(f"{row.score.word_recall:.4f}", f"{row.score.pair_recall:.4f}"),
            *(row.score.lost_joints, row.score.lost_digit_joints),
        )
    yield ""
    agreed = sum(judgement.agreed_pages for judgement in judgements)
    for version in versions:
        verdicts = [judgement.verdicts[version] for judgement in judgements if judgement.verdicts]
        reasons = Counter(
            reason.split(":", 1)[0]
            for verdict in verdicts
            for reason in verdict.failed_pages.values()
        )
        failed_agreed = sum(verdict.failed_agreed_pages for verdict in verdicts)
        share = failed_agreed / agreed if agreed else 0.0
        yield (
            f"{version}: {reasons.total()} pages fail by name; {failed_agreed} of the {agreed} on "
            f"which two judges agree ({share:.2%}){'; ' if reasons else ''}"
            f"{', '.join(f'{count} {reason}' for reason, count in reasons.most_common())}"
        )
    unjudged = count_unjudged(list(judgements))
    names = ", ".join(f"{count} {reason}" for reason, count in sorted(unjudged.items()))
    yield f"{len(judgements)} documents, {sum(unjudged.values())} not judged: {names or 'none'}"


def write_worst(judgements: Sequence[Judgement], version: str, most: int) -> Iterator[str]:
    """The documents that one version reads worst, with the words that it does not have."""

    def rank(judgement: Judgement) -> tuple[float, float, str]:
        verdict = judgement.verdicts[version]
        score = verdict.scores.get("all", Score())
        return score.word_recall - score.lost_digit_joints, score.pair_recall, judgement.document

    judged = [judgement for judgement in judgements if version in judgement.verdicts]
    for judgement in sorted(judged, key=rank)[:most]:
        verdict = judgement.verdicts[version]
        score = verdict.scores.get("all", Score())
        classes = ", ".join(name for name in verdict.scores if name != "all")
        yield (
            f"{judgement.document}: words {score.word_recall:.4f} of {score.words}, pairs "
            f"{score.pair_recall:.4f}, glued {score.lost_joints} ({score.lost_digit_joints} digits)"
            f"{'; ' + classes if classes else ''}"
        )
        for number, words in verdict.missing.items():
            yield f"    page {number} lacks: {_shorten(words, ' ')}"
        for number, runs in verdict.glued.items():
            yield f"    page {number} glues: {_shorten(runs, ' | ')}"
    for judgement in judged:
        for number, reason in judgement.verdicts[version].failed_pages.items():
            yield f"{judgement.document} page {number} fails: {reason}"


def make_json(judgements: Sequence[Judgement], versions: Sequence[str]) -> dict[str, Any]:
    """Everything that is known, for programs."""
    return {
        "rows": [vars(row) | {"score": vars(row.score)} for row in sum_up(judgements, versions)],
        "unjudged": {j.document: j.unjudged for j in judgements if j.unjudged},
        "agreed_pages": sum(judgement.agreed_pages for judgement in judgements),
        "documents": {
            judgement.document: {
                version: {
                    "scores": {name: vars(score) for name, score in verdict.scores.items()},
                    "failed_pages": verdict.failed_pages,
                    "failed_agreed_pages": verdict.failed_agreed_pages,
                    "missing": verdict.missing,
                    "glued": verdict.glued,
                }
                for version, verdict in judgement.verdicts.items()
            }
            for judgement in judgements
            if judgement.verdicts
        },
    }


def _shorten(words: Sequence[str], separator: str) -> str:
    more = len(words) - MAX_SHOWN_WORDS
    shown = separator.join(words[:MAX_SHOWN_WORDS])
    return f"{shown} … and {more} more" if more > 0 else shown
