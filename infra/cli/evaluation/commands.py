"""`seashore eval`: its arguments, options and help."""

from dataclasses import dataclass
from typing import Annotated

import typer

from infra.cli.exit_codes import ExitCode
from infra.cli.options import AsJson, Profile, Region, add_command

eval_command = typer.Typer()


@dataclass(frozen=True)
class EvalOptions:
    """How documents are evaluated."""

    stack: Annotated[
        str | None,
        typer.Option(
            "--stack",
            "-s",
            show_default=False,
            help="A stack to evaluate as it is; without it a local one that is made for each run. "
            "The documents stay in it.",
        ),
    ] = None
    region: Region = None
    profile: Profile = None
    stand_in: Annotated[
        bool,
        typer.Option(
            "--stand-in",
            help="Instead of a model ask a stand-in that knows the answers, and gives those that "
            "it is shown: what is missing then, the pipeline has lost.",
        ),
    ] = False
    alters: Annotated[
        int | None,
        typer.Option(
            min=2,
            show_default=False,
            metavar="N",
            help="Have the stand-in alter every Nth quote and value; none of these may survive.",
        ),
    ] = None
    runs: Annotated[int, typer.Option(min=1, max=20, help="How often; their spread is told.")] = 1
    baseline: Annotated[
        str | None,
        typer.Option(
            show_default=False, metavar="FILE", help="Compare; the exit status is 1 if it is worse."
        ),
    ] = None
    write_baseline: Annotated[
        str | None,
        typer.Option(show_default=False, metavar="FILE", help="Write the scores as a baseline."),
    ] = None
    page: Annotated[
        str | None,
        typer.Option(
            show_default=False,
            metavar="FILE",
            help="Where the HTML page with each miss goes; else .seashore/eval/evaluation.html.",
        ),
    ] = None
    patience: Annotated[
        int, typer.Option(min=30, help="How many seconds all documents, or tasks, may take.")
    ] = 1800
    as_json: AsJson = False


@add_command(eval_command, "eval")
def evaluate(
    folder: Annotated[
        str,
        typer.Argument(
            metavar="DIR",
            show_default=False,
            help="Documents, each with its NAME.answers.json (docs/eval.md).",
        ),
    ],
    options: EvalOptions,
) -> ExitCode:
    """Measure quality: documents with known answers go through the pipeline, and are scored.

    The environment chooses the language model, as for `seashore local up`; without one sentences
    are picked, and nothing is extracted.
    """
    from infra.cli.evaluation.evaluate import evaluate as evaluate_folder

    return evaluate_folder(folder, options)
