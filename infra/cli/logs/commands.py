"""`seashore logs`: its arguments, options and help; short, as a folder has one such file."""

from typing import Annotated

import typer

from infra.cli.options import StackOptions, add_command

log_commands = typer.Typer()


@add_command(log_commands)
def logs(
    *,
    wanted: Annotated[
        str | None,
        typer.Argument(
            metavar="ID",
            show_default=False,
            help="A document, task, dead letter, item or request; without it all lines.",
        ),
    ] = None,
    since: Annotated[
        str, typer.Option(help="How far back: 2h, 3d, or a time such as 2026-03-01T14:30.")
    ] = "1h",
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what is logged, until Ctrl-C.")
    ] = False,
    options: StackOptions,
) -> None:
    """Write what the functions logged, oldest first; with --json as they logged it.

    No document's text is among it. On AWS the lines come from CloudWatch.
    """
    from infra.cli.logs.logs import write_logs

    write_logs(options.open(), wanted, since, follow=follow)
