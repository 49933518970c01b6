"""`seashore report`: its arguments, options and help."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from infra.cli.options import AsJson, Profile, Region, StackName, open_output

report_command = typer.Typer()


@report_command.command()
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
    from infra.cli.report import Wish, report_by_hand
    from infra.cli.stack_access import open_stack

    report_by_hand(
        open_stack(stack, region, profile),
        Wish(date, send=send, show=show),
        lambda: datetime.now(UTC),
        as_json=as_json,
        output=open_output(),
    )
