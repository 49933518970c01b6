"""What a command on a stack works with: the stack, its ledger and objects, and where it writes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from infra.cli.output import Output
from infra.cli.times import read_clock
from infra.project_files import PROJECT
from infra.stacks import Stack, resolve_stack
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
    """
    stack = resolve_stack(name, PROJECT, region=region, profile=profile)
    return CommandContext(stack, Output(), as_json)


def open_ledger(stack: Stack) -> LedgerTable:
    """The ledger of a stack."""
    return LedgerTable(stack.client("dynamodb"), stack.output("LedgerTable"), time.sleep)


def open_objects(stack: Stack) -> ObjectStore:
    """The objects of a stack."""
    return ObjectStore(stack.client("s3"))
