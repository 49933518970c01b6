"""The options of the commands on dead letters: which letters are meant, and how they are replayed.

Apart from what carries the commands out, as `seashore --help` loads none of that.
"""

from dataclasses import dataclass, field
from typing import Annotated

import typer

from infra.cli.options import DryRun, Yes


@dataclass(frozen=True)
class LetterOptions:
    """Which letters an operator means, in the operator's words, but for their ids."""

    queues: Annotated[
        list[str],
        typer.Option(
            "--queue",
            help="Only of this queue (uploads, conversions, recognition, work, reports, results); "
            "repeatable.",
            show_default=False,
        ),
    ] = field(default_factory=list)
    errors: Annotated[
        list[str],
        typer.Option(
            "--error",
            help="Only those that died of this error; may be repeated.",
            show_default=False,
        ),
    ] = field(default_factory=list)
    kinds: Annotated[
        list[str],
        typer.Option(
            "--kind",
            help="Only messages of this kind: upload, summarize_chunk, agent, unreadable, ...; may "
            "be repeated.",
            show_default=False,
        ),
    ] = field(default_factory=list)
    document: Annotated[
        str | None,
        typer.Option(
            help="Only about this document (id, its beginning, or key) or task (id).",
            show_default=False,
        ),
    ] = None
    before: Annotated[
        str | None,
        typer.Option(
            help="Only those that died before: 2h ago, 3d ago as `2h`, `3d`; or 2026-03-01T14:30.",
            show_default=False,
        ),
    ] = None
    after: Annotated[
        str | None, typer.Option(help="Only those that died then or later.", show_default=False)
    ] = None
    grep: Annotated[
        str | None,
        typer.Option(
            help="Only those whose body or cause holds this regular expression.", show_default=False
        ),
    ] = None

    @property
    def is_everything(self) -> bool:
        """Whether nothing is said, so that every letter is meant."""
        return not any(vars(self).values())


@dataclass(frozen=True)
class ReplayOptions:
    """How letters are replayed."""

    dry_run: DryRun = False
    yes: Yes = False
    limit: Annotated[
        int | None, typer.Option(min=1, help="The most dead letters to send.", show_default=False)
    ] = None
    canary: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Send so many first, wait for them, and go on only if all succeed.",
            show_default=False,
        ),
    ] = None
    canary_timeout: Annotated[
        float, typer.Option(min=1, help="Seconds to wait for the canaries.")
    ] = 900
    rate: Annotated[
        float | None,
        typer.Option(min=0.01, help="The most to send in a second.", show_default=False),
    ] = None
    max_replays: Annotated[
        int, typer.Option(min=1, help="Leave alone what was replayed so often before.")
    ] = 3
    force: Annotated[
        bool, typer.Option("--force", help="Replay even what was replayed too often.")
    ] = False
