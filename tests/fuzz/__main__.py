"""Fuzz every target, one after the other: `make fuzz`.

    python -m tests.fuzz [--seconds N] [--seed N] [TARGET ...]
    python -m tests.fuzz --input FILE TARGET

Each target runs in a process of its own, so that one which crashes or hangs is a finding too.
Exit code 1: something was found; the lines say where its input lies.
"""

import argparse
import importlib.util
import json
import re
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from infra.deploy.language_files import can_read_scans
from tests.fuzz.decoders import DECODERS
from tests.fuzz.extraction import FORMAT_TARGETS, ExtractionTarget
from tests.fuzz.findings import make_folder, save_finding
from tests.fuzz.pictures import PictureTarget

EXTRACTION = "extraction"
PICTURES = "pictures"
READERS = (EXTRACTION, *FORMAT_TARGETS)
# Modules of their own: what they watch runs in further processes.
APART = (*READERS, *((PICTURES,) if can_read_scans() else ()))
TARGETS = (*DECODERS, *APART)
IS_GUIDED = importlib.util.find_spec("atheris") is not None
# To start, to make a finding smaller, and to finish the document that is being read.
GRACE_SECONDS = 120


@dataclass
class Report:
    """What the run of a target has shown.

    Args:
        executions: How many inputs were tried.
        findings: Where those lie that broke something.
        problem: Why the run itself came to no end; None where it did.
        notes: What else there is to say.
    """

    executions: int = 0
    findings: list[str] = field(default_factory=list)
    problem: str | None = None
    notes: str = ""


def run_target(name: str, seconds: int, seed: int) -> Report:
    """Fuzz one target in a process of its own."""
    folder = make_folder(name)
    module = EXTRACTION if name in READERS else "guided" if IS_GUIDED else "unguided"
    module, names = (PICTURES, []) if name == PICTURES else (module, [name])
    command = [sys.executable, "-m", f"tests.fuzz.{module}", *names, str(folder)]
    log_path = folder / "run.log"
    current = folder / "current.pdf"
    current.unlink(missing_ok=True)
    with log_path.open("wb") as log:
        try:
            code = subprocess.run(  # noqa: S603  # every argument is our own
                [*command, str(seconds), str(seed)],
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=seconds + GRACE_SECONDS,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            code = None
    text = log_path.read_text(errors="replace")
    report = read_guided_log(text) if module == "guided" else read_result(text)
    if code != 0 and not report.findings:
        report.problem = f"it {'hung' if code is None else f'ended with code {code}'}: {log_path}"
        if current.exists():
            report.findings = [
                str(save_finding(folder, current.read_bytes(), report.problem, ".pdf"))
            ]
    return report


def read_guided_log(text: str) -> Report:
    """What libFuzzer has printed: the line of the last input, the statistics, the findings."""
    counts = re.findall(r"^(?:#|stat::number_of_executed_units: )(\d+)", text, re.MULTILINE)
    coverage = re.findall(r" cov: (\d+) ", text)
    return Report(
        executions=max(map(int, counts), default=0),
        findings=re.findall(r"Test unit written to (\S+)", text),
        notes=f"{coverage[-1]} branches reached" if coverage else "",
    )


def read_result(text: str) -> Report:
    """The line of JSON that ends a run of the other kinds; nothing where it is missing."""
    try:
        result = json.loads(text.splitlines()[-1])
    except (IndexError, ValueError):
        return Report()
    outcomes = ", ".join(f"{count} {name}" for name, count in result.get("outcomes", {}).items())
    slowest = f"; the slowest took {result['slowest_seconds']} s" if outcomes else ""
    return Report(result["executions"], result["findings"], notes=outcomes + slowest)


def run_input(name: str, path: Path) -> None:
    """Give one input, such as a finding, to a target here; what breaks shows its traceback."""
    if name not in APART:
        DECODERS[name].check(path.read_bytes())
        return
    folder = make_folder(name)
    target = ExtractionTarget(name, folder) if name in READERS else PictureTarget(folder)
    try:
        print(target.check(path.read_bytes()))
    finally:
        target.close()


def main() -> int:
    """Read the command line and fuzz; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("targets", nargs="*", default=[], metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--seed", type=int, help="a run of the same seed tries the same inputs")
    parser.add_argument("--input", type=Path, help="try this one input again")
    options = parser.parse_args()
    names = options.targets or list(TARGETS)
    unknown = sorted(set(names) - set(TARGETS))
    if unknown:
        parser.error(f"no target {', '.join(unknown)}: there are {', '.join(TARGETS)}")
    if options.input is not None:
        for name in names:
            run_input(name, options.input)
        return 0
    seed = options.seed if options.seed is not None else secrets.randbelow(2**31 - 1) + 1
    if not IS_GUIDED:
        print("atheris has no wheel for this Python or platform: hypothesis takes its place, blind")
    print(f"seed {seed}, {options.seconds} s for each of {len(names)} targets", flush=True)
    return 1 if [name for name in names if has_findings(name, options.seconds, seed)] else 0


def has_findings(name: str, seconds: int, seed: int) -> bool:
    """Fuzz one target and print what came of it."""
    started = time.monotonic()
    report = run_target(name, seconds, seed)
    rate = report.executions / (time.monotonic() - started)
    print(
        f"{name:<16}{report.executions:>10,} executions{rate:>9,.0f} a second"
        f"{len(report.findings):>4} findings  {report.notes}",
        flush=True,
    )
    for line in filter(None, (report.problem, *report.findings)):
        print(f"  {line}", flush=True)
    return bool(report.findings or report.problem)


if __name__ == "__main__":
    sys.exit(main())
