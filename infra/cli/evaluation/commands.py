"""`seashore eval`: its arguments, options and help."""

from typing import Annotated

import typer

from infra.cli.evaluation.options import EvalOptions
from infra.cli.exit_codes import ExitCode
from infra.cli.options import add_command

eval_command = typer.Typer()


@add_command(eval_command, "eval", example="seashore eval my-documents")
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
