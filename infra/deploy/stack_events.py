"""What CloudFormation tells while it works on a stack, and why something failed."""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef

Report = Callable[[str], None]


class StackEvents:
    """The events of a stack from now on.

    Args:
        client: Client of CloudFormation.
        stack_id: Id of the stack, which a deleted one keeps.
        report: Called with one line for each resource that is done.
    """

    def __init__(self, client: "CloudFormationClient", stack_id: str, report: Report) -> None:
        self._client = client
        self._stack_id = stack_id
        self._report = report
        page = client.describe_stack_events(StackName=stack_id)["StackEvents"]
        self._seen = {event["EventId"] for event in page}
        self._newest_before = page[0]["EventId"] if page else None

    def report_new(self) -> list[str]:
        """Report what is new, and return the reasons of what failed.

        Raises:
            ClientError: AWS refused.
        """
        failures: list[str] = []
        for event in reversed(self._read_new()):
            self._seen.add(event["EventId"])
            failures += _failure_reasons(event, self._stack_id)
            self._report_event(event)
        return failures

    def _read_new(self) -> list["StackEventTypeDef"]:
        """The events that were not seen yet, the newest first.

        A stack keeps its events for 90 days, many pages of them. So it reads no further than it has
        to: reading all of them every other second is more than CloudFormation answers.
        """
        new: list[StackEventTypeDef] = []
        pages = self._client.get_paginator("describe_stack_events").paginate(
            StackName=self._stack_id
        )
        for page in pages:
            count_before = len(new)
            for event in page["StackEvents"]:
                if event["EventId"] == self._newest_before:
                    return new
                if event["EventId"] not in self._seen:
                    new.append(event)
            if len(new) - count_before < len(page["StackEvents"]):
                break
        return new

    def _report_event(self, event: "StackEventTypeDef") -> None:
        status = event.get("ResourceStatus", "")
        if event.get("PhysicalResourceId") == self._stack_id or status.endswith("_IN_PROGRESS"):
            return
        reason = event.get("ResourceStatusReason")
        line = f"{event.get('LogicalResourceId', '')} {status}"
        self._report(f"{line}: {reason}" if reason else line)


def find_validation_error(
    client: "CloudFormationClient", *, stack_id: str = "", change_set_id: str = ""
) -> str:
    """Find out what CloudFormation saw before it touched anything; no stack event tells it.

    Source: AWS CloudFormation, "DescribeEvents".

    Args:
        client: Client of CloudFormation.
        stack_id: Id of the stack that failed; empty for that of a change set.
        change_set_id: Id of the change set that failed.

    Returns:
        The first finding; empty if there is none, or the credentials may not ask.
    """
    place = {"StackName": stack_id} if stack_id else {"ChangeSetName": change_set_id}
    with suppress(ClientError):
        answer = client.describe_events(**place, Filters={"FailedEvents": True})
        for event in answer["OperationEvents"]:
            if event.get("EventType") == "VALIDATION_ERROR":
                reason = event.get("ValidationStatusReason", "").rstrip(".")
                return f"{event.get('LogicalResourceId', '?')}: {reason}"
    return ""


def _failure_reasons(event: "StackEventTypeDef", stack_id: str) -> list[str]:
    """The reason that an event holds, if it tells of a resource that failed by itself."""
    status, reason = event.get("ResourceStatus", ""), event.get("ResourceStatusReason", "")
    if not status.endswith("_FAILED") or event.get("PhysicalResourceId") == stack_id:
        return []
    if "cancelled" in reason.lower():
        return []
    return [f"{event.get('LogicalResourceId', '?')}: {reason or status}"]
