"""The HTTP API in the template beside the function's routes and models, and its deployment."""

import re
from functools import cache
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
from aws_lambda_powertools import Logger
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from functions.http.openapi import write_openapi
from functions.http.routes import build_app
from infra.deploy.api_deployment import CONFIGURATION, DEPLOYMENT, name_api_deployment
from infra.deploy.api_deployment import restore_api_deployment as restore
from infra.project_files import TEMPLATE
from shared.messages.tasks import TASK, describe_tasks
from tests.unit.template.rules.api_routes import CONSOLE_ROUTES, OPEN_ROUTES, PREFLIGHT, routes
from tests.unit.template.template_parts import parse_template


def test_the_gateway_knows_the_routes_of_the_function_and_no_others() -> None:
    app = build_app(SimpleNamespace(reader=None), Logger("test"))
    paths = write_openapi(app, "/v1")["paths"]
    of_function = {f"{verb.upper()} {path}" for path, verbs in paths.items() for verb in verbs}
    of_gateway = set(routes(parse_template(TEMPLATE)))
    assert of_gateway == of_function | {"GET /openapi.json", PREFLIGHT} | CONSOLE_ROUTES
    assert of_gateway >= OPEN_ROUTES


# ---- The gateway's model of a task is coarser than the function's, and never refuses a good one


@cache
def _read_task_model() -> Any:
    return parse_template(TEMPLATE)["Resources"]["TaskModel"]["Properties"]["Schema"]


def test_the_model_of_a_task_knows_every_kind() -> None:
    kinds = {
        kind["properties"]["kind"]["const"]
        for kind in describe_tasks()["$defs"].values()
        if "kind" in kind["properties"]
    }
    assert set(_read_task_model()["properties"]["kind"]["enum"]) == kinds


_VALUES = st.one_of(st.text(max_size=5), st.integers(), st.none(), st.lists(st.text(max_size=3)))
_TASKS = st.dictionaries(
    st.sampled_from(["id", "text", "document", "question", "documents", "prompt", "schema", "v"]),
    _VALUES,
).flatmap(
    lambda fields: st.sampled_from(["summarize", "ask", "extract", "agent", "other", None]).map(
        lambda kind: fields if kind is None else {**fields, "kind": kind}
    )
)


@given(_TASKS)
def test_what_the_gateway_refuses_the_function_refuses_too(content: dict[str, Any]) -> None:
    if jsonschema.Draft4Validator(_read_task_model()).is_valid(content):
        return
    with pytest.raises(ValidationError):
        TASK.validate_python(content)


# ---- The deployment's name says what is in it


def test_the_deployment_is_named_after_what_it_holds() -> None:
    text = TEMPLATE.read_text()
    name = _name_of(text)
    assert _name_of(text) == name
    assert _name_of(text, {"ApiCorsOrigin": "https://app.example"}) != name
    assert _name_of(text, {"ApiBurst": "5"}) == name
    assert _name_of(text.replace("maxLength: 10000", "maxLength: 9999")) != name
    assert _name_of(text.replace('code": "throttled', 'code": "slow_down')) != name
    assert _name_of(text.replace("Period: MONTH", "Period: WEEK")) == name
    # What the snapshot refers to counts as well: mappings, conditions, defaults of parameters.
    assert _name_of(text.replace("iam: {Type: AWS_IAM}", "iam: {Type: NONE}")) != name
    signed = "ApiTakesSignedRequests: !Equals [!Ref ApiAuthorizer, "
    assert _name_of(text.replace(f"{signed}iam", f"{signed}none")) != name
    assert _name_of(_change_default(text, "ApiCorsOrigin", '"*"', "https://app.example")) != name
    assert _name_of(_change_default(text, "ApiBurst", "200", "300")) == name


def test_the_function_is_described_by_what_it_is_configured_with() -> None:
    text = TEMPLATE.read_text()
    assert _configuration_of(text) == _configuration_of(text, {"ApiBurst": "5"})
    assert _configuration_of(text) != _configuration_of(text, {"ChatMaxSteps": "9"})
    assert _configuration_of(text) != _configuration_of(text, {"TimeZone": "Europe/Oslo"})
    more_steps = _change_default(text, "ChatMaxSteps", "5", "6")
    assert _configuration_of(text) != _configuration_of(more_steps)
    moved = text.replace("../.seashore/build/api-aws.zip", "s3://bucket/functions/api-1.zip")
    assert _configuration_of(text) != _configuration_of(moved)


def test_names_are_restored_and_a_template_without_an_api_is_left_alone() -> None:
    text = TEMPLATE.read_text()
    named = name_api_deployment(text, {"TimeZone": "Europe/Oslo"})
    assert restore(named) == text
    assert named.count(DEPLOYMENT) == text.count(DEPLOYMENT)
    assert f"DeploymentId: !Ref {DEPLOYMENT}{_name_of(text)}\n" in named
    assert name_api_deployment("Resources: {}\n", {}) == "Resources: {}\n"


def _change_default(text: str, parameter: str, old: str, new: str) -> str:
    changed, count = re.subn(
        rf"(\n  {parameter}:\n(?:    .*\n)*?    Default: ){re.escape(old)}\n",
        rf"\g<1>{new}\n",
        text,
    )
    assert count == 1
    return changed


def _name_of(text: str, parameters: dict[str, str] | None = None) -> str:
    return _suffix(DEPLOYMENT, name_api_deployment(text, parameters or {}))


def _configuration_of(text: str, parameters: dict[str, str] | None = None) -> str:
    return _suffix(CONFIGURATION, name_api_deployment(text, parameters or {}))


def _suffix(word: str, text: str) -> str:
    (suffix,) = set(re.findall(rf"\b{word}([0-9a-f]{{10}})\b", text))
    return str(suffix)
