"""What must hold for the HTTP API's routes and for the function behind them."""

import re
from collections.abc import Iterator
from typing import Any

from functions.http.models import ChatRequest, UploadRequest
from infra.deploy.api_deployment import CONFIGURATION
from tests.unit.template.template_changes import Break, drop_part, set_part
from tests.unit.template.template_parts import (
    Template,
    as_list,
    functions,
    resources,
    statements,
    text_of,
)

# Anybody may ask for these: they read no data and ask no model.
OPEN_ROUTES = {
    "GET /health",
    "GET /openapi.json",
    "GET /console",
    "GET /console/assets/{name}",
}
PREFLIGHT = "OPTIONS /{proxy+}"
# What the console shows: HTML, which is no part of the described API.
CONSOLE_ROUTES = {
    "GET /console",
    "GET /console/assets/{name}",
    "GET /console/parts/{proxy+}",
    "POST /console/parts/{proxy+}",
    "POST /console/actions/{proxy+}",
}
# What changes things for good: the function behind it has a role of its own.
OPERATOR_ROUTES = {
    "DELETE /documents/{document_id}",
    "GET /operations",
    "POST /console/actions/{proxy+}",
    *(f"POST /operations/{name}" for name in ("redo", "retry", "cancel", "pause", "resume")),
}
# What an engine draws: the function behind it has one, and a role of its own.
PAGE_ROUTES = {"GET /documents/{document_id}/pages/{page}"}


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
        if route in OPERATOR_ROUTES:
            if not str(integration["Uri"]["Fn::Sub"]).endswith(
                "/functions/${OperatorFunction.Arn}/invocations"
            ):
                yield f"{name}: {route} is not served by the operator function"
            continue
        if route in PAGE_ROUTES:
            if not str(integration["Uri"]["Fn::Sub"]).endswith(
                "/functions/${PagesFunction.Arn}/invocations"
            ):
                yield f"{name}: {route} is not served by the function that has an engine"
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
    for name in ("ApiFunction", "PagesFunction"):
        if dict(functions(template))[name]["Timeout"] > 29:
            yield f"{name}: goes on when nobody waits for it"
    if template["Parameters"]["ApiDeadlineSeconds"]["MaxValue"] > 28:
        yield "the gateway may give up first"


def the_api_changes_little(template: Template) -> Iterator[str]:
    """The agent reads strangers' texts: what it could be talked into is what its role may do."""
    function = dict(functions(template))["ApiFunction"]
    keys = {"dynamodb:PutItem": {"TASK#*", "SPEND#*"}, "dynamodb:UpdateItem": {"SPEND#*", "CALLS"},
            "dynamodb:DeleteItem": {"SPEND#*"}}  # fmt: skip
    for statement in statements(template, function):
        arns = [text_of(arn) for arn in as_list(statement["Resource"])]
        for action in as_list(statement["Action"]):
            if action.startswith("s3:") and action not in (
                "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:ListBucket",
            ):  # fmt: skip
                yield f"the API may {action}"
            if action == "s3:PutObject" and arns not in (
                ["${DocumentsBucket.Arn}/*"], ["${ArtifactsBucket.Arn}/text/*/whole.txt"],
            ):  # fmt: skip
                yield f"the API may write {arns}"
            if action.startswith("sqs:Send") and arns != ["${WorkQueue.Arn}"]:
                yield f"the API may send to {arns}"
            counts = action == "sqs:GetQueueAttributes"
            if action.startswith("sqs:") and not action.startswith("sqs:Send") and not counts:
                yield f"the API may {action}"
            if action in keys and "${LedgerTable.Arn}" in arns:
                condition = statement.get("Condition", {}).get("ForAllValues:StringLike", {})
                allowed = set(as_list(condition.get("dynamodb:LeadingKeys", "*")))
                if not allowed <= keys[action]:
                    yield f"the API may {action} on {sorted(allowed)}"


# ---- What each rule has to notice

_R = "Resources"
_ROLE = f"{_R}/ApiRole/Properties/Policies/0/PolicyDocument/Statement"
_MODEL = f"{_R}/ChatModel/Properties/Schema"

BREAKS: list[Break] = [
    (
        every_route_wants_a_key_or_is_listed,
        set_part(f"{_R}/PostChat/Properties/ApiKeyRequired", False),
    ),
    (
        every_route_wants_a_key_or_is_listed,
        set_part(f"{_R}/Preflight/Properties/ApiKeyRequired", True),
    ),
    (
        every_route_knows_its_caller_if_wanted,
        set_part(f"{_R}/GetReport/Properties/AuthorizationType", "NONE"),
    ),
    (every_route_knows_its_caller_if_wanted, drop_part("Rules/CognitoNeedsItsUserPool")),
    (
        every_route_knows_its_caller_if_wanted,
        set_part("Mappings/AuthorizationTypeOf/iam/Type", "NONE"),
    ),
    (
        every_route_calls_the_function,
        set_part(f"{_R}/GetTask/Properties/Integration/Uri/Fn::Sub/1", {"Alias": ":live"}),
    ),
    (
        every_route_calls_the_function,
        set_part(f"{_R}/DeleteDocument/Properties/Integration/Uri/Fn::Sub", "${ApiFunction.Arn}"),
    ),
    (
        every_route_calls_the_function,
        set_part(f"{_R}/GetPage/Properties/Integration/Uri/Fn::Sub", "${ApiFunction.Arn}"),
    ),
    (
        every_route_calls_the_function,
        set_part(f"{_R}/Preflight/Properties/Integration/Type", "AWS_PROXY"),
    ),
    (
        the_function_may_be_called_by_the_api_alone,
        drop_part(f"{_R}/ApiMayCallFunction/Properties/SourceArn"),
    ),
    (bodies_are_checked_by_the_models, drop_part(f"{_R}/PostTasks/Properties/RequestValidatorId")),
    (bodies_are_checked_by_the_models, set_part(f"{_MODEL}/properties/message/maxLength", 10_001)),
    (bodies_are_checked_by_the_models, drop_part(f"{_MODEL}/$schema")),
    (
        a_version_is_served_only_where_one_is_needed,
        set_part("Resources/ApiFunction/Properties/Description", "Answers."),
    ),
    (a_version_is_served_only_where_one_is_needed, drop_part("Rules/SnapStartIsNotKeptWarm")),
    (
        the_function_answers_before_the_gateway_gives_up,
        set_part("Resources/ApiFunction/Properties/Timeout", 60),
    ),
    (
        the_function_answers_before_the_gateway_gives_up,
        set_part("Resources/PagesFunction/Properties/Timeout", 60),
    ),
    (
        the_function_answers_before_the_gateway_gives_up,
        set_part("Parameters/ApiDeadlineSeconds/MaxValue", 30),
    ),
    (the_api_changes_little, drop_part(f"{_ROLE}/RegisterTasks/Condition")),
    (the_api_changes_little, set_part(f"{_ROLE}/SignUploads/Action", "s3:DeleteObject")),
    (
        the_api_changes_little,
        set_part(f"{_ROLE}/JoinText/Resource", {"Fn::Sub": "${ArtifactsBucket.Arn}/*"}),
    ),
    (
        the_api_changes_little,
        set_part(f"{_ROLE}/SendTasks/Resource", {"Fn::GetAtt": ["UploadsQueue", "Arn"]}),
    ),
]
