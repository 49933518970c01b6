"""`seashore chat`: its arguments, options and help."""

from typing import Annotated

import typer

from infra.cli.exit_codes import ExitCode
from infra.cli.options import StackOptions, add_command

chat_commands = typer.Typer()


@add_command(chat_commands)
def chat(
    *,
    message: Annotated[
        str | None,
        typer.Argument(
            metavar="MESSAGE",
            show_default=False,
            help="What to ask; - for stdin. Without it a conversation begins.",
        ),
    ] = None,
    thread: Annotated[
        str | None,
        typer.Option(
            "--thread", "-t", show_default=False, help="The conversation to go on with, by its id."
        ),
    ] = None,
    options: StackOptions,
) -> ExitCode:
    """Talk with the agent that knows the documents, over the HTTP API of the stack.

    The answer goes to stdout, all else to stderr. Where the API wants a Cognito user,
    SEASHORE_ID_TOKEN has to hold a token.
    """
    from infra.cli.chat.api_client import open_api
    from infra.cli.chat.chat import run_chat

    context = options.open()
    api = open_api(context.stack)
    return run_chat(api, message, thread, as_json=context.as_json, output=context.output)
