"""From the name of a stack to the account, region and outputs behind it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3

from infra.aws import (
    QUICK,
    aws_errors_as,
    name_command,
    open_emulator_session,
    open_session,
    share_clients,
)
from infra.deploy.stack_operation import describe_stack, read_outputs
from infra.local.record import LocalFolder, read_live_record
from shared.errors import LocalStackError, OperatorError, UnknownStackError

LOCAL_STACK = "local"

# Bucket names hold the stack's name, the account and the region, in 63 characters at most.
LONGEST_STACK_NAME = 25
_STACK_NAME = re.compile(rf"[a-z](?:[a-z0-9]|-(?!-)){{0,{LONGEST_STACK_NAME - 1}}}(?<!-)")


@dataclass(frozen=True)
class Stack:
    """A deployed stack and how to reach it.

    Args:
        name: The name that the operator uses; `local` for the local stack.
        region: Region of the stack.
        session: Session with the credentials to use.
        endpoint_url: Address of the emulator; None on AWS.
        outputs: The outputs of the template by name.
    """

    name: str
    region: str
    session: boto3.session.Session = field(repr=False)
    endpoint_url: str | None
    outputs: dict[str, str]

    @cached_property
    def client(self) -> Callable[..., Any]:
        """Gives the boto3 client of a service for this stack (`share_clients`)."""
        return share_clients(self.session, self.endpoint_url)

    def output(self, name: str) -> str:
        """Return one output of the template.

        Raises:
            UnknownStackError: The stack has no such output: it is older than this command.
        """
        try:
            return self.outputs[name]
        except KeyError:
            raise UnknownStackError(
                f"The stack {self.name!r} has no output {name}: deploy it again with this version."
            ) from None


def check_stack_name(name: str) -> str:
    """Return the name if a stack on AWS can have it.

    Raises:
        OperatorError: The name cannot be used; the message says why.
    """
    if name == LOCAL_STACK:
        raise OperatorError(
            f"{LOCAL_STACK!r} is the local stack: choose another name for a stack on AWS."
        )
    if not _STACK_NAME.fullmatch(name):
        raise OperatorError(
            f"The stack name {name!r} cannot be used: it becomes part of bucket names, so it takes "
            f"lower-case letters, digits and single hyphens, begins with a letter and has at most "
            f"{LONGEST_STACK_NAME} characters."
        )
    return name


def advise_on_status(name: str, status: str) -> str:
    """What to do about a stack that is in a status other than a good one.

    Source: AWS CloudFormation User Guide, "Stack status codes".
    """
    deploy = f"`{name_command(f'deploy --stack {name}')}`"
    match status:
        case "ROLLBACK_COMPLETE" | "DELETE_COMPLETE" | "REVIEW_IN_PROGRESS":
            return f"{deploy} makes it anew, and clears away what a failed attempt has left."
        case "UPDATE_ROLLBACK_FAILED":
            return (
                "run `aws cloudformation continue-update-rollback --stack-name "
                f"{name}`, then {deploy}."
            )
        case "CREATE_FAILED" | "ROLLBACK_FAILED" | "DELETE_FAILED":
            return (
                f"delete it with `{name_command(f'destroy --stack {name}')}`, which says what "
                f"stands in its way, then {deploy}."
            )
        case "UPDATE_ROLLBACK_COMPLETE" | "UPDATE_FAILED":
            return f"its last update failed: mend the cause, then {deploy}."
        case _ if status.endswith("_IN_PROGRESS"):
            return "it is being changed right now: wait until that is done, then try again."
        case _:
            return f"it has none of this pipeline's outputs: check the name, or {deploy}."


def resolve_aws_stack(name: str, region: str | None = None, profile: str | None = None) -> Stack:
    """Find a stack on AWS by its name.

    Args:
        name: Name of the CloudFormation stack.
        region: AWS region instead of the configured one.
        profile: AWS profile instead of the configured one.

    Raises:
        UnknownStackError: No such stack, or it is not ready.
        OperatorError: AWS cannot be asked: no credentials, no region, no network.
    """
    try:
        session = open_session(region, profile)
        with aws_errors_as(OperatorError):
            stack = describe_stack(session.client("cloudformation", config=QUICK), name)
    except OperatorError as error:
        # Whoever has mistyped the local stack's name has perhaps nothing to do with AWS.
        raise OperatorError(
            f"The stack {name!r} is looked for on AWS, as the one on this machine is "
            f"{LOCAL_STACK!r}: {error}"
        ) from error.__cause__
    if stack is None:
        raise UnknownStackError(
            f"There is no stack {name!r} in {session.region_name}: check the name and the "
            f"region, or make it with `seashore deploy --stack {name}`. The one on this machine is "
            f"{LOCAL_STACK!r}."
        )
    outputs = read_outputs(stack)
    if not outputs:
        status = stack["StackStatus"]
        raise UnknownStackError(
            f"The stack {name!r} is not ready, its status is {status}: "
            f"{advise_on_status(name, status)}"
        )
    return Stack(name, session.region_name, session, None, outputs)


def resolve_local_stack(root: Path) -> Stack:
    """Find the local stack whose files are in a folder, such as `.seashore` of a project.

    Raises:
        UnknownStackError: It is not running.
    """
    try:
        record = read_live_record(LocalFolder(root))
    except LocalStackError as error:
        raise UnknownStackError(str(error)) from error
    return Stack(
        name=LOCAL_STACK,
        region=record.region,
        session=open_emulator_session(
            record.region, record.access_key_id, record.secret_access_key
        ),
        endpoint_url=record.endpoint_url,
        outputs=dict(record.outputs),
    )
