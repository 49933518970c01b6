"""Run every check of `make audit` and say what each has found."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.audit.accepted_secrets import compare, read_acceptances, read_findings
from infra.locked_environment import ensure_environment
from infra.project_files import PROJECT
from shared.errors import OperatorError

_LOCKS = PROJECT / "infra" / "locks"
_TEMPLATE = "infra/template.yaml"
_ACCEPTED_SECRETS = Path(__file__).with_name("accepted_secrets.toml")


@dataclass(frozen=True)
class Result:
    """What a check came to.

    Args:
        check: Name of the check.
        is_passed: Whether it has found nothing.
        words: What it has found, or why it was skipped.
        is_skipped: Whether it could not run, as its tool cannot be installed here.
    """

    check: str
    is_passed: bool
    words: str = ""
    is_skipped: bool = False


def main() -> int:
    """Run all checks. Returns the exit status: 0 if nothing was found."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        groups = list(pool.map(lambda run: run(), (_run_sam_checks, _run_code_checks)))
    results = [result for group in groups for result in group]
    for result in results:
        outcome = "skipped" if result.is_skipped else "ok" if result.is_passed else "FAILED"
        sys.stdout.write(f"{result.check:<22} {outcome}\n")
        if result.words:
            sys.stdout.write("".join(f"    {line}\n" for line in result.words.splitlines()))
    # A laptop may be without a package index; CI may not.
    skipped_counts = "CI" in os.environ
    return int(any(not r.is_passed and (skipped_counts or not r.is_skipped) for r in results))


def _run_sam_checks() -> list[Result]:
    checks = ("sam validate --lint", "sam build")
    try:
        python = ensure_environment(
            PROJECT / ".seashore" / "sam", _LOCKS / "sam.txt", "the AWS SAM CLI", _say
        )
    except OperatorError as error:
        return [Result(check, False, str(error), is_skipped=True) for check in checks]
    sam = str(python.with_name("sam"))
    with TemporaryDirectory() as folder:
        return [
            _judge(
                checks[0],
                [sam, "validate", "--lint", "--template", _TEMPLATE, "--region", "us-east-1"],
            ),
            _judge(checks[1], [sam, "build", "--template", _TEMPLATE, "--build-dir", folder]),
        ]


def _run_code_checks() -> list[Result]:
    checks = ("checkov", "bandit", "detect-secrets")
    try:
        python = ensure_environment(
            PROJECT / ".seashore" / "audit", _LOCKS / "audit.txt", "the audit tools", _say
        )
    except OperatorError as error:
        return [Result(check, False, str(error), is_skipped=True) for check in checks]
    checkov, bandit, detect_secrets = (str(python.with_name(name)) for name in checks)
    return [
        _judge(checks[0], [checkov, "--config-file", ".checkov.yaml", "--file", _TEMPLATE]),
        _judge(
            checks[1],
            [
                bandit, "--quiet", "--configfile", "pyproject.toml", "--recursive",
                "functions", "pipeline", "shared", "infra",
            ],
        ),
        _search_secrets(checks[2], detect_secrets),
    ]  # fmt: skip


def _search_secrets(check: str, program: str) -> Result:
    listed = _run(["git", "ls-files", "--cached", "--others", "--exclude-standard"])
    files = [name for name in listed.stdout.splitlines() if (PROJECT / name).is_file()]
    result = _run([program, "scan", *files])
    if result.returncode != 0:
        return Result(check, False, result.stderr.strip())
    findings = read_findings(json.loads(result.stdout), PROJECT)
    problems = compare(findings, read_acceptances(_ACCEPTED_SECRETS))
    return Result(check, not problems, "\n".join(problems))


def _judge(check: str, command: Sequence[str]) -> Result:
    result = _run(command)
    if result.returncode == 0:
        return Result(check, True)
    return Result(check, False, f"{result.stdout}\n{result.stderr}".strip())


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0", "LOG_LEVEL": "ERROR"}
    return subprocess.run(  # noqa: S603 - fixed commands
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
