"""Names that say what is in the API's deployment, and what the api function is configured with.

API Gateway serves a snapshot of an API, its deployment, and CloudFormation makes a new one only
under a new name (AWS CloudFormation, "AWS::ApiGateway::Deployment"). With SnapStart or provisioned
concurrency a published version of the function is served, and SAM publishes a new one when the
function's text in the template changes, not when a parameter that it refers to has another value.
So both get a hash of what matters to them. The function's is part of its configuration too, since
Lambda publishes no version that would be the same as the last one.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping

import yaml

# In the template: the deployment's name, and a word in the function's description.
DEPLOYMENT = "ApiDeployment"
CONFIGURATION = "ApiConfiguration"

# Ten times as fast, where PyYAML was built with it.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_DIGITS = 10
_IN_THE_SNAPSHOT = frozenset(
    f"AWS::ApiGateway::{kind}"
    for kind in (
        "RestApi", "Resource", "Method", "Model", "RequestValidator", "Authorizer",
        "GatewayResponse",
    )
)  # fmt: skip
_PARAMETERS_IN_THE_SNAPSHOT = frozenset(
    {
        "ApiAuthorizer", "ApiCorsOrigin", "ApiProvisionedConcurrency", "ApiSnapStart",
        "CognitoUserPoolArn",
    }
)  # fmt: skip


def name_api_deployment(template: str, parameters: Mapping[str, str]) -> str:
    """Complete the two names in a template.

    A parameter that is left out counts as such, whatever value the stack has for it: that may
    deploy the same once more, which changes nothing, and never leaves a change out.

    Args:
        template: The text of the template; one without an API is returned as it is.
        parameters: The parameters' values that are given.
    """
    if DEPLOYMENT not in template:
        return template
    sections = dict(_entries(yaml.compose(template, Loader=_Loader)))
    resources = dict(_entries(sections["Resources"]))
    snapshot = [
        f"{name}: {_text(template, resource)}"
        for name, resource in resources.items()
        if _read_type(resource) in _IN_THE_SNAPSHOT
    ]
    function = _text(template, sections["Globals"]) + _text(template, resources["ApiFunction"])
    read_by_function = frozenset(re.findall(r"(?:!Ref |\$\{)(\w+)", function))
    names = {
        DEPLOYMENT: _digest([*snapshot, *_select(parameters, _PARAMETERS_IN_THE_SNAPSHOT)]),
        CONFIGURATION: _digest([function, *_select(parameters, read_by_function)]),
    }
    return re.sub(
        rf"\b({DEPLOYMENT}|{CONFIGURATION})\b", lambda found: found[1] + names[found[1]], template
    )


def restore_api_deployment(template: str) -> str:
    """Put the short names back into the text of a deployed template."""
    return re.sub(
        rf"\b({DEPLOYMENT}|{CONFIGURATION})[0-9a-f]{{{_DIGITS}}}\b",
        lambda found: str(found[1]),
        template,
    )


def _select(parameters: Mapping[str, str], names: frozenset[str]) -> Iterator[str]:
    return (f"{name}={parameters[name]}\n" for name in sorted(names & parameters.keys()))


def _digest(texts: list[str]) -> str:
    return hashlib.sha256("".join(texts).encode()).hexdigest()[:_DIGITS]


def _read_type(resource: yaml.Node) -> str | None:
    kind = dict(_entries(resource)).get("Type")
    return kind.value if isinstance(kind, yaml.ScalarNode) else None


def _text(template: str, node: yaml.Node) -> str:
    return template[node.start_mark.index : node.end_mark.index]


def _entries(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key.value, value
