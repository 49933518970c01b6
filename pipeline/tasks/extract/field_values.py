"""The value of a field that parts of a text give differently: the best borne out. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.tasks.extract.answer_shape import FoundField, GivenValue
from pipeline.tasks.extract.evidence import Evidence, Gap, Level, keep_borne_out, list_levels
from pipeline.tasks.extract.field_schema import FieldSchema
from shared.llm.model import Source


@dataclass(frozen=True)
class FoundValue:
    """A value that stands on the pages that it is said to be from.

    Args:
        value: The value.
        gaps: What is not there of it.
        sources: The sources that say it.
        levels: How each part of it is borne out, by the way to it.
    """

    value: Any
    gaps: tuple[Gap, ...]
    sources: tuple[Source, ...]
    levels: Mapping[str, Level]

    @property
    def pages(self) -> list[int]:
        """The pages that say it, in order; none in a text without pages."""
        return sorted({source.first_page for source in self.sources if source.first_page})

    @property
    def form(self) -> str:
        """The same for values that say the same, whatever their case, gaps and decimals."""
        return " ".join(json.dumps(_level(self.value), sort_keys=True).casefold().split())


def _level(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _level(part) for name, part in value.items() if part is not None}
    if isinstance(value, list):
        return [_level(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@dataclass(frozen=True)
class UnprovenValue:
    """What a model has given and no page bears out.

    Args:
        path: What it was given for: `total`, `lines[2].amount`; `lines` for a row of it.
        value: The value.
        pages: The pages that it was said to be from.
    """

    path: str
    value: Any
    pages: tuple[int, ...]


@dataclass(frozen=True)
class ReadValues:
    """The values of one answer.

    Args:
        values: Those that stand in the sources which they are said to be from: of each field that
            which the model takes first, then those that other sources say.
        candidates: Those that do not.
    """

    values: Mapping[str, list[FoundValue]]
    candidates: Sequence[UnprovenValue]


def read_values(
    fields: Mapping[str, FoundField], sources: Sequence[Source], schema: FieldSchema
) -> ReadValues:
    """Hold the values of one answer to the sources that they are said to be from."""
    values: dict[str, list[FoundValue]] = {}
    candidates: list[UnprovenValue] = []
    for name, part in schema.properties.items():
        for given in (fields[name], *fields[name].others):
            cited = _find_cited(given, sources)
            evidence = Evidence("\n".join(source.text for source in cited))
            value, gaps = keep_borne_out(given.value, part, evidence, name)
            if value is not None and cited:
                levels = dict(list_levels(value, part, evidence, name))
                values.setdefault(name, []).append(FoundValue(value, tuple(gaps), cited, levels))
            elif given.value is not None:
                pages = tuple(source.first_page for source in cited if source.first_page)
                candidates.append(UnprovenValue(name, given.value, pages))
    return ReadValues(values, candidates)


def _find_cited(given: GivenValue, sources: Sequence[Source]) -> tuple[Source, ...]:
    return tuple(sources[number - 1] for number in given.sources if 0 < number <= len(sources))


def join_values(found: Iterable[FoundValue]) -> list[FoundValue]:
    """What parts say of one field, the best borne out first: by most pages, then most whole.

    Values that say the same are one, with all its sources.
    """
    joined: dict[str, FoundValue] = {}
    for one in found:
        known = joined.setdefault(one.form, one)
        if known is not one:
            sources = tuple(dict.fromkeys((*known.sources, *one.sources)))
            joined[one.form] = replace(known, sources=sources)
    return sorted(joined.values(), key=lambda one: (-len(one.sources), len(one.gaps)))
