"""Values of parameters that the functions could not start with, found before anything is changed.

A function that cannot read its settings works on nothing, and each of its messages would use up its
receives and die. CloudFormation sees only what a pattern or a range can say, and only after minutes
what Lambda says of variables that are too long.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from infra.aws import QUICK, aws_errors_as
from infra.deploy.stack_operation import read_kept_parameters
from infra.deploy.stack_place import StackPlace
from infra.deploy.template_file import Ref, read_defaults
from shared.errors import DeployError, SettingsError
from shared.llm.base_address import read_base_address
from shared.settings import find_setting_problems

# Stands for what only the deployed stack knows, such as the address of a queue.
_SOMETHING = "-"
_WHOLE = re.compile("[0-9]+")

# Of the variables as JSON with no spaces, which is what Lambda's refusal shows as measured.
# Source: AWS Lambda Developer Guide, "Lambda quotas".
_MOST_BYTES = 4096

# What CloudFormation alone knows, guessed a little short: an address with region and account, a
# name with a random end.
_QUEUE_ADDRESS = "https://sqs.{region}.amazonaws.com/000000000000/{stack}-work"
_NAME = "{stack}-resource-000000000000"

_HINTS = {
    "ModelPrices": "leave only the models that are asked, which are those of OpenAiModel, "
    "FallbackModel and redo",
    "CallbackArns": "name one SNS topic, to which the queues are subscribed",
    "InboundMailSenders": "name domains in place of their addresses",
    "OpenAiExtraBody": "leave only what the model's server needs",
}
_OTHER_HINT = "shorten it"


def check_parameters(place: StackPlace, parameters: Mapping[str, str]) -> None:
    """Read each parameter of a stack the way its functions do when they start.

    Args:
        place: The stack, which need not exist yet.
        parameters: The values that are given; for others that of the stack counts, or the default.

    Raises:
        DeployError: A function could not start with one, or not be made as its variables are too
            long; the message says which and why.
    """
    with aws_errors_as(DeployError):
        kept = read_kept_parameters(place.client("cloudformation", QUICK), place.stack_name)
    template, values = place.parse_template(), {**read_defaults(), **kept, **parameters}
    problems = find_parameter_problems(template, {**kept, **parameters})
    if problems:
        raise DeployError(" ".join(problems.values()))
    excess = describe_excess(template, values, place.stack_name, place.region)
    if excess:
        raise DeployError(excess)
    missing = describe_missing_price(values)
    if missing:
        place.report(missing)


def uses_model(values: Mapping[str, str]) -> bool:
    """Whether a stack with these values of parameters asks a language model at all."""
    return bool(
        values.get("OpenAiApiKeySecret")
        or values.get("OpenAiBaseUrl")
        or values.get("ModelAuth") == "iam"
    )


def describe_missing_price(values: Mapping[str, str]) -> str:
    """Which model's calls no daily limit holds back, and what to do; empty if it holds for all.

    Args:
        values: All parameters' values, which the functions can read.
    """
    if not uses_model(values) or not values.get("DailyCapUsd") or values.get("DailyCapTokens"):
        return ""
    prices = json.loads(values.get("ModelPrices") or "{}")
    models = filter(None, (values.get("OpenAiModel"), values.get("FallbackModel")))
    unpriced = [model for model in models if model not in prices]
    if not unpriced:
        return ""
    return (
        f"DailyCapUsd does not hold for {' and '.join(unpriced)}, which has no price: name it in "
        "ModelPrices, with zeros if it costs nothing, or limit its tokens by DailyCapTokens."
    )


def describe_excess(
    template: Mapping[str, Any], values: Mapping[str, str], stack_name: str, region: str
) -> str:
    """Which function's environment Lambda would refuse as too large, and what to do.

    Args:
        template: The parsed template.
        values: The values of all its parameters.
        stack_name: Name of the stack, which is part of many values.
        region: Its region.

    Returns:
        A few sentences about the largest one; empty if all are small enough.
    """
    largest, name, variables = 0, "", {}
    for function, environment in _list_environments(template):
        resolved = {
            variable: _guess(value, values, template, stack_name, region)
            for variable, value in environment.items()
        }
        if (size := _measure(resolved)) > largest:
            largest, name, variables = size, function, environment
    if largest <= _MOST_BYTES:
        return ""
    given = {one.name for one in variables.values() if isinstance(one, Ref)} & set(values)
    first, *others = sorted(given, key=lambda one: -_measure(values[one]))
    told = "".join(f", {other} {_measure(values[other]):,}" for other in others[:2])
    return (
        f"The variables of the function {name} would take about {largest:,} bytes, and Lambda "
        f"takes {_MOST_BYTES:,}. The longest is the parameter {first} with "
        f"{_measure(values[first]):,} bytes{told}: {_HINTS.get(first, _OTHER_HINT)}."
    )


def find_parameter_problems(
    template: Mapping[str, Any], values: Mapping[str, str]
) -> dict[str, str]:
    """Find the parameters that a function of a template could not start with, or not be made with.

    Args:
        template: The parsed template.
        values: Values of parameters; the others have their defaults.

    Returns:
        A sentence or two by parameter.
    """
    declared = template.get("Parameters", {})
    defaults = {name: str(one["Default"]) for name, one in declared.items() if "Default" in one}
    chosen = {**defaults, **values}
    problems = {}
    for _, variables in _list_environments(template):
        environment = {name: _resolve(value, chosen) for name, value in variables.items()}
        for variable, words in _find_problems(environment):
            source = variables.get(variable)
            # What is not a parameter is the template's own, and a test holds it to the settings.
            if isinstance(source, Ref) and source.name in declared:
                problems[source.name] = (
                    f"The functions cannot start with the parameter {source.name} as "
                    f"{chosen[source.name]!r} ({words}). It is: "
                    f"{declared[source.name].get('Description', 'not described')}"
                )
    # Where CloudFormation takes any number: it has patterns for strings only.
    for name, one in declared.items():
        if one["Type"] == "Number" and not _WHOLE.fullmatch(chosen.get(name, "0")):
            problems.setdefault(
                name,
                f"The parameter {name} is a whole number, not {chosen[name]!r}. It is: "
                f"{one.get('Description', 'not described')}",
            )
    return problems


def _find_problems(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield from find_setting_problems(environment)
    for variable in ("OPENAI_BASE_URL", "FALLBACK_BASE_URL"):
        address = environment.get(variable, "")
        try:
            if address.strip():
                read_base_address(address)
        except SettingsError as error:
            yield variable, str(error)


def _resolve(value: object, parameters: Mapping[str, str]) -> str:
    if isinstance(value, Ref):
        return parameters.get(value.name, _SOMETHING)
    return _SOMETHING if value is None else str(value)


def _list_environments(template: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The variables of each function by its name in the template, those of all among them."""
    common = template.get("Globals", {}).get("Function", {})
    for name, resource in template.get("Resources", {}).items():
        if resource.get("Type") == "AWS::Serverless::Function":
            own = resource.get("Properties", {})
            yield name, {**_read_variables(common), **_read_variables(own)}


def _read_variables(properties: Mapping[str, Any]) -> dict[str, Any]:
    environment = properties.get("Environment") or {}
    return dict(environment.get("Variables") or {})


def _measure(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def _guess(
    value: object,
    values: Mapping[str, str],
    template: Mapping[str, Any],
    stack_name: str,
    region: str,
) -> str:
    if not isinstance(value, Ref):
        return _SOMETHING if value is None else str(value)
    if value.name in values:
        return values[value.name]
    kind = template.get("Resources", {}).get(value.name, {}).get("Type", "")
    if not kind:
        return _SOMETHING
    shape = _QUEUE_ADDRESS if kind == "AWS::SQS::Queue" else _NAME
    return shape.format(stack=stack_name, region=region)
