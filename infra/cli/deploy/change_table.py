"""What `seashore deploy --diff` writes: one entry for each resource that would change."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.text import Text

from infra.cli.output import Output
from infra.deploy.stack_changes import ChangedProperty, ResourceChange
from shared.printable import to_printable

_SIGNS = {"Add": ("+", "green"), "Remove": ("-", "red"), "Import": (">", "green")}
_VERBS = {
    "Add": "to add",
    "Modify": "to modify",
    "Remove": "to remove",
    "Import": "to take into the stack",
    "Dynamic": "to be seen when it runs",
}


def write_changes(stack_name: str, changes: Sequence[ResourceChange], output: Output) -> None:
    """Write what a deployment would change, resource by resource, and a summary."""
    shown, perhaps = _split_by_certainty(changes)
    for change in shown:
        sign, style = _SIGNS.get(change.action, ("~", "yellow"))
        kind = change.resource_type.removeprefix("AWS::").replace("::", " ")
        heading = f"{sign} {change.logical_id} ({kind})"
        output.write(Text(to_printable(heading), style=style), whole_lines=True)
        for changed in change.properties:
            output.write(to_printable(f"    {_describe_property(changed)}"), whole_lines=True)
        if change.warning:
            warning = f"  ! {change.warning}"
            style = "bold red" if change.loses_data else "yellow"
            output.write(Text(warning, style=style), whole_lines=True)
    if perhaps:
        names = ", ".join(change.logical_id for change in perhaps)
        output.write(to_printable(f"? {names}"), whole_lines=True)
        output.write("    They refer to one of the above and most likely stay as they are.")
    output.say(summarize_changes(stack_name, changes))


def summarize_changes(stack_name: str, changes: Sequence[ResourceChange]) -> str:
    """Say in one line how much would change, and how much data be lost."""
    if not changes:
        return f"The stack {stack_name} is up to date: there is nothing to change."
    shown, perhaps = _split_by_certainty(changes)
    counts = Counter(change.action for change in shown)
    parts = [f"{counts[action]} {_VERBS[action]}" for action in _VERBS if counts[action]]
    if perhaps:
        parts.append(f"{len(perhaps)} to look at again")
    lost = sum(change.loses_data for change in changes)
    warning = f" DATA WOULD BE LOST in {lost} of them." if lost else ""
    return f"The stack {stack_name}: {', '.join(parts)}.{warning} Nothing was changed."


def _split_by_certainty(
    changes: Sequence[ResourceChange],
) -> tuple[list[ResourceChange], list[ResourceChange]]:
    """What changes for sure or might lose data, and what only refers to that."""
    shown = [change for change in changes if change.is_certain or change.loses_data]
    return shown, [change for change in changes if change not in shown]


def changes_to_json(changes: Sequence[ResourceChange]) -> list[dict[str, Any]]:
    """The changes for a program."""
    return [
        {
            **asdict(change),
            "is_certain": change.is_certain,
            "warning": change.warning,
            "loses_data": change.loses_data,
        }
        for change in changes
    ]


def _describe_property(changed: ChangedProperty) -> str:
    causes = f" (with {', '.join(changed.causes)})" if changed.causes else ""
    match changed.recreation:
        case "Always":
            return f"{changed.name}{causes}: replaces it"
        case "Conditionally":
            return f"{changed.name}{causes}: may replace it"
        case _:
            return f"{changed.name}{causes}"
