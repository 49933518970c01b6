"""One decoder under hypothesis: where atheris has no wheel, and for the quick look of the tests.

python -m tests.fuzz.unguided TARGET FOLDER SECONDS SEED
"""

import json
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as with_seed
from hypothesis import strategies as st

from tests.fuzz.decoders import DECODERS, MAX_BODY_BYTES, DecoderTarget
from tests.fuzz.findings import save_finding
from tests.fuzz.json_mutations import mutate_message

EXAMPLES_PER_ROUND = 500


@dataclass
class Round:
    """What a round of examples has shown.

    Args:
        executions: How many messages were decoded.
        data: The last of them.
        traceback: How it broke the decoder; None where none did.
    """

    executions: int = 0
    data: bytes = b""
    traceback: str | None = None


def run_round(target: DecoderTarget, seed: int, examples: int = EXAMPLES_PER_ROUND) -> Round:
    """Decode so many messages; the first that breaks the decoder is made smaller."""
    result = Round()

    @with_seed(seed)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(target.seeds), st.integers(0, 4), st.integers(0, 2**32))
    def check(data: bytes, mutations: int, mutation_seed: int) -> None:
        random = Random(mutation_seed)
        for _ in range(mutations):
            data = mutate_message(data, random, MAX_BODY_BYTES)
        result.executions += 1
        result.data = data
        target.check(data)

    try:
        check()
    # Whatever a decoder lets through is what is looked for.
    except Exception:
        result.traceback = traceback.format_exc()
    return result


def main() -> None:
    """Fuzz until the time is up or something is found."""
    name, folder, seconds, seed = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    end = time.monotonic() + float(seconds)
    executions, findings = 0, []
    while time.monotonic() < end and not findings:
        result = run_round(DECODERS[name], seed)
        executions += result.executions
        seed += 1
        if result.traceback is not None:
            findings.append(str(save_finding(folder, result.data, result.traceback, ".json")))
    print(json.dumps({"executions": executions, "findings": findings}))


if __name__ == "__main__":
    main()
