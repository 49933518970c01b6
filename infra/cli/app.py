"""Every command of `seashore`: its arguments, its options and its help.

What a command does is imported when it runs, so that `seashore --help` is there at once.
"""

import importlib.metadata
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from typer.core import TyperGroup

from infra.cli.dlq_commands import dlq
from infra.cli.exit_codes import EXPLANATION, find_exit_code
from infra.cli.options import AsJson, Profile, Region, StackName
from infra.cli.task_commands import enqueue
from shared.errors import SeashoreError
from shared.lifecycle import DocumentStatus, TaskStatus

if TYPE_CHECKING:
    from infra.cli.output import Output

StatusT = TypeVar("StatusT", DocumentStatus, TaskStatus)


class _Commands(TyperGroup):
    """Turns every error that the project raises on purpose into one line and an exit status."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except SeashoreError as error:
            _open_output().say("Error: " + " ".join(str(error).split()), style="red")
            raise typer.Exit(find_exit_code(error)) from error


app = typer.Typer(
    cls=_Commands,
    epilog=EXPLANATION,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
local = typer.Typer(
    help="Run the whole pipeline on this machine, without an AWS account.", no_args_is_help=True
)
app.add_typer(local, name="local")
app.add_typer(dlq, name="dlq")
app.add_typer(enqueue, name="enqueue")


def _write_version(wanted: bool) -> None:
    if wanted:
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
    """Put PDFs into a bucket and read summaries that account for every page."""


@app.command()
def put(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            show_default=False,
            help="Files, folders (every PDF in them), or patterns such as 'reports/**/*.pdf'.",
        ),
    ],
    prefix: Annotated[
        str, typer.Option(help="Folder in the bucket to put them into.", show_default=False)
    ] = "",
    wait: Annotated[
        bool, typer.Option("--wait", "-w", help="Wait until all are summarised, or will not be.")
    ] = False,
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Put PDFs into the documents bucket.

    Writes a line for each file: the id of its document, a tab, and its key. The key is the
    file's name, or its path inside the folder that was named.

    With --wait the exit status is 0 only if every document is DONE in the end.
    """
    from infra.cli.put import put as put_documents
    from infra.cli.stack_access import open_stack

    raise typer.Exit(
        put_documents(
            open_stack(stack, region, profile),
            files,
            prefix,
            wait=wait,
            as_json=as_json,
            output=_open_output(),
        )
    )


@app.command()
def documents(
    status: Annotated[
        list[str] | None,
        typer.Option(help="Only documents in this status; may be given again.", show_default=False),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days back; 1 is today.")] = 7,
    limit: Annotated[int, typer.Option(min=1, help="The most documents to list.")] = 50,
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """List the documents that have arrived, the newest first.

    To a pipe or file it writes a line for each document, with tabs between id, key, status,
    pages, title and time of arrival.
    """
    from infra.cli.documents import write_documents
    from infra.cli.stack_access import open_stack

    statuses = [_parse_status(name, DocumentStatus) for name in status or []]
    write_documents(
        open_stack(stack, region, profile),
        statuses,
        days,
        limit,
        _now,
        as_json=as_json,
        output=_open_output(),
    )


@app.command()
def tasks(
    status: Annotated[
        list[str] | None,
        typer.Option(help="Only tasks in this status; may be given again.", show_default=False),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days back; 1 is today.")] = 7,
    limit: Annotated[int, typer.Option(min=1, help="The most tasks to list.")] = 50,
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """List the tasks that have arrived, the newest first.

    To a pipe or file it writes a line for each task, with tabs between id, kind, status, what it is
    about (or why it failed) and time of arrival.
    """
    from infra.cli.stack_access import open_stack
    from infra.cli.task_view import write_tasks

    write_tasks(
        open_stack(stack, region, profile),
        [_parse_status(name, TaskStatus) for name in status or []],
        days,
        limit,
        _now,
        as_json=as_json,
        output=_open_output(),
    )


@app.command()
def schema() -> None:
    """Write the JSON Schema of the tasks that may be put on the work queue."""
    from shared.task_messages import describe_tasks

    _open_output().write_json(describe_tasks())


@app.command()
def show(
    document: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            show_default=False,
            help="Id, beginning of an id, or key of a document; or the id of a task.",
        ),
    ],
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Show a document or a task: its summary or result, coverage, cost, and where the files lie.

    Coverage says what became of each page; cost is the tokens that the model read and wrote.
    """
    from infra.cli.show import show_item
    from infra.cli.stack_access import open_stack

    show_item(
        open_stack(stack, region, profile),
        document,
        _now,
        as_json=as_json,
        output=_open_output(),
    )


@app.command()
def explain(
    wanted: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            show_default=False,
            help="Id, beginning of an id, or key of a document; or the id of a task.",
        ),
    ],
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Tell the whole story of a document or a task.

    Every step with the time since the one before: attempts, waits, calls of the model, cost, errors
    and replays.
    """
    from infra.cli.explain import explain as tell_story
    from infra.cli.stack_access import open_stack

    tell_story(
        open_stack(stack, region, profile), wanted, _now, as_json=as_json, output=_open_output()
    )


@app.command()
def spend(
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days back; 1 is today.")] = 7,
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Show what the language models have cost, day by day, beside the limit."""
    from infra.cli.spend import write_spend
    from infra.cli.stack_access import open_stack

    write_spend(
        open_stack(stack, region, profile), days, _now, as_json=as_json, output=_open_output()
    )


@app.command()
def watch(
    wanted: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID...]",
            show_default=False,
            help="Ids, beginnings of ids, or keys of documents, or ids of tasks; without any, all "
            "documents that are in flight.",
        ),
    ] = None,
    with_final: Annotated[
        bool, typer.Option("--all", help="Show also those that are final already.")
    ] = False,
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days back --all goes.")] = 1,
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Watch documents and tasks move on, until all are final or Ctrl-C.

    With IDs the exit status is 0 only if every one is DONE in the end. With --json it writes
    each change as an object on a line of its own.
    """
    from infra.cli.stack_access import open_stack
    from infra.cli.watch import watch as watch_documents

    raise typer.Exit(
        watch_documents(
            open_stack(stack, region, profile),
            wanted or [],
            days,
            with_final=with_final,
            as_json=as_json,
            output=_open_output(),
        )
    )


@app.command()
def demo() -> None:
    """Run the whole pipeline here, on three PDFs.

    Starts a stack of its own, apart from the local stack, and stops it at the end. The summaries
    stay in .seashore/demo/results. The environment chooses the language model, as for
    `seashore local up`.
    """
    from infra.cli.demo import run_demo

    raise typer.Exit(run_demo(_open_output()))


@local.command("up")
def local_up(
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Let it run in the background.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(
            min=1024,
            max=65535,
            show_default=False,
            help="Port to listen on; by default that of the last run, or any free one.",
        ),
    ] = None,
) -> None:
    """Start the local stack, or update a running one.

    OPENAI_API_KEY, OPENAI_BASE_URL and OPENAI_MODEL choose the language model. Without a key and an
    address it is extractive: offline, and made of the documents' own sentences.
    """
    from infra.cli.local import bring_up

    bring_up(_local_root(), port, detach=detach, output=_open_output())


@local.command("down")
def local_down(
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Delete its documents, results and messages too.")
    ] = False,
) -> None:
    """Stop the local stack.

    What it has stored is there again at its next start.
    """
    from infra.cli.local import bring_down

    bring_down(_local_root(), delete_data=delete_data, output=_open_output())


@local.command("status")
def local_status(as_json: AsJson = False) -> None:
    """Say whether the local stack is running, and how to reach it."""
    from infra.cli.local import write_status

    raise typer.Exit(write_status(_local_root(), as_json=as_json, output=_open_output()))


@app.command()
def build(
    target: Annotated[
        str, typer.Option(help="Where the package is to run: aws, or host for this machine.")
    ] = "aws",
    as_json: AsJson = False,
) -> None:
    """Build the package of the functions and write its path."""
    from infra.build import Target
    from infra.cli.deploy import build as build_functions

    try:
        wanted = Target(target)
    except ValueError:
        raise typer.BadParameter(
            f"{target!r} is neither aws nor host.", param_hint="--target"
        ) from None
    build_functions(wanted, as_json=as_json, output=_open_output())


@app.command()
def deploy(
    stack: Annotated[
        str, typer.Option("--stack", "-s", help="Name of the stack on AWS.", show_default=False)
    ],
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "--parameters",
            "-p",
            metavar="NAME=VALUE",
            show_default=False,
            help="A parameter of infra/template.yaml; may be given again. What is left out keeps "
            "the value that the stack has.",
        ),
    ] = None,
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Build the package, and deploy it to a stack on AWS.

    Makes the stack if there is none of that name.
    """
    from infra.cli.deploy import deploy as deploy_to_aws

    deploy_to_aws(stack, parameters or [], region, profile, as_json=as_json, output=_open_output())


def main() -> None:
    """Run the command line."""
    # Titles and keys hold any character; one that the terminal lacks is no reason to stop.
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # a real stdout
    app(prog_name="seashore")


def _parse_status(name: str, statuses: type[StatusT]) -> StatusT:
    try:
        return statuses(name.upper())
    except ValueError:
        raise typer.BadParameter(
            f"{name!r} is not a status: choose from {', '.join(statuses)}.",
            param_hint="--status",
        ) from None


def _open_output() -> "Output":
    from infra.cli.output import Output

    return Output()


def _local_root() -> Path:
    from infra.build import PROJECT

    return PROJECT / ".seashore"


def _now() -> datetime:
    return datetime.now(UTC)
