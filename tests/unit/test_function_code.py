"""The exchange of functions' code, and how it is taken back."""

import pytest
from botocore.exceptions import ClientError

from infra.function_code import CodeExchange, DeployedFunction
from infra.smoke_check import choose_event, judge_answer
from infra.staging import package_key
from shared.errors import DeployError
from tests.fakes.function_desk import FunctionDesk

OLD = {name: package_key(name, "0" * 64) for name in ("ingest", "worker")}
NEW = {name: package_key(name, "1" * 64) for name in ("ingest", "worker")}


@pytest.fixture
def desk():
    return FunctionDesk(**OLD)


def deployed(desk, name, **aliases):
    revision = desk.get_function_configuration(FunctionName=name)["RevisionId"]
    return DeployedFunction(name, name.title(), name, "0" * 64, revision, aliases, True)


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
    desk.update_function_code(FunctionName="ingest", S3Bucket="bucket", S3Key="theirs")
    with pytest.raises(ClientError):
        exchange(desk, functions[1], functions[0])
    assert desk.key_of("worker") == OLD["worker"]
    assert desk.key_of("ingest") == "theirs"


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
