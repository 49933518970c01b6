"""The shapes of summaries: what a model is asked for, and what users get."""

from pydantic import BaseModel, ConfigDict, Field


class KeyPoint(BaseModel):
    """One statement, with the pages that it is drawn from (1-based)."""

    model_config = ConfigDict(frozen=True)

    text: str = Field(min_length=1, description="One statement of the text, in its language.")
    pages: list[int] = Field(description="The numbers of the pages that support the statement.")


class Summary(BaseModel):
    """The answer to a request for a summary, of a chunk or of a whole document."""

    model_config = ConfigDict(frozen=True)

    title: str = Field(description="The title of the text, as it stands there if it has one.")
    abstract: str = Field(min_length=1, description="One paragraph that says what the text says.")
    key_points: list[KeyPoint] = Field(description="The most important statements, at most eight.")
    language: str = Field(description="The language of the text as an ISO 639-1 code.")
