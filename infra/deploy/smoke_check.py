"""Ask a function whether it works at all, with an event that changes nothing."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

# The request that API Gateway sends for GET /health, as far as the function reads it.
_HEALTH_REQUEST: dict[str, Any] = {
    "resource": "/health",
    "path": "/health",
    "httpMethod": "GET",
    "headers": {},
    "multiValueHeaders": {},
    "queryStringParameters": None,
    "multiValueQueryStringParameters": None,
    "pathParameters": None,
    "stageVariables": None,
    "requestContext": {
        "resourcePath": "/health",
        "path": "/health",
        "httpMethod": "GET",
        "stage": "smoke-check",
        "requestId": "smoke-check",
        "identity": {},
    },
    "body": None,
    "isBase64Encoded": False,
}
# Without a key, so that the function answers that its sender is no operator.
_UNSIGNED_DELETION: dict[str, Any] = {
    **_HEALTH_REQUEST,
    "resource": "/documents/{document_id}",
    "path": f"/documents/d{'0' * 20}",
    "httpMethod": "DELETE",
    "pathParameters": {"document_id": f"d{'0' * 20}"},
    "requestContext": {
        **_HEALTH_REQUEST["requestContext"],
        "resourcePath": "/documents/{document_id}",
        "path": f"/documents/d{'0' * 20}",
        "httpMethod": "DELETE",
        "identity": {"apiKeyId": "smoke-check"},
    },
}
# Of a document that no stack has.
_UNKNOWN_PAGE: dict[str, Any] = {
    **_HEALTH_REQUEST,
    "resource": "/documents/{document_id}/pages/{page}",
    "path": f"/documents/d{'0' * 20}/pages/1",
    "pathParameters": {"document_id": f"d{'0' * 20}", "page": "1"},
    "requestContext": {
        **_HEALTH_REQUEST["requestContext"],
        "resourcePath": "/documents/{document_id}/pages/{page}",
        "path": f"/documents/d{'0' * 20}/pages/1",
    },
}
# A batch without messages: settings are read and everything is built, but nothing is worked on.
_EMPTY_BATCH: dict[str, Any] = {"Records": []}


_WANTED_STATUS = {
    "api": ("GET /health", 200),
    "operator": ("DELETE /documents without the operators' key", 403),
    "pages": ("a page of an unknown document", 404),
}


def choose_event(function: str) -> dict[str, Any]:
    """The harmless event of a function: three answer requests, every other one reads a queue."""
    events = {
        "api": _HEALTH_REQUEST,
        "operator": _UNSIGNED_DELETION,
        "pages": _UNKNOWN_PAGE,
    }
    return events.get(function, _EMPTY_BATCH)


def invoke_harmlessly(
    client: "LambdaClient", function: str, function_name: str, qualifier: str
) -> str:
    """Run a function once with a harmless event.

    Args:
        client: Client of AWS Lambda, with a read timeout that covers a cold start.
        function: Which one it is, such as `ingest`.
        function_name: Its name in the account.
        qualifier: The version to run.

    Returns:
        What is wrong; empty if nothing is.

    Raises:
        ClientError: AWS refused to run it.
    """
    answer = client.invoke(
        FunctionName=function_name,
        Qualifier=qualifier,
        Payload=json.dumps(choose_event(function)).encode(),
    )
    return judge_answer(function, answer.get("FunctionError"), answer["Payload"].read())


def judge_answer(function: str, function_error: str | None, payload: bytes) -> str:
    """Judge what a function answered to its harmless event.

    Args:
        function: Which one it is.
        function_error: The header by which AWS Lambda tells of an exception; None for none.
        payload: The answer.

    Returns:
        What is wrong; empty if nothing is.
    """
    try:
        answer = json.loads(payload or b"null")
    except ValueError:
        return "its answer is not JSON"
    if function_error:
        return _describe_error(answer, function_error)
    if function in _WANTED_STATUS:
        route, wanted = _WANTED_STATUS[function]
        status = answer.get("statusCode") if isinstance(answer, Mapping) else None
        return "" if status == wanted else f"{route} answered {status}"
    failures = answer.get("batchItemFailures") if isinstance(answer, Mapping) else None
    return "" if failures == [] else "it did not answer an empty batch with an empty list"


def _describe_error(answer: Any, function_error: str) -> str:
    if not isinstance(answer, Mapping):
        return function_error
    words = f"{answer.get('errorType', function_error)}: {answer.get('errorMessage', '')}"
    return " ".join(words.split()).strip(": ")
