"""`seashore tasks`, `schema` and `enqueue`: their arguments, options and help."""

from typing import Annotated, Any

import typer

from infra.cli.options import (
    AsJson,
    Days,
    Limit,
    Profile,
    Region,
    StackName,
    Statuses,
    open_output,
    parse_status,
    read_clock,
)
from shared.lifecycle import TaskStatus

task_commands = typer.Typer()
enqueue = typer.Typer(
    help="Put a task on the work queue: a question, fields to extract, a summary, a free prompt.",
    no_args_is_help=True,
)
task_commands.add_typer(enqueue, name="enqueue")

Documents = Annotated[
    list[str],
    typer.Option(
        "--document",
        "-d",
        show_default=False,
        help="Id, beginning of an id, or key of a document; may be given again.",
    ),
]
OneDocument = Annotated[
    str | None,
    typer.Option(
        "--document",
        "-d",
        show_default=False,
        help="Id, beginning of an id, or key of a document.",
    ),
]
TextFile = Annotated[
    str | None,
    typer.Argument(metavar="FILE", show_default=False, help="A text file; - for stdin."),
]
TaskId = Annotated[
    str | None,
    typer.Option(
        "--id",
        show_default=False,
        help="The task's id: the same id is the same task, however often it is sent.",
    ),
]
Callback = Annotated[
    str | None,
    typer.Option(
        show_default=False,
        help="Queue URL or topic ARN to tell when it is done; one that CallbackArns names.",
    ),
]
Wait = Annotated[
    bool, typer.Option("--wait", "-w", help="Wait until it is done, and write the result.")
]


@task_commands.command()
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
    from infra.cli.tasks.view import write_tasks

    choice = Choice([parse_status(name, TaskStatus) for name in status or []], days, limit)
    write_tasks(
        open_stack(stack, region, profile),
        choice,
        read_clock,
        as_json=as_json,
        output=open_output(),
    )


@task_commands.command()
def schema() -> None:
    """Write the JSON Schema of the tasks that may be put on the work queue."""
    from shared.messages.tasks import describe_tasks

    open_output().write_json(describe_tasks())


@enqueue.command()
def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION", show_default=False)],
    document: Documents,
    task_id: TaskId = None,
    callback: Callback = None,
    wait: Wait = False,
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Ask a question about one or several documents.

    The answer cites pages, and each citation is checked.
    """
    _send(
        {"kind": "ask", "question": question, "documents": document},
        task_id, callback, (stack, region, profile), wait=wait, as_json=as_json,
    )  # fmt: skip


@enqueue.command()
def summarize(
    file: TextFile = None,
    document: OneDocument = None,
    task_id: TaskId = None,
    callback: Callback = None,
    wait: Wait = False,
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Summarise a text, or get the summary of a document as soon as it is there."""
    content = _choose_source(file, document)
    _send(
        {"kind": "summarize", **content},
        task_id, callback, (stack, region, profile), wait=wait, as_json=as_json,
    )  # fmt: skip


@enqueue.command()
def extract(
    schema: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="A JSON Schema of type object; each of its properties is a field to find.",
        ),
    ],
    file: TextFile = None,
    document: OneDocument = None,
    task_id: TaskId = None,
    callback: Callback = None,
    wait: Wait = False,
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Extract fields from a document or a text, each with its page.

    Needs a language model.
    """
    from infra.cli.tasks.enqueue import read_schema

    content = _choose_source(file, document)
    _send(
        {"kind": "extract", "schema": read_schema(schema), **content},
        task_id, callback, (stack, region, profile), wait=wait, as_json=as_json,
    )  # fmt: skip


@enqueue.command()
def agent(
    prompt: Annotated[str, typer.Argument(metavar="PROMPT", show_default=False)],
    max_steps: Annotated[
        int, typer.Option(min=1, max=20, help="The most rounds of tool calls.")
    ] = 5,
    max_tokens: Annotated[
        int, typer.Option(min=1_000, max=1_000_000, help="The most tokens, read and written.")
    ] = 60_000,
    task_id: TaskId = None,
    callback: Callback = None,
    wait: Wait = False,
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Have an agent work on a prompt, with tools that list, search and read the documents.

    Needs a language model.
    """
    _send(
        {"kind": "agent", "prompt": prompt, "max_steps": max_steps, "max_tokens": max_tokens},
        task_id, callback, (stack, region, profile), wait=wait, as_json=as_json,
    )  # fmt: skip


def _choose_source(file: str | None, document: str | None) -> dict[str, Any]:
    from infra.cli.tasks.enqueue import read_text

    if (file is None) == (document is None):
        raise typer.BadParameter("Give either a text file or --document.", param_hint="FILE")
    return {"document": document} if file is None else {"text": read_text(file)}


def _send(
    content: dict[str, Any],
    task_id: str | None,
    callback: str | None,
    place: tuple[str, str | None, str | None],
    *,
    wait: bool,
    as_json: bool,
) -> None:
    from infra.cli.stack_access import open_stack
    from infra.cli.tasks.enqueue import enqueue_task

    raise typer.Exit(
        enqueue_task(
            open_stack(*place),
            {**content, "id": task_id, "callback": callback},
            wait=wait,
            as_json=as_json,
            output=open_output(),
        )
    )
