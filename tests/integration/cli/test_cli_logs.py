"""`seashore logs`: the lines of the functions, of everything or of one item."""

import json
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from infra.cli.exit_codes import ExitCode
from infra.cli.logs.log_lines import LogFile, read_line
from tests.fakes.desks.command_line import open_command_line
from tests.fakes.entered_documents import Ledger


def write_log(item_id, message="item_done", level="INFO", age=timedelta(0), **more):
    """A line as a function logs it."""
    at = datetime.now(UTC) - age
    told = {
        "level": level, "message": message, "timestamp": f"{at:%Y-%m-%d %H:%M:%S},123+0000",
        "stage": "worker", "item_id": item_id, **more,
    }  # fmt: skip
    return json.dumps(told, separators=(",", ":"))


@pytest.fixture
def seashore(account):
    with open_command_line(account) as seashore:
        yield seashore


@pytest.fixture
def log(account):
    """Puts lines into the log group of the worker, or of another function."""
    client = boto3.client("logs", region_name="eu-west-1")

    def put(*lines, function="pipeline-worker"):
        group = {"logGroupName": f"/aws/lambda/{function}"}
        with suppress(client.exceptions.ResourceAlreadyExistsException):
            client.create_log_group(**group)
            client.create_log_stream(**group, logStreamName="a")
        events = [{"timestamp": int(time.time() * 1000), "message": line} for line in lines]
        client.put_log_events(**group, logStreamName="a", logEvents=events)

    return put


def test_lines_of_a_document_are_found_by_its_key(seashore, account, log):
    document = Ledger(account).enter("a.pdf")
    other = write_log("summarize:other")
    wanted = write_log(f"summarize:{document.document_id}:1", reason="throttled", level="WARNING")
    log("START RequestId: 1", other, wanted)
    result = seashore("logs", "a.pdf")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        f"{json.loads(wanted)['timestamp'][11:19]}  worker     item done  "
        f"summarize:{document.document_id}:1  reason throttled"
    ]
    assert seashore("logs", "a.pdf", "--json").stdout == f"{wanted}\n"
    assert len(seashore("logs").stdout.splitlines()) == 2
    nothing = seashore("logs", "nosuch")
    assert (nothing.stdout, "Nothing was logged about nosuch" in nothing.stderr) == ("", True)
    assert nothing.exit_code == ExitCode.UNKNOWN_DOCUMENT
    quiet = Ledger(account).enter("quiet.pdf")
    for known in ("quiet.pdf", quiet.document_id[:12]):
        nothing = seashore("logs", known)
        assert (nothing.exit_code, "Nothing was logged about" in nothing.stderr) == (0, True)
    # No document and no task, as the id of a request is: what was logged is there all the same.
    log(write_log("sweep:request-7"))
    assert seashore("logs", "request-7").exit_code == 0


def test_lines_of_a_stack_with_a_longer_name_are_not_given(seashore, log):
    log(write_log("sweep:ours"))
    log(write_log("sweep:theirs"), function="pipeline-test-worker")
    lines = seashore("logs", "--json").stdout.splitlines()
    assert [json.loads(line)["item_id"] for line in lines] == ["sweep:ours"]


def test_a_log_file_is_read_on_from_where_it_was(tmp_path):
    path = tmp_path / "local.log"
    log = LogFile(path)
    assert list(log.read_new()) == []
    path.write_text(f"the emulator starts\n{write_log('a')}\n{write_log('b')[:20]}")
    assert [line.told["item_id"] for line in log.read_new()] == ["a"]
    with path.open("a") as file:
        file.write(f"{write_log('b')[20:]}\n")
    assert [line.told["item_id"] for line in log.read_new()] == ["b"]
    # A stack that starts anew begins a new file, whatever half of a line the old one ended with.
    with path.open("a") as file:
        file.write(write_log("half")[:20])
    assert list(log.read_new()) == []
    path.write_text(f"{write_log('c')}\n")
    assert [line.told["item_id"] for line in log.read_new()] == ["c"]
    assert list(LogFile(path, from_end=True).read_new()) == []


def test_a_line_is_harmless_for_a_terminal():
    line = read_line(write_log("a", cause="\x1b[2J and more"))
    assert "\x1b" not in line.to_text().plain
    assert read_line("no JSON") is None
    assert read_line('{"level": broken') is None
