"""What the routes of the HTTP API have in common: their request's facts, errors and headers."""

import hashlib
import uuid
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Header

from functions.http.models import CALLER_KEY_PATTERN, ErrorAnswer
from functions.http.request_facts import RequestFacts

# Under this name the facts of a request are in the context of the resolver.
FACTS = "facts"

_DESCRIPTIONS = {
    400: "The request is not what the API takes.",
    403: "The key is missing or wrong, or the sender may not do this.",
    404: "There is no such thing.",
    409: "Something else came first.",
    413: "The request, or what it announces, is too large.",
    415: "The body is not JSON.",
    422: "It is understood, and cannot be done as it is.",
    429: "Too many requests, or the day's limit is reached; see Retry-After.",
    500: "A fault of ours.",
    503: "A service is busy or down; see Retry-After.",
    504: "The time was up; `what_to_do` says how to ask without that limit.",
}

RequestKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=CALLER_KEY_PATTERN,
        max_length=100,
        description="The same request under the same key is carried out once.",
    ),
]


def tell_answers(status: int, description: str, *failures: int) -> dict[int, Any]:
    """The answers of a route: the good one, and its errors beside those that all may have."""
    error = {"application/json": {"model": ErrorAnswer}}
    told: dict[int, Any] = {status: {"description": description}}
    for failure in sorted({400, 403, 429, 500, 503, 504, *failures}):
        told[failure] = {"description": _DESCRIPTIONS[failure], "content": error}
    return told


def find_facts(app: APIGatewayRestResolver) -> RequestFacts:
    """The facts of the request that is being answered."""
    facts: RequestFacts = app.context[FACTS]
    return facts


def make_id(owner: str, key: str | None) -> str:
    """An id for what has none: the same for the same request, where its sender names it."""
    if key is None:
        return uuid.uuid4().hex
    return hashlib.sha256(f"{owner}\0{key}".encode()).hexdigest()[:32]
