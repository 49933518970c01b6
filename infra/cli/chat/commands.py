"""`seashore chat`: its arguments, options and help."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from infra.cli.exit_codes import ExitCode
from infra.cli.options import StackOptions, add_command

chat_commands = typer.Typer()


class _ListByDefault(TyperGroup):
    """Takes a group without a command for its `list`, with the options of that."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `list` before what is no command and asks for no help."""
        is_bare = not args or args[0].startswith("-")
        if is_bare and args[:1] not in ([name] for name in self.get_help_option_names(ctx)):
            args = ["list", *args]
        return super().parse_args(ctx, args)


conversations = typer.Typer(
    cls=_ListByDefault, help="List, show and delete your conversations with the agent."
)
chat_commands.add_typer(conversations, name="conversations")

ThreadId = Annotated[str, typer.Argument(metavar="ID", show_default=False)]


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


@add_command(chat_commands, "mcp")
def serve_mcp(options: StackOptions) -> None:
    """Serve the documents to an assistant on this machine, by the Model Context Protocol.

    An assistant runs this command by itself, and speaks to it over stdin and stdout. It goes
    through the HTTP API of the stack (POST /mcp), which assistants elsewhere call directly.
    """
    from infra.cli.chat.mcp_bridge import serve_stdio

    serve_stdio(options.open())


@add_command(conversations, "list")
def list_conversations(options: StackOptions) -> None:
    """List your conversations, the newest first."""
    from infra.cli.chat.api_client import open_api
    from infra.cli.chat.conversations import write_conversations

    context = options.open()
    write_conversations(open_api(context.stack), as_json=context.as_json, output=context.output)


@add_command(
    conversations, example="seashore conversations list, then seashore conversations show ID"
)
def show(thread: ThreadId, options: StackOptions) -> None:
    """Show what was said in a conversation."""
    from infra.cli.chat.api_client import open_api
    from infra.cli.chat.conversations import write_conversation

    context = options.open()
    api = open_api(context.stack)
    write_conversation(api, thread, as_json=context.as_json, output=context.output)


@add_command(
    conversations, example="seashore conversations list, then seashore conversations delete ID"
)
def delete(thread: ThreadId, options: StackOptions) -> None:
    """Delete a conversation, with all that was said."""
    from infra.cli.chat.api_client import open_api
    from infra.cli.chat.conversations import delete_conversation

    context = options.open()
    delete_conversation(open_api(context.stack), thread, context.output)
