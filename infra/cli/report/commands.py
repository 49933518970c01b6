"""`seashore report` and `seashore spend`: their arguments, options and help."""

from typing import Annotated

import typer

from infra.cli.options import Days, StackOptions, add_command

report_commands = typer.Typer()


@add_command(report_commands)
def report(
    *,
    date: Annotated[
        str | None,
        typer.Option(
            "--date",
            metavar="YYYY-MM-DD",
            show_default=False,
            help="The day, or today, or yesterday; by default the last day that is over.",
        ),
    ] = None,
    send: Annotated[
        bool, typer.Option("--send", help="Have the report function mail it, again if need be.")
    ] = False,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    options: StackOptions,
) -> None:
    """Make the report of a day, as the schedule does every morning, and write its path.

    It lies in .seashore/reports as HTML, Markdown and JSON, with all documents of the day as CSV,
    and in the artifacts bucket.
    """
    from infra.cli.report.report import report_by_hand

    report_by_hand(options.open(), date, send=send, show=show)


@add_command(report_commands)
def spend(*, days: Days = 7, options: StackOptions) -> None:
    """Show what the language models have cost, day by day, beside the limit."""
    from infra.cli.report.spend import write_spend

    write_spend(options.open(), days)
