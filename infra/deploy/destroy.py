"""Take a stack down: what goes with it, what is kept, and how kept data is deleted."""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from infra.aws import aws_errors_as
from infra.deploy.bucket_removal import remove_bucket
from infra.deploy.stack_events import Report
from infra.deploy.stack_operation import StackOperation
from infra.deploy.template_file import parse_template
from infra.project_files import TEMPLATE
from shared.errors import DeployError, UnknownStackError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

_BUCKET = "AWS::S3::Bucket"
_TABLE = "AWS::DynamoDB::Table"
_QUEUE = "AWS::SQS::Queue"
_RETAINING_POLICIES = frozenset({"Retain", "RetainExceptOnCreate"})


@dataclass(frozen=True)
class StackResource:
    """One resource of a stack.

    Args:
        resource_type: Such as `AWS::S3::Bucket`.
        name: Its name in the account.
    """

    resource_type: str
    name: str

    @property
    def can_be_removed(self) -> bool:
        """Whether `remove_data` knows how to delete it."""
        return self.resource_type in (_BUCKET, _TABLE)


@dataclass(frozen=True)
class Destruction:
    """What destroying a stack would do.

    Args:
        stack_name: Name of the stack.
        region: Region of the stack.
        account_id: Account of the stack.
        exists: Whether the stack is still there; if not, only the data that it left behind is.
        deleted: What goes with the stack.
        kept: Data that stays, unless it is deleted on demand.
        waiting_messages: Messages in the queues that go with it, about.
    """

    stack_name: str
    region: str
    account_id: str
    exists: bool
    deleted: tuple[StackResource, ...]
    kept: tuple[StackResource, ...]
    waiting_messages: int


def plan_destruction(
    session: boto3.session.Session, stack_name: str, *, endpoint_url: str | None = None
) -> Destruction:
    """Find out what destroying a stack would delete and what it would keep.

    It also finds what earlier stacks of the name have left behind, by the names that the template
    and CloudFormation give to buckets and tables.

    Args:
        session: Session of the stack's account and region.
        stack_name: Name of the stack.
        endpoint_url: Address of the emulator; None for AWS.

    Raises:
        UnknownStackError: There is no such stack, and no data of one.
        DeployError: The stack is being changed right now.
        OperatorError: AWS cannot be asked.
    """
    with aws_errors_as(DeployError):
        client = session.client("cloudformation", endpoint_url=endpoint_url)
        account = session.client("sts", endpoint_url=endpoint_url).get_caller_identity()["Account"]
        operation = StackOperation(client, stack_name, lambda line: None, 0, time.sleep)
        stack = operation.describe()
        exists = stack is not None and stack["StackStatus"] != "DELETE_COMPLETE"
        deleted: tuple[StackResource, ...] = ()
        kept: tuple[StackResource, ...] = ()
        if stack is not None and exists:
            operation.refuse_while_changing(stack)
            deleted, kept = _sort_resources(client, stack["StackId"])
        kept += tuple(
            resource
            for resource in _find_named(session, stack_name, account, endpoint_url)
            if resource not in kept and not is_in_a_stack(client, resource)
        )
        if not exists and not kept:
            raise UnknownStackError(
                f"There is no stack {stack_name!r} in {session.region_name}, and no data of one: "
                "check the name and the region."
            )
        return Destruction(
            stack_name=stack_name,
            region=session.region_name,
            account_id=account,
            exists=exists,
            deleted=deleted,
            kept=kept,
            waiting_messages=_count_messages(session, deleted, endpoint_url),
        )


def destroy_stack(
    session: boto3.session.Session,
    plan: Destruction,
    report: Report,
    *,
    delete_data: bool,
    endpoint_url: str | None = None,
    poll_seconds: float = 2.0,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Delete a stack, and then, if asked to, the data that its deletion keeps.

    Data goes last, when nothing is left that could write to it. Stopped halfway, it can be called
    again with a new plan.

    Args:
        session: Session of the stack's account and region.
        plan: What `plan_destruction` has found.
        report: Called with one line for each resource.
        delete_data: Whether to delete buckets with all versions in them, and tables.
        endpoint_url: Address of the emulator; None for AWS.
        poll_seconds: Pause between two looks at CloudFormation.
        sleep: Pauses for a number of seconds.

    Raises:
        DeployError: The stack is being changed, or something could not be deleted.
    """
    with aws_errors_as(DeployError):
        if plan.exists:
            client = session.client("cloudformation", endpoint_url=endpoint_url)
            StackOperation(client, plan.stack_name, report, poll_seconds, sleep).delete()
        if delete_data:
            for resource in plan.kept:
                _remove_data(session, plan.account_id, resource, report, endpoint_url)


def name_buckets(stack_name: str, account_id: str, region: str) -> tuple[str, str]:
    """The names that the template gives to a stack's buckets."""
    return (
        f"{stack_name}-documents-{account_id}-{region}",
        f"{stack_name}-artifacts-{account_id}-{region}",
    )


def table_pattern(stack_name: str, template: Mapping[str, Any]) -> re.Pattern[str]:
    """The names that CloudFormation gives to the tables that a stack keeps.

    Source: AWS CloudFormation, "Resources section": stack, logical id and a random text.
    """
    kept = [
        logical_id
        for logical_id, resource in template.get("Resources", {}).items()
        if resource.get("Type") == _TABLE and resource.get("DeletionPolicy") in _RETAINING_POLICIES
    ]
    return re.compile(rf"{re.escape(stack_name)}-({'|'.join(kept)})-[A-Z0-9]{{10,16}}")


def sort_by_policy(
    resources: Iterable[Mapping[str, Any]], template: Mapping[str, Any]
) -> tuple[tuple[StackResource, ...], tuple[StackResource, ...]]:
    """Sort the resources of a stack by what its deletion does to them.

    Args:
        resources: Summaries as CloudFormation lists them.
        template: The stack's template as it was submitted.

    Returns:
        What is deleted, and what is kept (AWS CloudFormation: "DeletionPolicy attribute").
    """
    declared = template.get("Resources", {})
    deleted: list[StackResource] = []
    kept: list[StackResource] = []
    for summary in resources:
        if summary.get("ResourceStatus") in ("DELETE_COMPLETE", "DELETE_SKIPPED"):
            continue
        policy = declared.get(summary["LogicalResourceId"], {}).get("DeletionPolicy")
        resource = StackResource(summary["ResourceType"], summary.get("PhysicalResourceId", ""))
        (kept if policy in _RETAINING_POLICIES else deleted).append(resource)
    return tuple(deleted), tuple(kept)


def is_in_a_stack(client: "CloudFormationClient", resource: StackResource) -> bool:
    """Whether a living stack has the resource, for example one that has imported it.

    Raises:
        ClientError: AWS refused.
    """
    try:
        answer = client.describe_stack_resources(PhysicalResourceId=resource.name)
    except ClientError as error:
        if error.response["Error"].get("Code") == "ValidationError":
            return False
        raise
    # The answer holds the stack's other resources too.
    return any(
        found.get("PhysicalResourceId") == resource.name
        and found.get("ResourceStatus") not in ("DELETE_SKIPPED", "DELETE_COMPLETE")
        for found in answer["StackResources"]
    )


def _sort_resources(
    client: "CloudFormationClient", stack_id: str
) -> tuple[tuple[StackResource, ...], tuple[StackResource, ...]]:
    pages = client.get_paginator("list_stack_resources").paginate(StackName=stack_id)
    summaries = [summary for page in pages for summary in page["StackResourceSummaries"]]
    body: Any = client.get_template(StackName=stack_id, TemplateStage="Original")["TemplateBody"]
    # botocore parses a template in JSON by itself.
    template = body if isinstance(body, Mapping) else parse_template(body)
    return sort_by_policy(summaries, template)


def _find_named(
    session: boto3.session.Session, stack_name: str, account_id: str, endpoint_url: str | None
) -> list[StackResource]:
    """Every resource that has the name of one which a stack of the name keeps."""
    found: list[StackResource] = []
    s3 = session.client("s3", endpoint_url=endpoint_url)
    for bucket in name_buckets(stack_name, account_id, session.region_name):
        try:
            s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account_id)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
        else:
            found.append(StackResource(_BUCKET, bucket))
    pattern = table_pattern(stack_name, parse_template(TEMPLATE.read_text(encoding="utf-8")))
    pages = session.client("dynamodb", endpoint_url=endpoint_url).get_paginator("list_tables")
    for page in pages.paginate():
        found += [
            StackResource(_TABLE, name) for name in page["TableNames"] if pattern.fullmatch(name)
        ]
    return found


def _count_messages(
    session: boto3.session.Session, resources: Iterable[StackResource], endpoint_url: str | None
) -> int:
    queues = [resource.name for resource in resources if resource.resource_type == _QUEUE]
    if not queues:
        return 0
    sqs = session.client("sqs", endpoint_url=endpoint_url)
    total = 0
    for url in queues:
        try:
            answer = sqs.get_queue_attributes(
                QueueUrl=url,
                AttributeNames=[
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesNotVisible",
                    "ApproximateNumberOfMessagesDelayed",
                ],
            )
        except sqs.exceptions.QueueDoesNotExist:
            continue  # a deletion that failed halfway has taken it
        total += sum(int(count) for count in answer["Attributes"].values())
    return total


def _remove_data(
    session: boto3.session.Session,
    account_id: str,
    resource: StackResource,
    report: Report,
    endpoint_url: str | None,
) -> None:
    if resource.resource_type == _BUCKET:
        s3 = session.client("s3", endpoint_url=endpoint_url)
        objects = remove_bucket(s3, resource.name, account_id, report)
        report(f"Deleted the bucket {resource.name} with {objects:,} objects and versions")
    elif resource.resource_type == _TABLE:
        dynamodb = session.client("dynamodb", endpoint_url=endpoint_url)
        try:
            dynamodb.delete_table(TableName=resource.name)
        except dynamodb.exceptions.ResourceNotFoundException:
            return
        dynamodb.get_waiter("table_not_exists").wait(
            TableName=resource.name, WaiterConfig={"Delay": 2, "MaxAttempts": 150}
        )
        report(f"Deleted the table {resource.name}")
    else:
        report(f"Kept {resource.name} ({resource.resource_type}): delete it by hand")
