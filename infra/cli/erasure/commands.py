"""`seashore delete`: its arguments, options and help. Short: it is one command."""

from typing import Annotated

import typer

from infra.cli.exit_codes import ExitCode
from infra.cli.options import Days, DryRun, StackOptions, Yes, add_command

erasure_commands = typer.Typer()


@add_command(erasure_commands, example="seashore delete report.pdf")
def delete(
    *,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DOCUMENT",
            show_default=False,
            help="Ids or their beginnings, each one version; or keys, with all their versions.",
        ),
    ] = None,
    prefix: Annotated[
        str | None,
        typer.Option(help="Also all documents whose keys begin so.", show_default=False),
    ] = None,
    days: Days = 366,
    dry_run: DryRun = False,
    yes: Yes = False,
    options: StackOptions,
) -> ExitCode:
    """Delete documents for good, with all that was made of them.

    Their versions in the bucket, text that no other document shares, summaries, files inside,
    results of tasks about them, kept answers, rows, dead letters, lines in lists of reports, rows
    in PostgreSQL. It lists what would go, and asks; --yes does not ask. What breaks off goes on
    when it is begun again.
    """
    from infra.cli.erasure.delete import delete_documents

    return delete_documents(options.open(), names or [], prefix, days, dry_run=dry_run, yes=yes)
