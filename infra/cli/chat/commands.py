"""`seashore chat`: its arguments, options and help."""

from typing import Annotated

import typer

from infra.cli.options import AsJson, Profile, Region, StackName, open_output

chat_commands = typer.Typer()


@chat_commands.command()
def chat(
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
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Talk with the agent that knows the documents, over the HTTP API of the stack.

    The answer goes to stdout, all else to stderr. Where the API wants a Cognito user,
    SEASHORE_ID_TOKEN has to hold a token.
    """
    from infra.cli.chat.api_client import open_api
    from infra.cli.chat.chat import run_chat
    from infra.cli.stack_access import open_stack

    api = open_api(open_stack(stack, region, profile))
    raise typer.Exit(run_chat(api, message, thread, as_json=as_json, output=open_output()))
