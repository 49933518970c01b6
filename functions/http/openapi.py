"""The OpenAPI document of the HTTP API, made from its routes.

`python -m infra.openapi_file` writes it to `docs/openapi.json`; a test holds the two together.
"""

import json
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.models import APIKey, APIKeyIn, Server
from pydantic import BaseModel, TypeAdapter

from functions.http.models import DocumentDeleted, ErrorAnswer
from functions.http.operation_models import (
    CancelAnswer,
    CancelRequest,
    ConsumerList,
    OperationsView,
    PauseRequest,
    RedoAnswer,
    RedoRequest,
    ResumeRequest,
    RetryAnswer,
    RetryRequest,
)
from functions.http.page_models import MOST_QUOTE_CHARACTERS, PageNumber, PageView
from shared.messages.tasks import require_kinds

_TITLE = "Seashore Pipeline"
_VERSION = "1.0.0"
_DESCRIPTION = (
    "Talk to an agent that knows the documents, start tasks, upload documents, read results. "
    "Every error has the shape of ErrorAnswer."
)

# What Powertools says of errors by itself; ours have another shape.
_NOT_OURS = ("HTTPValidationError", "ValidationError", "ResponseValidationError")
# API Gateway lets anybody ask for these.
_WITHOUT_KEY = ("/health",)
_OPERATIONS: tuple[tuple[str, str, type[BaseModel] | None, type[BaseModel]], ...] = (
    ("show_operations", "See pauses and models", None, OperationsView),
    ("redo", "Summarise finished documents once more", RedoRequest, RedoAnswer),
    ("retry", "Try again what failed", RetryRequest, RetryAnswer),
    ("cancel", "Cancel what has not begun", CancelRequest, CancelAnswer),
    ("pause", "Have consumers take no more messages", PauseRequest, ConsumerList),
    ("resume", "Have consumers go on", ResumeRequest, ConsumerList),
)
_ERROR_CONTENT = {
    "application/json": {"schema": {"$ref": f"#/components/schemas/{ErrorAnswer.__name__}"}}
}


def write_openapi(app: APIGatewayRestResolver, base_path: str) -> dict[str, Any]:
    """The document.

    Args:
        app: The resolver with its routes.
        base_path: What stands before the paths: `/` and the stage's name.
    """
    document: dict[str, Any] = json.loads(
        app.get_openapi_json_schema(
            title=_TITLE,
            version=_VERSION,
            description=_DESCRIPTION,
            servers=[Server(url=base_path)],
            security_schemes={
                "api_key": APIKey.model_validate({"name": "X-Api-Key", "in": APIKeyIn.header})
            },
            security=[{"api_key": []}],
        )
    )
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"] = _keep_own(operation["responses"])
    for name in _WITHOUT_KEY:
        document["paths"][name]["get"]["security"] = []
    schemas = document["components"]["schemas"]
    _add_operator_routes(document["paths"], schemas)
    _add_page_route(document["paths"], schemas)
    for name in _NOT_OURS:
        schemas.pop(name, None)
    require_kinds(schemas)
    return document


def _add_operator_routes(paths: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Describe what another function serves, whose code this one does not load."""
    path = paths["/documents/{document_id}"]
    responses = {
        status: told for status, told in path["get"]["responses"].items() if status != "200"
    }
    content = {"schema": {"$ref": f"#/components/schemas/{DocumentDeleted.__name__}"}}
    path["delete"] = {
        "tags": ["operators"],
        "summary": "Delete a document, with all that was made of it; for operators",
        "operationId": "delete_document",
        "parameters": path["get"]["parameters"],
        "responses": {
            "200": {"description": "It is deleted.", "content": {"application/json": content}},
            **responses,
        },
    }
    schemas[DocumentDeleted.__name__] = DocumentDeleted.model_json_schema()
    errors = {status: told for status, told in responses.items() if status != "404"}
    for name, summary, request, answer in _OPERATIONS:
        good = {"application/json": {"schema": _add_schema(answer, schemas)}}
        done: dict[str, Any] = {"description": "It is done, or would be.", "content": good}
        told: dict[str, Any] = {
            "tags": ["operators"],
            "summary": f"{summary}; for operators",
            "operationId": name,
            "responses": {"200": done},
        }
        told["responses"] |= errors if request is None else responses
        if request is None:
            paths["/operations"] = {"get": told}
            continue
        body = {"application/json": {"schema": _add_schema(request, schemas)}}
        told["requestBody"] = {"required": True, "content": body}
        paths[f"/operations/{name}"] = {"post": told}


def _add_page_route(paths: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Describe what shows a page: a function of its own serves it, which has an engine."""
    document = paths["/documents/{document_id}"]["get"]
    good = {"application/json": {"schema": _add_schema(PageView, schemas)}}
    failures = {status: told for status, told in document["responses"].items() if status != "200"}
    page = {**TypeAdapter(PageNumber).json_schema(), "title": "Page"}
    quote = {"type": "string", "maxLength": MOST_QUOTE_CHARACTERS, "title": "Quote"}
    paths["/documents/{document_id}/pages/{page}"] = {
        "get": {
            "tags": ["documents"],
            "summary": "See a page of a document, with a quote marked",
            "operationId": "read_page",
            "parameters": [
                *document["parameters"],
                {"name": "page", "in": "path", "required": True, "schema": page},
                {
                    "name": "quote",
                    "in": "query",
                    "required": False,
                    "schema": quote,
                    "description": "Words of the page, to be marked on it.",
                },
            ],
            "responses": {"200": {"description": "The page.", "content": good}, **failures},
        }
    }


def _add_schema(model: type[BaseModel], schemas: dict[str, Any]) -> dict[str, Any]:
    """Put a model among the schemas, with those that it is made of; the reference to it."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs", {}))
    schemas[model.__name__] = schema
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _keep_own(responses: dict[str, Any]) -> dict[str, Any]:
    kept = {}
    for status, response in responses.items():
        schema = response.get("content", {}).get("application/json", {}).get("schema", {})
        reference = str(schema.get("$ref", "")).rpartition("/")[2]
        if reference not in _NOT_OURS:
            kept[status] = response
        elif status == "500":
            kept[status] = {"description": "A fault of ours.", "content": _ERROR_CONTENT}
    return dict(sorted(kept.items()))
