"""The figures of an evaluation: shares over its runs with their spread, beside a baseline. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.evaluation.cases import Outcome
from infra.evaluation.scores import SCORES, Scores
from infra.evaluation.truth import Share
from shared.errors import WrongUsageError

# What a share may fall below that of the baseline by chance.
TOLERANCE = 0.005


@dataclass(frozen=True)
class Run:
    """One run of all documents.

    Args:
        scores: What was counted.
        seconds: How long it took, from the first document put to the last task done.
        cost_usd, input_tokens, output_tokens: What its calls of the model have cost.
    """

    scores: Scores
    seconds: float
    cost_usd: float
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True)
class ScoreLine:
    """A score over all runs.

    Args:
        name: Its name.
        total: All that was counted in all runs.
        low, high: The lowest and the highest share of a run.
        baseline: The share of the baseline; None if it has none.
        is_worse: Whether it is below that by more than chance.
    """

    name: str
    total: Share
    low: float
    high: float
    baseline: float | None
    is_worse: bool

    @property
    def share(self) -> float:
        """The share of all runs."""
        return self.total.true / self.total.of

    @property
    def about(self) -> str:
        """What it counts."""
        return SCORES[self.name]


def sum_up_run(scores: Scores, outcomes: Sequence[Outcome], seconds: float) -> Run:
    """A run, with what its results say of their cost."""
    results = [result for outcome in outcomes for result in outcome.results]
    return Run(
        scores=scores,
        seconds=seconds,
        cost_usd=sum(result["cost_usd"] for result in results),
        input_tokens=sum(result["input_tokens"] for result in results),
        output_tokens=sum(result["output_tokens"] for result in results),
    )


def list_figures(
    runs: Sequence[Run], baseline: Mapping[str, float], tolerance: float = TOLERANCE
) -> list[ScoreLine]:
    """The scores for which anything was counted."""
    figures = []
    for name in SCORES:
        shares = [run.scores.shares[name] for run in runs if run.scores.shares[name].of]
        if not shares:
            continue
        each = [share.true / share.of for share in shares]
        total = Share(sum(share.true for share in shares), sum(share.of for share in shares))
        known = baseline.get(name)
        is_worse = known is not None and total.true / total.of < known - tolerance
        figures.append(ScoreLine(name, total, min(each), max(each), known, is_worse))
    return figures


def write_baseline(model: str, figures: Sequence[ScoreLine]) -> str:
    """A baseline file: the model, and the share of each score."""
    shares = {figure.name: round(figure.share, 4) for figure in figures}
    return json.dumps({"v": 1, "model": model, "shares": shares}, indent=2) + "\n"


def read_baseline(file: Path, model: str) -> dict[str, float]:
    """The shares of a baseline.

    Raises:
        WrongUsageError: It cannot be read, is no baseline, or is one of another model.
    """
    try:
        content: Any = json.loads(file.read_text(encoding="utf-8"))
        shares = {str(name): float(share) for name, share in content["shares"].items()}
        of_model = content["model"]
    except OSError as error:
        raise WrongUsageError(f"{file} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise WrongUsageError(f"{file} is no baseline: make one with --write-baseline.") from None
    if of_model != model:
        raise WrongUsageError(
            f"{file} is a baseline of {of_model}, and this is an evaluation of {model}: compare "
            "with one of the same model."
        )
    return shares
