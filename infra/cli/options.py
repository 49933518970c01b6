"""What many commands have: options, and where they write to."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from shared.lifecycle import DocumentStatus, TaskStatus

if TYPE_CHECKING:
    from infra.cli.output import Output

StackName = Annotated[
    str,
    typer.Option(
        "--stack",
        "-s",
        envvar="SEASHORE_STACK",
        help="The stack; local is the one on this machine.",
    ),
]
Region = Annotated[
    str | None, typer.Option(help="AWS region, instead of the configured one.", show_default=False)
]
Profile = Annotated[
    str | None, typer.Option(help="AWS profile, instead of the configured one.", show_default=False)
]
StatusT = TypeVar("StatusT", DocumentStatus, TaskStatus)

Statuses = Annotated[
    list[str] | None,
    typer.Option(
        "--status", help="Only those in this status; may be given again.", show_default=False
    ),
]
Days = Annotated[int, typer.Option(min=1, max=366, help="How many days back; 1 is today.")]
Limit = Annotated[int, typer.Option(min=1, help="The most to list.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")]


def open_output() -> "Output":
    """Open stdout and stderr for a command; imported late, as rich takes long to import."""
    from infra.cli.output import Output

    return Output()


def parse_status(name: str, statuses: type[StatusT]) -> StatusT:
    """Read a status as an operator writes it, in any case.

    Raises:
        typer.BadParameter: There is none of this name.
    """
    try:
        return statuses(name.upper())
    except ValueError:
        raise typer.BadParameter(
            f"{name!r} is not a status: choose from {', '.join(statuses)}.",
            param_hint="--status",
        ) from None


def read_clock() -> datetime:
    """The time, as commands hand it on."""
    return datetime.now(UTC)
