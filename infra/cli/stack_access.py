"""From the options of a command to the stack, its ledger and its objects."""

import time

from infra.project_files import PROJECT
from infra.stacks import Stack, resolve_stack
from shared.aws.dynamodb_table import LedgerTable
from shared.aws.objects import ObjectStore


def open_stack(name: str, region: str | None, profile: str | None) -> Stack:
    """Find the stack that a command was asked to work with.

    Raises:
        UnknownStackError: No such stack, or the local stack is not running.
        OperatorError: AWS cannot be asked.
    """
    return resolve_stack(name, PROJECT, region=region, profile=profile)


def open_ledger(stack: Stack) -> LedgerTable:
    """The ledger of a stack."""
    return LedgerTable(stack.client("dynamodb"), stack.output("LedgerTable"), time.sleep)


def open_objects(stack: Stack) -> ObjectStore:
    """The objects of a stack."""
    return ObjectStore(stack.client("s3"))
