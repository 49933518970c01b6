"""The program as `pip install .` installs it: what needs the checkout says so in one line."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from infra.cli.exit_codes import ExitCode
from infra.packaging.dependencies import find_uv
from infra.project_files import find_state_folder
from shared.errors import WrongUsageError
from tests.project_files import PROJECT

# The wheel is built once, not in each process that takes one of its tests.
pytestmark = pytest.mark.xdist_group("installed_copy")


@pytest.fixture(scope="module")
def seashore(tmp_path_factory):
    """Runs `seashore` of an environment that the wheel is installed in, away from the checkout."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run(  # noqa: S603 - a fixed command
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=PROJECT, capture_output=True, check=True,
    )  # fmt: skip
    venv.create(folder / "venv", symlinks=True)
    python = folder / "venv" / "bin" / "python"
    (wheel,) = folder.glob("*.whl")
    subprocess.run(  # noqa: S603 - a fixed command
        [
            str(find_uv()), "pip", "install", "--quiet", "--offline", "--no-deps",
            "--python", str(python), str(wheel),
        ],
        capture_output=True, check=True,
    )  # fmt: skip
    (site_packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
    # The dependencies are those of this environment; a path file read from there is not followed.
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))

    def run(*arguments):
        done = subprocess.run(  # noqa: S603 - our own program
            [str(python.with_name("seashore")), *arguments],
            cwd=folder, capture_output=True, text=True, check=False,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "AWS_EC2_METADATA_DISABLED": "1"},
        )  # fmt: skip
        assert not list(folder.rglob(".seashore"))
        return done

    return run


@pytest.mark.parametrize("arguments", [("local", "status"), ("demo",), ("documents",), ("build",)])
def test_what_needs_the_checkout_says_so_in_one_line(seashore, arguments):
    done = seashore(*arguments)
    assert done.returncode == ExitCode.USAGE
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert "from its checkout only: run `make setup` there" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_stacks_on_aws_are_asked_for_without_a_checkout(seashore):
    done = seashore("documents", "--stack", "prod", "--region", "eu-west-1")
    assert "No AWS credentials were found" in done.stderr
    assert done.returncode == ExitCode.AWS_REFUSED


def test_doctor_looks_at_a_stack_on_aws_without_a_checkout(seashore):
    done = seashore("doctor", "--stack", "prod", "--region", "eu-west-1")
    assert "an installed copy builds and runs nothing here" in done.stdout
    assert "No AWS credentials were found" in done.stdout
    assert (done.returncode, "Traceback" in done.stderr) == (ExitCode.FAILED, False)


def test_the_help_is_there(seashore):
    done = seashore("--help")
    assert done.returncode == ExitCode.OK
    assert "Usage: seashore" in done.stdout


def test_the_state_lies_in_the_checkout(tmp_path):
    assert find_state_folder() == Path(PROJECT, ".seashore")
    with pytest.raises(WrongUsageError, match="make setup"):
        find_state_folder(tmp_path)
