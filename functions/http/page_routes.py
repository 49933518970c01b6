"""The route that shows a page, of the function that has an engine to draw it with."""

from typing import Annotated

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from functions.http.models import DOCUMENT_ID_PATTERN
from functions.http.page_models import (
    MOST_QUOTE_CHARACTERS,
    MarkedPiece,
    PageMark,
    PageNumber,
    PageView,
)
from functions.http.request_facts import run_within
from functions.http.route_parts import build_resolver, check_id, find_facts, tell_answers
from pipeline.extraction.page_views.page_layout import SPAN, Place
from pipeline.page_views.show_page import PageServices, ShownPage, show_page
from shared.aws.file_links import EXPIRES_SECONDS

_DIGITS = 6


def build_page_app(services: PageServices, logger: Logger) -> APIGatewayRestResolver:
    """The resolver with its route; `FACTS` has to be in its context at each request."""
    app = build_resolver(logger)

    @app.get(
        "/documents/<document_id>/pages/<page>",
        summary="See a page of a document, with a quote marked",
        operation_id="read_page",
        tags=["documents"],
        responses=tell_answers(200, "The page.", 404),
    )
    def read_page(
        document_id: Annotated[str, Path()],
        page: Annotated[PageNumber, Path()],
        quote: Annotated[str | None, Query(max_length=MOST_QUOTE_CHARACTERS)] = None,
    ) -> PageView:
        check_id(document_id, DOCUMENT_ID_PATTERN, "document")
        deadline = find_facts(app).deadline
        shown = run_within(
            deadline, lambda: show_page(document_id, page, quote or None, services, deadline)
        )
        return view_page(shown)

    return app


def view_page(shown: ShownPage) -> PageView:
    """A page as the API gives it."""
    picture, text = shown.picture, shown.text
    return PageView(
        document_id=shown.document.document_id,
        key=shown.document.key,
        unit=shown.document.unit,
        page=shown.page,
        pages=shown.document.pages,
        match=shown.match,
        picture_url=picture.url if picture else None,
        expires_in_seconds=EXPIRES_SECONDS if picture else None,
        width=picture.width if picture else None,
        height=picture.height if picture else None,
        marks=[_view_mark(mark) for mark in picture.marks] if picture else [],
        why_no_picture=shown.why_no_picture,
        text=[MarkedPiece(text=p.text, is_quote=p.is_quote) for p in text.pieces] if text else None,
        text_is_cut=text.is_cut if text else False,
    )


def _view_mark(mark: Place) -> PageMark:
    left, top, right, bottom = mark
    return PageMark(
        left=round(left / SPAN, _DIGITS),
        top=round(top / SPAN, _DIGITS),
        width=round((right - left) / SPAN, _DIGITS),
        height=round((bottom - top) / SPAN, _DIGITS),
    )
