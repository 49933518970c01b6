"""The parsed template and its parts, as the rules look at them."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from infra.packaging.own_modules import OwnModules
from tests.project_files import PROJECT

Template = dict[str, Any]


@cache
def parse_template(path: Path) -> Template:
    """The same for all who ask, and not to be changed."""
    return yaml.load(path.read_text(), Loader=_Loader)  # noqa: S506 - a SafeLoader


@cache
def own_modules() -> OwnModules:
    """What each of the project's modules needs, parsed once for all who ask."""
    return OwnModules(PROJECT)


# Ten times as fast, where PyYAML was built with it.
class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Reads CloudFormation's short tags as their long forms."""


def _construct_intrinsic(loader: yaml.Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    match node:
        case yaml.ScalarNode():
            value = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case _:
            value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt":
        value = value.split(".")
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _construct_intrinsic)


def resources(template: Template, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in template["Resources"].items():
        if resource["Type"] == kind:
            yield name, resource.get("Properties", {})


def functions(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every function with what it takes from Globals."""
    common = template["Globals"]["Function"]
    for name, own in resources(template, "AWS::Serverless::Function"):
        variables = {
            **common["Environment"]["Variables"],
            **own.get("Environment", {}).get("Variables", {}),
        }
        logging = {**common.get("LoggingConfig", {}), **own.get("LoggingConfig", {})}
        yield (
            name,
            {
                **common,
                **own,
                "Environment": {"Variables": variables},
                "LoggingConfig": logging,
            },
        )


def mappings(template: Template) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Every event source mapping: its name, its properties and its function's."""
    for name, function in functions(template):
        for event_name, event in function.get("Events", {}).items():
            yield f"{name}.{event_name}", event["Properties"], function


def source_queues(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, queue in resources(template, "AWS::SQS::Queue"):
        if name not in dlq_names(template):
            yield name, queue


def dlq_names(template: Template) -> set[str]:
    return {
        queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        for _, queue in resources(template, "AWS::SQS::Queue")
        if "RedrivePolicy" in queue
    }


def statements(template: Template, function: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements of a function's own role."""
    role = template["Resources"][function["Role"]["Fn::GetAtt"][0]]["Properties"]
    return [s for policy in role["Policies"] for s in policy["PolicyDocument"]["Statement"]]


def roles_policies(template: Template) -> list[tuple[str, dict[str, Any]]]:
    """The policies that are written into roles, with the name of their role."""
    return [
        (name, policy)
        for name, role in resources(template, "AWS::IAM::Role")
        for policy in role.get("Policies", [])
    ]


def policy_statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements of a policy on AWS, those under a condition included."""
    statements = [
        statement["Fn::If"][1] if "Fn::If" in statement else statement
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    return [statement for statement in statements if "Ref" not in statement]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def text_of(value: Any) -> str:
    """The text of an ARN or a name, whatever intrinsic it is written with."""
    match value:
        case {"Ref": name}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
        case {"Fn::Sub": [text, _]}:
            return text
        case {"Fn::Sub": text}:
            return text
        case {"Fn::Split": [_, listed]}:
            return text_of(listed)
        case _:
            return str(value)
