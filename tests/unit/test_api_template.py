"""The HTTP API in the template keeps its rules, and each rule notices when it is broken."""

import copy
import re
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
from aws_lambda_powertools import Logger
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from functions.api_openapi import write_openapi
from functions.api_routes import build_app
from infra.api_deployment import CONFIGURATION, DEPLOYMENT, name_api_deployment
from infra.api_deployment import restore_api_deployment as restore
from infra.staging import TEMPLATE
from shared.task_messages import TASK, describe_tasks
from tests.unit import api_template_rules as rules
from tests.unit.api_template_rules import API_RULES, OPEN_ROUTES, PREFLIGHT, routes
from tests.unit.template_changes import drop_part, set_part
from tests.unit.template_parts import Template, parse_template


@pytest.fixture(scope="module")
def template() -> Template:
    return parse_template(TEMPLATE)


@pytest.mark.parametrize("rule", API_RULES, ids=lambda rule: rule.__name__)
def test_the_api_keeps_the_rule(rule: Callable[[Template], Any], template: Template) -> None:
    assert list(rule(template)) == []


_R = "Resources"
_ROLE = f"{_R}/ApiRole/Properties/Policies/0/PolicyDocument/Statement"
_STAGE = f"{_R}/ApiStage/Properties"
_MODEL = f"{_R}/ChatModel/Properties/Schema"

BREAKS = [
    (
        rules.every_route_wants_a_key_or_is_listed,
        set_part(f"{_R}/PostChat/Properties/ApiKeyRequired", False),
    ),
    (
        rules.every_route_wants_a_key_or_is_listed,
        set_part(f"{_R}/Preflight/Properties/ApiKeyRequired", True),
    ),
    (
        rules.every_route_knows_its_caller_if_wanted,
        set_part(f"{_R}/GetReport/Properties/AuthorizationType", "NONE"),
    ),
    (rules.every_route_knows_its_caller_if_wanted, drop_part("Rules/CognitoNeedsItsUserPool")),
    (
        rules.every_route_knows_its_caller_if_wanted,
        set_part("Mappings/AuthorizationTypeOf/iam/Type", "NONE"),
    ),
    (
        rules.every_route_calls_the_function,
        set_part(f"{_R}/GetTask/Properties/Integration/Uri/Fn::Sub/1", {"Alias": ":live"}),
    ),
    (
        rules.every_route_calls_the_function,
        set_part(f"{_R}/Preflight/Properties/Integration/Type", "AWS_PROXY"),
    ),
    (
        rules.the_function_may_be_called_by_the_api_alone,
        drop_part(f"{_R}/ApiMayCallFunction/Properties/SourceArn"),
    ),
    (
        rules.bodies_are_checked_by_the_models,
        drop_part(f"{_R}/PostTasks/Properties/RequestValidatorId"),
    ),
    (
        rules.bodies_are_checked_by_the_models,
        set_part(f"{_MODEL}/properties/message/maxLength", 10_001),
    ),
    (rules.bodies_are_checked_by_the_models, drop_part(f"{_MODEL}/$schema")),
    (
        rules.gateway_responses_have_our_shape_and_cors,
        drop_part(f"{_R}/ThrottledResponse/Properties/ResponseParameters"),
    ),
    (
        rules.gateway_responses_have_our_shape_and_cors,
        set_part(
            f"{_R}/KeyResponse/Properties/ResponseTemplates/application%json", '{"message": "no"}'
        ),
    ),
    (rules.gateway_responses_have_our_shape_and_cors, drop_part(f"{_R}/QuotaResponse")),
    (
        rules.preflight_answers_as_the_function_does,
        set_part(
            "Resources/ApiFunction/Properties/Environment/Variables/CORS_ORIGINS",
            "https://other.example",
        ),
    ),
    (
        rules.preflight_answers_as_the_function_does,
        drop_part(
            f"{_R}/Preflight/Properties/MethodResponses/0/ResponseParameters"
            "/method.response.header.Access-Control-Allow-Origin"
        ),
    ),
    (
        rules.the_key_is_good_for_a_limited_use,
        drop_part(f"{_R}/ApiUsagePlan/Properties/ApiStages"),
    ),
    (rules.the_key_is_good_for_a_limited_use, drop_part(f"{_R}/ApiUsagePlan/Properties/Quota")),
    (
        rules.the_key_is_good_for_a_limited_use,
        set_part(f"{_R}/ApiKey/Properties/Value", "no-secret-any-more"),
    ),
    (
        rules.the_stage_throttles_traces_and_keeps_no_answers,
        drop_part(f"{_STAGE}/MethodSettings/0/ThrottlingBurstLimit"),
    ),
    (
        rules.the_stage_throttles_traces_and_keeps_no_answers,
        set_part(f"{_STAGE}/MethodSettings/0/CachingEnabled", True),
    ),
    (
        rules.the_stage_throttles_traces_and_keeps_no_answers,
        set_part(f"{_STAGE}/MethodSettings/1/ThrottlingRateLimit", 1_000),
    ),
    (
        rules.the_stage_throttles_traces_and_keeps_no_answers,
        set_part(f"{_STAGE}/TracingEnabled", False),
    ),
    (
        rules.access_is_logged_as_json_without_content,
        set_part(f"{_STAGE}/AccessLogSetting/Fn::If/1/Format", "$context.requestId"),
    ),
    (
        rules.access_is_logged_as_json_without_content,
        drop_part(f"{_R}/ApiAccessLogGroup/Properties/RetentionInDays"),
    ),
    (
        rules.the_deployment_waits_for_all_it_holds,
        set_part(f"{_R}/{DEPLOYMENT}/DependsOn", ["PostChat"]),
    ),
    (
        rules.a_version_is_served_only_where_one_is_needed,
        set_part("Resources/ApiFunction/Properties/Description", "Answers."),
    ),
    (rules.a_version_is_served_only_where_one_is_needed, drop_part("Rules/SnapStartIsNotKeptWarm")),
    (
        rules.the_function_answers_before_the_gateway_gives_up,
        set_part("Resources/ApiFunction/Properties/Timeout", 60),
    ),
    (
        rules.the_function_answers_before_the_gateway_gives_up,
        set_part("Parameters/ApiDeadlineSeconds/MaxValue", 30),
    ),
    (rules.the_api_changes_little, drop_part(f"{_ROLE}/RegisterTasks/Condition")),
    (rules.the_api_changes_little, set_part(f"{_ROLE}/SignUploads/Action", "s3:DeleteObject")),
    (
        rules.the_api_changes_little,
        set_part(f"{_ROLE}/SendTasks/Resource", {"Fn::GetAtt": ["UploadsQueue", "Arn"]}),
    ),
]


@pytest.mark.parametrize(
    ("rule", "break_template"), BREAKS, ids=[rule.__name__ for rule, _ in BREAKS]
)
def test_rule_notices_a_broken_api(
    rule: Callable[[Template], Any],
    break_template: Callable[[Template], None],
    template: Template,
) -> None:
    broken = copy.deepcopy(template)
    break_template(broken)
    assert list(rule(broken)) != []


def test_every_rule_is_proven_by_a_broken_api() -> None:
    assert {rule for rule, _ in BREAKS} == set(API_RULES)


def test_the_gateway_knows_the_routes_of_the_function_and_no_others(template: Template) -> None:
    app = build_app(SimpleNamespace(reader=None), Logger("test"))
    paths = write_openapi(app, "/v1")["paths"]
    of_function = {f"{verb.upper()} {path}" for path, verbs in paths.items() for verb in verbs}
    assert set(routes(template)) == of_function | {"GET /openapi.json", PREFLIGHT}
    assert set(routes(template)) >= OPEN_ROUTES


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


def test_the_function_is_described_by_what_it_is_configured_with() -> None:
    text = TEMPLATE.read_text()
    assert _configuration_of(text) == _configuration_of(text, {"ApiBurst": "5"})
    assert _configuration_of(text) != _configuration_of(text, {"ChatMaxSteps": "9"})
    assert _configuration_of(text) != _configuration_of(text, {"TimeZone": "Europe/Oslo"})
    moved = text.replace("../.seashore/build/api-aws.zip", "s3://bucket/functions/api-1.zip")
    assert _configuration_of(text) != _configuration_of(moved)


def test_names_are_restored_and_a_template_without_an_api_is_left_alone() -> None:
    text = TEMPLATE.read_text()
    named = name_api_deployment(text, {"TimeZone": "Europe/Oslo"})
    assert restore(named) == text
    assert named.count(DEPLOYMENT) == text.count(DEPLOYMENT)
    assert f"DeploymentId: !Ref {DEPLOYMENT}{_name_of(text)}\n" in named
    assert name_api_deployment("Resources: {}\n", {}) == "Resources: {}\n"


def _name_of(text: str, parameters: dict[str, str] | None = None) -> str:
    return _suffix(DEPLOYMENT, name_api_deployment(text, parameters or {}))


def _configuration_of(text: str, parameters: dict[str, str] | None = None) -> str:
    return _suffix(CONFIGURATION, name_api_deployment(text, parameters or {}))


def _suffix(word: str, text: str) -> str:
    (suffix,) = set(re.findall(rf"\b{word}([0-9a-f]{{10}})\b", text))
    return str(suffix)
