"""`make clean`: the local stack is stopped before its files are removed."""

import os
import shutil
import subprocess

import pytest

from infra.project_files import PROJECT

MAKE = shutil.which("make")
pytestmark = pytest.mark.skipif(
    MAKE is None and "CI" not in os.environ, reason="this system has no make"
)


@pytest.fixture
def checkout(tmp_path):
    """A folder with the Makefile, a command line that notes how it is called, and a state."""
    shutil.copy(PROJECT / "Makefile", tmp_path)
    command = tmp_path / ".venv" / "bin" / "seashore"
    command.parent.mkdir(parents=True)
    command.write_text('#!/bin/sh\necho "$@" >> called\ntest ! -e fails\n')
    command.chmod(0o755)
    (tmp_path / ".seashore").mkdir()
    return tmp_path


def clean(checkout):
    command = [str(MAKE), "clean"]
    return subprocess.run(  # noqa: S603 - a fixed command
        command, cwd=checkout, capture_output=True, timeout=60, check=False
    ).returncode


def test_a_stack_is_stopped_before_its_files_are_removed(checkout):
    (checkout / ".seashore" / "local.json").write_text("{}")
    assert clean(checkout) == 0
    assert (checkout / "called").read_text() == "local down --delete-data\n"
    assert not (checkout / ".seashore").exists()
    assert not (checkout / ".venv").exists()


def test_one_that_cannot_be_stopped_keeps_its_files(checkout):
    (checkout / ".seashore" / "local.json").write_text("{}")
    (checkout / "fails").touch()
    assert clean(checkout) != 0
    assert (checkout / ".seashore").exists()


def test_without_a_stack_nothing_is_called(checkout):
    assert clean(checkout) == 0
    assert not (checkout / "called").exists()
    assert not (checkout / ".seashore").exists()
