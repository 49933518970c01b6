"""Routes that answer with fragments of HTML, and the headers that every answer of theirs has.

Errors have the JSON of all errors (`functions/http/errors.py`), as those of the gateway before
them: the script of the shell tells them in a sentence.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ValidationError

from functions.console.rendering import render
from functions.http.errors import describe_error, log_failure, write_failure
from functions.http.models import (
    CALLER_KEY_PATTERN,
    MOST_CALLER_KEY_CHARACTERS,
    PATTERN_WORDS,
)
from functions.http.request_facts import RequestFacts, run_within
from functions.http.requests import Event, find_header, parse_json
from functions.http.route_parts import answer_request, find_facts
from shared.errors import InvalidRequestError
from shared.messages.problem_words import describe_problem

FormT = TypeVar("FormT", bound=BaseModel)

_MOST_PROBLEMS = 5

HTML = "text/html; charset=utf-8"

# A fragment is shown by the shell alone, and loads nothing where it is opened by itself.
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True)
class Fragment:
    """A fragment of HTML: a template and what it is filled with.

    Args:
        template: Its file in `templates`.
        values: What the template names.
        has_changed: Whether something was done, so that all polls of the page ask at once.
    """

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    has_changed: bool = False


@dataclass(frozen=True)
class Asked:
    """What a fragment is asked for with.

    Args:
        query: The query of the address; of a name that comes more than once, the last.
        content: The fields of the form that was sent.
        event: The request.
        facts: What is known of it.
    """

    query: Mapping[str, str]
    content: Mapping[str, Any]
    event: Event
    facts: RequestFacts

    @property
    def request_key(self) -> str | None:
        """What names the pressing of a form: pressed again after a lost answer, it has the same.

        Raises:
            InvalidRequestError: It is none that the API takes.
        """
        key = find_header(self.event, "idempotency-key")
        if key is not None and not (
            re.search(CALLER_KEY_PATTERN, key) and len(key) <= MOST_CALLER_KEY_CHARACTERS
        ):
            raise InvalidRequestError(f"Idempotency-Key: {PATTERN_WORDS[CALLER_KEY_PATTERN]}")
        return key

    def choose(self, name: str, most_characters: int = 1024) -> str | None:
        """A value of the query; None if it is empty, as a field of a form is that says nothing.

        Raises:
            InvalidRequestError: It is longer than anything that is meant by it.
        """
        value = self.query.get(name, "").strip()
        if len(value) > most_characters:
            raise InvalidRequestError(f"{name}: {most_characters} characters are the most")
        return value or None

    def choose_number(self, name: str) -> int | None:
        """A number from 1 of the query, as `choose`.

        Raises:
            InvalidRequestError: It is none.
        """
        value = self.choose(name, 9)
        if value is None:
            return None
        if not value.isascii() or not value.isdigit() or int(value) < 1:
            raise InvalidRequestError(f"{name}: it has to be a whole number from 1")
        return int(value)

    def read_form(self, model: type[FormT], **fixed: Any) -> FormT:
        """The form that was sent, as a model; a field that was left empty is not there.

        Args:
            model: The model.
            fixed: Fields that the address gives, whatever the form says.

        Raises:
            InvalidRequestError: It does not fit.
        """
        given = {name: value for name, value in self.content.items() if value != ""}
        try:
            return model.model_validate({**given, **fixed})
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, one['loc']))}: {describe_problem(one, PATTERN_WORDS)}"
                for one in error.errors()[:_MOST_PROBLEMS]
            )
            raise InvalidRequestError(problems) from None


Show = Callable[..., Fragment | Response[Any]]


class FragmentRoutes:
    """A resolver whose routes answer with fragments.

    Args:
        prefix: What their paths begin with, such as `/console/parts`.
        logger: The logger.
        check: Refuses who may not take any of them.
    """

    def __init__(
        self, prefix: str, logger: Logger, check: Callable[[Event], None] = lambda event: None
    ) -> None:
        self.app = APIGatewayRestResolver(json_body_deserializer=parse_json)
        self._prefix = prefix
        self._logger = logger
        self._check = check
        self.app.exception_handler(Exception)(self._refuse)

    def get(self, path: str) -> Callable[[Show], Show]:
        """Register what shows something; it gets an `Asked` and the path's ids by their names."""
        return partial(self._add, "GET", path)

    def post(self, path: str) -> Callable[[Show], Show]:
        """Register what does something."""
        return partial(self._add, "POST", path)

    def answer(self, event: Event, context: LambdaContext, facts: RequestFacts) -> dict[str, Any]:
        """Answer a request."""
        return add_security_headers(answer_request(self.app, event, context, facts, self._logger))

    def _add(self, method: str, path: str, show: Show) -> Show:
        def answer(**ids: str) -> Response[Any]:
            event = self.app.current_event.raw_event
            self._check(event)
            facts = find_facts(self.app)
            query = event.get("queryStringParameters") or {}
            content = self.app.current_event.json_body if event.get("body") else {}
            asked = Asked(query, content, event, facts)
            return run_within(facts.deadline, lambda: _write(show(asked, **ids)))

        self.app.route(f"{self._prefix}{path}", method)(answer)
        return show

    def _refuse(self, error: Exception) -> Response[str]:
        failure = describe_error(error)
        log_failure(self._logger, failure, error)
        return write_failure(failure, find_facts(self.app).request_id)


def add_security_headers(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with the headers of all answers of the console, but for those that it has."""
    headers = answer["multiValueHeaders"]
    given = {name.lower() for name in headers}
    for name, value in SECURITY_HEADERS.items():
        if name.lower() not in given:
            headers[name] = [value]
    return answer


def _write(shown: Fragment | Response[Any]) -> Response[Any]:
    if isinstance(shown, Response):
        return shown
    headers = {"HX-Trigger": "seashore:changed"} if shown.has_changed else {}
    return Response(200, HTML, render(shown.template, shown.values), headers)
