"""What the route of pages gives, apart: its function loads no other models, the API's no engine."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pipeline.page_views.quote_places import QuoteMatch

MOST_QUOTE_CHARACTERS = 2_000

PageNumber = Annotated[int, Field(ge=1, le=1_000_000)]
_Share = Annotated[float, Field(ge=0, le=1)]


class _Answer(BaseModel):
    # As in `models.py`.
    model_config = ConfigDict(frozen=True, defer_build=True)


class PageMark(_Answer):
    """A box on a page's picture, in shares of its width and height, from the upper left."""

    left: _Share
    top: _Share
    width: _Share
    height: _Share


class MarkedPiece(_Answer):
    """A piece of a page's text, and whether it is of the quote."""

    text: str
    is_quote: bool


class PageView(_Answer):
    """A page of a document, with a quote marked."""

    document_id: str
    key: str
    unit: str = Field(description="What is counted: page, sheet, slide, section or part.")
    page: int
    pages: int = Field(description="How many the document has.")
    match: QuoteMatch | None = Field(
        description="How the quote stands there: word for word, nearly or not; null without one."
    )
    picture_url: str | None = Field(description="A PNG, for as long as it says; null without one.")
    expires_in_seconds: int | None
    width: int | None = Field(description="Of the picture, in pixels.")
    height: int | None = Field(description="Of the picture, in pixels.")
    marks: list[PageMark] = Field(description="Where the quote stands on it: one box a line.")
    why_no_picture: str | None
    text: list[MarkedPiece] | None = Field(
        description="In pieces, where no picture shows the quote; null where one does."
    )
    text_is_cut: bool = Field(description="Whether the text is longer than what is given of it.")
