"""What many commands have: options, and where they write to."""

from typing import TYPE_CHECKING, Annotated

import typer

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
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")]


def open_output() -> "Output":
    """Open stdout and stderr for a command; imported late, as rich takes long to import."""
    from infra.cli.output import Output

    return Output()
