"""How right the pipeline is on the golden set, beside an earlier commit.

    python -m tests.benchmarks.bench_quality [--base COMMIT]

The documents of `tests/golden` go through both functions of this checkout and of the earlier
commit, each in a process of its own, on moto. Each side is run offline, then with a stand-in that
knows the answers and gives those that it is shown, cut off where its room ends
(`infra/evaluation/stand_in.py`), then with one that alters every tenth quote and value. What comes
of them is scored as `seashore eval` does it.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.evaluation.cases import EvalCase, Outcome, read_cases
from infra.evaluation.scores import Scores
from infra.evaluation.scoring import score_case
from infra.evaluation.stand_in import StandIn, serve
from tests.benchmarks.bench_answers import PACKAGES, run_side
from tests.benchmarks.checkouts import BASE_COMMIT, CHECKOUT, check_out_base

GOLDEN = CHECKOUT / "tests" / "golden"
ALTERS_EVERY = 10


def prepare(cases: Sequence[EvalCase], folder: Path, *, with_extract: bool) -> Path:
    """A folder with the documents, and the tasks about each."""
    folder.mkdir()
    tasks = {}
    for case in cases:
        shutil.copy(GOLDEN / case.document, folder / case.document)
        about = {"kind": "ask", "documents": [case.document]}
        tasks[case.document] = [{**about, "question": one.question} for one in case.questions] + [
            {"kind": "extract", "schema": known.fields_schema, "document": case.document}
            for known in (case.extract if with_extract else ())
        ]
    (folder / "tasks.json").write_text(json.dumps(tasks), encoding="utf-8")
    return folder


def run(
    checkout: Path, cases: Sequence[EvalCase], folder: Path, address: str | None
) -> list[Outcome]:
    """What one version makes of the documents."""
    reports = {report["key"]: report for report in run_side(checkout, folder, address)}
    outcomes = []
    for case in cases:
        report = reports[case.document]
        asked = len(case.questions)
        outcomes.append(
            Outcome(
                status=report["status"],
                summary=report["summary"],
                answers=report["answers"][:asked],
                extracts=report["answers"][asked:],
            )
        )
    return outcomes


def print_scores(title: str, sides: Sequence[tuple[str, Scores]]) -> None:
    """The scores of both sides, one beside the other."""
    print(f"\n{title}")
    print(f"  {'':<18}" + "".join(f"{name:>24}" for name, _ in sides))
    for score in sides[0][1].shares:
        shares = [scores.shares[score] for _, scores in sides]
        if any(share.of for share in shares):
            told = (f"{share.true / max(1, share.of):.3f} ({share})" for share in shares)
            print(f"  {score:<18}" + "".join(f"{one:>24}" for one in told))


def compare(base: Path | None, cases: Sequence[EvalCase]) -> None:
    """Both versions: offline, with the stand-in, with one that alters what it gives."""
    checkouts = [*([("before", base)] if base else []), ("now", CHECKOUT)]
    with TemporaryDirectory() as name:
        offline = prepare(cases, Path(name) / "offline", with_extract=False)
        whole = prepare(cases, Path(name) / "whole", with_extract=True)
        sides = [
            (version, Scores().add(map(score_case, cases, run(checkout, cases, offline, None))))
            for version, checkout in checkouts
        ]
        print_scores("offline", sides)
        for title, alters in (("stand-in", None), ("stand-in, altering", ALTERS_EVERY)):
            sides, told = [], []
            for version, checkout in checkouts:
                model = StandIn(cases, alters)
                with serve(model) as address:
                    outcomes = run(checkout, cases, whole, address)
                sides.append((version, Scores().add(map(score_case, cases, outcomes))))
                told.append(
                    f"  {version}: of {model.given} quotes and values {len(model.altered)} were "
                    f"altered, {model.count_survivors(outcomes)} of these are in a result"
                )
            print_scores(title, sides)
            if alters:
                print("\n".join(told))


def main() -> None:
    """Compare with a commit; without it in this clone, print what is so now."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", default=BASE_COMMIT)
    given = parser.parse_args()
    with check_out_base(given.base, PACKAGES) as base:
        # Scans take another function, and an engine that is the same on both sides.
        compare(base, [case for case in read_cases(GOLDEN) if "scan" not in case.tags])
    sys.stdout.flush()


if __name__ == "__main__":
    main()
