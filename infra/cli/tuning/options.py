"""How a function is measured: the options of `seashore tune`."""

from dataclasses import dataclass
from typing import Annotated

import typer

from infra.tuning.choose_size import Aim


@dataclass(frozen=True)
class TuneOptions:
    """What is measured, and what is wanted of the size that is chosen."""

    sizes: Annotated[
        str, typer.Option(metavar="MB,MB,…", help="The memory sizes, in megabytes.")
    ] = "512,1024,1769,3008"
    runs: Annotated[
        int, typer.Option(min=1, max=100, help="Warm runs of each size; the median counts.")
    ] = 5
    document: Annotated[
        str | None,
        typer.Option(
            show_default=False,
            help="For ingest and convert: a document that is read, of which nothing is kept.",
        ),
    ] = None
    event: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="An event of your own, as JSON: what it asks for is really done, each time.",
        ),
    ] = None
    aim: Annotated[Aim, typer.Option("--for", help="What the chosen size is best for.")] = (
        Aim.BALANCE
    )
    plot: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", show_default=False, help="Where to draw it; else tune-FUNCTION.svg."
        ),
    ] = None
    apply: Annotated[
        bool, typer.Option("--apply", help="Give the function the chosen size, for good.")
    ] = False
