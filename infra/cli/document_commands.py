"""The commands on documents and tasks: their arguments, options and help."""

from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer

from infra.cli.options import AsJson, Profile, Region, StackName, open_output
from shared.lifecycle import DocumentStatus, TaskStatus

document_commands = typer.Typer()

StatusT = TypeVar("StatusT", DocumentStatus, TaskStatus)

Statuses = Annotated[
    list[str] | None,
    typer.Option(
        "--status", help="Only those in this status; may be given again.", show_default=False
    ),
]
Days = Annotated[int, typer.Option(min=1, max=366, help="How many days back; 1 is today.")]
Limit = Annotated[int, typer.Option(min=1, help="The most to list.")]


@document_commands.command()
def put(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
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
            output=open_output(),
        )
    )


@document_commands.command()
def documents(
    status: Statuses = None,
    days: Days = 7,
    limit: Limit = 50,
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
    from infra.cli.listing import Choice
    from infra.cli.stack_access import open_stack

    choice = Choice([_parse_status(name, DocumentStatus) for name in status or []], days, limit)
    write_documents(
        open_stack(stack, region, profile), choice, _now, as_json=as_json, output=open_output()
    )


@document_commands.command()
def tasks(
    status: Statuses = None,
    days: Days = 7,
    limit: Limit = 50,
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """List the tasks that have arrived, the newest first.

    To a pipe or file it writes a line for each task, with tabs between id, kind, status, what it is
    about (or why it failed) and time of arrival.
    """
    from infra.cli.listing import Choice
    from infra.cli.stack_access import open_stack
    from infra.cli.task_view import write_tasks

    choice = Choice([_parse_status(name, TaskStatus) for name in status or []], days, limit)
    write_tasks(
        open_stack(stack, region, profile), choice, _now, as_json=as_json, output=open_output()
    )


@document_commands.command()
def schema() -> None:
    """Write the JSON Schema of the tasks that may be put on the work queue."""
    from shared.task_messages import describe_tasks

    open_output().write_json(describe_tasks())


@document_commands.command()
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
        output=open_output(),
    )


@document_commands.command()
def explain(
    wanted: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            show_default=False,
            help="Id, beginning of an id, or key of a document; the id of a task; or the day of a "
            "report.",
        ),
    ],
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Tell the whole story of a document, a task or a report.

    Every step with the time since the one before: attempts, waits, calls of the model, cost, errors
    and replays.
    """
    from infra.cli.explain import explain as tell_story
    from infra.cli.stack_access import open_stack

    tell_story(
        open_stack(stack, region, profile), wanted, _now, as_json=as_json, output=open_output()
    )


@document_commands.command()
def spend(
    days: Days = 7,
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Show what the language models have cost, day by day, beside the limit."""
    from infra.cli.spend import write_spend
    from infra.cli.stack_access import open_stack

    write_spend(
        open_stack(stack, region, profile), days, _now, as_json=as_json, output=open_output()
    )


@document_commands.command()
def watch(
    wanted: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ID",
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
            output=open_output(),
        )
    )


def _parse_status(name: str, statuses: type[StatusT]) -> StatusT:
    try:
        return statuses(name.upper())
    except ValueError:
        raise typer.BadParameter(
            f"{name!r} is not a status: choose from {', '.join(statuses)}.",
            param_hint="--status",
        ) from None


def _now() -> datetime:
    return datetime.now(UTC)
