"""The routes that change things for good, which only operators may take."""

from typing import Annotated

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from functions.http.models import DOCUMENT_ID_PATTERN, DocumentDeleted
from functions.http.operation_routes import (
    OperationParts,
    add_operation_routes,
    serve_operator,
)
from functions.http.route_parts import build_resolver, check_id, tell_answers
from pipeline.erasure.erase_document import erase_document
from pipeline.erasure.erasure_types import ErasureEnd, ErasureServices
from shared.deadline import Deadline
from shared.errors import NothingFoundError


def build_operator_app(
    services: ErasureServices, operations: OperationParts, logger: Logger
) -> APIGatewayRestResolver:
    """The resolver with all its routes; each request goes to it by `answer_request`."""
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
        def erase(by: str, deadline: Deadline) -> ErasureEnd:
            check_id(document_id, DOCUMENT_ID_PATTERN, "document")
            return erase_document(document_id, by, services)

        end = serve_operator(app, operations.right, erase)
        if end is ErasureEnd.UNKNOWN:
            raise NothingFoundError("there is no such document")
        return DocumentDeleted(document_id=document_id)

    add_operation_routes(app, operations)
    return app
