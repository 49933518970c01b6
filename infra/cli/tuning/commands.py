"""`seashore tune`: its arguments, options and help."""

from dataclasses import dataclass
from typing import Annotated

import typer

from infra.cli.exit_codes import ExitCode
from infra.cli.options import AsJson, AwsStackName, Profile, Region, add_command
from infra.tuning.choose_size import Aim

tuning_commands = typer.Typer()


@dataclass(frozen=True)
class TuneOptions:
    """What is measured, and what is wanted of the size that is chosen."""

    sizes: Annotated[
        str, typer.Option(metavar="MB,MB,…", help="The memory sizes, in megabytes.")
    ] = "512,1024,1769,3008"
    runs: Annotated[
        int, typer.Option(min=1, max=100, help="Warm runs of each size; the median counts.")
    ] = 5
    document: Annotated[
        str | None,
        typer.Option(
            show_default=False,
            help="For ingest and convert: a document that is read, of which nothing is kept.",
        ),
    ] = None
    event: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="An event of your own, as JSON: what it asks for is really done, each time.",
        ),
    ] = None
    aim: Annotated[Aim, typer.Option("--for", help="What the chosen size is best for.")] = (
        Aim.BALANCE
    )
    plot: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", show_default=False, help="Where to draw it; else tune-FUNCTION.svg."
        ),
    ] = None
    apply: Annotated[
        bool, typer.Option("--apply", help="Give the function the chosen size, for good.")
    ] = False


@add_command(tuning_commands)
def tune(
    *,
    function: Annotated[
        str,
        typer.Argument(
            metavar="FUNCTION",
            show_default=False,
            help="ingest, convert, recognise, worker, report or api.",
        ),
    ],
    how: TuneOptions,
    stack: AwsStackName,
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> ExitCode:
    """Measure a function on AWS in several memory sizes: what it costs, how fast it is.

    Versions of it are run, so that what works goes on as it is. Lambda bills these runs.
    """
    from infra.cli.command_context import open_context
    from infra.cli.tuning.tune import tune_function

    context = open_context(stack, region, profile, as_json=as_json)
    return tune_function(context, function, how)
