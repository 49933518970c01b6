"""What the end of a stack deletes and keeps."""

import pytest
import yaml
from botocore.exceptions import ClientError

from infra.cli.deploy.destroy import describe_destruction
from infra.deploy.destroy import (
    Destruction,
    StackResource,
    is_in_a_stack,
    name_buckets,
    sort_by_policy,
    table_pattern,
)
from infra.deploy.template_file import parse_template
from infra.project_files import PROJECT, TEMPLATE

BUCKET = StackResource("AWS::S3::Bucket", "prod-documents-1-eu")
ROLE = StackResource("AWS::IAM::Role", "prod-Role")
QUEUE = StackResource("AWS::SQS::Queue", "https://sqs/prod-work")


def summary(logical_id, kind, name, status="CREATE_COMPLETE"):
    return {
        "LogicalResourceId": logical_id,
        "ResourceType": kind,
        "PhysicalResourceId": name,
        "ResourceStatus": status,
    }


def plan(**changed):
    facts = {
        "stack_name": "prod",
        "region": "eu-west-1",
        "account_id": "123456789012",
        "exists": True,
        "deleted": (QUEUE,),
        "kept": (BUCKET, ROLE),
        "waiting_messages": 0,
    }
    return Destruction(**{**facts, **changed})


def test_policies_decide_what_is_kept():
    template = {
        "Resources": {
            "A": {"DeletionPolicy": "Retain"},
            "B": {"DeletionPolicy": "RetainExceptOnCreate"},
            "C": {"DeletionPolicy": "Delete"},
            "D": {},
        }
    }
    resources = [summary(name, "AWS::X::Y", name.lower()) for name in "ABCDE"]
    resources.append(summary("D", "AWS::X::Y", "gone", "DELETE_COMPLETE"))
    deleted, kept = sort_by_policy(resources, template)
    assert [one.name for one in kept] == ["a", "b"]
    assert [one.name for one in deleted] == ["c", "d", "e"]


def test_names_of_buckets_are_those_of_the_template():
    text = (PROJECT / "infra" / "template.yaml").read_text()
    written = {
        str(node.value)
        for node in yaml.scan(text)
        if isinstance(node, yaml.ScalarToken) and node.value.startswith("${AWS::StackName}-")
    }
    placeholders = ("${AWS::StackName}", "${AWS::AccountId}", "${AWS::Region}")
    assert set(name_buckets(*placeholders)) <= written


@pytest.mark.parametrize(
    ("name", "is_kept"),
    [
        ("prod-LedgerTable-1ABCDEF23456", True),
        ("prod-IdempotencyTable-1ABCDEF23456", False),
        ("prod-2-LedgerTable-1ABCDEF23456", False),
        ("prod-LedgerTable-backup", False),
        ("prod-LedgerTable-1ABCDEF23456-copy", False),
    ],
)
def test_tables_that_are_kept_are_known_by_their_names(name, is_kept):
    pattern = table_pattern("prod", parse_template(TEMPLATE.read_text()))
    assert bool(pattern.fullmatch(name)) is is_kept


class OneStack:
    """CloudFormation with one living stack, which answers with all its resources."""

    def __init__(self, *resources):
        self._resources = resources

    def describe_stack_resources(self, *, PhysicalResourceId):
        if PhysicalResourceId not in {one["PhysicalResourceId"] for one in self._resources}:
            message = f"Stack for {PhysicalResourceId} does not exist"
            error = {"Error": {"Code": "ValidationError", "Message": message}}
            raise ClientError(error, "DescribeStackResources")
        return {"StackResources": self._resources}


def test_data_that_an_update_has_left_behind_is_in_no_stack():
    queue = summary("Queue", "AWS::SQS::Queue", QUEUE.name)
    skipped = summary("Bucket", "AWS::S3::Bucket", BUCKET.name, "DELETE_SKIPPED")
    living = summary("Bucket", "AWS::S3::Bucket", BUCKET.name)
    assert not is_in_a_stack(OneStack(queue, skipped), BUCKET)
    assert not is_in_a_stack(OneStack(queue), BUCKET)
    assert is_in_a_stack(OneStack(queue, living), BUCKET)


def test_what_goes_and_what_stays_is_said():
    text = "\n".join(describe_destruction(plan(waiting_messages=1_200), delete_data=False))
    assert "deletes 1 resource(s): 1 of SQS." in text
    assert "About 1,200 messages" in text
    assert "Kept: S3 Bucket prod-documents-1-eu" in text
    assert "DATA IS DELETED" not in text


def test_data_that_goes_is_named_one_by_one():
    lines = describe_destruction(plan(), delete_data=True)
    assert "DATA IS DELETED: S3 Bucket prod-documents-1-eu" in lines
    assert "Kept: IAM Role prod-Role" in lines


def test_data_of_a_stack_that_is_gone_is_found_with_how_to_delete_it():
    lines = describe_destruction(plan(exists=False, deleted=()), delete_data=False)
    assert lines[0] == "The stack prod in eu-west-1 is gone already."
    assert lines[-1].endswith("seashore destroy --stack prod --region eu-west-1 --delete-data")
