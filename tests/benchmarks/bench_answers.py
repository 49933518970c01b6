"""What a summary costs and how true it is, beside an earlier commit.

    python -m tests.benchmarks.bench_answers [--base COMMIT] [--documents N] [--pages N]

Ten reports of ten full pages, made here, go through both functions of this checkout and of the
earlier commit, each in a process of its own, with the default window of 32,000 tokens. Both ask the
same model, which has a fixed way of answering (`answers/fixed_writer.py`) and the same price.
Tokens are counted as `answers/token_count.py` does, the schema of an answer as part of its prompt.
Then both without a model. What their summaries claim is held against the texts of the pages.

The time of a document is computed, not measured: chunks side by side, then their combination, each
call with half a second before it begins, `READ_PER_SECOND` and `WRITTEN_PER_SECOND` tokens.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.benchmarks.answers.fixed_writer import serve_writer
from tests.benchmarks.answers.made_documents import MadeDocument, make_documents
from tests.benchmarks.answers.scoring import Scores, score
from tests.benchmarks.answers.token_count import count_tokens
from tests.benchmarks.checkouts import BASE_COMMIT, CHECKOUT, check_out_base
from tests.benchmarks.suite.arguments import read_count
from tests.fakes.pdf.pdf_files import make_text_pdf

ONE_SIDE = Path(__file__).parent / "answers" / "one_side.py"
# Dollars for a million tokens of gpt-5-mini, on OpenAI's page of prices; a tenth for cached input.
INPUT_USD, OUTPUT_USD = 0.25, 2.0
BEFORE_SECONDS = 0.5
READ_PER_SECOND, WRITTEN_PER_SECOND = 5_000, 80
# What a summary says of its document.
SAID = ("title", "abstract", "key_points", "language", "entities", "dates", "status")
PACKAGES = ("functions", "pipeline", "shared", "infra", "tests")

Call = Mapping[str, Any]
Report = list[dict[str, Any]]


def run_side(checkout: Path, folder: Path, address: str | None) -> Report:
    """What one version makes of the documents."""
    command = [sys.executable, str(ONE_SIDE), str(checkout), str(folder)]
    done = subprocess.run(  # noqa: S603 - our own script
        [*command, address] if address else command,
        capture_output=True,
        check=False,
        text=True,
        cwd=checkout,
    )
    if done.returncode:
        sys.exit(done.stderr[-4_000:])
    report: Report = json.loads(done.stdout.splitlines()[-1])
    return report


def is_question(call: Call) -> bool:
    """Whether a call is one of the questions, and not on the way to a summary."""
    return "citations" in call["fields"]


def cost_usd(calls: Sequence[Call]) -> float:
    """What calls cost."""
    read, written = count_usage(calls)
    return (read * INPUT_USD + written * OUTPUT_USD) / 1e6


def count_usage(calls: Sequence[Call]) -> tuple[int, int]:
    """Tokens read and written."""
    return (
        sum(call["usage"]["prompt_tokens"] for call in calls),
        sum(call["usage"]["completion_tokens"] for call in calls),
    )


def last_seconds(call: Call) -> float:
    """How long a call lasts."""
    read, written = count_usage([call])
    return BEFORE_SECONDS + read / READ_PER_SECOND + written / WRITTEN_PER_SECOND


def sum_seconds(calls: Sequence[Call], documents: int) -> float:
    """The time of a document: its longest chunk, then its combination."""
    chunks = [call for call in calls if not is_combination(call)]
    combinations = [call for call in calls if is_combination(call)]
    per_document = len(chunks) // documents
    longest = [
        max(map(last_seconds, chunks[start : start + per_document]))
        for start in range(0, len(chunks), per_document)
    ]
    return (sum(longest) + sum(map(last_seconds, combinations))) / documents


def is_combination(call: Call) -> bool:
    """Whether a call combines summaries: it asks for no names."""
    return not {"entities", "people"} & set(call["fields"])


def share_prefix(calls: Sequence[Call]) -> float:
    """The share of a second question's prompt with which the first one's begins too."""
    shares = []
    for first, second in zip(calls[::2], calls[1::2], strict=True):
        pairs = zip(first["prompt"], second["prompt"], strict=False)
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        shares.append(count_tokens(second["prompt"][:same]) / count_tokens(second["prompt"]))
    return min(shares)


def print_costs(name: str, calls: Sequence[Call], scores: Scores, count: int, pages: int) -> None:
    """One version's figures with a model."""
    asked = [call for call in calls if not is_question(call)]
    read, written = count_usage(asked)
    print(f"{name}, with the model, a document:")
    print(
        f"  calls {len(asked) / count:.1f}, tokens read {read / count:,.0f}, "
        f"written {written / count:,.0f}"
    )
    print(f"  dollars for a thousand {1000 * cost_usd(asked) / count:.2f}")
    print(f"  seconds {sum_seconds(asked, count):.1f}")
    print(
        f"  points {scores.points / count:.1f} on {scores.cited_pages / count:.1f} pages, "
        f"names {scores.names.of / count:.1f}, dates {scores.dates.of / count:.1f}, "
        f"covered {scores.covered / count:.1f} of {pages} pages, DONE {scores.done} of {count}"
    )
    print(
        f"  shared with a second question {share_prefix([c for c in calls if is_question(c)]):.1%}"
    )


def print_scores(name: str, scores: Scores) -> None:
    """What is borne out by the text."""
    print(
        f"{name}: quotes on their page {scores.quotes}, names {scores.names}, "
        f"dates {scores.dates}, numbers {scores.numbers}"
    )


def compare(base: Path, made: Sequence[MadeDocument]) -> None:
    """Both versions, with the model and without."""
    texts = {document.key: document.pages for document in made}
    count, pages = len(made), len(made[0].pages)
    summaries: dict[str, list[Any]] = {}
    costs = {}
    with TemporaryDirectory() as name:
        folder = Path(name)
        for document in made:
            (folder / document.key).write_bytes(make_text_pdf(*document.pages))
        for version, checkout in (("before", base), ("now", CHECKOUT)):
            with serve_writer() as (address, calls):
                report = run_side(checkout, folder, address)
            scores = score(report, texts)
            print_costs(version, calls, scores, count, pages)
            print_scores(f"{version}, with the model", scores)
            costs[version] = cost_usd([call for call in calls if not is_question(call)])
            offline = run_side(checkout, folder, None)
            print_scores(f"{version}, offline", score(offline, texts))
            summaries[version] = [report["summary"] for report in offline]
    equal = sum(
        all(one[field] == other[field] for field in SAID)
        for one, other in zip(summaries["before"], summaries["now"], strict=True)
    )
    print(f"dollars, now over before: {costs['now'] / costs['before']:.2f}")
    print(f"offline summaries that are equal to the letter: {equal} of {count}")


def main() -> None:
    """Compare with a commit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", default=BASE_COMMIT)
    parser.add_argument("--documents", type=read_count, default=10)
    parser.add_argument("--pages", type=read_count, default=10)
    given = parser.parse_args()
    with check_out_base(given.base, PACKAGES) as base:
        if base is None:
            sys.exit("There is nothing to compare with.")
        compare(base, make_documents(given.documents, given.pages))


if __name__ == "__main__":
    main()
