"""What must hold for the functions: where they run, what they are told, what they log."""

import importlib
from collections.abc import Iterator
from typing import Any

from infra.deploy.deploy_stack import ARCHITECTURE, TARGETS
from infra.packaging.build import AWS_PYTHON
from shared.settings import Settings, read_settings
from tests.unit.template.template_changes import Break, drop_part, set_part
from tests.unit.template.template_parts import Template, functions


def functions_run_on_the_built_platform(template: Template) -> Iterator[str]:
    parameter = template["Parameters"][ARCHITECTURE]
    if parameter["AllowedValues"] != list(TARGETS) or parameter["Default"] != "arm64":
        yield f"{ARCHITECTURE}: not what packages are built for"
    for name, function in functions(template):
        if function.get("Architectures") != [{"Ref": ARCHITECTURE}]:
            yield f"{name}: not the processors that the package is built for"
        if function.get("Runtime") != f"python{AWS_PYTHON}":
            yield f"{name}: not the Python that the package is built for"


def handlers_can_be_imported(template: Template) -> Iterator[str]:
    for name, function in functions(template):
        module, _, handler = function["Handler"].rpartition(".")
        try:
            found = callable(getattr(importlib.import_module(module), handler, None))
        except ModuleNotFoundError:
            found = False
        if not found:
            yield f"{name}: there is no {function['Handler']}"


def environment_is_the_settings(template: Template) -> Iterator[str]:
    known = {field.upper() for field in Settings.model_fields}
    given: set[str] = set()
    for name, function in functions(template):
        own = {
            variable
            for variable in function["Environment"]["Variables"]
            if not variable.startswith("POWERTOOLS_") and variable != "LOG_LEVEL"
        }
        given |= own
        for variable in sorted(own - known):
            yield f"{name}: {variable} is no setting"
    for variable in sorted(known - given):
        yield f"{variable} is set for no function"


REQUIRED_SETTINGS = {
    field.upper(): "given"
    for field, description in Settings.model_fields.items()
    if description.is_required()
}


def defaults_are_those_of_the_settings(template: Template) -> Iterator[str]:
    variables: dict[str, Any] = {}
    for _, function in functions(template):
        variables |= function["Environment"]["Variables"]
    for field, description in Settings.model_fields.items():
        value = variables.get(field.upper())
        if isinstance(value, dict):
            value = template["Parameters"].get(value.get("Ref"), {}).get("Default")
        # Without a default a setting is off, and what the template says switches it on.
        if description.is_required() or description.default is None or value is None:
            continue
        read = getattr(read_settings({**REQUIRED_SETTINGS, field.upper(): str(value)}), field)
        if read != description.default:
            yield f"{field.upper()}: {value!r} in the template, {description.default!r} in Settings"


def log_groups_have_a_retention(template: Template) -> Iterator[str]:
    for name, function in functions(template):
        group = function.get("LoggingConfig", {}).get("LogGroup", {}).get("Ref")
        if "RetentionInDays" not in template["Resources"].get(group, {}).get("Properties", {}):
            yield f"{name}: its log is kept for ever"


# ---- What each rule has to notice

BREAKS: list[Break] = [
    (functions_run_on_the_built_platform, set_part("Globals/Function/Architectures", ["x86_64"])),
    (functions_run_on_the_built_platform, set_part("Globals/Function/Runtime", "python3.12")),
    (
        functions_run_on_the_built_platform,
        set_part("Parameters/Architecture/AllowedValues", ["arm64", "x86_64", "riscv64"]),
    ),
    (
        handlers_can_be_imported,
        set_part("Resources/WorkerFunction/Properties/Handler", "functions.work.handler"),
    ),
    (environment_is_the_settings, drop_part("Globals/Function/Environment/Variables/WORK_DLQ_URL")),
    (environment_is_the_settings, set_part("Globals/Function/Environment/Variables/UNKNOWN", "x")),
    (defaults_are_those_of_the_settings, set_part("Parameters/MaxDocumentPages/Default", 500)),
    (
        defaults_are_those_of_the_settings,
        set_part("Globals/Function/Environment/Variables/RETRY_BASE_SECONDS", "6"),
    ),
    (log_groups_have_a_retention, drop_part("Resources/WorkerLogGroup/Properties/RetentionInDays")),
]
