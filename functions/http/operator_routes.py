"""The routes that change things for good, which only operators may take."""

from typing import Annotated

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from functions.http.models import DOCUMENT_ID_PATTERN, DocumentDeleted
from functions.http.operator_right import OperatorRight, find_actor
from functions.http.request_facts import run_within
from functions.http.route_parts import build_resolver, check_id, find_facts, tell_answers
from pipeline.erasure.erase_document import erase_document
from pipeline.erasure.erasure_types import ErasureEnd, ErasureServices
from shared.errors import DeadlineError, NothingFoundError, UnfinishedError

_GO_ON_DELAY_SECONDS = 1.0


def build_operator_app(
    services: ErasureServices, right: OperatorRight, logger: Logger
) -> APIGatewayRestResolver:
    """The resolver with all its routes; `FACTS` has to be in its context at each request."""
    app = build_resolver(logger)

    @app.delete(
        "/documents/<document_id>",
        summary="Delete a document, with all that was made of it",
        operation_id="delete_document",
        tags=["operators"],
        responses=tell_answers(200, "It is deleted.", 404),
    )
    def delete_document(
        document_id: Annotated[str, Path()],
    ) -> DocumentDeleted:
        event = app.current_event.raw_event
        right.check(event)
        check_id(document_id, DOCUMENT_ID_PATTERN, "document")
        by, deadline = find_actor(event), find_facts(app).deadline
        try:
            end = run_within(deadline, lambda: erase_document(document_id, by, services))
        except DeadlineError as error:
            raise UnfinishedError(
                "the time was up before all of the document was deleted",
                delay_seconds=_GO_ON_DELAY_SECONDS,
                reason="unfinished",
            ) from error
        if end is ErasureEnd.UNKNOWN:
            raise NothingFoundError("there is no such document")
        return DocumentDeleted(document_id=document_id)

    return app
