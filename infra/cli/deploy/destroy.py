"""`seashore destroy`: delete a stack on AWS, and its data only if told to."""

import sys
from collections import Counter

from infra.aws import name_command, open_session
from infra.cli.exit_codes import ExitCode
from infra.cli.output import Output
from infra.deploy.destroy import Destruction, StackResource, destroy_stack, plan_destruction
from infra.deploy.stack_place import StackPlace
from infra.stacks import LOCAL_STACK
from shared.errors import OperatorError


def destroy(
    stack_name: str,
    region: str | None,
    profile: str | None,
    *,
    delete_data: bool,
    yes: bool,
    output: Output,
) -> ExitCode:
    """Say what goes and what stays, ask for the stack's name, and delete it.

    Args:
        stack_name: Name of the stack.
        region: AWS region instead of the configured one.
        profile: AWS profile instead of the configured one.
        delete_data: Whether to delete documents, results and ledger too.
        yes: Do it without asking.
        output: Where to write.

    Returns:
        FAILED if nothing was deleted, as nobody has confirmed it.

    Raises:
        UnknownStackError: There is no such stack, and no data of one.
        OperatorError: It is the local stack, or AWS cannot be asked.
        DeployError: The stack is being changed, or something could not be deleted.
    """
    if stack_name == LOCAL_STACK:
        raise OperatorError(
            "The local stack is stopped with `seashore local down`; with --delete-data its "
            "documents, results and messages go too."
        )
    place = StackPlace(open_session(region, profile), stack_name, output.say)
    plan = plan_destruction(place)
    for line in describe_destruction(plan, delete_data=delete_data):
        output.say(line)
    if not plan.exists and not delete_data:
        return ExitCode.OK
    if not yes and not _is_name_typed(plan.stack_name, output):
        output.say("Nothing was deleted.")
        return ExitCode.FAILED
    destroy_stack(place, plan, delete_data=delete_data)
    if plan.exists:
        output.say(f"The stack {plan.stack_name} is gone.")
    if plan.kept and not delete_data:
        output.say(
            f"Its data is kept, and no new stack can have its name until you delete it with: "
            f"{_removal_command(plan)}"
        )
    return ExitCode.OK


def describe_destruction(plan: Destruction, *, delete_data: bool) -> list[str]:
    """Say in lines what would be deleted and what kept."""
    lines: list[str] = []
    if plan.exists:
        services = Counter(resource.resource_type.split("::")[1] for resource in plan.deleted)
        listed = ", ".join(f"{count} of {name}" for name, count in sorted(services.items()))
        lines.append(
            f"Destroying the stack {plan.stack_name} in {plan.region} (account {plan.account_id}) "
            f"deletes {len(plan.deleted)} resource(s){f': {listed}' if listed else ''}."
        )
    else:
        lines.append(f"The stack {plan.stack_name} in {plan.region} is gone already.")
    if plan.waiting_messages:
        lines.append(
            f"About {plan.waiting_messages:,} messages in its queues are lost with it; replay or "
            "drain them first if they matter."
        )
    going = [resource for resource in plan.kept if delete_data and resource.can_be_removed]
    staying = [resource for resource in plan.kept if resource not in going]
    for resource in going:
        lines.append(f"DATA IS DELETED: {_short_type(resource)} {resource.name}")
    for resource in staying:
        lines.append(f"Kept: {_short_type(resource)} {resource.name}")
    if staying and not delete_data and not plan.exists:
        lines.append(f"Delete it with: {_removal_command(plan)}")
    return lines


def _removal_command(plan: Destruction) -> str:
    return name_command(f"destroy --stack {plan.stack_name} --region {plan.region} --delete-data")


def _short_type(resource: StackResource) -> str:
    return " ".join(resource.resource_type.split("::")[1:])


def _is_name_typed(stack_name: str, output: Output) -> bool:
    if not (sys.stdin.isatty() and output.talk.is_terminal):
        output.say("This is no terminal to ask at: pass --yes.")
        return False
    output.talk.print(f"Type {stack_name} to go on: ", end="")
    return sys.stdin.readline().strip() == stack_name
