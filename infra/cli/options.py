"""Options that many commands have."""

from typing import Annotated

import typer

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
