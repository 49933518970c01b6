"""What the routes of the HTTP API have in common: their request's facts, errors and headers."""

import hashlib
import json
import re
import uuid
from functools import partial
from typing import Annotated, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.event_handler.openapi.params import Header
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.http.errors import describe_error, log_failure, write_failure
from functions.http.models import CALLER_KEY_PATTERN, MOST_CALLER_KEY_CHARACTERS, ErrorAnswer
from functions.http.request_facts import RequestFacts
from functions.http.requests import Event, check_body, parse_json
from shared.calendar import parse_day
from shared.errors import InvalidRequestError, NothingFoundError, RequestError

# Under this name the facts of a request are in the context of the resolver.
FACTS = "facts"

# A request whose model was cut off with less than this left was late; the model has not failed.
_LATE_SECONDS = 2.0

# Of parameters that a route does not know, so many are named, so far.
_MOST_NAMES = 5
_MOST_NAME_CHARACTERS = 50

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
        max_length=MOST_CALLER_KEY_CHARACTERS,
        description="The same request under the same key is carried out once.",
    ),
]


def build_resolver(logger: Logger) -> APIGatewayRestResolver:
    """A resolver that answers every error; each request goes to it by `answer_request`."""
    app = APIGatewayRestResolver(
        enable_validation=True,
        response_validation_error_http_code=500,
        # Lambda lets 6 MB through, and an escaped character takes up to 14 bytes of them.
        serializer=partial(json.dumps, ensure_ascii=False, separators=(",", ":")),
        json_body_deserializer=parse_json,
    )

    def handle(error: Exception) -> Response[str]:
        facts = find_facts(app)
        is_late = facts.deadline.remaining_seconds < _LATE_SECONDS
        failure = describe_error(error, is_late=is_late)
        log_failure(logger, failure, error)
        return write_failure(failure, facts.request_id)

    app.exception_handler(Exception)(handle)
    app.use(middlewares=[_refuse_unknown_parameters])
    return app


def answer_request(
    app: APIGatewayRestResolver,
    event: Event,
    context: LambdaContext,
    facts: RequestFacts,
    logger: Logger,
) -> dict[str, Any]:
    """Answer a request by its route, if its body is what all routes take.

    The body is looked at before Powertools gets it, which answers what it cannot read in a shape
    of its own.
    """
    try:
        checked = check_body(event)
    except RequestError as error:
        failure = describe_error(error)
        log_failure(logger, failure, error)
        refusal = write_failure(failure, facts.request_id)
        return {
            "statusCode": refusal.status_code,
            "body": refusal.body,
            "isBase64Encoded": False,
            "multiValueHeaders": {"Content-Type": ["application/json"]},
        }
    app.context[FACTS] = facts
    return app.resolve(checked, context)


def _refuse_unknown_parameters(
    app: APIGatewayRestResolver, answer: NextMiddleware
) -> Response[Any]:
    """Refuse a query that means something which the route does not know: it would be ignored.

    Raises:
        InvalidRequestError: It has a parameter that the route has not.
    """
    route = app.context["_route"]
    # Where no route matches, Powertools makes one whose rule matches everything, to answer 404.
    if route.rule.match(""):
        return answer(app)
    known = {parameter.alias for parameter in route.dependant.query_params}
    given = app.current_event.query_string_parameters or {}
    unknown = sorted(name[:_MOST_NAME_CHARACTERS] for name in given if name not in known)
    if unknown:
        takes = f"it takes {', '.join(sorted(known))}" if known else "it takes none"
        raise InvalidRequestError(
            f"the route has no query parameter {', '.join(unknown[:_MOST_NAMES])}: {takes}"
        )
    return answer(app)


def check_id(text: str, pattern: str, noun: str) -> str:
    """The id, if anything can have it.

    Raises:
        NothingFoundError: Nothing can, so there is no such thing.
    """
    if not re.search(pattern, text):
        raise NothingFoundError(f"there is no such {noun}")
    return text


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


def check_day(text: str) -> None:
    """Refuse what looks like a day and is none, such as 30 February.

    Raises:
        InvalidRequestError: There is no such day.
    """
    try:
        parse_day(text)
    except ValueError as error:
        raise InvalidRequestError("there is no such day") from error
