"""Run every check of `make audit` and say what each has found."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.audit.accepted_secrets import compare, read_acceptances, read_findings
from infra.locked_environment import ensure_environment
from infra.project_files import LOCKS, PROJECT
from shared.errors import OperatorError

_TEMPLATE = "infra/template.yaml"
_ACCEPTED_SECRETS = Path(__file__).with_name("accepted_secrets.toml")


@dataclass(frozen=True)
class CheckResult:
    """What a check came to.

    Args:
        check: Name of the check.
        problems: What it has found, or why it was skipped; empty if it has found nothing.
        is_skipped: Whether it could not run, as its tool cannot be installed here.
    """

    check: str
    problems: str
    is_skipped: bool = False


def main() -> int:
    """Run all checks. Returns the exit status: 0 if nothing was found."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        results = [one for group in pool.map(_run_checks, CHECKS_OF_TOOLS) for one in group]
    for result in results:
        outcome = "skipped" if result.is_skipped else "FAILED" if result.problems else "ok"
        sys.stdout.write(f"{result.check:<22} {outcome}\n")
        sys.stdout.write("".join(f"    {line}\n" for line in result.problems.splitlines()))
    # A laptop may be without a package index; CI may not.
    skipped_counts = "CI" in os.environ
    return int(any(r.problems and (skipped_counts or not r.is_skipped) for r in results))


def _run_checks(tool: str) -> list[CheckResult]:
    """Run the checks of one tool, in an environment that holds nothing but what it needs."""
    checks = CHECKS_OF_TOOLS[tool]
    try:
        python = ensure_environment(PROJECT / ".seashore" / tool, LOCKS / f"{tool}.txt", tool, _say)
    except OperatorError as error:
        return [CheckResult(check, str(error), is_skipped=True) for check in checks]
    program = str(python.with_name(tool))
    return [CheckResult(name, find_problems(program)) for name, find_problems in checks.items()]


def _validate_template(sam: str) -> str:
    return _find_problems(
        [sam, "validate", "--lint", "--template", _TEMPLATE, "--region", "us-east-1"]
    )


def _build_template(sam: str) -> str:
    with TemporaryDirectory() as folder:
        return _find_problems([sam, "build", "--template", _TEMPLATE, "--build-dir", folder])


def _check_template(checkov: str) -> str:
    return _find_problems([checkov, "--config-file", ".checkov.yaml", "--file", _TEMPLATE])


def _check_code(bandit: str) -> str:
    return _find_problems(
        [
            bandit, "--quiet", "--configfile", "pyproject.toml", "--recursive",
            "functions", "pipeline", "shared", "infra",
        ]
    )  # fmt: skip


def _search_secrets(detect_secrets: str) -> str:
    listed = _run(["git", "ls-files", "--cached", "--others", "--exclude-standard"])
    files = [name for name in listed.stdout.splitlines() if (PROJECT / name).is_file()]
    result = _run([detect_secrets, "scan", *files])
    if result.returncode != 0:
        return result.stderr.strip() or f"exit status {result.returncode}"
    findings = read_findings(json.loads(result.stdout), PROJECT)
    return "\n".join(compare(findings, read_acceptances(_ACCEPTED_SECRETS)))


# The checks of each tool, by name. Program, lock file and environment are called as the tool.
CHECKS_OF_TOOLS: Mapping[str, Mapping[str, Callable[[str], str]]] = {
    "sam": {"sam validate --lint": _validate_template, "sam build": _build_template},
    "checkov": {"checkov": _check_template},
    "bandit": {"bandit": _check_code},
    "detect-secrets": {"detect-secrets": _search_secrets},
}


def _find_problems(command: Sequence[str]) -> str:
    """What a tool has to say when it fails; empty if it does not."""
    result = _run(command)
    if result.returncode == 0:
        return ""
    words = f"{result.stdout}\n{result.stderr}".strip()
    return words or f"exit status {result.returncode}"


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0", "LOG_LEVEL": "ERROR"}
    return subprocess.run(  # noqa: S603 - fixed commands
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
