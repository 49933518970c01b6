"""Take a stack down: what goes with it, what is kept, and how kept data is deleted."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from infra.aws import aws_errors_as
from infra.deploy.bucket_removal import remove_bucket
from infra.deploy.mail_rule_set import RULE_TYPE, clear_rule_set
from infra.deploy.stack_place import StackPlace
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


def plan_destruction(place: StackPlace) -> Destruction:
    """Find out what destroying a stack would delete and what it would keep.

    It also finds what earlier stacks of the name have left behind, by the names that the template
    and CloudFormation give to buckets and tables.

    Raises:
        UnknownStackError: There is no such stack, and no data of one.
        DeployError: The stack is being changed right now.
        OperatorError: AWS cannot be asked.
    """
    with aws_errors_as(DeployError):
        client = place.client("cloudformation")
        stack = place.operation.describe()
        exists = stack is not None and stack["StackStatus"] != "DELETE_COMPLETE"
        deleted: tuple[StackResource, ...] = ()
        kept: tuple[StackResource, ...] = ()
        if stack is not None and exists:
            place.operation.refuse_while_changing(stack)
            deleted, kept = _sort_resources(client, stack["StackId"])
        kept += tuple(
            resource
            for resource in _find_named(place)
            if resource not in kept and not is_in_a_stack(client, resource)
        )
        if not exists and not kept:
            raise UnknownStackError(
                f"There is no stack {place.stack_name!r} in {place.region}, and no data of one: "
                "check the name and the region."
            )
        return Destruction(
            stack_name=place.stack_name,
            region=place.region,
            account_id=place.account_id,
            exists=exists,
            deleted=deleted,
            kept=kept,
            waiting_messages=_count_messages(place, deleted),
        )


def destroy_stack(place: StackPlace, plan: Destruction, *, delete_data: bool) -> None:
    """Delete a stack, and then, if asked to, the data that its deletion keeps.

    Data goes last, when nothing is left that could write to it. Stopped halfway, it can be called
    again with a new plan.

    Args:
        place: The stack.
        plan: What `plan_destruction` has found.
        delete_data: Whether to delete buckets with all versions in them, and tables.

    Raises:
        DeployError: The stack is being changed, or something could not be deleted.
    """
    with aws_errors_as(DeployError):
        if plan.exists:
            place.operation.delete()
            if any(resource.resource_type == RULE_TYPE for resource in plan.deleted):
                clear_rule_set(place)
        if delete_data:
            for resource in plan.kept:
                _remove_data(place, resource)


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


def _find_named(place: StackPlace) -> list[StackResource]:
    """Every resource that has the name of one which a stack of the name keeps."""
    found: list[StackResource] = []
    s3 = place.client("s3")
    for bucket in name_buckets(place.stack_name, place.account_id, place.region):
        try:
            s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=place.account_id)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
        else:
            found.append(StackResource(_BUCKET, bucket))
    pattern = table_pattern(place.stack_name, parse_template(TEMPLATE.read_text(encoding="utf-8")))
    for page in place.client("dynamodb").get_paginator("list_tables").paginate():
        found += [
            StackResource(_TABLE, name) for name in page["TableNames"] if pattern.fullmatch(name)
        ]
    return found


def _count_messages(place: StackPlace, resources: Iterable[StackResource]) -> int:
    queues = [resource.name for resource in resources if resource.resource_type == _QUEUE]
    sqs = place.client("sqs")
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


def _remove_data(place: StackPlace, resource: StackResource) -> None:
    if resource.resource_type == _BUCKET:
        s3 = place.client("s3")
        objects = remove_bucket(s3, resource.name, place.account_id, place.report)
        place.report(f"Deleted the bucket {resource.name} with {objects:,} objects and versions")
    elif resource.resource_type == _TABLE:
        dynamodb = place.client("dynamodb")
        try:
            dynamodb.delete_table(TableName=resource.name)
        except dynamodb.exceptions.ResourceNotFoundException:
            return
        dynamodb.get_waiter("table_not_exists").wait(
            TableName=resource.name, WaiterConfig={"Delay": 2, "MaxAttempts": 150}
        )
        place.report(f"Deleted the table {resource.name}")
    else:
        place.report(f"Kept {resource.name} ({resource.resource_type}): delete it by hand")
