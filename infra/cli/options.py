"""What many commands have: groups of options, each said once, and how a command takes them."""

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra.cli.exit_codes import ExitCode
from shared.lifecycle import DocumentStatus, TaskStatus

if TYPE_CHECKING:
    from infra.cli.command_context import CommandContext
    from infra.cli.output import Output


def refuse_empty(name: str | None) -> str | None:
    """Refuse the name that a variable of a shell leaves which is not set.

    CloudFormation takes no name for all stacks, of which the first would be worked on.

    Raises:
        typer.BadParameter: It is empty.
    """
    if name is not None and not name.strip():
        raise typer.BadParameter("it is empty: name a stack.")
    return name


AwsStackName = Annotated[
    str,
    typer.Option(
        "--stack",
        "-s",
        callback=refuse_empty,
        help="Name of the stack on AWS.",
        show_default=False,
    ),
]
StackName = Annotated[
    str,
    typer.Option(
        "--stack",
        "-s",
        callback=refuse_empty,
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
Days = Annotated[int, typer.Option(min=1, max=366, help="How many days back; 1 is today.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")]

Review = Annotated[
    bool,
    typer.Option(
        "--review",
        help="Of fields, show also what the model has given and no page bears out.",
    ),
]

Command = Callable[..., int | None]


@dataclass(frozen=True)
class StackOptions:
    """The options of a command that works with a stack."""

    stack: StackName = "local"
    region: Region = None
    profile: Profile = None
    as_json: AsJson = False

    def open(self) -> "CommandContext":
        """Find the stack; imported late, as boto3 and rich take long to import.

        Raises:
            UnknownStackError: No such stack, or the local stack is not running.
            OperatorError: AWS cannot be asked.
        """
        from infra.cli.command_context import open_context

        return open_context(self.stack, self.region, self.profile, as_json=self.as_json)


@dataclass(frozen=True)
class ListOptions:
    """Which documents or tasks of the last days are listed, days being counted in UTC."""

    statuses: Annotated[
        list[str],
        typer.Option(
            "--status", help="Only those in this status; may be given again.", show_default=False
        ),
    ] = field(default_factory=list)
    days: Days = 7
    limit: Annotated[int, typer.Option(min=1, help="The most to list.")] = 50
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV, for spreadsheets.")] = False

    def check_statuses(self, known: type[DocumentStatus] | type[TaskStatus]) -> None:
        """Refuse what is no status; it may be written in any case.

        Raises:
            typer.BadParameter: There is none of a name.
        """
        for name in self.statuses:
            if name.upper() not in known.__members__:
                raise typer.BadParameter(
                    f"{name!r} is not a status: choose from {', '.join(known)}.",
                    param_hint="--status",
                )


@dataclass(frozen=True)
class FindOptions:
    """Which of the documents are meant, by their names and what is said of them."""

    grep: Annotated[
        str | None,
        typer.Option(
            show_default=False,
            help="Only those in whose key, title or reason this regular expression is found.",
        ),
    ] = None
    prefix: Annotated[
        str | None, typer.Option(show_default=False, help="Only those whose keys begin so.")
    ] = None
    key: Annotated[
        str | None,
        typer.Option(show_default=False, help="Only those of this key: all its versions."),
    ] = None


def add_command(
    group: typer.Typer, name: str | None = None, *, example: str | None = None
) -> Callable[[Command], Command]:
    """Declare a function as a command of a group.

    A parameter whose type is a dataclass stands for an option each of its fields. What the function
    returns is the exit status of the command, none being 0.

    Args:
        group: The group.
        name: Its name; None for that of the function.
        example: A line to type, for the help and for whoever leaves out what the command needs.
    """

    def declare(command: Command) -> Command:
        parameters = inspect.signature(command).parameters.values()
        groups: dict[str, Any] = {
            one.name: one.annotation for one in parameters if is_dataclass(one.annotation)
        }
        options = [option for one in parameters for option in _expand(one)]

        @functools.wraps(command)
        def run(**given: Any) -> None:
            for group_name, kind in groups.items():
                values = {one.name: given.pop(one.name) for one in fields(kind)}
                given[group_name] = kind(**values)
            raise typer.Exit(command(**given) or ExitCode.OK)

        run.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]  # Typer reads it
        run.__annotations__ = {option.name: option.annotation for option in options}
        group.command(name, epilog=example and f"Example: {example}")(run)
        return command

    return declare


def _expand(parameter: inspect.Parameter) -> Iterator[inspect.Parameter]:
    if not is_dataclass(parameter.annotation):
        yield parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        return
    for one in fields(parameter.annotation):
        yield inspect.Parameter(
            one.name, inspect.Parameter.KEYWORD_ONLY, default=_default(one), annotation=one.type
        )


def _default(option: "Field[Any]") -> Any:
    if option.default_factory is not MISSING:
        return option.default_factory()
    return inspect.Parameter.empty if option.default is MISSING else option.default


def open_output() -> "Output":
    """Open stdout and stderr for a command; imported late, as rich takes long to import."""
    from infra.cli.output import Output

    return Output()


def split_parameter(text: str) -> tuple[str, str]:
    """Split `NAME=VALUE`; the value may hold further equals signs.

    Raises:
        typer.BadParameter: There is no name or no equals sign.
    """
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise typer.BadParameter(
            f"{text!r} is not of the form NAME=VALUE.", param_hint="--parameters"
        )
    return name, value
