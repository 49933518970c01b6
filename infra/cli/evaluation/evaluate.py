"""What `seashore eval` does: a stack for each run, the scores, the page, the exit status."""

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

from rich.text import Text

from infra.cli.command_context import open_context
from infra.cli.evaluation.options import EvalOptions
from infra.cli.evaluation.stack_run import run_on_stack
from infra.cli.exit_codes import ExitCode
from infra.cli.local.language_model import read_openai_server
from infra.cli.local.throwaway_stack import open_throwaway_stack
from infra.cli.options import open_output
from infra.cli.output import Output, show_step
from infra.evaluation.cases import EvalCase, Outcome, read_cases
from infra.evaluation.figures import (
    Run,
    ScoreLine,
    list_figures,
    read_baseline,
    sum_up_run,
    write_baseline,
)
from infra.evaluation.page import write_page
from infra.evaluation.scores import Scores
from infra.evaluation.scoring import score_case
from infra.evaluation.stand_in import MODEL, StandIn, serve
from infra.file_lock import FileLockedError, hold_file_lock
from infra.local.record import LocalFolder
from infra.local.stack import LocalSetup, OpenAiServer
from infra.project_files import find_state_folder
from infra.signals import interrupt_on_signals
from infra.stacks import Stack
from shared.document_formats import count_units
from shared.errors import OperatorError, WrongUsageError
from shared.llm.model_choice import EXTRACTIVE
from shared.settings import Settings

PAGE = "evaluation.html"
# The stand-in answers at once, so it is asked as a provider is, and not as a model of this machine.
_BESIDE_THE_STAND_IN = {"WorkerMaximumConcurrency": "4", "ModelCallsAtOnce": "8"}


def evaluate(folder_name: str, options: EvalOptions) -> ExitCode:
    """Evaluate the documents of a folder.

    Returns:
        FAILED if a score is worse than that of the baseline, or what the stand-in has altered is
        in a result.

    Raises:
        WrongUsageError: The folder, a case, the baseline or the options cannot be used.
        OperatorError: The stack cannot be started, AWS refused, or it takes too long.
    """
    folder, output = Path(folder_name), open_output()
    cases = read_cases(folder)
    stand_in = _build_stand_in(cases, options)
    server = None if stand_in or options.stack else read_openai_server(os.environ)
    model = _name_model(options, server)
    baseline = read_baseline(Path(options.baseline), model) if options.baseline else {}
    root = find_state_folder() / "eval"
    runs: list[Run] = []
    outcomes: list[list[Outcome]] = []
    with _hold(root), serve(stand_in) if stand_in else nullcontext() as address:
        if address is not None:
            server = OpenAiServer(base_url=address, model=MODEL)
        for number in range(1, options.runs + 1):
            of_runs = f", run {number} of {options.runs}" if options.runs > 1 else ""
            with _open_stack(root, server, options, output) as stack:
                began = time.monotonic()
                with show_step(f"Work on {len(cases)} documents{of_runs}", output) as report:
                    found = run_on_stack(
                        stack,
                        folder,
                        cases,
                        with_extract=server is not None or options.stack is not None,
                        report=report,
                        patience_seconds=options.patience,
                    )
                seconds = time.monotonic() - began
            runs.append(sum_up_run(Scores().add(map(score_case, cases, found)), found, seconds))
            outcomes.append(found)
    figures = list_figures(runs, baseline)
    notes = list(_tell_failures(outcomes))
    survived = 0
    if stand_in and stand_in.alters_every:
        survived = stand_in.count_survivors(chain.from_iterable(outcomes))
        notes.insert(0, _tell_altered(stand_in, survived, runs))
    page = Path(options.page) if options.page else root / PAGE
    _write_file(page, write_page(model, len(cases), runs, figures, notes))
    if options.write_baseline:
        _write_file(Path(options.write_baseline), write_baseline(model, figures))
    if options.as_json:
        output.write_json(_to_json(model, runs, figures, notes, page))
    else:
        _write(model, runs, figures, notes, output)
        output.say(f"Every miss: {page}")
    is_worse = any(figure.is_worse for figure in figures)
    return ExitCode.FAILED if is_worse or survived else ExitCode.OK


def _write_file(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise WrongUsageError(f"{path} cannot be written: {error.strerror}.") from error


def _build_stand_in(cases: Sequence[EvalCase], options: EvalOptions) -> StandIn | None:
    if options.alters and not options.stand_in:
        raise WrongUsageError("--alters is for --stand-in: a model does what it does.")
    if options.stand_in and options.stack:
        raise WrongUsageError("--stand-in needs a stack of its own: leave --stack out.")
    return StandIn(cases, options.alters) if options.stand_in else None


def _name_model(options: EvalOptions, server: OpenAiServer | None) -> str:
    if options.stand_in:
        return f"{MODEL}, altering every {options.alters}th" if options.alters else MODEL
    if options.stack:
        return f"that of the stack {options.stack}"
    if server is None:
        return EXTRACTIVE
    return server.model or str(Settings.model_fields["openai_model"].default)


@contextmanager
def _hold(root: Path) -> Iterator[None]:
    root.mkdir(parents=True, exist_ok=True)
    try:
        with hold_file_lock(root / "eval.lock", wait_seconds=0), interrupt_on_signals():
            yield
    except FileLockedError:
        raise OperatorError("An evaluation is running already, in another terminal.") from None


@contextmanager
def _open_stack(
    root: Path, server: OpenAiServer | None, options: EvalOptions, output: Output
) -> Iterator[Stack]:
    """The stack that is named, or one that is new: what a run has kept another must not find."""
    if options.stack is not None:
        yield open_context(options.stack, options.region, options.profile, as_json=False).stack
        return
    folder = LocalFolder(root / "stack")
    parameters = _BESIDE_THE_STAND_IN if options.stand_in else {}
    setup = LocalSetup(openai=server, parameters=parameters, cache=root.parent)
    with open_throwaway_stack(folder, setup, output) as stack:
        yield stack


def _tell_altered(stand_in: StandIn, survived: int, runs: Sequence[Run]) -> str:
    """What became of the quotes and values that were altered."""
    quotes = [run.scores.shares["quotes_kept"] for run in runs]
    cited = sum(share.of for share in quotes)
    dropped = cited - sum(share.true for share in quotes)
    return (
        f"Of {stand_in.given} quotes and values that the stand-in gave, it altered "
        f"{len(stand_in.altered)}: {survived} of these are in a result. Of {cited} quotes of "
        f"answers {dropped} were dropped ({dropped / max(1, cited):.1%})."
    )


def _tell_failures(runs: Sequence[Sequence[Outcome]]) -> Iterator[str]:
    failures = Counter(
        failure for outcomes in runs for outcome in outcomes for failure in outcome.failures
    )
    for failure, count in failures.most_common():
        verb = "has" if count == 1 else "have"
        yield f"{count_units(count, 'task')} {verb} no result ({failure})."


def _write(
    model: str,
    runs: Sequence[Run],
    figures: Sequence[ScoreLine],
    notes: Sequence[str],
    output: Output,
) -> None:
    output.write_table(
        {"score": "word", "share": "number", "right": "number", "runs": "word", "counts": "text"},
        [
            (
                Text(figure.name, style="red" if figure.is_worse else ""),
                f"{figure.share:.3f}",
                str(figure.total),
                _tell_spread(figure, len(runs)),
                figure.about,
            )
            for figure in figures
        ],
        [
            (
                *(figure.name, f"{figure.share:.3f}", figure.total),
                *(f"{figure.low:.3f}", f"{figure.high:.3f}"),
                "" if figure.baseline is None else f"{figure.baseline:.3f}",
            )
            for figure in figures
        ],
    )
    for run in runs:
        output.say(
            f"{model}: {run.seconds:.0f} s, ${run.cost_usd:.4f}, {run.input_tokens:,} tokens read, "
            f"{run.output_tokens:,} written."
        )
    for note in notes:
        output.say(note)
    for figure in figures:
        if figure.is_worse:
            output.say(
                f"{figure.name} is worse: {figure.share:.3f}, and the baseline has "
                f"{figure.baseline:.3f}.",
                style="red",
            )


def _tell_spread(figure: ScoreLine, runs: int) -> str:
    spread = f"{figure.low:.3f} to {figure.high:.3f}" if runs > 1 else ""
    known = "" if figure.baseline is None else f"baseline {figure.baseline:.3f}"
    return ", ".join(filter(None, (spread, known)))


def _to_json(
    model: str, runs: Sequence[Run], figures: Sequence[ScoreLine], notes: Sequence[str], page: Path
) -> dict[str, Any]:
    return {
        "model": model,
        "scores": {
            figure.name: {
                **{"share": figure.share, "right": figure.total.true, "of": figure.total.of},
                **{"low": figure.low, "high": figure.high, "baseline": figure.baseline},
                "is_worse": figure.is_worse,
            }
            for figure in figures
        },
        "runs": [
            {
                **{"seconds": run.seconds, "cost_usd": run.cost_usd},
                **{"input_tokens": run.input_tokens, "output_tokens": run.output_tokens},
                "misses": [asdict(miss) for miss in run.scores.misses],
            }
            for run in runs
        ],
        "notes": list(notes),
        "page": str(page),
    }
