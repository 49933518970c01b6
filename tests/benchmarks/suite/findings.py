"""What a part of the benchmarks finds: kept as JSON, and written as a page of the docs."""

import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.project_files import PROJECT

JSON_FILE = PROJECT / "docs" / "benchmarks.json"
PAGE_FILE = PROJECT / "docs" / "benchmarks.md"

_VERSIONS = ("boto3", "aws-lambda-powertools", "pydantic", "pypdfium2", "openai")

_HEAD = """\
# Benchmarks

Written by the commands themselves, each part by its own, from [benchmarks.json](benchmarks.json).
Figures hold for the machine that is named, which may have done other things meanwhile: read them as
ratios of one table. None is a figure of AWS, whose network, limits and processors are others. `make
bench` runs all parts but *scale*, which takes long; none runs in CI, where each has a small test.
"""


@dataclass(frozen=True)
class Finding:
    """What a part has found.

    Args:
        part: Its name.
        question: What it asks, in a sentence or two.
        command: What runs it.
        columns: The headings of its table.
        rows: The cells of its table.
        notes: What has to be known to read it, a paragraph each.
        figures: The same as numbers, for programs.
        lacking: What could not be measured here; such a finding takes the place of no other.
    """

    part: str
    question: str
    command: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    lacking: Sequence[str] = ()


def describe_machine() -> dict[str, Any]:
    """The machine, the versions and the date."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processors": os.cpu_count(),
        "processor": _find_processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
        "versions": {name: version(name) for name in _VERSIONS},
    }


def _find_processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def read_kept(json_file: Path = JSON_FILE) -> dict[str, Any]:
    """What was found before, by part.

    Raises:
        ValueError: The file is not what `keep_findings` writes.
    """
    if not json_file.exists():
        return {}
    kept = json.loads(json_file.read_text(encoding="utf-8"))
    if not isinstance(kept, dict):
        raise ValueError("it holds no object")
    return kept


def keep_findings(
    findings: Sequence[Finding],
    machine: Mapping[str, Any],
    json_file: Path = JSON_FILE,
    page_file: Path = PAGE_FILE,
) -> None:
    """Put findings in the place of earlier ones of the same parts, and write the page anew.

    Each file is as it was until its successor is whole.
    """
    kept = read_kept(json_file)
    for finding in findings:
        told = asdict(finding)
        del told["lacking"]
        kept[finding.part] = {**told, "machine": dict(machine)}
    _replace(json_file, json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    _replace(page_file, "\n".join([_HEAD, *_write_parts(kept)]))


def _replace(file: Path, text: str) -> None:
    successor = file.with_name(f".{file.name}.new")
    successor.write_text(text, encoding="utf-8")
    successor.replace(file)


def _write_parts(kept: Mapping[str, Any]) -> Iterator[str]:
    for part in kept.values():
        yield f"## {part['part'].capitalize()}\n"
        yield f"{part['question']}\n"
        yield from write_table(part["columns"], part["rows"])
        yield ""
        for note in part["notes"]:
            yield f"{note}\n"
        yield f"`{part['command']}`, {_describe(part['machine'])}.\n"


def write_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a Markdown table."""
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _describe(machine: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    return (
        f"{machine['date']}, {machine['processors']} processors of {machine['processor']}, "
        f"{machine['system']}, load {machine['load']} at the start, CPython {machine['python']}, "
        f"{versions}"
    )
