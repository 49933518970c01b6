"""The exchange of functions' code, and how it is taken back."""

import signal

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from infra.deploy.function_code import CodeExchange, DeployedFunction, find_functions
from infra.deploy.function_versions import DESCRIPTION
from infra.deploy.smoke_check import choose_event, judge_answer
from infra.deploy.staging import package_key, package_placeholder
from shared.errors import DeployError
from tests.fakes.desks.function_desk import FunctionDesk

OLD = {name: package_key(name, "0" * 64) for name in ("ingest", "worker")}
NEW = {name: package_key(name, "1" * 64) for name in ("ingest", "worker")}


@pytest.fixture
def desk():
    return FunctionDesk(**OLD)


def deployed(desk, name, **aliases):
    revision = desk.get_function_configuration(FunctionName=name)["RevisionId"]
    return DeployedFunction(name, name.title(), name, "arm64", "0" * 64, revision, aliases, True)


def exchange(desk, *functions):
    lines = []
    try:
        CodeExchange(desk, "bucket", lines.append, lambda seconds: None).run(functions, NEW)
    finally:
        desk.lines = lines


def both(desk):
    return deployed(desk, "ingest"), deployed(desk, "worker")


def test_code_is_exchanged_checked_and_published(desk):
    exchange(desk, *both(desk))
    assert {name: desk.key_of(name) for name in NEW} == NEW
    assert desk.key_of("worker", "1") == NEW["worker"]
    assert ("invoke", "ingest") in desk.calls
    assert desk.lines[-1] == "worker runs the new code, version 1"


def test_all_updates_are_under_way_before_the_first_is_waited_for(desk):
    exchange(desk, *both(desk))
    assert desk.calls[:3] == [("update", "ingest"), ("update", "worker"), ("publish", "ingest")]


def test_code_that_does_not_work_is_taken_back_everywhere(desk):
    desk.broken.add(NEW["worker"])
    with pytest.raises(DeployError, match="smoke check of worker failed: ImportError: no module n"):
        exchange(desk, *both(desk))
    assert {name: desk.key_of(name) for name in OLD} == OLD
    assert desk.versions_of("ingest") == desk.versions_of("worker") == []
    assert desk.lines[-1] == "worker has its former code back"


def test_update_that_lambda_gives_up_is_taken_back_with_its_reason(desk):
    desk.refused.add("worker")
    with pytest.raises(DeployError, match="could not update worker: no room"):
        exchange(desk, *both(desk))
    assert {name: desk.key_of(name) for name in OLD} == OLD


def test_function_that_somebody_else_has_updated_meanwhile_is_left_alone(desk):
    functions = both(desk)
    desk.update_function_code(
        FunctionName="ingest", S3Bucket="bucket", S3Key="theirs", Architectures=["arm64"]
    )
    with pytest.raises(ClientError):
        exchange(desk, functions[1], functions[0])
    assert desk.key_of("worker") == OLD["worker"]
    assert desk.key_of("ingest") == "theirs"


def test_update_whose_answer_is_lost_is_taken_back_too(desk):
    desk.lost.add("worker")
    with pytest.raises(ReadTimeoutError):
        exchange(desk, *both(desk))
    assert {name: desk.key_of(name) for name in OLD} == OLD


def test_second_interrupt_does_not_break_off_the_taking_back(desk):
    invoke, update = desk.invoke, desk.update_function_code

    def interrupted(**arguments):
        invoke(**arguments)
        raise KeyboardInterrupt

    def impatient(**arguments):
        if arguments["S3Key"] in OLD.values():
            signal.raise_signal(signal.SIGINT)
        update(**arguments)

    functions = both(desk)
    desk.invoke, desk.update_function_code = interrupted, impatient
    with pytest.raises(KeyboardInterrupt):
        exchange(desk, *functions)
    assert {name: desk.key_of(name) for name in OLD} == OLD
    assert desk.lines[-1] == "worker has its former code back"


def test_version_behind_an_alias_is_never_deleted(desk):
    """Lambda publishes nothing new where the latest version has the very same code."""
    version = desk.add_alias("worker", "live")
    desk.publish_version = lambda **arguments: {"Version": version}
    desk.broken.add(OLD["worker"])
    with pytest.raises(DeployError, match="smoke check of worker failed"):
        exchange(desk, deployed(desk, "worker", live=version))
    assert desk.versions_of("worker") == [version]
    assert desk.key_of("worker") == OLD["worker"]


def test_old_versions_of_earlier_exchanges_are_deleted_and_no_others(desk):
    desk.publish_version(FunctionName="worker", Description="of somebody else")
    old = [
        desk.publish_version(FunctionName="worker", Description=DESCRIPTION)["Version"]
        for _ in range(10)
    ]
    named = desk.add_alias("worker", "kept", DESCRIPTION)
    before = desk.publish_version(FunctionName="worker", Description=DESCRIPTION)["Version"]
    exchange(desk, deployed(desk, "worker"))
    assert desk.versions_of("worker") == ["1", named, before, "14"]
    assert desk.lines[-1] == f"Deleted {len(old)} old version(s) of worker"


def test_old_versions_that_cannot_be_deleted_are_no_failure(desk):
    for _ in range(3):
        desk.publish_version(FunctionName="worker", Description=DESCRIPTION)

    def refuse(**arguments):
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DeleteFunction")

    desk.delete_function = refuse
    exchange(desk, deployed(desk, "worker"))
    assert desk.key_of("worker") == NEW["worker"]
    assert desk.lines[-1].startswith("Old versions of worker are left over: ")


class Resources:
    """CloudFormation, as far as it lists the resources of one stack."""

    def __init__(self, **statuses):
        self._summaries = [
            {"LogicalResourceId": name, "PhysicalResourceId": "ingest", "ResourceStatus": status}
            for name, status in statuses.items()
        ]

    def get_paginator(self, operation):
        assert operation == "list_stack_resources"
        return self

    def paginate(self, **arguments):
        return [{"StackResourceSummaries": self._summaries}]


def test_function_that_has_left_the_stack_is_not_looked_for(desk):
    resource = {
        "Type": "AWS::Serverless::Function",
        "Properties": {"CodeUri": package_placeholder("ingest")},
    }
    template = {"Resources": {"Here": resource, "Gone": resource}}
    stack = Resources(Here="UPDATE_COMPLETE", Gone="DELETE_COMPLETE", Queue="CREATE_COMPLETE")
    found = find_functions(stack, desk, "prod", template, ["ingest"])
    assert [(one.logical_id, one.architecture) for one in found] == [("Here", "arm64")]


def test_an_alias_of_the_code_that_is_exchanged_is_not_pointed_elsewhere(desk):
    """As `seashore tune` has one while it measures."""
    desk.add_alias("ingest", "live")
    desk.update_alias(FunctionName="ingest", Name="seashore-tune", FunctionVersion="$LATEST")
    resource = {
        "Type": "AWS::Serverless::Function",
        "Properties": {"CodeUri": package_placeholder("ingest")},
    }
    stack = Resources(Here="UPDATE_COMPLETE")
    [found] = find_functions(stack, desk, "prod", {"Resources": {"Here": resource}}, ["ingest"])
    assert found.aliases == {"live": "1"}


def test_alias_moves_only_after_every_check(desk):
    desk.add_alias("worker", "live")
    exchange(desk, deployed(desk, "ingest"), deployed(desk, "worker", live="1"))
    assert desk.key_of("worker", "live") == NEW["worker"]
    assert desk.calls.index(("alias", "worker")) > desk.calls.index(("invoke", "worker"))


def test_alias_stays_where_a_check_fails(desk):
    desk.add_alias("worker", "live")
    desk.broken.add(NEW["ingest"])
    with pytest.raises(DeployError):
        exchange(desk, deployed(desk, "ingest"), deployed(desk, "worker", live="1"))
    assert desk.key_of("worker", "live") == OLD["worker"]


def test_code_that_cannot_be_put_back_is_said(desk):
    desk.broken.add(NEW["worker"])

    def refuse(**arguments):
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DeleteFunction")

    desk.delete_function = refuse
    with pytest.raises(DeployError, match="could not be put back everywhere"):
        exchange(desk, *both(desk))


@pytest.mark.parametrize(
    ("function", "error", "payload", "trouble"),
    [
        ("worker", None, b'{"batchItemFailures": []}', ""),
        ("worker", None, b"null", "empty batch"),
        ("worker", None, b'{"batchItemFailures": [{"itemIdentifier": "x"}]}', "empty batch"),
        ("worker", None, b"\xff", "not JSON"),
        ("worker", "Unhandled", b'{"errorType": "E", "errorMessage": "m"}', "E: m"),
        ("worker", "Unhandled", b'"Task timed out"', "Unhandled"),
        ("api", None, b'{"statusCode": 200}', ""),
        ("api", None, b'{"statusCode": 500}', "GET /health answered 500"),
        ("api", None, b'{"batchItemFailures": []}', "GET /health answered None"),
    ],
)
def test_answers_to_a_smoke_check_are_judged(function, error, payload, trouble):
    found = judge_answer(function, error, payload)
    assert trouble in found
    assert bool(trouble) == bool(found)


def test_only_the_api_is_asked_for_its_health():
    assert choose_event("api")["path"] == "/health"
    assert choose_event("ingest") == choose_event("report") == {"Records": []}
