"""`seashore tasks`, `schema` and `enqueue`: their arguments, options and help."""

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from infra.cli.exit_codes import ExitCode
from infra.cli.options import Days, ListOptions, Review, StackOptions, add_command, open_output
from shared.lifecycle import TaskStatus

task_commands = typer.Typer()
enqueue = typer.Typer(
    help="Put a task on the work queue: a question, fields to extract, a summary, a free prompt.",
    no_args_is_help=True,
)
task_commands.add_typer(enqueue, name="enqueue")


@dataclass(frozen=True)
class SourceOptions:
    """What a task is about: a text file or a document."""

    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE", show_default=False, help="A text file; - for stdin."),
    ] = None
    document: Annotated[
        str | None,
        typer.Option(
            "--document",
            "-d",
            show_default=False,
            help="Id, beginning of an id, or key of a document.",
        ),
    ] = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is named."""
        return self.file is None and self.document is None

    def read(self) -> dict[str, Any]:
        """The part of the task's message that says so.

        Raises:
            typer.BadParameter: It is neither, or both.
            WrongUsageError: The file cannot be read.
        """
        from infra.cli.tasks.enqueue import read_text

        if (self.file is None) == (self.document is None):
            raise typer.BadParameter("Give either a text file or --document.", param_hint="FILE")
        if self.file is None:
            return {"document": self.document}
        return {"text": read_text(self.file)}


@dataclass(frozen=True)
class SendOptions:
    """How a task is sent."""

    id: Annotated[
        str | None,
        typer.Option(
            "--id",
            show_default=False,
            help="The task's id: the same id is the same task, however often it is sent.",
        ),
    ] = None
    name: Annotated[
        str | None,
        typer.Option(show_default=False, help="What people call it: `seashore tasks --name`."),
    ] = None
    callback: Annotated[
        str | None,
        typer.Option(
            show_default=False,
            help="Queue URL or topic ARN to tell when it is done; one that CallbackArns names.",
        ),
    ] = None
    wait: Annotated[
        bool, typer.Option("--wait", "-w", help="Wait until it is done, and write the result.")
    ] = False

    def send(
        self, options: StackOptions, content: dict[str, Any], *, review: bool = False
    ) -> ExitCode:
        """Send a task whose message has this content besides."""
        from infra.cli.tasks.enqueue import enqueue_task

        task = {**content, "id": self.id, "name": self.name, "callback": self.callback}
        return enqueue_task(options.open(), task, wait=self.wait, review=review)


@add_command(task_commands)
def tasks(
    *,
    wanted: ListOptions,
    name: Annotated[
        str | None, typer.Option(show_default=False, help="Only those whose name begins so.")
    ] = None,
    options: StackOptions,
) -> None:
    """List the tasks that have arrived, the newest first.

    To a pipe or file it writes a line for each task, with tabs between id, kind, status, what it is
    about (or why it failed) and time of arrival.
    """
    from infra.cli.tasks.view import write_tasks

    wanted.check_statuses(TaskStatus)
    write_tasks(options.open(), wanted, name)


@add_command(task_commands)
def results(
    *,
    wanted: Annotated[
        list[str] | None,
        typer.Argument(metavar="TASK", show_default=False, help="Ids of tasks that extract."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(show_default=False, help="Those, too, whose name begins so."),
    ] = None,
    days: Days = 7,
    rows: Annotated[
        str | None,
        typer.Option(
            metavar="LIST",
            show_default=False,
            help="A line a row of this list, by the way to it (`invoice.lines`).",
        ),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV, for a spreadsheet.")] = False,
    options: StackOptions,
) -> ExitCode:
    """Write what tasks have extracted as one table: a line a document.

    The exit status is 0 only if every task is DONE.
    """
    from infra.cli.tasks.results import write_results

    return write_results(options.open(), wanted or [], name, days, rows, as_csv=as_csv)


@add_command(task_commands)
def schema() -> None:
    """Write the JSON Schema of the tasks that may be put on the work queue."""
    from shared.messages.tasks import describe_tasks

    open_output().write_json(describe_tasks())


@add_command(
    enqueue, example='seashore enqueue ask "When did it open?" --document report.pdf --wait'
)
def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION", show_default=False)],
    document: Annotated[
        list[str],
        typer.Option(
            "--document",
            "-d",
            show_default=False,
            help="Id, beginning of an id, or key of a document; may be given again.",
        ),
    ],
    how: SendOptions,
    options: StackOptions,
) -> ExitCode:
    """Ask a question about one or several documents.

    The answer cites pages, and each citation is checked.
    """
    return how.send(options, {"kind": "ask", "question": question, "documents": document})


@add_command(enqueue)
def summarize(source: SourceOptions, how: SendOptions, options: StackOptions) -> ExitCode:
    """Summarise a text, or get the summary of a document as soon as it is there."""
    return how.send(options, {"kind": "summarize", **source.read()})


@add_command(
    enqueue, example="seashore enqueue extract --schema fields.json --document report.pdf --wait"
)
def extract(
    *,
    schema: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="A JSON Schema of type object; each of its properties is a field to find.",
        ),
    ],
    source: SourceOptions,
    prefix: Annotated[
        str | None,
        typer.Option(
            show_default=False,
            help="Instead of one document all whose keys begin so, a task for each; `seashore "
            "results` writes them as one table.",
        ),
    ] = None,
    review: Review = False,
    how: SendOptions,
    options: StackOptions,
) -> ExitCode:
    """Extract fields from a document or a text, each with its page; or from many documents.

    Needs a language model.
    """
    from infra.cli.tasks.enqueue import read_schema
    from infra.cli.tasks.extract_many import enqueue_extractions

    if prefix is None:
        content = {"kind": "extract", "schema": read_schema(schema), **source.read()}
        return how.send(options, content, review=review)
    if not source.is_empty:
        raise typer.BadParameter("Give either --prefix or one document.", param_hint="--prefix")
    if review:
        raise typer.BadParameter("A review is of one task.", param_hint="--review")
    content = {
        **{"kind": "extract", "schema": read_schema(schema)},
        **{"id": how.id, "name": how.name, "callback": how.callback},
    }
    return enqueue_extractions(options.open(), content, prefix, wait=how.wait)


@add_command(enqueue, example='seashore enqueue agent "Which reports speak of the pier?" --wait')
def agent(
    *,
    prompt: Annotated[str, typer.Argument(metavar="PROMPT", show_default=False)],
    max_steps: Annotated[
        int, typer.Option(min=1, max=20, help="The most rounds of tool calls.")
    ] = 5,
    max_tokens: Annotated[
        int, typer.Option(min=1_000, max=1_000_000, help="The most tokens, read and written.")
    ] = 60_000,
    how: SendOptions,
    options: StackOptions,
) -> ExitCode:
    """Have an agent work on a prompt, with tools that list, search and read the documents.

    Needs a language model.
    """
    content = {"prompt": prompt, "max_steps": max_steps, "max_tokens": max_tokens}
    return how.send(options, {"kind": "agent", **content})
