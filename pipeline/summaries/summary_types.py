"""The shapes of summaries: what a model is asked for, and what users get."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class KeyPoint(BaseModel):
    """One statement, with the pages that it is drawn from (1-based)."""

    model_config = ConfigDict(frozen=True)

    text: str = Field(min_length=1, description="One statement of the text, in its language.")
    pages: list[int] = Field(description="The numbers of the pages that support the statement.")


class EntityKind(StrEnum):
    """What it names."""

    PERSON = "person"
    ORGANISATION = "organisation"
    PLACE = "place"
    PRODUCT = "product"
    LAW = "law"
    OTHER = "other"


def _read_kind(value: Any) -> Any:
    """A kind by its name; a model's own invention is some other kind, and no reason to fail."""
    known = isinstance(value, str) and value.strip().lower() in set(EntityKind)
    return value.strip().lower() if known else EntityKind.OTHER


class Entity(BaseModel):
    """A name, with the pages that it stands on (1-based)."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: Annotated[EntityKind, BeforeValidator(_read_kind)]
    pages: list[int]


class EventDate(BaseModel):
    """A date as it is written, and what happens then, with its pages (1-based)."""

    model_config = ConfigDict(frozen=True)

    text: str
    iso: str | None = Field(description="YYYY-MM-DD, YYYY-MM, YYYY or null.")
    event: str
    pages: list[int]


class CoreSummary(BaseModel):
    """What a text says. The answer to a request to combine the summaries of parts."""

    model_config = ConfigDict(frozen=True)

    title: str = Field(description="The title of the text, as it stands there if it has one.")
    abstract: str = Field(min_length=1, description="One paragraph that says what the text says.")
    key_points: list[KeyPoint] = Field(
        description="The most important statements, at most eight.",
        # For a server that holds a model to it; one point more is no reason to ask again.
        json_schema_extra={"maxItems": 8},
    )
    language: str = Field(description="The language of the text as an ISO 639-1 code.")


class Summary(CoreSummary):
    """A core summary with the names and dates of the text; what a model writes is shorter.

    See `chunk_answers.py`. Those of a whole document are joined by the pipeline itself
    (`mentions.py`), and not by a model.
    """

    entities: list[Entity] = Field(default=[])
    dates: list[EventDate] = Field(default=[])
