"""`seashore console`: its options and help. Short: it is one command."""

from typing import Annotated

import typer

from infra.cli.options import StackOptions, add_command

console_commands = typer.Typer()


@add_command(console_commands)
def console(
    *,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Whether to open a browser.")
    ] = True,
    options: StackOptions,
) -> None:
    """Open the console in a browser: documents, dead letters, spend and reports to look at.

    It writes the address, and how to get a key to sign in with. The key of the API may read; the
    operators' key may also redo, replay and delete.
    """
    from infra.cli.console.console import open_console

    open_console(options.open(), is_opened=browser)
