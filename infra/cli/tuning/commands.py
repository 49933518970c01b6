"""`seashore tune`: its arguments and help; short, as a folder has one such file."""

from typing import Annotated

import typer

from infra.cli.exit_codes import ExitCode
from infra.cli.options import AsJson, AwsStackName, Profile, Region, add_command
from infra.cli.tuning.options import TuneOptions

tuning_commands = typer.Typer()


@add_command(tuning_commands, example="seashore tune worker --stack my-seashore")
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
