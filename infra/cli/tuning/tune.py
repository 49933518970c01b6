"""`seashore tune`: measure a function's memory sizes, draw them, and apply the best."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.config import Config

from infra.aws import aws_errors_as
from infra.cli.command_context import CommandContext
from infra.cli.documents.find import find_wanted_document
from infra.cli.exit_codes import ExitCode
from infra.cli.output import Cell, Column
from infra.cli.tuning.options import TuneOptions
from infra.deploy.smoke_check import choose_event
from infra.signals import interrupt_on_signals
from infra.stacks import LOCAL_STACK
from infra.tuning.choose_size import MeasuredSize, choose_size
from infra.tuning.measure_sizes import Trial, measure_sizes
from infra.tuning.parameter_change import change_parameter
from infra.tuning.plot import draw_sizes
from shared.errors import OperatorError, WrongUsageError

FUNCTIONS = ("ingest", "convert", "recognise", "worker", "report", "api")

# Those that have a trial: work as always, of which nothing is kept.
_WITH_TRIAL = frozenset({"ingest", "convert"})

# Lambda's own bounds (AWS Lambda Developer Guide, "Configure Lambda function memory"); below the
# least of ours the packages do not load.
_LEAST_MB, _MOST_MB = 256, 10_240
_SIZE = re.compile(r"[0-9]{1,6}")

_COLUMNS: dict[str, Column] = {
    "MB": "number",
    "ms": "number",
    "$ a million runs": "figure",
    "MB used": "figure",
    "": "text",
}

# A run lasts 15 minutes at the most. Tried again, it would be a run more.
_RUNNER_CONFIG = Config(read_timeout=910, retries={"total_max_attempts": 1})


def tune_function(
    context: CommandContext, function: str, how: TuneOptions, *, poll_seconds: int = 1
) -> ExitCode:
    """Measure a function in several sizes, write and draw what comes of it, apply it if wanted.

    Args:
        context: What the command works with.
        function: Which one.
        how: What is measured, and what is wanted.
        poll_seconds: Pause between two looks at AWS.

    Returns:
        FAILED where no size can be used.

    Raises:
        WrongUsageError: An argument has a value of no use.
        UnknownItemError: There is no such document.
        OperatorError: AWS refused.
        DeployError: The size cannot be applied; the function has what it had.
    """
    if function not in FUNCTIONS:
        raise WrongUsageError(
            f"There is no memory of {function!r} to choose: tune {', '.join(FUNCTIONS)}."
        )
    if context.stack.name == LOCAL_STACK:
        raise WrongUsageError(
            "The local stack knows no memory sizes: name a stack on AWS with --stack."
        )
    sizes = read_sizes(how.sizes)
    plot = _choose_plot(function, how)
    stack, output = context.stack, context.output
    trial = Trial(
        f"{stack.name}-{function}", _build_event(context, function, how), how.runs, poll_seconds
    )
    client, runner = stack.client("lambda"), stack.client("lambda", _RUNNER_CONFIG)
    with aws_errors_as(OperatorError), interrupt_on_signals():
        measured = measure_sizes(client, runner, trial, sizes, output.say)
    chosen = choose_size(measured, how.aim)
    _write(context, measured, chosen)
    if chosen is None:
        output.say("No size can be used: the function is as it was.")
        return ExitCode.FAILED
    plot.write_text(draw_sizes(trial.function_name, measured, chosen), encoding="utf-8")
    output.say(f"{chosen.memory_mb:,} MB is best for {how.aim}; drawn in {plot}.")
    parameter = f"{function.capitalize()}Memory"
    if not how.apply:
        output.say(
            f"Apply it with --apply, or `seashore deploy --stack {stack.name} --parameters "
            f"{parameter}={chosen.memory_mb}`."
        )
        return ExitCode.OK
    cloudformation = stack.client("cloudformation")
    with aws_errors_as(OperatorError):
        change_parameter(
            cloudformation, stack.name, parameter, str(chosen.memory_mb), output.say, poll_seconds
        )
    return ExitCode.OK


def read_sizes(text: str) -> list[int]:
    """Memory sizes from `512,1024`, each once, the smallest first.

    Raises:
        WrongUsageError: One is no number, or none that Lambda has.
    """
    sizes = set()
    for part in text.split(","):
        if not _SIZE.fullmatch(part.strip()) or not _LEAST_MB <= int(part) <= _MOST_MB:
            raise WrongUsageError(
                f"--sizes {part.strip()[:20]!r} is no memory size: give megabytes from "
                f"{_LEAST_MB} to {_MOST_MB}, such as 512,1024,1769."
            )
        sizes.add(int(part))
    return sorted(sizes)


def _choose_plot(function: str, how: TuneOptions) -> Path:
    """Where it is drawn, looked at before any run is paid for.

    Raises:
        WrongUsageError: Nothing can be written there.
    """
    plot = Path(how.plot or f"tune-{function}.svg")
    place = plot if plot.exists() else plot.parent
    if plot.is_dir() or not place.exists() or not os.access(place, os.W_OK):
        raise WrongUsageError(
            f"{plot} cannot be written: give --plot the name of a file in a folder of yours."
        )
    return plot


def _build_event(context: CommandContext, function: str, how: TuneOptions) -> bytes:
    """The event of each run: the user's own, a trial, or one that asks for no work.

    Raises:
        WrongUsageError: A document is to be named or not to be named, or the file is no event.
        UnknownItemError: There is no such document.
    """
    if how.event is not None:
        if how.document is not None:
            raise WrongUsageError("Name a --document or an --event: either is what is run.")
        return _read_event(how.event)
    if function in _WITH_TRIAL:
        if how.document is None:
            raise WrongUsageError(
                f"Name a document that {function} reads for the measurement, with --document: one "
                "such as most of yours are. Nothing of it is kept."
            )
        document = find_wanted_document(context, how.document)
        return json.dumps({"trial": {"document_id": document.document_id}}).encode()
    if how.document is not None:
        raise WrongUsageError(f"{function} reads no document by itself: leave out --document.")
    context.output.say(
        f"{function} is measured with an event without work, which tells only how fast it answers: "
        "give one of yours with --event."
    )
    return json.dumps(choose_event(function)).encode()


def _read_event(name: str) -> bytes:
    try:
        event = json.loads(Path(name).read_bytes())
    except OSError as error:
        raise WrongUsageError(f"{name} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise WrongUsageError(f"{name} is not JSON: {error}.") from None
    if not isinstance(event, Mapping):
        raise WrongUsageError(f"{name} holds no JSON object.")
    return json.dumps(event).encode()


def _write(
    context: CommandContext, measured: list[MeasuredSize], chosen: MeasuredSize | None
) -> None:
    if context.as_json:
        told: dict[str, Any] = {
            "sizes": [vars(one) for one in measured],
            "chosen_mb": chosen.memory_mb if chosen else None,
        }
        context.output.write_json(told)
        return
    rows: list[list[Cell]] = [
        [
            f"{one.memory_mb:,}",
            *_write_figures(one),
            one.problem or ("best" if one is chosen else ""),
        ]
        for one in measured
    ]
    context.output.write_table(_COLUMNS, rows, rows)


def _write_figures(size: MeasuredSize) -> list[Cell]:
    if size.problem:
        return ["", "", ""]
    return [f"{size.duration_ms:,.0f}", f"{size.cost_usd:,.2f}", f"{size.used_mb:,}"]
