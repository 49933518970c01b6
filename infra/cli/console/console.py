"""Where the console of a stack is, and how one gets in."""

import webbrowser
from collections.abc import Iterator

from infra.cli.chat.api_client import open_api
from infra.cli.command_context import CommandContext
from infra.stacks import Stack


def find_console(stack: Stack) -> str:
    """The address of a stack's console.

    Raises:
        UnknownStackError: The stack has no API.
    """
    return f"{stack.output('ApiUrl')}/console"


def open_console(context: CommandContext, *, is_opened: bool) -> None:
    """Write where the console is and how one gets in, and open it in a browser.

    Raises:
        UnknownStackError: The stack has no API.
        OperatorError: A key of the local stack cannot be read.
    """
    address = find_console(context.stack)
    context.output.write(address, whole_lines=True)
    for line in _describe_door(context.stack):
        context.output.say(line)
    if is_opened and not webbrowser.open(address):
        context.output.say("No browser was found here: open the address in one.")


def _describe_door(stack: Stack) -> Iterator[str]:
    """How one gets in. Keys of the local stack are its owner's; others are not written unasked."""
    match stack.outputs.get("ApiAuthorizer"):
        case "iam":
            yield (
                "A browser cannot sign requests as ApiAuthorizer iam wants them: use the terminal, "
                "or deploy with ApiAuthorizer none or cognito."
            )
            return
        case "cognito":
            yield "Sign in as a user of the stack's Cognito pool."
            return
    if stack.endpoint_url is not None:
        yield f"To look: {open_api(stack, {}).key}"
        yield f"To act too: {open_api(stack, {}, key_output='OperatorApiKeyId').key}"
        return
    get = f"aws apigateway get-api-key --region {stack.region} --include-value --query value"
    yield f"The key to look: {get} --api-key {stack.output('ApiKeyId')}"
    yield f"The key to act too: {get} --api-key {stack.output('OperatorApiKeyId')}"
