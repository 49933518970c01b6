"""What a CloudFormation template says, read without CloudFormation."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # PyYAML was built without libyaml, which is ten times as fast
    from yaml import SafeLoader  # type: ignore[assignment]  # the same, but for its speed

from infra.project_files import TEMPLATE
from shared.errors import DeployError


@dataclass(frozen=True)
class Ref:
    """What `!Ref` stands for: a parameter's value, or a resource, by its name in the template."""

    name: str


# One command reads the same template many times: what it says now, and what is deployed.
@lru_cache(maxsize=4)
def parse_template(text: str) -> dict[str, Any]:
    """Parse the text of a template; what a CloudFormation tag other than `!Ref` stands for is None.

    All who ask for the same text get the same answer, which is not to be changed.

    Raises:
        DeployError: The text is not a CloudFormation template.
    """
    try:
        parsed = yaml.load(text, Loader=_TemplateLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise DeployError(f"The template cannot be read: {error}") from error
    if not isinstance(parsed, dict):
        raise DeployError("The template cannot be read: it holds no sections.")
    return parsed


def read_defaults() -> dict[str, str]:
    """The defaults of the template's parameters."""
    parameters = parse_template(TEMPLATE.read_text(encoding="utf-8")).get("Parameters", {})
    return {name: str(one["Default"]) for name, one in parameters.items() if "Default" in one}


class _TemplateLoader(SafeLoader):
    """Reads YAML with CloudFormation's tags, of which only `!Ref` is of interest here."""


_TemplateLoader.add_multi_constructor("!", lambda loader, suffix, node: None)
_TemplateLoader.add_constructor("!Ref", lambda loader, node: Ref(str(node.value)))
