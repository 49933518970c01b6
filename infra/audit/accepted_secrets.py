"""Which findings of detect-secrets are no secrets, each with its reason."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Finding:
    """A line that looks as if it held a secret.

    Args:
        path: The file, relative to the project.
        line_number: Number of the line, from 1.
        kind: What it looks like, such as `Secret Keyword`.
        line: The line itself.
    """

    path: str
    line_number: int
    kind: str
    line: str


@dataclass(frozen=True)
class Acceptance:
    """A rule that accepts findings.

    Args:
        path: Pattern of the files that it is about.
        line: Regular expression that the line has to hold.
        reason: Why such a line is no secret.
    """

    path: str
    line: str
    reason: str

    def accepts(self, finding: Finding) -> bool:
        """Whether the rule is about this finding."""
        return fnmatch(finding.path, self.path) and bool(re.search(self.line, finding.line))


def read_acceptances(path: Path) -> list[Acceptance]:
    """Read the rules from a TOML file; a rule without a reason raises KeyError."""
    rules = tomllib.loads(path.read_text(encoding="utf-8"))["accepted"]
    return [Acceptance(rule["path"], rule["line"], rule["reason"]) for rule in rules]


def read_findings(scan: Mapping[str, Any], project: Path) -> list[Finding]:
    """Read what `detect-secrets scan` has written."""
    found: list[Finding] = []
    for path, entries in scan["results"].items():
        lines = (project / path).read_text(encoding="utf-8", errors="replace").splitlines()
        for entry in entries:
            number = entry["line_number"]
            found.append(Finding(path, number, entry["type"], lines[number - 1].strip()))
    return found


def compare(findings: Sequence[Finding], acceptances: Sequence[Acceptance]) -> list[str]:
    """Compare findings with the rules.

    Returns:
        A line for each finding that no rule accepts, and for each rule that accepts none.
    """
    problems = [
        f"{finding.path}:{finding.line_number}: {finding.kind}"
        for finding in findings
        if not any(rule.accepts(finding) for rule in acceptances)
    ]
    problems += [
        f"the rule for {rule.path!r} and {rule.line!r} accepts nothing any more: remove it"
        for rule in acceptances
        if not any(rule.accepts(finding) for finding in findings)
    ]
    return problems
