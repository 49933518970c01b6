"""Deploy the template: the same code for AWS and for the local stack."""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import boto3
import yaml
from botocore.exceptions import ClientError

from infra.aws import aws_errors_as
from infra.build import Package
from infra.deploy_bucket import ensure_deploy_bucket, upload_file_once
from shared.errors import DeployError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.literals import ChangeSetTypeType
    from mypy_boto3_cloudformation.type_defs import (
        ParameterTypeDef,
        StackEventTypeDef,
        StackTypeDef,
    )

TEMPLATE = Path(__file__).with_name("template.yaml")

# What the template names as the package, for `sam deploy` and the like; replaced by its S3 URI.
PACKAGE_PLACEHOLDER = "../.seashore/build/functions-aws.zip"

_LONGEST_OPERATION_SECONDS = 3600.0

Report = Callable[[str], None]


@dataclass(frozen=True)
class Deployment:
    """What a deployment came to.

    Args:
        outputs: The outputs of the template by name.
        changed: Whether anything had to be changed.
    """

    outputs: dict[str, str]
    changed: bool


def deploy_stack(
    session: boto3.session.Session,
    stack_name: str,
    package: Package,
    parameters: Mapping[str, str],
    report: Report,
    *,
    template: Path = TEMPLATE,
    endpoint_url: str | None = None,
    poll_seconds: float = 2.0,
    sleep: Callable[[float], None] = time.sleep,
) -> Deployment:
    """Create or update a stack and wait until CloudFormation is done.

    Args:
        session: Session of the account and region to deploy to.
        stack_name: Name of the CloudFormation stack.
        package: The built functions' package.
        parameters: Values of template parameters; a parameter that is left out keeps the value
            that the stack has, or takes the template's default.
        report: Called with one line for each step and each resource that changes.
        template: The template to deploy.
        endpoint_url: Address of the emulator; None for AWS.
        poll_seconds: Pause between two looks at CloudFormation.
        sleep: Pauses for a number of seconds.

    Raises:
        DeployError: The template or a parameter is wrong, or a resource could not be made; the
            message holds the reason of the first resource that failed.
    """
    with aws_errors_as(DeployError):
        template_url = _upload(session, endpoint_url, package, template, report)
        stack = _StackOperation(
            session.client("cloudformation", endpoint_url=endpoint_url),
            stack_name,
            report,
            poll_seconds,
            sleep,
        )
        return stack.deploy(template_url, read_parameter_names(template), parameters)


def read_parameter_names(template: Path) -> frozenset[str]:
    """Read the names of a template's parameters.

    Raises:
        DeployError: The file is not a CloudFormation template.
    """
    try:
        parsed = yaml.load(template.read_text(encoding="utf-8"), Loader=_TemplateLoader)  # noqa: S506 - a SafeLoader
        return frozenset(parsed.get("Parameters", {}))
    except (OSError, yaml.YAMLError, AttributeError) as error:
        raise DeployError(f"The template {template} cannot be read: {error}") from error


class _TemplateLoader(yaml.SafeLoader):
    """Reads YAML with CloudFormation's tags, whose values are of no interest here."""


_TemplateLoader.add_multi_constructor("!", lambda loader, suffix, node: None)


def _upload(
    session: boto3.session.Session,
    endpoint_url: str | None,
    package: Package,
    template: Path,
    report: Report,
) -> str:
    """Upload package and template, and return the address of the template."""
    if hashlib.sha256(package.path.read_bytes()).hexdigest() != package.sha256:
        raise DeployError(f"The package {package.path} was changed after its build: try again.")
    s3 = session.client("s3", endpoint_url=endpoint_url)
    account_id = session.client("sts", endpoint_url=endpoint_url).get_caller_identity()["Account"]
    bucket = ensure_deploy_bucket(s3, account_id, session.region_name)

    package_key = f"functions/{package.sha256}.zip"
    if upload_file_once(s3, bucket, account_id, package_key, package.path):
        report(f"Uploaded the package ({package.size_bytes / 1e6:.1f} MB)")

    text = template.read_text(encoding="utf-8")
    if PACKAGE_PLACEHOLDER not in text:
        raise DeployError(
            f"The template {template} does not name {PACKAGE_PLACEHOLDER} as CodeUri."
        )
    text = text.replace(PACKAGE_PLACEHOLDER, f"s3://{bucket}/{package_key}")
    template_key = f"templates/{hashlib.sha256(text.encode()).hexdigest()}.yaml"
    with TemporaryDirectory() as folder:
        packaged = Path(folder, "template.yaml")
        packaged.write_text(text, encoding="utf-8")
        upload_file_once(s3, bucket, account_id, template_key, packaged)
    return f"{s3.meta.endpoint_url}/{bucket}/{template_key}"


class _StackOperation:
    """One creation or update of one stack."""

    def __init__(
        self,
        client: "CloudFormationClient",
        stack_name: str,
        report: Report,
        poll_seconds: float,
        sleep: Callable[[float], None],
    ) -> None:
        self._client = client
        self._name = stack_name
        self._report = report
        self._poll_seconds = poll_seconds
        self._sleep = sleep

    def deploy(
        self, template_url: str, known: frozenset[str], parameters: Mapping[str, str]
    ) -> Deployment:
        unknown = sorted(set(parameters) - known)
        if unknown:
            raise DeployError(
                f"The template has no parameter {', '.join(unknown)}; "
                f"it has {', '.join(sorted(known))}."
            )
        kept = self._prepare()
        kind: ChangeSetTypeType = "CREATE" if kept is None else "UPDATE"
        change_set = self._client.create_change_set(
            StackName=self._name,
            ChangeSetName=f"seashore-{time.time_ns()}",
            ChangeSetType=kind,
            TemplateURL=template_url,
            Parameters=_choose_parameters(known, parameters, kept or frozenset()),
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        if not self._await_change_set(change_set["Id"], change_set["StackId"], kind):
            self._report(f"The stack {self._name} is up to date: there is nothing to change")
            return Deployment(self._read_outputs(), changed=False)
        self._execute(change_set["Id"], change_set["StackId"])
        return Deployment(self._read_outputs(), changed=True)

    def _prepare(self) -> frozenset[str] | None:
        """Bring the stack into a state that can be deployed to.

        Returns:
            The names of the parameters that the stack has; None if it is to be created.
        """
        stack = self._describe()
        if stack is None:
            return None
        status = stack["StackStatus"]
        match status:
            case "DELETE_COMPLETE" | "REVIEW_IN_PROGRESS":
                return None
            case "ROLLBACK_COMPLETE":
                self._report(f"Removing what is left of the first, failed attempt of {self._name}")
                self._delete(stack["StackId"])
                return None
            case "ROLLBACK_FAILED" | "CREATE_FAILED" | "DELETE_FAILED":
                raise DeployError(
                    f"The stack {self._name} is in {status} and cannot be updated: delete it in "
                    "the CloudFormation console, then deploy again."
                )
            case "UPDATE_ROLLBACK_FAILED":
                raise DeployError(
                    f"The stack {self._name} is in {status}: run `aws cloudformation "
                    f"continue-update-rollback --stack-name {self._name}`, then deploy again."
                )
            case _ if status.endswith("_IN_PROGRESS"):
                raise DeployError(
                    f"The stack {self._name} is being changed right now ({status}): wait until "
                    "that is done, then deploy again."
                )
        return frozenset(parameter["ParameterKey"] for parameter in stack.get("Parameters", []))

    def _await_change_set(self, change_set_id: str, stack_id: str, kind: str) -> bool:
        """Wait until the change set is computed. Returns whether it changes anything."""
        for _ in self._polls():
            answer = self._client.describe_change_set(ChangeSetName=change_set_id)
            if answer["Status"] == "CREATE_COMPLETE":
                return True
            if answer["Status"] == "FAILED":
                reason = answer.get("StatusReason", "")
                self._client.delete_change_set(ChangeSetName=change_set_id)
                if "didn't contain changes" in reason or "No updates are to be" in reason:
                    return False
                if kind == "CREATE":
                    self._delete(stack_id)
                raise DeployError(f"CloudFormation refused the template: {reason}")
        raise DeployError(f"CloudFormation did not compute the changes of {self._name} in time.")

    def _execute(self, change_set_id: str, stack_id: str) -> None:
        seen = {event["EventId"] for event in self._events(stack_id)}
        self._client.execute_change_set(ChangeSetName=change_set_id)
        failures: list[str] = []
        for _ in self._polls():
            # The status is read first: events that precede it are then sure to be in the list.
            stack = self._describe(stack_id)
            for event in reversed([e for e in self._events(stack_id) if e["EventId"] not in seen]):
                seen.add(event["EventId"])
                failures += _failure_reasons(event, stack_id)
                self._report_event(event, stack_id)
            status = stack["StackStatus"] if stack else "DELETE_COMPLETE"
            if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
                return
            if not status.endswith("_IN_PROGRESS"):
                if stack and not failures:
                    failures.append(stack.get("StackStatusReason", "no reason was given"))
                raise DeployError(
                    f"The stack {self._name} was not deployed ({status}): {'; '.join(failures[:1])}"
                )
        raise DeployError(f"The stack {self._name} was not ready in time.")

    def _delete(self, stack_id: str) -> None:
        self._client.delete_stack(StackName=self._name)
        for _ in self._polls():
            stack = self._describe(stack_id)
            if stack is None or stack["StackStatus"] == "DELETE_COMPLETE":
                return
            if stack["StackStatus"] == "DELETE_FAILED":
                break
        raise DeployError(
            f"The stack {self._name} could not be removed: delete it in the CloudFormation console."
        )

    def _describe(self, stack_id: str | None = None) -> "StackTypeDef | None":
        try:
            return self._client.describe_stacks(StackName=stack_id or self._name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in error.response["Error"].get("Message", ""):
                return None
            raise

    def _events(self, stack_id: str) -> list["StackEventTypeDef"]:
        """All events of the stack, the newest first."""
        pages = self._client.get_paginator("describe_stack_events").paginate(StackName=stack_id)
        return [event for page in pages for event in page["StackEvents"]]

    def _report_event(self, event: "StackEventTypeDef", stack_id: str) -> None:
        status = event.get("ResourceStatus", "")
        if event.get("PhysicalResourceId") == stack_id or status.endswith("_IN_PROGRESS"):
            return
        reason = event.get("ResourceStatusReason")
        line = f"{event.get('LogicalResourceId', '')} {status}"
        self._report(f"{line}: {reason}" if reason else line)

    def _read_outputs(self) -> dict[str, str]:
        stack = self._describe()
        if stack is None:
            raise DeployError(f"The stack {self._name} is gone.")
        return {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}

    def _polls(self) -> Iterator[None]:
        """Yield at once and then after each pause, for as long as an operation may take."""
        waited_seconds = 0.0
        while waited_seconds < _LONGEST_OPERATION_SECONDS:
            yield
            self._sleep(self._poll_seconds)
            waited_seconds += self._poll_seconds


def _choose_parameters(
    known: frozenset[str], given: Mapping[str, str], kept: frozenset[str]
) -> list["ParameterTypeDef"]:
    chosen: list[ParameterTypeDef] = [
        {"ParameterKey": name, "ParameterValue": value} for name, value in sorted(given.items())
    ]
    for name in sorted((known & kept) - set(given)):
        chosen.append({"ParameterKey": name, "UsePreviousValue": True})
    return chosen


def _failure_reasons(event: "StackEventTypeDef", stack_id: str) -> list[str]:
    """The reason that an event holds, if it tells of a resource that failed by itself."""
    status, reason = event.get("ResourceStatus", ""), event.get("ResourceStatusReason", "")
    if not status.endswith("_FAILED") or event.get("PhysicalResourceId") == stack_id:
        return []
    if "cancelled" in reason.lower():
        return []
    return [f"{event.get('LogicalResourceId', '?')}: {reason or status}"]
