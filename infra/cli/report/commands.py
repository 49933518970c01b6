"""`seashore report` and `seashore spend`: their arguments, options and help."""

from typing import Annotated

import typer

from infra.cli.options import AsJson, Days, Profile, Region, StackName, open_output, read_clock

report_commands = typer.Typer()


@report_commands.command()
def report(
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
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Make the report of a day, as the schedule does every morning, and write its path.

    It lies in .seashore/reports as HTML, text, Markdown and JSON, and in the artifacts bucket.
    """
    from infra.cli.report.report import Wish, report_by_hand
    from infra.cli.stack_access import open_stack

    report_by_hand(
        open_stack(stack, region, profile),
        Wish(date, send=send, show=show),
        read_clock,
        as_json=as_json,
        output=open_output(),
    )


@report_commands.command()
def spend(
    days: Days = 7,
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Show what the language models have cost, day by day, beside the limit."""
    from infra.cli.report.spend import write_spend
    from infra.cli.stack_access import open_stack

    write_spend(
        open_stack(stack, region, profile), days, read_clock, as_json=as_json, output=open_output()
    )
