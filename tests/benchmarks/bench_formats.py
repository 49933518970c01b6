"""What is read of documents that are no PDFs, and how fast: `make bench-formats`.

    python -m tests.benchmarks.bench_formats [--rounds N]

Words are those of `expected.json` beside the documents, by readers that are not ours. Times are of
the documents in `typical`, some ten pages, twenty slides or 900 rows each: CPU time of one warm
process, the median of the rounds, in which ours and the others take turns. The others are installed
once, into an environment of their own. Of those that find as many words as ours have to, the
fastest counts. Of old Office files it is told, too, what of the time is their library's.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from office_oxide import Document

from infra.locked_environment import ensure_environment
from infra.project_files import LOCKS, PROJECT
from pipeline.extraction.reader import collect_seldom
from pipeline.formats.child import open_file
from shared.document_formats import find_format
from tests.benchmarks.suite.arguments import read_count

DOCUMENTS = PROJECT / "tests" / "documents"
TYPICAL = DOCUMENTS / "typical"
STATE = PROJECT / ".seashore" / "bench"
PEERS = Path(__file__).with_name("format_peers.py")
WORD = re.compile(r"[^\W_]+")
LEAST_SHARE = 0.99
_TURN_ROUNDS = 5
# What is read of the library's renderings of old files.
OLD_FILES: dict[str, Callable[[Document], str]] = {
    "fees.xls": Document.plain_text,
}


def measure(read: Callable[[], object], rounds: int) -> list[float]:
    """CPU time of each round in milliseconds."""
    times = []
    for _ in range(rounds):
        started = time.process_time()
        read()
        times.append((time.process_time() - started) * 1000)
    return times


def read_units(path: Path) -> list[str]:
    """The texts of a document's units, in this process."""
    suffix = find_format(path.name).suffix
    document = open_file(path, suffix)
    return [document.read_page(n).text for n in range(1, document.page_count + 1)]


def measure_share(words: Counter[str], text: str) -> float:
    """The share of the words that a text has."""
    return (words & Counter(WORD.findall(text))).total() / words.total()


def write_words_of_small_files() -> None:
    """Read the small documents of many producers, and print a line for each format."""
    expected = json.loads((DOCUMENTS / "expected.json").read_text(encoding="utf-8"))
    shares: dict[str, list[float]] = defaultdict(list)
    wrong: Counter[str] = Counter()
    for name, told in expected.items():
        suffix = find_format(name).suffix
        units = read_units(DOCUMENTS / name)
        shares[suffix].append(measure_share(Counter(told["words"].split()), "\n".join(units)))
        wrong[suffix] += told["units"] not in (None, len(units))
    print(f"{'format':8}{'files':>6}{'words found':>13}{'wrong units':>13}")
    for suffix, found in sorted(shares.items()):
        print(f"{suffix:8}{len(found):6}{min(found):13.2%}{wrong[suffix]:13}")


@contextmanager
def start_peers() -> Iterator[Callable[[Path, int], dict[str, object]]]:
    """Start the process of the other libraries; what is given asks it for a document."""
    python = ensure_environment(
        STATE / "format-peers",
        LOCKS / "format-peers.txt",
        "the libraries to compare with",
        lambda line: print(line, file=sys.stderr),
    )
    with subprocess.Popen(  # noqa: S603  # every argument is our own
        [str(python), str(PEERS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:

        def ask(path: Path, rounds: int) -> dict[str, object]:
            process.stdin.write(json.dumps({"path": str(path), "rounds": rounds}) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield ask


def write_times_of_typical_files(rounds: int) -> None:
    """Time each typical document beside the others, and print a line for each."""
    expected = json.loads((TYPICAL / "expected.json").read_text(encoding="utf-8"))
    print(f"\n{'file':14}{'units':>6}{'words':>8}{'ms':>8}{'ratio':>7}  others: ms, words")
    with start_peers() as ask:
        for name in expected["units"]:
            path = TYPICAL / name
            words = Counter(expected["words"][path.stem].split())
            shares = {peer: measure_share(words, text) for peer, text in ask(path, 0).items()}
            units = read_units(path)
            ours, others = [], defaultdict(list)
            for _ in range(-(-rounds // _TURN_ROUNDS)):
                ours += measure(lambda path=path: read_units(path), _TURN_ROUNDS)
                for peer, times in ask(path, _TURN_ROUNDS).items():
                    others[peer] += times
            medians = {peer: statistics.median(times) for peer, times in others.items()}
            fastest = min(
                (ms for peer, ms in medians.items() if shares[peer] >= LEAST_SHARE),
                default=float("nan"),
            )
            mine = statistics.median(ours)
            told = ", ".join(f"{peer} {ms:.2f} {shares[peer]:.1%}" for peer, ms in medians.items())
            print(
                f"{name:14}{len(units):6}{measure_share(words, ' '.join(units)):8.1%}"
                f"{mine:8.2f}{mine / fastest:7.2f}  {told}"
            )


def write_shares_of_old_files(rounds: int) -> None:
    """Tell how much of the time of old Office files is the library's, and print a line for each."""
    print(f"\n{'file':14}{'ms':>8}  of it: opened, rendered, made objects of Python, read")
    for name, render in OLD_FILES.items():
        path = TYPICAL / name
        rendered = render(Document.open(path))
        make_objects = json.loads if render is Document.to_ir_json else str
        steps = (
            partial(Document.open, path),
            partial(render_file, render, path),
            partial(make_objects, rendered),
            partial(read_units, path),
        )
        times = zip(*([measure(step, 1)[0] for step in steps] for _ in range(rounds)), strict=True)
        opened, with_rendering, made, whole = map(statistics.median, times)
        shares = (opened, with_rendering - opened, made, whole - with_rendering - made)
        told = ", ".join(f"{share:.2f} ({share / whole:.0%})" for share in shares)
        print(f"{name:14}{whole:8.2f}  {told}")


def render_file(render: Callable[[Document], str], path: Path) -> str:
    """What the library makes of a file."""
    return render(Document.open(path))


def main() -> None:
    """Measure the small documents and the typical ones."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench_formats")
    parser.add_argument("--rounds", type=read_count, default=30)
    rounds = parser.parse_args().rounds
    # As in the process that reads documents.
    collect_seldom()
    write_words_of_small_files()
    write_times_of_typical_files(rounds)
    write_shares_of_old_files(rounds)


if __name__ == "__main__":
    main()
