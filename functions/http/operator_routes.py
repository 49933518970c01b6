"""The routes that change things for good, which only operators may take."""

import json
from functools import partial
from typing import Annotated

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Path

from functions.http.errors import describe_error, log_failure, write_failure
from functions.http.models import DOCUMENT_ID_PATTERN, DocumentDeleted
from functions.http.operator_right import OperatorRight
from functions.http.request_facts import run_within
from functions.http.route_parts import find_facts, tell_answers
from pipeline.erasure.erase_document import erase_document
from pipeline.erasure.erasure_types import ErasureEnd, ErasureServices
from shared.errors import NothingFoundError


def build_operator_app(
    services: ErasureServices, right: OperatorRight, logger: Logger
) -> APIGatewayRestResolver:
    """The resolver with all its routes; `FACTS` has to be in its context at each request."""
    app = APIGatewayRestResolver(
        enable_validation=True,
        response_validation_error_http_code=500,
        serializer=partial(json.dumps, ensure_ascii=False, separators=(",", ":")),
    )

    def handle(error: Exception) -> Response[str]:
        failure = describe_error(error)
        log_failure(logger, failure, error)
        return write_failure(failure, find_facts(app).request_id)

    app.exception_handler(Exception)(handle)
    add_operator_routes(app, services, right)
    return app


def add_operator_routes(
    app: APIGatewayRestResolver, services: ErasureServices, right: OperatorRight
) -> None:
    """Add what deletes documents."""

    @app.delete(
        "/documents/<document_id>",
        summary="Delete a document, with all that was made of it",
        operation_id="delete_document",
        tags=["operators"],
        responses=tell_answers(200, "It is deleted.", 404),
    )
    def delete_document(
        document_id: Annotated[str, Path(pattern=DOCUMENT_ID_PATTERN)],
    ) -> DocumentDeleted:
        right.check(app.current_event.raw_event)
        facts = find_facts(app)
        end = run_within(facts.deadline, lambda: erase_document(document_id, facts.owner, services))
        if end is ErasureEnd.UNKNOWN:
            raise NothingFoundError("there is no such document")
        return DocumentDeleted(document_id=document_id)
