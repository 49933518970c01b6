"""One CloudFormation stack: plan its changes, apply them, delete it, and say what happens."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from infra.aws import name_command
from infra.deploy.stack_changes import ResourceChange, read_changes
from infra.deploy.stack_events import Report, StackEvents, find_validation_error
from shared.errors import DeployError, UnknownStackError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.literals import ChangeSetTypeType
    from mypy_boto3_cloudformation.type_defs import (
        ParameterTypeDef,
        StackTypeDef,
    )

_LONGEST_OPERATION_SECONDS = 3600.0

# In these a deployment makes the stack, or what is left of it, anew.
_MADE_ANEW = frozenset({"DELETE_COMPLETE", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"})


@dataclass(frozen=True)
class Deployment:
    """What a deployment came to.

    Args:
        outputs: The outputs of the template by name.
        changed: Whether anything had to be changed.
    """

    outputs: dict[str, str]
    changed: bool


@dataclass(frozen=True)
class StackOperation:
    """One operation on one stack: a creation, an update, a look at what one would do, a deletion.

    Args:
        client: Client of CloudFormation.
        name: Name of the stack.
        report: Called with one line for each resource that changes.
        poll_seconds: Pause between two looks at CloudFormation.
        sleep: Pauses for a number of seconds.
    """

    client: "CloudFormationClient"
    name: str
    report: Report
    poll_seconds: float
    sleep: Callable[[float], None]

    def deploy(
        self, template_url: str, known: frozenset[str], parameters: Mapping[str, str]
    ) -> Deployment:
        """Create or update the stack, and wait until that is done.

        Args:
            template_url: Address of the template in S3.
            known: Names of the template's parameters.
            parameters: Values of some of them.

        Raises:
            DeployError: The stack is as it was; the message holds the reason.
            ClientError: AWS refused.
        """
        _refuse_unknown(known, parameters)
        kept = self._prepare()
        change_set_id, stack_id = self._create_change_set(template_url, known, parameters, kept)
        if not self._await_change_set(change_set_id, stack_id, is_creation=kept is None):
            self.report(f"The stack {self.name} is up to date: there is nothing to change")
            return Deployment(self._read_outputs(), changed=False)
        self._execute(change_set_id, stack_id)
        return Deployment(self._read_outputs(), changed=True)

    def plan(
        self, template_url: str, known: frozenset[str], parameters: Mapping[str, str]
    ) -> list[ResourceChange]:
        """Compute what `deploy` would change, and leave nothing behind.

        Args:
            template_url: Address of the template in S3.
            known: Names of the template's parameters.
            parameters: Values of some of them.

        Raises:
            DeployError: The template is refused, or the stack cannot be updated as it is.
            ClientError: AWS refused.
        """
        _refuse_unknown(known, parameters)
        before = self.describe()
        if before is not None and before["StackStatus"] == "ROLLBACK_COMPLETE":
            raise DeployError(
                f"The first deployment of {self.name} failed, and only its remains are there: "
                "deploy it without --diff, which removes them and makes everything anew."
            )
        kept = self._prepare()
        change_set_id, stack_id = self._create_change_set(template_url, known, parameters, kept)
        try:
            if not self._await_change_set(change_set_id, stack_id, is_creation=kept is None):
                return []
            pages = self.client.get_paginator("describe_change_set").paginate(
                ChangeSetName=change_set_id
            )
            changes = read_changes(change for page in pages for change in page["Changes"])
            self.client.delete_change_set(ChangeSetName=change_set_id)
        finally:
            # A change set of type CREATE makes a stack without resources.
            if before is None:
                self._remove_review(stack_id)
        return changes

    def delete(self) -> str:
        """Delete the stack, wait until that is done, and return its id.

        Resources with a policy that retains them are kept.

        Raises:
            UnknownStackError: There is no such stack.
            DeployError: It is being changed, or a resource could not be deleted.
            ClientError: AWS refused.
        """
        stack = self.describe()
        if stack is None or stack["StackStatus"] == "DELETE_COMPLETE":
            raise UnknownStackError(f"There is no stack {self.name!r}: nothing was deleted.")
        self.refuse_while_changing(stack)
        stack_id = stack["StackId"]
        self._follow_deletion(stack_id)
        return stack_id

    def describe(self, stack_id: str | None = None) -> "StackTypeDef | None":
        """Describe the stack, or the one of an id; None if there is none."""
        return describe_stack(self.client, stack_id or self.name)

    def refuse_while_changing(self, stack: "StackTypeDef") -> None:
        """Raise if another operation on the stack is under way.

        Raises:
            DeployError: One is.
        """
        status = stack["StackStatus"]
        if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
            raise DeployError(
                f"The stack {self.name} is being changed right now ({status}): wait until "
                "that is done, then try again."
            )

    def _prepare(self) -> frozenset[str] | None:
        """Bring the stack into a state that can be deployed to.

        Returns:
            The names of the parameters that the stack has; None if it is to be created.
        """
        stack = self.describe()
        if stack is None:
            return None
        self.refuse_while_changing(stack)
        status = stack["StackStatus"]
        match status:
            case "DELETE_COMPLETE" | "REVIEW_IN_PROGRESS":
                return None
            case "ROLLBACK_COMPLETE":
                self.report(f"Removing what is left of the first, failed attempt of {self.name}")
                self._follow_deletion(stack["StackId"])
                return None
            case "ROLLBACK_FAILED" | "CREATE_FAILED" | "DELETE_FAILED":
                raise DeployError(
                    f"The stack {self.name} is in {status} and cannot be updated: delete it with "
                    f"`{name_command(f'destroy --stack {self.name}')}`, then deploy again."
                )
            case "UPDATE_ROLLBACK_FAILED":
                raise DeployError(
                    f"The stack {self.name} is in {status}: run `aws cloudformation "
                    f"continue-update-rollback --stack-name {self.name}`, then deploy again."
                )
        return frozenset(read_parameters(stack))

    def _create_change_set(
        self,
        template_url: str,
        known: frozenset[str],
        parameters: Mapping[str, str],
        kept: frozenset[str] | None,
    ) -> tuple[str, str]:
        """Have a change set computed. Returns its id, and that of the stack."""
        kind: ChangeSetTypeType = "CREATE" if kept is None else "UPDATE"
        change_set = self.client.create_change_set(
            StackName=self.name,
            ChangeSetName=f"seashore-{time.time_ns()}",
            ChangeSetType=kind,
            TemplateURL=template_url,
            Parameters=_choose_parameters(known, parameters, kept or frozenset()),
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        return change_set["Id"], change_set["StackId"]

    def _await_change_set(self, change_set_id: str, stack_id: str, *, is_creation: bool) -> bool:
        """Wait until the change set is computed. Returns whether it changes anything."""
        for _ in self._polls():
            answer = self.client.describe_change_set(ChangeSetName=change_set_id)
            if answer["Status"] == "CREATE_COMPLETE":
                return True
            if answer["Status"] == "FAILED":
                reason = answer.get("StatusReason", "")
                changes_nothing = "didn't contain changes" in reason or "No updates are" in reason
                details = (
                    ""
                    if changes_nothing
                    else find_validation_error(self.client, change_set_id=change_set_id)
                )
                self.client.delete_change_set(ChangeSetName=change_set_id)
                if changes_nothing:
                    return False
                if is_creation:
                    self._remove_review(stack_id)
                words = f"{details or reason}{self._advise(details)}"
                raise DeployError(f"CloudFormation refused the template: {words}")
        raise DeployError(f"CloudFormation did not compute the changes of {self.name} in time.")

    def _execute(self, change_set_id: str, stack_id: str) -> None:
        begin = partial(self.client.execute_change_set, ChangeSetName=change_set_id)
        for stack, failures in self._follow(stack_id, begin):
            status = stack["StackStatus"] if stack else "DELETE_COMPLETE"
            if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
                return
            if not status.endswith("_IN_PROGRESS"):
                reason = failures[0] if failures else ""
                reason = reason or find_validation_error(self.client, stack_id=stack_id)
                if stack and not reason:
                    reason = stack.get("StackStatusReason", "")
                raise DeployError(
                    f"The stack {self.name} was not deployed ({status}): "
                    f"{reason or 'no reason was given'}{self._advise(reason)}"
                )
        raise DeployError(f"The stack {self.name} was not ready in time.")

    def _advise(self, reason: str) -> str:
        """What to do about a failure that an earlier stack of the name has caused."""
        if "already exists" not in reason:
            return ""
        removal = name_command(f"destroy --stack {self.name} --delete-data")
        return (
            f". If an earlier stack of this name has left it behind, delete it with `{removal}`, "
            "or choose another name"
        )

    def _remove_review(self, stack_id: str) -> None:
        """Delete a stack that has only ever been looked at; it has no resources."""
        stack = self.describe(stack_id)
        if stack is not None and stack["StackStatus"] == "REVIEW_IN_PROGRESS":
            self._follow_deletion(stack_id)

    def _follow_deletion(self, stack_id: str) -> None:
        begin = partial(self.client.delete_stack, StackName=stack_id)
        for stack, failures in self._follow(stack_id, begin):
            if stack is None or stack["StackStatus"] == "DELETE_COMPLETE":
                return
            if stack["StackStatus"] == "DELETE_FAILED":
                reason = failures[0] if failures else stack.get("StackStatusReason", "")
                raise DeployError(
                    f"The stack {self.name} could not be deleted as a whole: {reason}. What was "
                    "not deleted is still part of it: mend that, then try again."
                )
        raise DeployError(f"The stack {self.name} was not deleted in time.")

    def _follow(
        self, stack_id: str, begin: Callable[[], object]
    ) -> Iterator[tuple["StackTypeDef | None", list[str]]]:
        """Begin a change of the stack, and report its events for as long as it may take.

        Yields:
            The stack, and the reasons of all that has failed so far.
        """
        events = StackEvents(self.client, stack_id, self.report)
        begin()
        failures: list[str] = []
        for _ in self._polls():
            try:
                # The status is read first: events that precede it are then sure to be in the list.
                stack = self.describe(stack_id)
                failures += events.report_new()
            except (ClientError, BotoCoreError):
                self.report(
                    f"CloudFormation goes on with {self.name} by itself: the same command, later, "
                    "says what has come of it"
                )
                raise
            yield stack, failures

    def _read_outputs(self) -> dict[str, str]:
        stack = self.describe()
        if stack is None:
            raise DeployError(f"The stack {self.name} is gone.")
        return read_outputs(stack)

    def _polls(self) -> Iterator[None]:
        """Yield at once and then after each pause, for as long as an operation may take."""
        waited_seconds = 0.0
        while waited_seconds < _LONGEST_OPERATION_SECONDS:
            yield
            self.sleep(self.poll_seconds)
            waited_seconds += self.poll_seconds


def read_kept_parameters(client: "CloudFormationClient", stack_name: str) -> dict[str, str]:
    """The parameters of a stack that a deployment keeps where it is given no others.

    Returns:
        Their values by name; empty where the stack would be made anew.

    Raises:
        ClientError: AWS refused.
    """
    stack = describe_stack(client, stack_name)
    if stack is None or stack["StackStatus"] in _MADE_ANEW:
        return {}
    return read_parameters(stack)


def describe_stack(client: "CloudFormationClient", stack: str) -> "StackTypeDef | None":
    """Describe a stack by its name or id; None if there is none.

    Raises:
        ClientError: AWS refused.
    """
    try:
        return client.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in error.response["Error"].get("Message", ""):
            return None
        raise


def read_outputs(stack: "StackTypeDef") -> dict[str, str]:
    """The outputs of a stack that was described, by name."""
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def read_parameters(stack: "StackTypeDef") -> dict[str, str]:
    """The parameters of a stack that was described, by name."""
    return {
        parameter["ParameterKey"]: parameter.get("ParameterValue", "")
        for parameter in stack.get("Parameters", [])
    }


def _refuse_unknown(known: frozenset[str], parameters: Mapping[str, str]) -> None:
    unknown = sorted(set(parameters) - known)
    meant = [name for one in unknown for name in get_close_matches(one, known, n=1, cutoff=0.8)]
    if meant:
        raise DeployError(
            f"The template has no parameter {', '.join(unknown)}: did you mean {', '.join(meant)}?"
        )
    if unknown:
        raise DeployError(
            f"The template has no parameter {', '.join(unknown)}; "
            f"it has {', '.join(sorted(known))}."
        )


def _choose_parameters(
    known: frozenset[str], given: Mapping[str, str], kept: frozenset[str]
) -> list["ParameterTypeDef"]:
    chosen: list[ParameterTypeDef] = [
        {"ParameterKey": name, "ParameterValue": value} for name, value in sorted(given.items())
    ]
    for name in sorted((known & kept) - set(given)):
        chosen.append({"ParameterKey": name, "UsePreviousValue": True})
    return chosen
