"""The command line as a whole: help, exit statuses, start-up."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError
from typer.testing import CliRunner

from infra.cli.app import app
from infra.cli.exit_codes import EXPLANATION, ExitCode, find_exit_code
from shared.errors import (
    DeployError,
    LocalStackError,
    ObjectMissingError,
    OperatorError,
    SeashoreError,
    UnknownItemError,
    UnknownStackError,
    WrongUsageError,
)

COMMANDS = [
    "put",
    "documents",
    "show",
    "watch",
    "download",
    "logs",
    "conversations",
    "conversations show",
    "tasks",
    "schema",
    "enqueue ask",
    "enqueue summarize",
    "enqueue extract",
    "enqueue agent",
    "demo",
    "build",
    "deploy",
    "destroy",
    "doctor",
    "local up",
    "local down",
    "local status",
]


def invoke(*arguments):
    return CliRunner().invoke(app, arguments, prog_name="seashore")


def caused_by_aws(error):
    error.__cause__ = EndpointConnectionError(endpoint_url="https://sts")
    return error


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command):
    result = invoke(*command.split(), "--help")
    assert result.exit_code == 0
    assert f"Usage: seashore {command}" in result.stdout


@pytest.mark.parametrize(
    "command",
    [*COMMANDS, "explain", "eval", "tune", "pause", "secrets set", "languages add", "dlq show"],
)
def test_a_command_that_needs_more_says_what_with_an_example(command):
    result = invoke(*command.split(), "--help")
    shown = [line.strip() for line in result.stdout.splitlines() if "Example: " in line]
    if "[required]" not in result.stdout:
        return
    (example,) = shown
    words = shlex.split(example.removeprefix("Example: "))
    assert " ".join(words).find(f"seashore {command}") >= 0
    refusal = invoke(*command.split())
    assert refusal.exit_code == ExitCode.USAGE
    assert re.search(r"Missing (argument|option) '.*", " ".join(refusal.stderr.split()))
    assert example in " ".join(refusal.stderr.split())


@pytest.mark.parametrize("command", ["redo", "retry", "cancel", "delete"])
def test_a_command_on_documents_says_how_to_name_them(command, monkeypatch):
    monkeypatch.setattr("infra.cli.command_context.open_context", lambda *_, **__: None)
    refusal = invoke(command)
    assert refusal.exit_code == ExitCode.USAGE
    told = " ".join(refusal.stderr.split())
    assert "by id or key" in told
    assert f"`seashore {command} report.pdf`, `seashore {command} --prefix 2026/`" in told


def test_the_help_lists_every_command_and_every_exit_status():
    text = invoke("--help").stdout
    for command in COMMANDS:
        assert f"\n  {command.split()[0]} " in text
    for code in ExitCode:
        assert f"\n    {code.value} " in text
    assert len(EXPLANATION.splitlines()[2:]) >= len(ExitCode)


def test_the_help_needs_none_of_the_heavy_libraries():
    script = (
        "import sys, infra.cli\n"
        "sys.argv = ['seashore', '--help']\n"
        "try: infra.cli.main()\n"
        "except SystemExit: pass\n"
        "names = ['boto3', 'botocore', 'pydantic', 'openai', 'rich', 'yaml', 'email', 'zipfile',\n"
        "    'importlib.metadata', 'json', 'socket', 'statistics', 'fractions', 'decimal']\n"
        "heavy = set(names) & set(sys.modules)\n"
        "sys.exit(f'{heavy} are imported' if heavy else 0)"
    )
    result = subprocess.run(  # noqa: S603 - our own Python
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert result.stderr == ""
    assert result.returncode == 0
    assert "Usage" in result.stdout


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnknownStackError("x"), ExitCode.UNKNOWN_STACK),
        (caused_by_aws(UnknownStackError("x")), ExitCode.UNKNOWN_STACK),
        (WrongUsageError("x"), ExitCode.USAGE),
        (UnknownItemError("x"), ExitCode.UNKNOWN_DOCUMENT),
        (OperatorError("x"), ExitCode.FAILED),
        (LocalStackError("x"), ExitCode.FAILED),
        (caused_by_aws(OperatorError("x")), ExitCode.AWS_REFUSED),
        (caused_by_aws(DeployError("x")), ExitCode.AWS_REFUSED),
        (caused_by_aws(ObjectMissingError("x")), ExitCode.FAILED),
        (SeashoreError("x"), ExitCode.FAILED),
    ],
)
def test_errors_have_exit_statuses(error, code):
    assert find_exit_code(error) is code


@pytest.mark.parametrize(
    "arguments",
    [("documents",), ("delete", "a.pdf"), ("deploy",), ("destroy", "--yes"), ("eval", ".")],
)
def test_an_empty_name_of_a_stack_is_none_and_not_any(arguments):
    result = invoke(*arguments, "--stack", "")
    assert result.exit_code == ExitCode.USAGE
    assert "--stack" in result.stderr
    assert "it is empty: name a stack" in result.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_one_line_and_no_traceback():
    with Path("/dev/full").open("w") as full:
        ended = run_apart("schema", stdout=full)
    assert ended.returncode == ExitCode.FAILED
    assert ended.stderr == (
        "Error: The output cannot be written: No space left on device. Make room there, or mend "
        "its permissions, and try again.\n"
    )


def test_a_reader_that_has_seen_enough_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = run_apart("schema", stdout=writing)
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (ExitCode.FAILED, "")


def test_an_output_that_the_caller_has_closed_is_no_traceback():
    words = 'exec "$0" -c "from infra.cli import main; main()" schema >&-'
    ended = subprocess.run(  # noqa: S603 - a fixed command
        ["/bin/sh", "-c", words, sys.executable],
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (ExitCode.OK, "")


def test_ctrl_c_while_the_modules_load_is_no_traceback(tmp_path):
    # Stands before the command line's first import, and is interrupted there.
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt", encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-c", "from infra.cli import main; main()", "schema"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


def test_shells_can_complete_commands_and_options():
    # The shell is named, not looked for among the processes that have started this one.
    named = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    ended = run_apart("--show-completion", "bash", stdout=subprocess.PIPE, **named)
    assert ended.returncode == 0
    assert "complete -o default -F _seashore_completion seashore" in ended.stdout
    words = {"COMP_WORDS": "seashore docu", "COMP_CWORD": "1"}
    asked = run_apart(stdout=subprocess.PIPE, _SEASHORE_COMPLETE="complete_bash", **words)
    assert asked.stdout.split() == ["documents"]


def run_apart(*arguments, stdout, **environment):
    """Run the command line in a process of its own."""
    return subprocess.run(  # noqa: S603 - our own Python
        [sys.executable, "-c", "from infra.cli.app import main; main()", *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["documents", "--status", "finished"], "'finished' is not a status: choose from RECEIVED"),
        (["documents", "--days", "0"], "--days"),
        (["put"], "FILE"),
        (["build", "--target", "moon"], "'moon' is neither aws nor"),
        (["deploy"], "--stack"),
        (["deploy", "--stack", "a", "-p", "LogLevel"], "NAME=VALUE"),
        (["deploy", "--stack", "a", "--code-only", "--diff"], "It goes neither with --diff"),
        (["deploy", "--stack", "a", "--code-only", "-p", "A=b"], "nor with --parameters"),
        (["destroy"], "--stack"),
        (["dokuments"], "Did you mean 'documents'?"),
    ],
)
def test_wrong_usage_is_said_in_words(arguments, words):
    result = invoke(*arguments)
    assert result.exit_code == ExitCode.USAGE
    assert words in result.stderr
    assert result.stdout == ""


def test_a_stack_name_that_aws_cannot_have_is_refused_before_anything_is_built():
    result = invoke("deploy", "--stack", "local", "--region", "eu-west-1")
    assert result.exit_code == ExitCode.FAILED
    assert result.stderr.startswith("Error: 'local' is the local stack")
    assert len(result.stderr.splitlines()) == 1


def test_the_local_stack_is_not_destroyed_but_brought_down():
    result = invoke("destroy", "--stack", "local", "--yes")
    assert result.exit_code == ExitCode.FAILED
    assert "seashore local down" in result.stderr


def test_the_version_is_written():
    result = invoke("--version")
    assert result.exit_code == 0
    assert result.stdout.strip()[0].isdigit()
