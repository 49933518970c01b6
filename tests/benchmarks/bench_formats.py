"""What is read of documents that are no PDFs, and how fast: `make bench-formats`.

    python -m tests.benchmarks.bench_formats [--rounds N]

Words are those of `tests/documents/expected.json`, by readers that are not ours. Times are CPU time
of the same process, warm, the median of the rounds, beside the fastest library that reads the
format too, which are installed once, into an environment of their own.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

from infra.locked_environment import ensure_environment
from infra.project_files import LOCKS, PROJECT
from pipeline.formats.child import open_file
from shared.document_formats import find_format

DOCUMENTS = PROJECT / "tests" / "documents"
STATE = PROJECT / ".seashore" / "bench"
PEERS = Path(__file__).with_name("format_peers.py")
WORD = re.compile(r"[^\W_]+")


def measure(read: Callable[[], object], rounds: int) -> float:
    """Median CPU time in milliseconds, after a first round that does not count."""
    times = []
    for _ in range(rounds + 1):
        started = time.process_time()
        read()
        times.append((time.process_time() - started) * 1000)
    return statistics.median(times[1:])


def read_units(path: Path) -> list[str]:
    """The texts of a document's units, in this process."""
    suffix = find_format(path.name).suffix
    document = open_file(path, suffix)
    return [document.read_page(n).text for n in range(1, document.page_count + 1)]


def main() -> None:
    """Measure each document, and print a line for each format."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench_formats")
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    python = ensure_environment(
        STATE / "format-peers",
        LOCKS / "format-peers.txt",
        "the libraries to compare with",
        lambda line: print(line, file=sys.stderr),
    )
    answer = subprocess.run(  # noqa: S603  # every argument is our own
        [str(python), str(PEERS), str(DOCUMENTS), str(rounds)],
        capture_output=True,
        text=True,
        check=True,
    )
    peers: dict[str, dict[str, float]] = json.loads(answer.stdout.splitlines()[-1])
    expected = json.loads((DOCUMENTS / "expected.json").read_text(encoding="utf-8"))
    found, wanted, wrong = Counter(), Counter(), Counter()
    ours: dict[str, list[float]] = defaultdict(list)
    ratios: dict[str, list[float]] = defaultdict(list)
    for name, told in expected.items():
        path = DOCUMENTS / name
        suffix = find_format(name).suffix
        units = read_units(path)
        words = Counter(told["words"].split())
        wanted[suffix] += words.total()
        found[suffix] += (words & Counter(WORD.findall("\n".join(units)))).total()
        wrong[suffix] += told["units"] not in (None, len(units))
        ours[suffix].append(measure(lambda path=path: read_units(path), rounds))
        if peers.get(name):
            ratios[suffix].append(ours[suffix][-1] / min(peers[name].values()))
    print(f"{'format':8}{'files':>6}{'words found':>13}{'wrong units':>13}{'ms':>8}{'ratio':>8}")
    for suffix in sorted(ours):
        ratio = f"{statistics.median(ratios[suffix]):.2f}" if ratios[suffix] else "-"
        print(
            f"{suffix:8}{len(ours[suffix]):6}{found[suffix] / wanted[suffix]:13.2%}"
            f"{wrong[suffix]:13}{statistics.median(ours[suffix]):8.2f}{ratio:>8}"
        )


if __name__ == "__main__":
    main()
