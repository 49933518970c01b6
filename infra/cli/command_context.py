"""What a command on a stack works with: the stack, its ledger and objects, and where it writes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from infra.cli.output import Output
from infra.cli.times import read_clock
from infra.project_files import find_state_folder
from infra.stacks import LOCAL_STACK, Stack, resolve_aws_stack, resolve_local_stack
from shared.aws.dynamodb_table import LedgerTable
from shared.aws.objects import ObjectStore


@dataclass(frozen=True)
class CommandContext:
    """What a command on a stack works with.

    Args:
        stack: The stack that it was asked to work with.
        output: Where it writes.
        as_json: Whether it writes JSON, for programs.
        now: The clock.
    """

    stack: Stack
    output: Output
    as_json: bool = False
    now: Callable[[], datetime] = read_clock

    @property
    def table(self) -> LedgerTable:
        """The ledger of the stack."""
        return open_ledger(self.stack)

    @property
    def objects(self) -> ObjectStore:
        """The objects of the stack."""
        return open_objects(self.stack)


def open_context(
    name: str, region: str | None, profile: str | None, *, as_json: bool
) -> CommandContext:
    """Find the stack that a command was asked to work with.

    Raises:
        UnknownStackError: No such stack, or the local stack is not running.
        OperatorError: AWS cannot be asked.
        WrongUsageError: The local stack is meant, and this is no checkout.
    """
    if name == LOCAL_STACK:
        stack = resolve_local_stack(find_state_folder())
    else:
        stack = resolve_aws_stack(name, region, profile)
    return CommandContext(stack, Output(), as_json)


def open_ledger(stack: Stack) -> LedgerTable:
    """The ledger of a stack."""
    return LedgerTable(stack.client("dynamodb"), stack.output("LedgerTable"), time.sleep)


def open_objects(stack: Stack) -> ObjectStore:
    """The objects of a stack."""
    return ObjectStore(stack.client("s3"))
