"""Stacks that cannot be worked on right now, and what is said about it."""

from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from infra.deploy.stack_events import StackEvents
from infra.deploy.stack_operation import StackOperation
from infra.deploy.staging import package_key, package_placeholder, unstage_template
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


class SigningOut(OneStack):
    """CloudFormation whose callers are signed out once they have begun to delete the stack."""

    def describe_stack_events(self, *, StackName):
        return {"StackEvents": []}

    def delete_stack(self, *, StackName):
        error = {"Error": {"Code": "ExpiredToken", "Message": "expired"}}
        self.describe_stacks = Mock(side_effect=ClientError(error, "DescribeStacks"))


def test_a_change_that_can_be_followed_no_longer_is_said_to_go_on():
    told = []
    client = SigningOut("CREATE_COMPLETE")
    operation = StackOperation(client, "prod", told.append, 0, lambda seconds: None)
    with pytest.raises(ClientError, match="ExpiredToken"):
        operation.delete()
    assert told == [
        "CloudFormation goes on with prod by itself: the same command, later, says what has come "
        "of it"
    ]


class History:
    """The events of a stack, in pages of ten, the newest first."""

    def __init__(self, count):
        self.count, self.pages_read = count, 0

    def _pages(self):
        numbers = list(range(self.count, 0, -1))
        for start in range(0, self.count, 10):
            self.pages_read += 1
            yield {
                "StackEvents": [
                    {"EventId": str(n), "LogicalResourceId": f"R{n}", "ResourceStatus": "DONE"}
                    for n in numbers[start : start + 10]
                ]
            }

    def describe_stack_events(self, *, StackName):
        return next(self._pages(), {"StackEvents": []})

    def get_paginator(self, operation):
        assert operation == "describe_stack_events"
        return self

    def paginate(self, *, StackName):
        return self._pages()


@pytest.mark.parametrize("before", [0, 3, 10, 1_000])
def test_only_what_is_new_of_a_long_history_is_read_and_reported(before):
    history, lines = History(before), []
    events = StackEvents(history, "arn:stack", lines.append)
    for count in (0, 4, 25, 0, 10):
        lines.clear()
        known = history.count
        history.count += count
        history.pages_read = 0
        events.report_new()
        assert lines == [f"R{n} DONE" for n in range(known + 1, history.count + 1)]
        assert history.pages_read <= count // 10 + 1


def test_deployed_template_without_its_packages_is_the_template():
    text = f"CodeUri: {package_placeholder('worker')}\nOther: s3://bucket/functions/x.zip\n"
    key = package_key("worker", "ab" * 32)
    staged = text.replace(package_placeholder("worker"), f"s3://seashore-deploy-1-eu/{key}")
    assert staged != text
    assert unstage_template(staged) == text


def test_a_mistyped_parameter_is_told_with_the_one_that_was_meant():
    known = frozenset({"DailyCapUsd", "ChatDailyCapUsd", "TimeZone"})
    for name, hint in (("DailyCapUds", "did you mean DailyCapUsd"), ("Nonsense", "it has Chat")):
        with pytest.raises(DeployError, match=f"no parameter {name}.*{hint}"):
            operate("CREATE_COMPLETE").deploy("url", known, {name: "3"})
