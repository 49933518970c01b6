"""The commands of `seashore local`, and `seashore demo`: their arguments, options and help."""

from typing import Annotated

import typer

from infra.cli.exit_codes import ExitCode
from infra.cli.options import AsJson, add_command, open_output, split_parameter
from infra.project_files import find_state_folder

demo_command = typer.Typer()
mail_commands = typer.Typer()
local = typer.Typer(
    help="Run the whole pipeline on this machine, without an AWS account.", no_args_is_help=True
)


@add_command(demo_command)
def demo() -> ExitCode:
    """Run the whole pipeline here, on three PDFs.

    Starts a stack of its own, apart from the local stack, and stops it at the end. The summaries
    stay in .seashore/demo/results. The environment chooses the language model, as for
    `seashore local up`.
    """
    from infra.cli.local.demo import run_demo

    return run_demo(open_output())


@add_command(local, "up")
def local_up(
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Let it run in the background.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(
            min=1024,
            max=65535,
            show_default=False,
            help="Port to listen on; by default that of the last run, or any free one.",
        ),
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "--parameters",
            "-p",
            metavar="NAME=VALUE",
            show_default=False,
            help="A parameter of infra/template.yaml; may be given again. It holds at later starts "
            "too, until `seashore local down --delete-data`.",
        ),
    ] = None,
) -> None:
    """Start the local stack, or update a running one.

    OPENAI_API_KEY, OPENAI_BASE_URL and OPENAI_MODEL choose the language model. Without a key and an
    address it is extractive: offline, and made of the documents' own sentences. Beside a model on
    this machine runs get ten minutes, and one call at once.
    """
    from infra.cli.local.local_stack import bring_up

    given = dict(map(split_parameter, parameters or []))
    bring_up(find_state_folder(), port, given, detach=detach, output=open_output())


@add_command(local, "down")
def local_down(
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Delete its documents, results and messages too.")
    ] = False,
) -> None:
    """Stop the local stack.

    What it has stored is there again at its next start.
    """
    from infra.cli.local.local_stack import bring_down

    bring_down(find_state_folder(), delete_data=delete_data, output=open_output())


@add_command(mail_commands)
def mail(
    *,
    number: Annotated[
        int | None,
        typer.Argument(
            metavar="NUMBER", min=1, show_default=False, help="Which one to show; 1 is the newest."
        ),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", show_default=False, help="Write it as it came."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List what the local stack has mailed, the newest first, or show one mail."""
    from infra.cli.local.mail import show_mails

    show_mails(find_state_folder(), number, file, as_json=as_json, output=open_output())


@add_command(local, "run")
def local_run(
    *,
    command: Annotated[
        list[str],
        typer.Argument(metavar="COMMAND...", show_default=False, help="The command; after --."),
    ],
) -> int:
    """Run a command for which the local stack's emulator is AWS, and end as it ends.

    `seashore local run -- seashore deploy --stack x --diff` rehearses a deployment, the AWS command
    line and boto3 find the emulator as well.
    """
    from infra.cli.local.run import run_with_emulator

    return run_with_emulator(find_state_folder(), command, open_output())


@add_command(local, "status")
def local_status(as_json: AsJson = False) -> ExitCode:
    """Say whether the local stack is running, and how to reach it."""
    from infra.cli.local.local_stack import write_status

    return write_status(find_state_folder(), as_json=as_json, output=open_output())
