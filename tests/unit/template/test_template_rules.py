"""The template keeps the rules of the design, and each rule notices when it is broken."""

import inspect
import json
from collections.abc import Iterator
from types import ModuleType

import pytest
import yaml

from infra.deploy.staging import package_placeholder
from infra.packaging.build import FUNCTIONS
from infra.project_files import TEMPLATE
from tests.unit.template import template_parts
from tests.unit.template.rules import (
    api_routes,
    api_stage,
    functions,
    inbound_mail,
    model_key,
    permissions,
    queues,
    storage,
    watch,
)
from tests.unit.template.template_changes import Change, Rule
from tests.unit.template.template_parts import Template

SUBJECTS = (
    *(queues, storage, inbound_mail, functions, model_key, permissions),
    *(api_routes, api_stage, watch),
)


def find_rules(subject: ModuleType) -> Iterator[Rule]:
    """Every rule of a subject, so that none can be left out by mistake."""
    for name, value in inspect.getmembers(subject, inspect.isfunction):
        is_own = value.__module__ == subject.__name__ and not name.startswith("_")
        if is_own and inspect.signature(value).return_annotation == Iterator[str]:
            yield value


RULES = [rule for subject in SUBJECTS for rule in find_rules(subject)]
BREAKS = [broken for subject in SUBJECTS for broken in subject.BREAKS]


@pytest.fixture(scope="module")
def template() -> Template:
    return template_parts.parse_template(TEMPLATE)


@pytest.fixture(scope="module")
def written(template: Template) -> str:
    """The template as JSON, of which a copy is made in a tenth of the time."""
    text = json.dumps(template)
    assert json.loads(text) == template
    return text


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_template_keeps_the_rule(rule: Rule, template: Template) -> None:
    assert list(rule(template)) == []


@pytest.mark.parametrize(
    ("rule", "break_template"), BREAKS, ids=[rule.__name__ for rule, _ in BREAKS]
)
def test_rule_notices_a_broken_template(rule: Rule, break_template: Change, written: str) -> None:
    broken = json.loads(written)
    break_template(broken)
    assert list(rule(broken)) != []


def test_every_rule_is_proven_by_a_broken_template() -> None:
    assert {rule for rule, _ in BREAKS} == set(RULES)


def test_template_has_no_alias_which_cloudformation_does_not_read() -> None:
    """CloudFormation, "Template format": YAML aliases and merges are not supported."""
    tokens = yaml.scan(TEMPLATE.read_text())
    assert not [t for t in tokens if isinstance(t, yaml.AliasToken | yaml.AnchorToken)]


def test_each_function_has_the_package_that_is_built_for_it(template: Template) -> None:
    for _, function in template_parts.functions(template):
        name = function["Handler"].split(".")[1]
        assert name in FUNCTIONS
        assert function["CodeUri"] == package_placeholder(name)
