"""What must hold for the HTTP API in the template. Each rule yields a template's violations."""

import json
import re
from collections.abc import Iterator
from typing import Any

from functions.api_models import ChatRequest, ErrorAnswer, UploadRequest
from functions.api_requests import answer_preflight
from infra.api_deployment import CONFIGURATION, DEPLOYMENT
from tests.unit.template_parts import (
    Template,
    as_list,
    functions,
    resources,
    statements,
    text_of,
)

# Anybody may ask for these: they read no data and ask no model.
OPEN_ROUTES = {"GET /health", "GET /openapi.json"}
PREFLIGHT = "OPTIONS /{proxy+}"

_CORS = "gatewayresponse.header.Access-Control-Allow-Origin"
_ORIGIN = {"Fn::Sub": "'${ApiCorsOrigin}'"}


def routes(template: Template) -> dict[str, tuple[str, dict[str, Any]]]:
    """Every method of the API by its route, such as `POST /chat`: its name and its properties."""
    found = {}
    for name, method in resources(template, "AWS::ApiGateway::Method"):
        path = _path(template, method["ResourceId"]["Ref"])
        found[f"{method['HttpMethod']} {path}"] = (name, method)
    return found


def _path(template: Template, name: str) -> str:
    resource = template["Resources"][name]["Properties"]
    parent = resource["ParentId"].get("Ref")
    return f"{_path(template, parent) if parent else ''}/{resource['PathPart']}"


def every_route_wants_a_key_or_is_listed(template: Template) -> Iterator[str]:
    for route, (name, method) in routes(template).items():
        is_open = route in OPEN_ROUTES or route == PREFLIGHT
        if method.get("ApiKeyRequired") is not (not is_open):
            yield f"{name}: {route} {'asks for' if is_open else 'does without'} a key"
        if is_open and method["AuthorizationType"] != "NONE":
            yield f"{name}: {route} wants to know who calls"


def every_route_knows_its_caller_if_wanted(template: Template) -> Iterator[str]:
    for route, (name, method) in routes(template).items():
        if route in OPEN_ROUTES or route == PREFLIGHT:
            continue
        kind = {"Fn::FindInMap": ["AuthorizationTypeOf", {"Ref": "ApiAuthorizer"}, "Type"]}
        pool = ["ApiTakesCognitoUsers", {"Ref": "ApiCognitoAuthorizer"}, {"Ref": "AWS::NoValue"}]
        if method["AuthorizationType"] != kind or method.get("AuthorizerId") != {"Fn::If": pool}:
            yield f"{name}: {route} does not follow ApiAuthorizer"
    kinds = template["Mappings"]["AuthorizationTypeOf"]
    if set(kinds) != set(template["Parameters"]["ApiAuthorizer"]["AllowedValues"]):
        yield "ApiAuthorizer has a value that stands for no type of authorization"
    if len({str(kind) for kind in kinds.values()}) != len(kinds):
        yield "two values of ApiAuthorizer are the same type of authorization"
    if "CognitoNeedsItsUserPool" not in template.get("Rules", {}):
        yield "ApiAuthorizer cognito would be deployed without a user pool"


def every_route_calls_the_function(template: Template) -> Iterator[str]:
    for route, (name, method) in routes(template).items():
        integration = method["Integration"]
        if route == PREFLIGHT:
            if integration["Type"] != "MOCK":
                yield f"{name}: anybody could run the function"
            continue
        text, values = integration["Uri"]["Fn::Sub"]
        if (
            integration["Type"] != "AWS_PROXY"
            or "${ApiFunction.Arn}${Alias}/invocations" not in text
            or values != {"Alias": {"Fn::If": ["ApiServesVersion", ":live", ""]}}
        ):
            yield f"{name}: {route} does not call the function"


def the_function_may_be_called_by_the_api_alone(template: Template) -> Iterator[str]:
    for name, permission in resources(template, "AWS::Lambda::Permission"):
        if not text_of(permission.get("SourceArn", "")).endswith(":${Api}/*/*"):
            yield f"{name}: other APIs may call the function"


def bodies_are_checked_by_the_models(template: Template) -> Iterator[str]:
    by_route = {
        "POST /chat": to_draft_4(ChatRequest.model_json_schema()),
        "POST /documents": to_draft_4(UploadRequest.model_json_schema()),
    }
    validator = template["Resources"]["ApiBodyValidator"]["Properties"]
    if validator.get("ValidateRequestBody") is not True:
        yield "no body is checked"
    for route, (name, method) in routes(template).items():
        if not route.startswith("POST "):
            continue
        model = method.get("RequestModels", {}).get("application/json", {}).get("Ref")
        if method.get("RequestValidatorId") != {"Ref": "ApiBodyValidator"} or model is None:
            yield f"{name}: the body of {route} is not checked"
            continue
        schema = template["Resources"][model]["Properties"]["Schema"]
        if "draft-04" not in schema.get("$schema", ""):
            yield f"{model}: API Gateway reads draft 4"
        wanted = by_route.get(route)
        if wanted is not None and {k: v for k, v in schema.items() if k != "$schema"} != wanted:
            yield f"{model}: not what the function takes"


def to_draft_4(node: Any) -> Any:
    """A schema as pydantic writes it, without what only describes."""
    if isinstance(node, list):
        return [to_draft_4(part) for part in node]
    if not isinstance(node, dict):
        return node
    if node.get("type") == "integer":
        # In draft 4 1.0 is no integer.
        node = {**node, "type": "number", "multipleOf": 1}
    return {
        name: to_draft_4(part)
        for name, part in node.items()
        if name not in ("title", "description", "default") or not isinstance(part, str | None)
    }


def gateway_responses_have_our_shape_and_cors(template: Template) -> Iterator[str]:
    kinds = set()
    for name, response in resources(template, "AWS::ApiGateway::GatewayResponse"):
        kinds.add(response["ResponseType"])
        if response.get("ResponseParameters", {}).get(_CORS) != _ORIGIN:
            yield f"{name}: a browser would not let its page see it"
        text = response.get("ResponseTemplates", {}).get("application/json", "{}")
        text = text.replace("$context.error.messageString", '"Forbidden"')
        try:
            ErrorAnswer.model_validate(json.loads(text))
        except ValueError as error:
            yield f"{name}: not the shape of our errors: {error}"
    wanted = {
        "DEFAULT_4XX", "DEFAULT_5XX", "INVALID_API_KEY", "UNAUTHORIZED", "THROTTLED",
        "QUOTA_EXCEEDED", "MISSING_AUTHENTICATION_TOKEN", "BAD_REQUEST_BODY", "REQUEST_TOO_LARGE",
        "INTEGRATION_TIMEOUT",
    }  # fmt: skip
    for kind in sorted(wanted - kinds):
        yield f"{kind} is answered with a bare message"


def preflight_answers_as_the_function_does(template: Template) -> Iterator[str]:
    """The same as the function's own, and the gateway's origin is the function's."""
    _, method = routes(template)[PREFLIGHT]
    (answer,) = method["Integration"]["IntegrationResponses"]
    given = {
        name.removeprefix("method.response.header."): value
        for name, value in answer["ResponseParameters"].items()
    }
    (declared,) = method["MethodResponses"]
    if set(declared["ResponseParameters"]) != set(answer["ResponseParameters"]):
        yield "a header of the preflight is not declared, so it is not sent"
    if given.get("Access-Control-Allow-Origin") != _ORIGIN:
        yield "the preflight does not follow ApiCorsOrigin"
    for name, (value,) in answer_preflight()["multiValueHeaders"].items():
        if given.get(name) != f"'{value}'":
            yield f"the preflight says another {name} than the function"
    origins = dict(functions(template))["ApiFunction"]["Environment"]["Variables"]["CORS_ORIGINS"]
    if origins != {"Ref": "ApiCorsOrigin"}:
        yield "the function and the gateway allow different origins"


def the_key_is_good_for_a_limited_use(template: Template) -> Iterator[str]:
    plan = template["Resources"]["ApiUsagePlan"]["Properties"]
    if plan.get("ApiStages") != [{"ApiId": {"Ref": "Api"}, "Stage": {"Ref": "ApiStage"}}]:
        yield "the usage plan is not that of the stage"
    if plan.get("Quota") != {"Limit": {"Ref": "ApiQuotaPerMonth"}, "Period": "MONTH"}:
        yield "the usage plan has no quota"
    if plan.get("Throttle") != {
        "RateLimit": {"Ref": "ApiRequestsPerSecond"},
        "BurstLimit": {"Ref": "ApiBurst"},
    }:
        yield "the usage plan does not throttle"
    of_plan = template["Resources"]["ApiKeyOfUsagePlan"]["Properties"]
    if of_plan.get("UsagePlanId") != {"Ref": "ApiUsagePlan"} or of_plan.get("KeyId") != {
        "Ref": "ApiKey"
    }:
        yield "the key is not of the usage plan"
    defaults = {
        name: template["Parameters"][name]["Default"]
        for name in ("ApiQuotaPerMonth", "ApiRequestsPerSecond", "ApiBurst")
    }
    if defaults != {"ApiQuotaPerMonth": 10_000, "ApiRequestsPerSecond": 100, "ApiBurst": 200}:
        yield f"the limits are {defaults}"
    if "Value" in template["Resources"]["ApiKey"]["Properties"]:
        yield "the key stands in the template"


def the_stage_throttles_traces_and_keeps_no_answers(template: Template) -> Iterator[str]:
    stage = template["Resources"]["ApiStage"]["Properties"]
    if stage.get("TracingEnabled") is not True:
        yield "requests are not traced"
    if stage.get("CacheClusterEnabled") is not False:
        yield "answers are cached"
    settings = {
        f"{one['HttpMethod']} {one['ResourcePath'].replace('~1', '/').replace('//', '/')}": one
        for one in stage["MethodSettings"]
    }
    for route in ("* /*", *sorted(OPEN_ROUTES)):
        one = settings.get(route, {})
        if not one.get("ThrottlingRateLimit") or not one.get("ThrottlingBurstLimit"):
            yield f"{route} is not throttled"
        if one.get("CachingEnabled") is not False:
            yield f"{route} is cached"
        if one.get("LoggingLevel") != "OFF" or one.get("DataTraceEnabled") is not False:
            yield f"{route}: what users ask would be logged"
    for route in OPEN_ROUTES:
        if settings.get(route, {}).get("ThrottlingRateLimit", 0) > 10:
            yield f"{route}: anybody could use up the account's Lambda concurrency"


def access_is_logged_as_json_without_content(template: Template) -> Iterator[str]:
    condition, setting, otherwise = template["Resources"]["ApiStage"]["Properties"][
        "AccessLogSetting"
    ]["Fn::If"]
    if condition != "ApiKeepsAccessLog" or otherwise != {"Ref": "AWS::NoValue"}:
        yield "the access log does not follow ApiAccessLogs"
    if template["Parameters"]["ApiAccessLogs"]["Default"] == "off":
        yield "access is not logged by default"
    group = setting["DestinationArn"]["Fn::GetAtt"][0]
    if "RetentionInDays" not in template["Resources"][group]["Properties"]:
        yield "the access log is kept for ever"
    text = re.sub(r'"?\$context\.(\w|\.)+"?', "0", setting["Format"])
    try:
        fields = dict(json.loads(text))
    except (ValueError, TypeError):
        yield "the access log is not a JSON object"
        return
    if not {"request_id", "status", "route", "latency_ms", "key"} <= set(fields):
        yield "the access log leaves out what one looks for"


def the_deployment_waits_for_all_it_holds(template: Template) -> Iterator[str]:
    deployments = dict(resources(template, "AWS::ApiGateway::Deployment"))
    if set(deployments) != {DEPLOYMENT}:
        yield f"`seashore deploy` does not know the deployments {sorted(deployments)}"
        return
    waited_for = set(template["Resources"][DEPLOYMENT]["DependsOn"])
    for kind in ("Method", "GatewayResponse"):
        for name, _ in resources(template, f"AWS::ApiGateway::{kind}"):
            if name not in waited_for:
                yield f"{name} may come too late for the deployment"


def a_version_is_served_only_where_one_is_needed(template: Template) -> Iterator[str]:
    function = dict(functions(template))["ApiFunction"]
    if function.get("AutoPublishAlias") != "live" or not function.get(
        "AutoPublishAliasAllProperties"
    ):
        yield "no version is published, or not for each change"
    if not re.search(rf"\b{CONFIGURATION}\b", function["Description"]):
        yield "another value of a parameter would make no other version"
    if function["SnapStart"] != {
        "ApplyOn": {"Fn::If": ["ApiStartsFromSnapshot", "PublishedVersions", "None"]}
    }:
        yield "SnapStart does not follow ApiSnapStart"
    if "SnapStartIsNotKeptWarm" not in template.get("Rules", {}):
        yield "Lambda would refuse SnapStart with provisioned concurrency"


def the_function_answers_before_the_gateway_gives_up(template: Template) -> Iterator[str]:
    """Amazon API Gateway, "Quotas": a REST API's integration has 29 seconds."""
    if dict(functions(template))["ApiFunction"]["Timeout"] > 29:
        yield "the function goes on when nobody waits for it"
    if template["Parameters"]["ApiDeadlineSeconds"]["MaxValue"] > 28:
        yield "the gateway may give up first"


def the_api_changes_little(template: Template) -> Iterator[str]:
    """The agent reads strangers' texts: what it could be talked into is what its role may do."""
    function = dict(functions(template))["ApiFunction"]
    keys = {"dynamodb:PutItem": {"TASK#*", "SPEND#*"}, "dynamodb:UpdateItem": {"SPEND#*"},
            "dynamodb:DeleteItem": {"SPEND#*"}}  # fmt: skip
    for statement in statements(template, function):
        arns = [text_of(arn) for arn in as_list(statement["Resource"])]
        for action in as_list(statement["Action"]):
            if action.startswith("s3:") and action not in (
                "s3:GetObject", "s3:PutObject", "s3:ListBucket",
            ):  # fmt: skip
                yield f"the API may {action}"
            if action == "s3:PutObject" and arns != ["${DocumentsBucket.Arn}/*"]:
                yield f"the API may write {arns}"
            if action == "s3:GetObject" and any("DocumentsBucket" in arn for arn in arns):
                yield "the API may read documents themselves"
            if action.startswith("sqs:Send") and arns != ["${WorkQueue.Arn}"]:
                yield f"the API may send to {arns}"
            if action.startswith("sqs:") and not action.startswith("sqs:Send"):
                yield f"the API may {action}"
            if action in keys and "${LedgerTable.Arn}" in arns:
                condition = statement.get("Condition", {}).get("ForAllValues:StringLike", {})
                allowed = set(as_list(condition.get("dynamodb:LeadingKeys", "*")))
                if not allowed <= keys[action]:
                    yield f"the API may {action} on {sorted(allowed)}"


API_RULES = [
    every_route_wants_a_key_or_is_listed,
    every_route_knows_its_caller_if_wanted,
    every_route_calls_the_function,
    the_function_may_be_called_by_the_api_alone,
    bodies_are_checked_by_the_models,
    gateway_responses_have_our_shape_and_cors,
    preflight_answers_as_the_function_does,
    the_key_is_good_for_a_limited_use,
    the_stage_throttles_traces_and_keeps_no_answers,
    access_is_logged_as_json_without_content,
    the_deployment_waits_for_all_it_holds,
    a_version_is_served_only_where_one_is_needed,
    the_function_answers_before_the_gateway_gives_up,
    the_api_changes_little,
]
