"""The OpenAPI document of the HTTP API, made from its routes.

`python -m infra.openapi_file` writes it to `docs/openapi.json`; a test holds the two together.
"""

import json
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.models import APIKey, APIKeyIn, Server

from functions.http.models import DocumentDeleted, ErrorAnswer
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
    _add_operator_route(document["paths"], schemas)
    for name in _NOT_OURS:
        schemas.pop(name, None)
    require_kinds(schemas)
    return document


def _add_operator_route(paths: dict[str, Any], schemas: dict[str, Any]) -> None:
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
