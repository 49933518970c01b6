"""Have the emulator's API say what is wrong with a body that it refuses, as API Gateway does.

Run by the emulator's own Python, so only the standard library is imported. The emulator checks a
body by the method's model, but fills in no `$context.error.validationErrorString`.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

_PLACEHOLDER = b"$context.error.validationErrorString"

# Whether a value fits a schema.
Fits = Callable[[Any, Any], bool]


def name_problems(schema: Mapping[str, Any], body: Any, fits: Fits) -> str:
    """What is wrong with the body of a request, by its fields.

    Args:
        schema: The model, an object of fields.
        body: What was sent, as text or bytes.
        fits: Whether a value fits a schema.
    """
    try:
        value = json.loads(body)
    except (ValueError, TypeError, RecursionError):
        return "it is not JSON"
    if not isinstance(value, dict):
        return "it is not an object"
    fields = schema.get("properties", {})
    told = [f"{name} is missing" for name in schema.get("required", []) if name not in value]
    if schema.get("additionalProperties") is False:
        told += [f"{json.dumps(name)} is not known" for name in value if name not in fields]
    told += [
        f"{name} does not fit {json.dumps(field)}"
        for name, field in fields.items()
        if name in value and not fits(field, value[name])
    ]
    return "; ".join(told) or "it fits no model of this route"


def name_problems_in_answers(gateway: Any) -> None:
    """Have the emulator's API Gateway fill in what is wrong with a body.

    Args:
        gateway: The emulator's module.
    """
    check, answer = gateway._check_request_validation, gateway._gateway_error_response

    def check_body(
        method: Any, api_id: str, request: Any, headers: Any, body: Any, *rest: Any
    ) -> Any:
        error = check(method, api_id, request, headers, body, *rest)
        if error is not None and error.response_type == "BAD_REQUEST_BODY":
            name = (method.get("requestModels") or {}).get("application/json")
            schema = gateway._model_schema(api_id, name) or {}
            error.problems = name_problems(
                schema, body, lambda part, value: gateway._json_schema_valid(part, value, schema)
            )
        return error

    def answer_error(error: Any, request: Any) -> Any:
        status, headers, body = answer(error, request)
        problems = json.dumps(getattr(error, "problems", ""))[1:-1].encode()
        return status, headers, body.replace(_PLACEHOLDER, problems)

    gateway._check_request_validation = check_body
    gateway._gateway_error_response = answer_error
