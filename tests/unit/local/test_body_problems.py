"""The emulator's API says what is wrong with a body, as API Gateway does."""

from types import SimpleNamespace

import pytest

from infra.local.body_problems import name_problems_in_answers

SCHEMA = {
    "type": "object",
    "required": ["message"],
    "additionalProperties": False,
    "properties": {"message": {"type": "string", "minLength": 1}, "kind": {"enum": ["ask"]}},
}


def refuse(body, response_type="BAD_REQUEST_BODY"):
    """The emulator's answer to a body; its own parts are as short as can be."""
    gateway = SimpleNamespace(
        _check_request_validation=lambda *_: SimpleNamespace(response_type=response_type),
        _gateway_error_response=lambda *_: (
            400,
            {},
            b'{"message": "it: $context.error.validationErrorString"}',
        ),
        _model_schema=lambda api_id, name: {"chat": SCHEMA}[name],
        _json_schema_valid=lambda part, value, _: (
            value in part["enum"] if "enum" in part else value != ""
        ),
    )
    name_problems_in_answers(gateway)
    method = {"requestModels": {"application/json": "chat"}}
    error = gateway._check_request_validation(method, "api", {}, {}, body, {})
    return gateway._gateway_error_response(error, {})[2].decode()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{bad", "it is not JSON"),
        (None, "it is not JSON"),
        (b"[]", "it is not an object"),
        (b"{}", "message is missing"),
        (b'{"message": "x", "f\\"": 1}', r"\"f\\\"\" is not known"),
        (b'{"message": ""}', r"message does not fit {\"type\": \"string\", \"minLength\": 1}"),
        (b'{"message": "x", "kind": "nope"}', r"kind does not fit {\"enum\": [\"ask\"]}"),
        (b'{"message": "x"}', "it fits no model of this route"),
    ],
)
def test_the_answer_names_what_does_not_fit(body, told):
    assert refuse(body) == f'{{"message": "it: {told}"}}'


def test_another_answer_says_nothing_of_it():
    assert refuse(b"{}", "BAD_REQUEST_PARAMETERS") == '{"message": "it: "}'
