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
# Sections of a template to which resources refer by name.
_REFERRED_TO = ("Parameters", "Mappings", "Conditions")


def name_api_deployment(template: str, parameters: Mapping[str, str]) -> str:
    """Complete the two names in a template.

    A parameter that is left out counts with its default, whatever value the stack has for it: that
    may deploy the same once more, which changes nothing, and never leaves a change out.

    Args:
        template: The text of the template; one without an API is returned as it is.
        parameters: The parameters' values that are given.
    """
    if DEPLOYMENT not in template:
        return template
    sections = dict(_entries(yaml.compose(template, Loader=_Loader)))
    resources = dict(_entries(sections["Resources"]))
    definitions = {
        name: _text(template, node)
        for section in _REFERRED_TO
        for name, node in _entries(sections.get(section))
    }
    snapshot = [
        f"{name}: {_text(template, resource)}"
        for name, resource in resources.items()
        if _read_type(resource) in _IN_THE_SNAPSHOT
    ]
    function = [_text(template, node) for node in (sections["Globals"], resources["ApiFunction"])]
    names = {
        DEPLOYMENT: _digest(snapshot, definitions, parameters),
        CONFIGURATION: _digest(function, definitions, parameters),
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


def _digest(texts: list[str], definitions: Mapping[str, str], parameters: Mapping[str, str]) -> str:
    """A hash of texts, of what they refer to, and of the values given for it."""
    defined = _follow("".join(texts), definitions)
    values = [f"{name}={parameters[name]}" for name in sorted(defined.keys() & parameters.keys())]
    parts = [*texts, *(defined[name] for name in sorted(defined)), *values]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:_DIGITS]


def _follow(text: str, definitions: Mapping[str, str]) -> dict[str, str]:
    """The definitions that a text names, and those that they name in turn."""
    found: dict[str, str] = {}
    waiting = [text]
    while waiting:
        words = set(re.findall(r"\w+", waiting.pop()))
        new = {name: definitions[name] for name in words & (definitions.keys() - found.keys())}
        found |= new
        waiting += new.values()
    return found


def _read_type(resource: yaml.Node) -> str | None:
    kind = dict(_entries(resource)).get("Type")
    return kind.value if isinstance(kind, yaml.ScalarNode) else None


def _text(template: str, node: yaml.Node) -> str:
    return template[node.start_mark.index : node.end_mark.index]


def _entries(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key.value, value
