"""One decoder under atheris, in a process of its own: it ends the process when it is done.

python -m tests.fuzz.guided TARGET FOLDER SECONDS SEED
"""

import hashlib
import resource
import sys
from pathlib import Path
from random import Random

import atheris

# The code whose branches guide the search has to be instrumented when it is first imported.
with atheris.instrument_imports(include=["shared", "urllib.parse"]):
    from tests.fuzz.decoders import DECODERS, MAX_BODY_BYTES

from tests.fuzz.json_mutations import mutate_message

HANG_SECONDS = 10
MAX_RESIDENT_MEBIBYTES = 512


def measure_start_mebibytes() -> int:
    """The peak that this process begins with: Linux hands down that of the one that started it."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    """Fuzz until the time is up or something is found."""
    name, folder, seconds, seed = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    target = DECODERS[name]
    for data in target.seeds:
        digest = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        (folder / "corpus" / digest).write_bytes(data)

    def mutate(data: bytes, max_bytes: int, mutation_seed: int) -> bytes:
        random = Random(mutation_seed)
        way = random.random()
        if way < 0.2:
            return atheris.Mutate(data, max_bytes)
        if way < 0.6:
            # Most of what pydantic does is out of sight, so the corpus drifts away from messages.
            data = random.choice(target.seeds)
        return mutate_message(data, random, max_bytes)

    atheris.Setup(
        [
            sys.argv[0],
            str(folder / "corpus"),
            f"-artifact_prefix={folder / 'findings'}/",
            f"-max_total_time={seconds}",
            f"-seed={seed}",
            f"-max_len={MAX_BODY_BYTES}",
            f"-timeout={HANG_SECONDS}",
            f"-rss_limit_mb={MAX_RESIDENT_MEBIBYTES + measure_start_mebibytes()}",
            "-reduce_inputs=0",
            "-print_final_stats=1",
        ],
        target.check,
        custom_mutator=mutate,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
