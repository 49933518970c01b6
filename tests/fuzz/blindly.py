"""The loop that changes inputs blindly, where what is watched runs in further processes."""

import json
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.fuzz.findings import save_finding

MAX_FINDINGS = 10


def fuzz_blindly(
    check: Callable[[bytes], str],
    seeds: list[bytes],
    mutate: Callable[[list[bytes], Random], bytes],
    folder: Path,
    *,
    seconds: float,
    seed: str,
    suffix: str,
) -> None:
    """Check the seeds, then changed ones until the time is up; print what came of it as JSON.

    Args:
        check: Says in a word what becomes of an input; an exception is a finding.
        seeds: Inputs to begin with.
        mutate: Makes another input of them.
        folder: Where findings are kept, several of them.
        seconds: How long.
        seed: With its number alone, an input can be made again.
        suffix: What the names of findings end with.
    """
    outcomes: dict[str, int] = {}
    findings: list[str] = []
    end = time.monotonic() + seconds
    executions, slowest_seconds = 0, 0.0
    while time.monotonic() < end and len(findings) < MAX_FINDINGS:
        random = Random(f"{seed}/{executions}")
        data = mutate(seeds, random) if executions >= len(seeds) else seeds[executions]
        executions += 1
        started = time.monotonic()
        try:
            outcome = check(data)
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
        # Whatever is let through is what is looked for.
        except Exception:
            findings.append(str(save_finding(folder, data, traceback.format_exc(), suffix)))
        slowest_seconds = max(slowest_seconds, time.monotonic() - started)
    result = {
        "executions": executions,
        "findings": findings,
        "outcomes": outcomes,
        "slowest_seconds": round(slowest_seconds, 1),
    }
    print(json.dumps(result))
