"""The value of a field that parts of a text give differently: the best borne out. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.tasks.extract.answer_shape import FoundField, GivenValue
from pipeline.tasks.extract.evidence import Evidence, Gap, keep_borne_out
from pipeline.tasks.extract.field_schema import FieldSchema
from shared.llm.model import Source


@dataclass(frozen=True)
class FoundValue:
    """A value that stands on the pages that it is said to be from.

    Args:
        value: The value.
        gaps: What is not there of it.
        sources: The sources that say it.
    """

    value: Any
    gaps: tuple[Gap, ...]
    sources: tuple[Source, ...]

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


def read_values(
    fields: Mapping[str, FoundField], sources: Sequence[Source], schema: FieldSchema
) -> dict[str, list[FoundValue]]:
    """The values of one answer that stand in the sources which they are said to be from.

    Of each field that which the model takes comes first, then those that other sources say.
    """

    def read(name: str, given: GivenValue) -> FoundValue | None:
        cited = tuple(sources[number - 1] for number in given.sources if 0 < number <= len(sources))
        evidence = Evidence("\n".join(source.text for source in cited))
        value, gaps = keep_borne_out(given.value, schema.properties[name], evidence, name)
        return FoundValue(value, tuple(gaps), cited) if value is not None and cited else None

    read_of_all = {
        name: [read(name, given) for given in (fields[name], *fields[name].others)]
        for name in schema.properties
    }
    kept = {
        name: [one for one in values if one is not None] for name, values in read_of_all.items()
    }
    return {name: values for name, values in kept.items() if values}


def join_values(found: Iterable[FoundValue]) -> list[FoundValue]:
    """What parts say of one field, the best borne out first: by most pages, then most whole.

    Values that say the same are one, with all its sources.
    """
    joined: dict[str, FoundValue] = {}
    for one in found:
        known = joined.setdefault(one.form, one)
        if known is not one:
            sources = tuple(dict.fromkeys((*known.sources, *one.sources)))
            joined[one.form] = FoundValue(known.value, known.gaps, sources)
    return sorted(joined.values(), key=lambda one: (-len(one.sources), len(one.gaps)))
