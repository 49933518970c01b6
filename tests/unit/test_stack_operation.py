"""Stacks that cannot be worked on right now, and what is said about it."""

import pytest
from botocore.exceptions import ClientError

from infra.stack_operation import StackOperation
from infra.staging import package_key, package_placeholder, unstage_template
from shared.errors import DeployError, UnknownStackError


class OneStack:
    """CloudFormation with one stack, of which only the status is known."""

    def __init__(self, status):
        self.status = status

    def describe_stacks(self, *, StackName):
        if self.status is None:
            message = f"Stack with id {StackName} does not exist"
            raise ClientError({"Error": {"Message": message}}, "DescribeStacks")
        return {"Stacks": [{"StackStatus": self.status, "StackId": "arn:stack"}]}


def operate(status):
    return StackOperation(OneStack(status), "prod", print, 0, lambda seconds: None)


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"])
def test_stack_that_is_being_changed_is_left_alone(status):
    for act in (
        lambda: operate(status).deploy("url", frozenset(), {}),
        lambda: operate(status).plan("url", frozenset(), {}),
        lambda: operate(status).delete(),
    ):
        with pytest.raises(DeployError, match=f"being changed right now .{status}."):
            act()


@pytest.mark.parametrize("status", [None, "DELETE_COMPLETE"])
def test_stack_that_is_not_there_cannot_be_deleted(status):
    with pytest.raises(UnknownStackError, match="There is no stack 'prod'"):
        operate(status).delete()


@pytest.mark.parametrize("status", ["ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"])
def test_stack_that_needs_a_hand_is_named_with_what_to_do(status):
    with pytest.raises(DeployError, match=rf"is in {status}.*then deploy again"):
        operate(status).deploy("url", frozenset(), {})


def test_remains_of_a_first_attempt_are_no_ground_for_a_difference():
    with pytest.raises(DeployError, match="deploy it without --diff"):
        operate("ROLLBACK_COMPLETE").plan("url", frozenset(), {})


def test_deployed_template_without_its_packages_is_the_template():
    text = f"CodeUri: {package_placeholder('worker')}\nOther: s3://bucket/functions/x.zip\n"
    key = package_key("worker", "ab" * 32)
    staged = text.replace(package_placeholder("worker"), f"s3://seashore-deploy-1-eu/{key}")
    assert staged != text
    assert unstage_template(staged) == text
