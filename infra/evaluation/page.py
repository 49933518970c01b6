"""The page of an evaluation: every score, and every miss behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from infra.evaluation.figures import Run, ScoreLine
from infra.evaluation.scores import SCORES, Miss

# A document with more misses of one kind is described by its first ones, and the number of all.
MOST_MISSES = 25
_MOST_CHARACTERS = 400


@dataclass(frozen=True)
class MissGroup:
    """The misses of one score in one document."""

    document: str
    score: str
    about: str
    misses: Sequence[Miss]
    count: int


def write_page(
    model: str,
    documents: int,
    runs: Sequence[Run],
    figures: Sequence[ScoreLine],
    notes: Sequence[str],
) -> str:
    """The page, which needs nothing from elsewhere.

    Args:
        model: Which model it is of.
        documents: How many documents there are.
        runs: The runs.
        figures: The scores.
        notes: What else is to be said.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2").render(
        model=model,
        documents=documents,
        runs=runs,
        figures=figures,
        notes=notes,
        groups=group_misses([miss for run in runs for miss in run.scores.misses]),
        cut=_cut,
    )


def group_misses(misses: Sequence[Miss]) -> list[MissGroup]:
    """Misses by document and score; one that several runs have is there once."""
    order = {name: number for number, name in enumerate(SCORES)}
    distinct = dict.fromkeys(misses)
    in_order = sorted(distinct, key=lambda miss: (miss.document, order[miss.score]))
    groups = []
    for (document, score), of_group in groupby(in_order, key=lambda m: (m.document, m.score)):
        found = list(of_group)
        groups.append(
            MissGroup(document, score, SCORES[score], found[:MOST_MISSES], len(found))
        )  # fmt: skip
    return groups


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]} …"
