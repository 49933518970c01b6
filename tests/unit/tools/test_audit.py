"""Findings are accepted only with a reason, and no tool can write over another."""

import re

import pytest
import yaml

from infra.audit.__main__ import CHECKS_OF_TOOLS, LOCKS
from infra.audit.accepted_secrets import Acceptance, Finding, compare, read_acceptances
from infra.project_files import PROJECT

FINDING = Finding("tests/unit/test_x.py", 7, "Secret Keyword", 'key = "sk-1"')
RULE = Acceptance("tests/*", '"sk-1"', "made up")


def test_finding_without_a_rule_is_a_problem():
    assert compare([FINDING], []) == ["tests/unit/test_x.py:7: Secret Keyword"]
    assert compare([FINDING], [RULE]) == []


def test_rule_that_accepts_nothing_is_a_problem():
    [problem] = compare([], [RULE])
    assert problem.endswith("remove it")


@pytest.mark.parametrize(
    "rule",
    [Acceptance("infra/*", '"sk-1"', "elsewhere"), Acceptance("tests/*", '"sk-2"', "another")],
)
def test_rule_holds_for_its_own_files_and_lines_only(rule):
    assert len(compare([FINDING], [rule])) == 2


def test_every_rule_has_a_reason():
    rules = read_acceptances(PROJECT / "infra" / "audit" / "accepted_secrets.toml")
    assert all(len(rule.reason) > 10 for rule in rules)


def test_each_tool_has_a_lock_file_that_holds_no_other_tool():
    # checkov needs a fork of detect-secrets that writes the same package: the one that is installed
    # last stays, and the two find different things.
    held = {
        tool: set(re.findall(r"^([a-z0-9-]+)==", (LOCKS / f"{tool}.txt").read_text(), re.M))
        for tool in CHECKS_OF_TOOLS
    }
    assert "bc-detect-secrets" in held["checkov"] - held["detect-secrets"]
    programs = {"bandit", "checkov", "detect-secrets", "aws-sam-cli"}
    assert sorted(len(packages & programs) for packages in held.values()) == [1, 1, 1, 1]


def test_every_check_that_checkov_skips_has_a_comment_above_it():
    text = (PROJECT / ".checkov.yaml").read_text()
    skipped = yaml.safe_load(text)["skip-check"]
    lines = [line.strip() for line in text.splitlines()]
    for check in skipped:
        above = lines[lines.index(f"- {check}") - 1]
        assert above.startswith(("#", "- CKV_")), check


def test_security_findings_of_ruff_are_suppressed_with_a_reason():
    # Bandit leaves the same rules to ruff: see pyproject.toml.
    bare = []
    for package in ("functions", "pipeline", "shared", "infra"):
        for path in (PROJECT / package).rglob("*.py"):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if re.search(r"# noqa:[^#]*\bS\d{3}", line) and not re.search(
                    r"# noqa: [A-Z0-9, ]+?\s+(-|#) \S{1}.+", line
                ):
                    bare.append(f"{path.relative_to(PROJECT)}:{number}")
    assert bare == []
