"""Groups of options: a dataclass in a command's signature stands for an option each field."""

from dataclasses import dataclass, field
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from infra.cli.exit_codes import ExitCode
from infra.cli.options import add_command


@dataclass(frozen=True)
class Where:
    place: Annotated[str, typer.Option("--place", "-p")]
    names: Annotated[list[str], typer.Option("--name")] = field(default_factory=list)
    times: int = 1


@pytest.fixture
def run():
    group, seen = typer.Typer(add_completion=False), []

    @add_command(group, "look")
    def look(what: str, *, where: Where, quietly: bool = False) -> ExitCode:
        """Look around."""
        seen.append((what, where, quietly))
        return ExitCode.DIFFERS

    @add_command(group)
    def rest() -> None:
        """Do nothing."""

    return lambda *arguments: (CliRunner().invoke(group, arguments), seen)


def test_the_fields_of_a_group_are_options_and_come_as_one(run):
    result, seen = run("look", "sea", "-p", "pier", "--name", "a", "--name", "b", "--times", "3")
    assert seen == [("sea", Where("pier", ["a", "b"], 3), False)]
    assert result.exit_code == ExitCode.DIFFERS


def test_what_is_left_out_has_its_default(run):
    _, seen = run("look", "sea", "--place", "pier", "--quietly")
    assert seen == [("sea", Where("pier", [], 1), True)]


def test_a_field_without_a_default_is_required(run):
    result, seen = run("look", "sea")
    assert (result.exit_code, seen) == (ExitCode.USAGE, [])
    assert "--place" in result.output


def test_the_order_of_the_options_is_that_of_the_signature(run):
    text = run("look", "--help")[0].output
    places = [text.index(name) for name in ("Look around", "--place", "--name", "--times", "--qui")]
    assert places == sorted(places)


def test_a_command_that_returns_nothing_has_done_its_work(run):
    assert run("rest")[0].exit_code == ExitCode.OK
