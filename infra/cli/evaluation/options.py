"""How documents are evaluated: the options of `seashore eval`."""

from dataclasses import dataclass
from typing import Annotated

import typer

from infra.cli.options import AsJson, Profile, Region, refuse_empty


@dataclass(frozen=True)
class EvalOptions:
    """How documents are evaluated."""

    stack: Annotated[
        str | None,
        typer.Option(
            "--stack",
            "-s",
            callback=refuse_empty,
            show_default=False,
            help="A stack to evaluate as it is; without it a local one that is made for each run. "
            "The documents stay in it.",
        ),
    ] = None
    region: Region = None
    profile: Profile = None
    stand_in: Annotated[
        bool,
        typer.Option(
            "--stand-in",
            help="Instead of a model ask a stand-in that knows the answers, and gives those that "
            "it is shown: what is missing then, the pipeline has lost.",
        ),
    ] = False
    alters: Annotated[
        int | None,
        typer.Option(
            min=2,
            show_default=False,
            metavar="N",
            help="Have the stand-in alter every Nth quote and value; none of these may survive.",
        ),
    ] = None
    runs: Annotated[int, typer.Option(min=1, max=20, help="How often; their spread is told.")] = 1
    baseline: Annotated[
        str | None,
        typer.Option(
            show_default=False, metavar="FILE", help="Compare; the exit status is 1 if it is worse."
        ),
    ] = None
    write_baseline: Annotated[
        str | None,
        typer.Option(show_default=False, metavar="FILE", help="Write the scores as a baseline."),
    ] = None
    page: Annotated[
        str | None,
        typer.Option(
            show_default=False,
            metavar="FILE",
            help="Where the HTML page with each miss goes; else .seashore/eval/evaluation.html.",
        ),
    ] = None
    patience: Annotated[
        int, typer.Option(min=30, help="How many seconds all documents, or tasks, may take.")
    ] = 1800
    as_json: AsJson = False
