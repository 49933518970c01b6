"""The command line as a whole: its groups of commands, its errors and exit statuses.

The `commands.py` of each folder beside this module declares a group of commands. What a command
does is imported when it runs, so that `seashore --help` is there at once.
"""

import errno
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from infra.cli.chat.commands import chat_commands
from infra.cli.console.commands import console_commands
from infra.cli.dead_letters.commands import dlq
from infra.cli.deploy.commands import deploy_commands
from infra.cli.deploy.secret_commands import secrets
from infra.cli.documents.commands import document_commands
from infra.cli.erasure.commands import erasure_commands
from infra.cli.evaluation.commands import eval_command
from infra.cli.exit_codes import EXPLANATION, ExitCode, find_exit_code
from infra.cli.items.commands import item_commands
from infra.cli.languages.commands import languages
from infra.cli.local.commands import demo_command, local, mail_commands
from infra.cli.logs.commands import log_commands
from infra.cli.operations.commands import operation_commands
from infra.cli.options import open_output
from infra.cli.put.commands import put_commands
from infra.cli.report.commands import report_commands
from infra.cli.tasks.commands import task_commands
from infra.cli.tuning.commands import tuning_commands
from shared.errors import SeashoreError

# What a disk or a reader of the output answers that takes nothing more.
_NOT_WRITTEN = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
        errno.EACCES,
        errno.EPERM,
        errno.ENOTDIR,
        errno.EIO,
        errno.EPIPE,
    }
)


class _Commands(TyperGroup):
    """Turns every error that the project raises on purpose into one line and an exit status."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            # Of an argument or option that is missing nothing is said yet but its name.
            if not error.message and error.ctx is not None:
                error.message = error.ctx.command.epilog or ""
            raise
        except SeashoreError as error:
            open_output().say("Error: " + " ".join(str(error).split()), style="red")
            raise typer.Exit(find_exit_code(error)) from error


app = typer.Typer(
    cls=_Commands,
    epilog=EXPLANATION,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
# Without a name the commands of a group become commands of `seashore` itself.
app.add_typer(put_commands)
app.add_typer(document_commands)
app.add_typer(task_commands)
app.add_typer(item_commands)
app.add_typer(log_commands)
app.add_typer(operation_commands)
app.add_typer(erasure_commands)
app.add_typer(chat_commands)
app.add_typer(console_commands)
app.add_typer(dlq, name="dlq")
app.add_typer(report_commands)
app.add_typer(demo_command)
app.add_typer(mail_commands)
app.add_typer(eval_command)
app.add_typer(local, name="local")
app.add_typer(deploy_commands)
app.add_typer(tuning_commands)
app.add_typer(secrets, name="secrets")
app.add_typer(languages, name="languages")


def _write_version(wanted: bool) -> None:
    if wanted:
        # It brings a third of all that is imported for the help.
        import importlib.metadata

        typer.echo(importlib.metadata.version("seashore-pipeline"))
        raise typer.Exit


@app.callback()
def start(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Write the version and exit.", callback=_write_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Put documents into a bucket, and read summaries that account for every page and sheet."""


def main() -> None:
    """Run the command line.

    A disk that is full or may not be written is told in one line, wherever it shows: also for what
    is still in the buffer of stdout at the end.
    """
    if sys.stdout is None:  # closed by the caller (`>&-`): nobody reads the results
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open to the last
    # Titles and keys hold any character; one that the terminal lacks is no reason to stop.
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # a real stdout
    try:
        try:
            app(prog_name="seashore")
        finally:
            sys.stdout.flush()
    except OSError as error:
        if error.errno not in _NOT_WRITTEN:
            raise
        _leave_stdout()
        if error.errno != errno.EPIPE:
            where = error.filename or "The output"
            sys.stderr.write(
                f"Error: {where} cannot be written: {error.strerror}. Make room there, or mend its "
                "permissions, and try again.\n"
            )
        sys.exit(ExitCode.FAILED)


def _leave_stdout() -> None:
    """Let what stdout did not take go nowhere, so that nothing fails once more at the end.

    Source: Python documentation, `signal`, "Note on SIGPIPE".
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
