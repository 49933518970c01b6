"""What must hold for what API Gateway itself answers, limits and logs."""

import json
import re
from collections.abc import Iterator

from functions.http.models import ErrorAnswer
from functions.http.requests import answer_preflight
from infra.deploy.api_deployment import DEPLOYMENT
from tests.unit.template.rules.api_routes import OPEN_ROUTES, PREFLIGHT, routes
from tests.unit.template.template_changes import Break, drop_part, set_part
from tests.unit.template.template_parts import Template, functions, resources

_CORS = "gatewayresponse.header.Access-Control-Allow-Origin"
_PROBLEMS = "$context.error.validationErrorString"
_ORIGIN = {"Fn::Sub": "'${ApiCorsOrigin}'"}


def gateway_responses_have_our_shape_and_cors(template: Template) -> Iterator[str]:
    kinds = set()
    for name, response in resources(template, "AWS::ApiGateway::GatewayResponse"):
        kinds.add(response["ResponseType"])
        if response.get("ResponseParameters", {}).get(_CORS) != _ORIGIN:
            yield f"{name}: a browser would not let its page see it"
        text = response.get("ResponseTemplates", {}).get("application/json", "{}")
        if response["ResponseType"] == "BAD_REQUEST_BODY" and _PROBLEMS not in text:
            yield f"{name}: does not say which field does not fit"
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


def the_stage_throttles_traces_and_keeps_little(template: Template) -> Iterator[str]:
    stage = template["Resources"]["ApiStage"]["Properties"]
    if stage.get("TracingEnabled") is not True:
        yield "requests are not traced"
    if stage.get("CacheClusterEnabled") is not False:
        yield "answers are cached"
    if any(one.get("MetricsEnabled") is not False for one in stage["MethodSettings"]):
        yield "metrics of each route are paid for, and nothing shows them"
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


def the_deployment_waits_for_all_it_needs(template: Template) -> Iterator[str]:
    deployments = dict(resources(template, "AWS::ApiGateway::Deployment"))
    if set(deployments) != {DEPLOYMENT}:
        yield f"`seashore deploy` does not know the deployments {sorted(deployments)}"
        return
    waited_for = set(template["Resources"][DEPLOYMENT]["DependsOn"])
    for kind in ("ApiGateway::Method", "ApiGateway::GatewayResponse", "Lambda::Permission"):
        for name, _ in resources(template, f"AWS::{kind}"):
            if name not in waited_for:
                yield f"{name} may come too late for the deployment"


# ---- What each rule has to notice

_R = "Resources"
_STAGE = f"{_R}/ApiStage/Properties"

BREAKS: list[Break] = [
    (
        gateway_responses_have_our_shape_and_cors,
        drop_part(f"{_R}/ThrottledResponse/Properties/ResponseParameters"),
    ),
    (
        gateway_responses_have_our_shape_and_cors,
        set_part(
            f"{_R}/KeyResponse/Properties/ResponseTemplates/application%json", '{"message": "no"}'
        ),
    ),
    (
        gateway_responses_have_our_shape_and_cors,
        set_part(
            f"{_R}/BodyResponse/Properties/ResponseTemplates/application%json",
            '{"error": {"code": "a", "message": "the body does not fit", "request_id": "b"}}',
        ),
    ),
    (gateway_responses_have_our_shape_and_cors, drop_part(f"{_R}/QuotaResponse")),
    (
        preflight_answers_as_the_function_does,
        set_part(
            "Resources/ApiFunction/Properties/Environment/Variables/CORS_ORIGINS",
            "https://other.example",
        ),
    ),
    (
        preflight_answers_as_the_function_does,
        drop_part(
            f"{_R}/Preflight/Properties/MethodResponses/0/ResponseParameters"
            "/method.response.header.Access-Control-Allow-Origin"
        ),
    ),
    (the_key_is_good_for_a_limited_use, drop_part(f"{_R}/ApiUsagePlan/Properties/ApiStages")),
    (the_key_is_good_for_a_limited_use, drop_part(f"{_R}/ApiUsagePlan/Properties/Quota")),
    (
        the_key_is_good_for_a_limited_use,
        set_part(f"{_R}/ApiKey/Properties/Value", "no-secret-any-more"),
    ),
    (
        the_stage_throttles_traces_and_keeps_little,
        drop_part(f"{_STAGE}/MethodSettings/0/ThrottlingBurstLimit"),
    ),
    (
        the_stage_throttles_traces_and_keeps_little,
        set_part(f"{_STAGE}/MethodSettings/0/CachingEnabled", True),
    ),
    (
        the_stage_throttles_traces_and_keeps_little,
        set_part(f"{_STAGE}/MethodSettings/1/ThrottlingRateLimit", 1_000),
    ),
    (
        the_stage_throttles_traces_and_keeps_little,
        set_part(f"{_STAGE}/MethodSettings/2/MetricsEnabled", True),
    ),
    (the_stage_throttles_traces_and_keeps_little, set_part(f"{_STAGE}/TracingEnabled", False)),
    (
        access_is_logged_as_json_without_content,
        set_part(f"{_STAGE}/AccessLogSetting/Fn::If/1/Format", "$context.requestId"),
    ),
    (
        access_is_logged_as_json_without_content,
        drop_part(f"{_R}/ApiAccessLogGroup/Properties/RetentionInDays"),
    ),
    (the_deployment_waits_for_all_it_needs, set_part(f"{_R}/{DEPLOYMENT}/DependsOn", ["PostChat"])),
    (
        the_deployment_waits_for_all_it_needs,
        set_part(f"{_R}/Late", {"Type": "AWS::Lambda::Permission", "Properties": {}}),
    ),
]
