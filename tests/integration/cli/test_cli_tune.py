"""`seashore tune` against a Lambda with known curves: what is measured, chosen, drawn, put back."""

import json
import os
import signal
import xml.etree.ElementTree as ElementTree
from types import SimpleNamespace

import boto3
import pytest
from botocore.stub import Stubber

from infra.tuning import measure_sizes
from infra.tuning.choose_size import GB_SECOND_USD, REQUEST_USD, Aim, MeasuredSize, choose_size
from infra.tuning.parameter_change import change_parameter
from shared.errors import DeployError
from tests.fakes.aws.lambda_server import FakeLambda, serve_lambda
from tests.fakes.desks.command_line import assert_one_line, open_command_line
from tests.fakes.entered_documents import Ledger


def read_on_one_processor(memory_mb):
    """Half a second of work for one processor, which 1,769 MB are, and 100 ms of waiting."""
    return 100 + 500 * 1_769 / min(memory_mb, 1_769)


@pytest.fixture
def function():
    return FakeLambda(1_769, read_on_one_processor)


@pytest.fixture
def entered(account):
    return [Ledger(account).enter("a.pdf")]


@pytest.fixture
def tune(account, entered, function, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(measure_sizes, "time", SimpleNamespace(sleep=lambda seconds: None))
    with open_command_line(account) as seashore, serve_lambda(function) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", address)
        yield lambda *arguments: seashore(
            "tune", "ingest", "--document", "a.pdf", "--stack", "pipeline", *arguments
        )


def test_sizes_are_measured_as_they_are_and_the_function_keeps_its_own(tune, function, entered):
    result = tune("--sizes", "3008,512,1769", "--runs", "2", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    sizes = {one["memory_mb"]: one for one in told["sizes"]}
    assert list(sizes) == [512, 1_769, 3_008]
    for memory_mb, one in sizes.items():
        duration_ms = read_on_one_processor(memory_mb)
        assert one["duration_ms"] == pytest.approx(duration_ms, abs=0.01)
        billed_gb_seconds = -(-duration_ms // 1) / 1_000 * memory_mb / 1_024
        one_run = billed_gb_seconds * GB_SECOND_USD["arm64"] + REQUEST_USD
        assert one["cost_usd"] == pytest.approx(one_run * 1e6)
    assert told["chosen_mb"] == 1_769

    # One cold run and two that count, of each size, all while the queues' function was as ever.
    (document,) = entered
    assert function.events == [{"trial": {"document_id": document.document_id}}] * 9
    assert function.memory_during_runs == {1_769}
    assert (function.memory_mb, function.versions, function.aliases) == (1_769, {}, {})


@pytest.mark.parametrize(
    ("aim", "chosen_mb"), [("cost", 512), ("speed", 1_769), ("balance", 1_769)]
)
def test_the_size_is_chosen_for_what_is_wanted(tune, aim, chosen_mb):
    result = tune("--sizes", "512,1769,3008", "--runs", "1", "--for", aim, "--json")
    assert json.loads(result.stdout)["chosen_mb"] == chosen_mb
    assert f"--parameters IngestMemory={chosen_mb}" in result.stderr


def test_the_picture_shows_each_size_that_can_be_used(tune, function, tmp_path):
    def too_little(memory_mb):
        if memory_mb < 512:
            raise MemoryError
        return read_on_one_processor(memory_mb)

    function.find_duration_ms = too_little
    result = tune("--sizes", "256,512,1769", "--runs", "1", "--plot", "sizes.svg")
    assert result.exit_code == 0, result.output
    assert "Runtime.ExitError: signal: killed" in result.stdout
    picture = ElementTree.parse(tmp_path / "sizes.svg")  # noqa: S314  # drawn by the test
    names = {"s": "http://www.w3.org/2000/svg"}
    curves = picture.findall("s:polyline", names)
    assert [len(curve.get("points").split()) for curve in curves] == [2, 2]
    words = [text.text for text in picture.findall("s:text", names)]
    assert {"512 MB", "1,769 MB", "pipeline-ingest: 1,769 MB"} <= set(words)


def test_where_no_size_can_be_used_that_is_said_and_nothing_is_left(tune, function, tmp_path):
    def die(memory_mb):
        raise MemoryError

    function.find_duration_ms = die
    result = tune("--sizes", "512,1024", "--apply")
    assert result.exit_code == 1
    assert "No size can be used" in result.stderr
    assert (function.memory_mb, function.versions, function.aliases) == (1_769, {}, {})
    assert list(tmp_path.glob("*.svg")) == []


def test_interrupted_it_puts_everything_back(tune, function):
    def interrupt():
        if len(function.events) == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    function.on_invoke = interrupt
    result = tune("--sizes", "512,1024,3008")
    assert result.exit_code == 130
    assert (function.memory_mb, function.versions, function.aliases) == (1_769, {}, {})
    assert len(function.events) <= 4


def test_interrupted_while_it_publishes_it_leaves_no_version(tune, function):
    # Whoever starts the tests in the background has switched SIGINT off, and off it stays.
    function.on_published = lambda: os.kill(os.getpid(), signal.SIGTERM)
    result = tune("--sizes", "512,1024")
    assert result.exit_code == 130
    assert (function.memory_mb, function.versions, function.aliases) == (1_769, {}, {})


def test_a_version_that_cannot_be_deleted_keeps_no_other(tune, function):
    function.refusals["delete"] = ["ResourceConflictException"]
    result = tune("--sizes", "512,1024", "--runs", "1")
    assert result.exit_code == 0, result.output
    assert result.stderr.count("Versions of pipeline-ingest described as") == 1
    assert list(function.versions.values()) == [512]


def test_a_version_that_was_there_stays(tune, function):
    """Lambda publishes nothing where nothing has changed: it names the version of an alias."""
    live = function.publish("of an alias")
    result = tune("--sizes", "1769,3008", "--runs", "1")
    assert result.exit_code == 0, result.output
    assert function.versions == {live: 1_769}
    assert "left" not in result.stderr


def test_a_function_that_is_tuned_is_not_tuned_by_another_as_its_size_is_not_its_own(
    tune, function
):
    """Nor after one that was killed: both are told what the function had."""
    function.memory_mb = 512
    version = function.publish("seashore tune 1, of a function with 1769 MB")
    result = tune("--sizes", "1024")
    assert result.exit_code == 1
    assert_one_line(result.stderr, "pipeline-ingest is being tuned: its version 1 is described")
    assert "of a function with 1769 MB" in result.stderr
    assert (function.given_mb, list(function.versions)) == ([], [version])


@pytest.mark.parametrize("has", ["", ", of a function with 1769 MB"])
def test_of_two_that_begin_at_once_one_is_refused(tune, function, has):
    """The other has changed the size, or will soon, and published nothing yet."""
    function.memory_mb = 512
    function.aliases["seashore-tune"] = f"seashore tune 1{has}"
    result = tune("--sizes", "1024")
    assert result.exit_code == 1
    assert_one_line(result.stderr, "pipeline-ingest is being tuned: its alias seashore-tune is")
    assert f"'seashore tune 1{has}'" in result.stderr
    assert "delete-alias --name seashore-tune --function-name pipeline-ingest" in result.stderr
    assert (function.memory_mb, function.given_mb) == (512, [])
    assert function.aliases == {"seashore-tune": f"seashore tune 1{has}"}


def test_an_answer_that_is_lost_is_none_of_another_ones(tune, function):
    """The client asks again, and Lambda answers that there is such an alias."""
    function.refusals["alias"] = ["TooManyRequestsException"]
    result = tune("--sizes", "512", "--runs", "1")
    assert result.exit_code == 0, result.output
    assert (function.memory_mb, function.versions, function.aliases) == (1_769, {}, {})


def test_what_lambda_throttles_is_asked_again(tune, function):
    """Also the request that gives the function its own size again, which must not be lost."""
    function.refusals["invoke"] = ["TooManyRequestsException"] * 2
    function.on_published = lambda: function.refusals["configure"].extend(
        ["TooManyRequestsException"] * 2
    )
    result = tune("--sizes", "512", "--runs", "1")
    assert result.exit_code == 0, result.output
    assert "512 MB is best" in result.stderr
    assert (function.memory_mb, function.versions, function.aliases) == (1_769, {}, {})


def test_a_size_that_is_throttled_for_good_is_named(tune, function):
    function.refusals["invoke"] = ["TooManyRequestsException"] * 5
    result = tune("--sizes", "512,1024", "--runs", "1")
    assert "512 MB: AWS asks for patience at Invoke (Rate exceeded)" in result.stderr
    assert "1,024 MB is best" in result.stderr


def test_after_a_change_that_failed_the_function_gets_its_own_size(tune, function):
    configure = function.configure

    def mend(memory_mb):
        function.update_status = "Failed" if memory_mb == 1_024 else "Successful"
        configure(memory_mb)

    function.configure = mend
    result = tune("--sizes", "512,1024")
    assert result.exit_code == 5
    assert "AWS could not be asked" in result.stderr
    assert (function.memory_mb, function.versions, function.aliases) == (1_769, {}, {})


def test_an_event_of_ones_own_is_sent_as_it_is(tune, function, tmp_path, account):
    (tmp_path / "event.json").write_text('{"Records": []}')
    with open_command_line(account) as seashore:
        result = seashore(
            *("tune", "ingest", "--event", "event.json", "--stack", "pipeline"),
            *("--sizes", "512", "--runs", "1"),
        )
    assert result.exit_code == 0, result.output
    assert function.events == [{"Records": []}] * 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ingest",), "Name a document that ingest reads"),
        (("ledger",), "There is no memory of 'ledger' to choose"),
        (("worker", "--document", "a.pdf"), "worker reads no document by itself"),
        (("worker", "--sizes", "64"), "--sizes '64' is no memory size"),
        (("worker", "--sizes", "512,,"), "--sizes '' is no memory size"),
        (("worker", "--sizes", "9" * 5_000), "is no memory size"),
        (("worker", "--sizes", "-512"), "--sizes '-512' is no memory size"),
        (("worker", "--sizes", "1e3"), "--sizes '1e3' is no memory size"),
        (("worker", "--plot", "nosuch/plot.svg"), "nosuch/plot.svg cannot be written"),
        (("worker", "--plot", "."), ". cannot be written"),
        (("ingest", "--document", "a.pdf", "--event", "e.json"), "Name a --document or an --event"),
        (("worker", "--event", "nosuch.json"), "nosuch.json cannot be read"),
    ],
)
def test_what_cannot_be_measured_is_said_before_anything_is_changed(
    tune, function, account, arguments, words
):
    with open_command_line(account) as seashore:
        result = seashore("tune", *arguments, "--stack", "pipeline")
    assert result.exit_code == 2
    assert_one_line(result.stderr, words)
    assert function.given_mb == []


def test_of_sizes_none_of_which_works_none_is_chosen():
    broken = MeasuredSize(512, problem="it died")
    assert choose_size([broken], Aim.COST) is None
    good = MeasuredSize(1_024, duration_ms=9, cost_usd=9)
    assert choose_size([broken, good], Aim.SPEED) is good


@pytest.fixture
def cloudformation():
    client = boto3.client("cloudformation", region_name="eu-west-1")
    with Stubber(client) as stubber:
        yield client, stubber


def describe(status="UPDATE_COMPLETE", **parameters):
    told = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    return {
        "Stacks": [
            {
                "StackName": "pipeline",
                "CreationTime": "2026-01-01T00:00:00Z",
                "StackStatus": status,
                "Parameters": told,
            }
        ]
    }


def test_it_is_applied_by_the_stacks_own_template_and_nothing_else_changes(cloudformation):
    client, stubber = cloudformation
    stubber.add_response("describe_stacks", describe(DailyCapUsd="5", IngestMemory="1769"))
    stubber.add_response(
        "update_stack",
        {"StackId": "s"},
        {
            "StackName": "pipeline",
            "UsePreviousTemplate": True,
            "Parameters": [
                {"ParameterKey": "DailyCapUsd", "UsePreviousValue": True},
                {"ParameterKey": "IngestMemory", "ParameterValue": "1024"},
            ],
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        },
    )
    stubber.add_response("describe_stacks", describe())
    said = []
    change_parameter(client, "pipeline", "IngestMemory", "1024", said.append)
    assert said == ["CloudFormation changes IngestMemory from 1769 to 1024"]
    stubber.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([describe(DailyCapUsd="5")], "has no parameter IngestMemory: deploy it again"),
        (
            [describe(IngestMemory="1769"), None, describe("UPDATE_ROLLBACK_COMPLETE")],
            "CloudFormation did not change IngestMemory",
        ),
    ],
)
def test_what_cannot_be_applied_is_said(cloudformation, answers, words):
    client, stubber = cloudformation
    for answer in answers:
        if answer is None:
            stubber.add_response("update_stack", {"StackId": "s"})
        else:
            stubber.add_response("describe_stacks", answer)
    with pytest.raises(DeployError, match=words):
        change_parameter(client, "pipeline", "IngestMemory", "1024", lambda line: None)
