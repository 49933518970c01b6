"""What a change set would do to a stack, in terms that a person can judge."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

# Types whose replacement or removal loses what users have put in.
_DATA_TYPES = frozenset(
    {
        "AWS::S3::Bucket",
        "AWS::DynamoDB::Table",
        "AWS::SQS::Queue",
        "AWS::Logs::LogGroup",
        "AWS::SecretsManager::Secret",
        "AWS::RDS::DBInstance",
        "AWS::RDS::DBCluster",
    }
)

_CERTAIN_SOURCES = frozenset({"DirectModification", "ParameterReference"})


@dataclass(frozen=True)
class ChangedProperty:
    """One property that a change set changes.

    Values are left out on purpose: an environment may hold what is secret.

    Args:
        name: Name of the property, or of another attribute such as `Tags`.
        causes: Parameters, and resources or their attributes, that it changes with; empty if the
            template itself says something else.
        recreation: Whether a change of it replaces the resource: Never, Conditionally or Always.
        is_certain: Whether it changes for sure; else it refers to another resource that changes,
            and its value most likely stays.
    """

    name: str
    causes: tuple[str, ...]
    recreation: str
    is_certain: bool


@dataclass(frozen=True)
class ResourceChange:
    """What a change set would do to one resource.

    Args:
        action: Add, Modify, Remove, Import, or Dynamic where CloudFormation cannot know yet.
        logical_id: Name of the resource in the template.
        resource_type: Such as `AWS::SQS::Queue`.
        physical_id: Name of the resource in the account; empty for one that is new.
        replacement: Whether a new resource takes its place: True, False or Conditional; empty where
            nothing is modified.
        policy_action: What becomes of the old resource, such as Delete or ReplaceAndRetain; empty
            where it stays in place.
        properties: What is modified.
    """

    action: str
    logical_id: str
    resource_type: str
    physical_id: str
    replacement: str
    policy_action: str
    properties: tuple[ChangedProperty, ...]

    @property
    def is_certain(self) -> bool:
        """Whether the resource changes for sure."""
        if self.action != "Modify" or not self.properties:
            return True
        return any(changed.is_certain for changed in self.properties)

    @property
    def warning(self) -> str:
        """What is lost or moved by this change, as a sentence; empty if nothing is."""
        keeps = self.policy_action.endswith(("Retain", "Snapshot"))
        holds_data = self.resource_type in _DATA_TYPES
        if self.action == "Remove":
            if keeps:
                return "It leaves the stack; the resource itself is kept."
            return "It is deleted with everything in it." if holds_data else ""
        if self.action != "Modify" or self.replacement not in ("True", "Conditional"):
            return ""
        certain = "It is replaced" if self.replacement == "True" else "It may be replaced"
        if not holds_data:
            return f"{certain} by a new resource."
        if keeps:
            return f"{certain} by a new, empty one; the old one is kept outside of the stack."
        return f"{certain} by a new, empty one, and everything in the old one is lost."

    @property
    def loses_data(self) -> bool:
        """Whether data is deleted, for sure or perhaps."""
        keeps = self.policy_action.endswith(("Retain", "Snapshot"))
        return bool(self.warning) and self.resource_type in _DATA_TYPES and not keeps


def read_changes(changes: Iterable[Mapping[str, Any]]) -> list[ResourceChange]:
    """Read the `Changes` of a change set, sorted by name (AWS CloudFormation: `ResourceChange`)."""
    found = [
        _read_change(change["ResourceChange"]) for change in changes if "ResourceChange" in change
    ]
    return sorted(found, key=lambda change: change.logical_id)


def add_code_changes(
    changes: Sequence[ResourceChange], logical_ids: Sequence[str]
) -> list[ResourceChange]:
    """Add the functions whose code would be exchanged without a word of CloudFormation."""
    known = {change.logical_id: change for change in changes}
    code = ChangedProperty("Code", ("an earlier --code-only",), "Never", is_certain=True)
    for logical_id in logical_ids:
        change = known.get(logical_id)
        if change is None:
            known[logical_id] = ResourceChange(
                "Modify", logical_id, "AWS::Lambda::Function", "", "False", "", (code,)
            )
        elif all(changed.name != "Code" for changed in change.properties):
            known[logical_id] = replace(change, properties=(*change.properties, code))
    return sorted(known.values(), key=lambda change: change.logical_id)


def _read_change(change: Mapping[str, Any]) -> ResourceChange:
    return ResourceChange(
        action=change.get("Action", ""),
        logical_id=change.get("LogicalResourceId", ""),
        resource_type=change.get("ResourceType", ""),
        physical_id=change.get("PhysicalResourceId", ""),
        replacement=change.get("Replacement", ""),
        policy_action=change.get("PolicyAction", ""),
        properties=_read_properties(change.get("Details", [])),
    )


def _read_properties(details: Iterable[Mapping[str, Any]]) -> tuple[ChangedProperty, ...]:
    """One entry a property; CloudFormation has one for each cause of it."""
    causes: dict[str, list[str]] = {}
    recreation: dict[str, str] = {}
    certain: set[str] = set()
    for detail in details:
        target = detail.get("Target", {})
        name = target.get("Name") or target.get("Attribute", "")
        known = causes.setdefault(name, [])
        cause = detail.get("CausingEntity")
        if cause and cause not in known:
            known.append(cause)
        source = detail.get("ChangeSource")
        if detail.get("Evaluation") == "Static" or source in _CERTAIN_SOURCES:
            certain.add(name)
        recreation[name] = _strongest(
            recreation.get(name, "Never"), target.get("RequiresRecreation")
        )
    return tuple(
        ChangedProperty(name, tuple(sorted(causes[name])), recreation[name], name in certain)
        for name in sorted(causes)
    )


def _strongest(first: str, second: str | None) -> str:
    order = ("Never", "Conditionally", "Always")
    return max(first, second or "Never", key=lambda word: order.index(word) if word in order else 0)
