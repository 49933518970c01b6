"""A command for which the emulator is AWS, and the lines of `local status` for other clients."""

import os
import sys

import pytest

from infra.aws import REHEARSAL
from infra.cli.deploy.destroy import describe_destruction
from infra.cli.local.local_stack import describe_clients, describe_inbound_mail
from infra.cli.local.run import compose_arguments, compose_environment, run_with_emulator
from infra.cli.output import Output
from infra.deploy.destroy import Destruction, StackResource
from infra.local.parameters import keep_given_parameters
from infra.local.record import LocalFolder, LocalRecord
from shared.errors import UnknownStackError, WrongUsageError

URL = "http://127.0.0.1:20001"
RECORD = LocalRecord(
    pid=1,
    port=20_001,
    endpoint_url=URL,
    region="us-east-1",
    stack_name="seashore",
    access_key_id="test",
    secret_access_key="secret",
    outputs={"WorkQueueUrl": f"{URL}/000000000000/seashore-work"},
)


def test_nothing_of_the_callers_own_aws_is_left():
    own = {
        "PATH": "/bin",
        "AWS_PROFILE": "real",
        "AWS_SESSION_TOKEN": "real",
        "AWS_ENDPOINT_URL_S3": "https://real",
        "AWS_ACCESS_KEY_ID": "real",
        "SEASHORE_STACK": "real",
        "NO_PROXY": "intranet",
    }
    made = compose_environment(RECORD, own)
    assert "real" not in "".join(made.values())
    assert made["SEASHORE_REHEARSAL"]
    assert (made["PATH"], made["AWS_ENDPOINT_URL"]) == ("/bin", URL)
    assert (made["AWS_CONFIG_FILE"], made["no_proxy"]) == (
        os.devnull,
        "127.0.0.1,localhost,intranet",
    )


def test_a_command_that_is_named_in_a_rehearsal_is_rehearsed_too(monkeypatch):
    bucket = StackResource("AWS::S3::Bucket", "documents")
    plan = Destruction("x", "eu-west-1", "1", False, (), (bucket,), 0)
    wanted = "seashore destroy --stack x --region eu-west-1 --delete-data"
    assert describe_destruction(plan, delete_data=False)[-1] == f"Delete it with: {wanted}"
    monkeypatch.setenv(REHEARSAL, compose_environment(RECORD, {})[REHEARSAL])
    rehearsed = f"Delete it with: seashore local run -- {wanted}"
    assert describe_destruction(plan, delete_data=False)[-1] == rehearsed


@pytest.mark.parametrize("program", ["aws", "/usr/bin/aws", "aws.exe"])
def test_the_aws_command_line_is_told_the_address_with_the_command(program):
    """Version 1 takes no other for SQS, and version 2 none at all before 2.13."""
    told = ["--endpoint-url", URL, "sqs", "list-queues"]
    assert compose_arguments(RECORD, [program, "sqs", "list-queues"]) == told
    given = ["s3", "ls", "--endpoint-url", "http://other"]
    assert compose_arguments(RECORD, [program, *given]) == given
    assert compose_arguments(RECORD, ["python", "aws"]) == ["aws"]


@pytest.fixture
def running(monkeypatch):
    monkeypatch.setattr("infra.cli.local.run.read_live_record", lambda folder: RECORD)


@pytest.mark.parametrize(
    ("ending", "status"),
    [("sys.exit(0)", 0), ("sys.exit(6)", 6), ("os.kill(os.getpid(), 15)", 128 + 15)],
)
def test_a_command_ends_as_it_ends(running, tmp_path, ending, status):
    wanted = f"assert os.environ['AWS_ENDPOINT_URL'] == {URL!r}; {ending}"
    command = [sys.executable, "-c", f"import os, sys; {wanted}"]
    assert run_with_emulator(tmp_path, command, Output()) == status


def test_a_command_that_is_not_there_and_a_stack_that_does_not_run(running, tmp_path, monkeypatch):
    with pytest.raises(WrongUsageError, match="nosuch"):
        run_with_emulator(tmp_path, ["nosuch"], Output())
    monkeypatch.undo()
    with pytest.raises(UnknownStackError):
        run_with_emulator(tmp_path, ["true"], Output())


def test_the_lines_for_other_clients_hold_the_address_where_each_takes_it():
    lines = list(describe_clients(RECORD))
    settings = lines.index("The AWS command line, version 1 or 2, once these are set:") + 1
    assert lines[settings].startswith(f"  export AWS_ENDPOINT_URL={URL} ")
    assert lines[settings + 1].startswith(f"  aws --endpoint-url {URL} sqs ")
    (boto,) = [line for line in lines if "boto3.client" in line]
    assert boto.startswith(f'  boto3.client("sqs", endpoint_url="{URL}", ')
    compile(boto.strip(), "line", "eval")


@pytest.mark.parametrize("senders", ["ada@example.com,example.org", "example.com", "@example.com"])
def test_where_mails_are_taken_it_says_how_to_send_one(tmp_path, senders):
    folder = LocalFolder(tmp_path)
    folder.state.mkdir()
    assert list(describe_inbound_mail(folder)) == []
    keep_given_parameters(folder, {"InboundMail": "in@x.test", "InboundMailSenders": senders})
    folder.mail_port.write_text("2525")
    title, swaks, python = describe_inbound_mail(folder)
    assert "in@x.test" in title
    assert "127.0.0.1:2525" in swaks
    compile(python.partition('"')[2].partition('"')[0], "line", "exec")
    assert "@example.com" in swaks
