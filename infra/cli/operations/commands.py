"""Redo, retry, cancel, pause and resume: their arguments, options and help."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.exit_codes import ExitCode
from infra.cli.options import Days, DryRun, StackOptions, Yes, add_command
from shared.errors import WrongUsageError
from shared.lifecycle import DocumentStatus

if TYPE_CHECKING:
    from pipeline.operations.selection import Selection

operation_commands = typer.Typer()

Ids = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="ID",
        show_default=False,
        help="Ids, beginnings of ids, or keys of documents; or ids of tasks.",
    ),
]
Documents = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="ID", show_default=False, help="Ids, beginnings of ids, or keys of documents."
    ),
]
Consumers = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CONSUMER",
        show_default=False,
        help="ingest, convert, recognise, worker, report",
    ),
]


@dataclass(frozen=True)
class MeantOptions:
    """Which documents are meant besides those that are named."""

    prefix: Annotated[
        str | None, typer.Option(help="All whose keys begin so.", show_default=False)
    ] = None
    statuses: Annotated[
        list[str],
        typer.Option(
            "--status", help="All in this status; may be given again.", show_default=False
        ),
    ] = field(default_factory=list)
    all_: Annotated[bool, typer.Option("--all", help="All there are.")] = False
    days: Days = 366
    dry_run: DryRun = False
    yes: Yes = False

    def check(self, command: str, names: list[str] | None) -> None:
        """Pass if it is said which documents or tasks are meant.

        Raises:
            WrongUsageError: It is not.
        """
        if not (names or self.prefix or self.statuses or self.all_):
            raise WrongUsageError(
                "say which are meant: by id or key, or with --prefix, --status or --all. "
                f"Examples: `seashore {command} report.pdf`, `seashore {command} --prefix 2026/`"
            )

    def select(self, names: tuple[str, ...]) -> "Selection":
        """The selection, with the documents that are named.

        Raises:
            typer.BadParameter: There is no status of a name.
        """
        from pipeline.operations.selection import Selection

        for name in self.statuses:
            if name.upper() not in DocumentStatus.__members__:
                raise typer.BadParameter(
                    f"{name!r} is not a status: choose from {', '.join(DocumentStatus)}.",
                    param_hint="--status",
                )
        statuses = frozenset(DocumentStatus(name.upper()) for name in self.statuses)
        return Selection(names, self.prefix, statuses, self.all_, self.days)


@add_command(operation_commands, example="seashore redo report.pdf")
def redo(
    *,
    documents: Documents = None,
    meant: MeantOptions,
    model: Annotated[
        str | None,
        typer.Option(
            help="Who is asked: a model of the parameter ModelPrices, or the fallback.",
            show_default=False,
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask again where answers are kept.")
    ] = False,
    order: Annotated[
        str | None,
        typer.Option(help="Go on with an order that broke off.", show_default=False),
    ] = None,
    options: StackOptions,
) -> ExitCode:
    """Summarise finished documents once more.

    Says how many documents, tokens and dollars that takes at the most, and asks. Until a new
    summary is there the old one stays, and after that as a version: `seashore show --version`.
    """
    from infra.cli.operations.redo import RedoWish, redo_documents

    meant.check("redo", documents)
    wish = RedoWish(model, fresh, order, meant.dry_run, meant.yes)
    return redo_documents(options.open(), documents or [], meant.select, wish)


@add_command(operation_commands, example="seashore retry --status FAILED")
def retry(*, ids: Ids = None, meant: MeantOptions, options: StackOptions) -> ExitCode:
    """Try again what failed, without knowing its dead letters.

    Its dead letters are replayed; a document without any goes on from what the ledger knows of it.
    """
    from infra.cli.operations.retry import retry_items

    meant.check("retry", ids)
    return retry_items(
        options.open(), ids or [], meant.select, dry_run=meant.dry_run, yes=meant.yes
    )


@add_command(operation_commands, example="seashore cancel --all")
def cancel(*, ids: Ids = None, meant: MeantOptions, options: StackOptions) -> ExitCode:
    """Cancel documents and tasks that have not begun; --all means both.

    What has begun goes on. A document that is being redone is then as it was before.
    """
    from infra.cli.operations.cancel import cancel_items

    meant.check("cancel", ids)
    return cancel_items(
        options.open(), ids or [], meant.select, dry_run=meant.dry_run, yes=meant.yes
    )


@add_command(operation_commands, example='seashore pause --reason "the provider is down"')
def pause(
    *,
    consumers: Consumers = None,
    reason: Annotated[
        str, typer.Option("--reason", "-m", help="Why: `watch` and the report show it.")
    ],
    options: StackOptions,
) -> None:
    """Have consumers take no more messages: without any named, all but the report.

    What they work on they go on with. A pause holds over deployments, until `seashore resume`;
    nothing that waits for its end is taken for lost. Queues keep messages for twelve days.
    """
    from infra.cli.operations.pause import pause_consumers

    pause_consumers(options.open(), consumers or [], reason)


@add_command(operation_commands)
def resume(*, consumers: Consumers = None, options: StackOptions) -> None:
    """Have consumers take messages again: without any named, all that are paused."""
    from infra.cli.operations.pause import resume_consumers

    resume_consumers(options.open(), consumers or [])
