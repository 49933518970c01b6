"""What `seashore deploy` builds, before AWS is asked to change anything."""

import pytest
from typer.testing import CliRunner

from infra.cli.app import app
from infra.cli.deploy import deploy
from infra.packaging.build import Target
from shared.errors import BuildError
from tests.fakes.aws.cloudformation_server import serve_stack


@pytest.fixture
def built(monkeypatch):
    """The targets that packages were to be built for; nothing is built."""
    targets = []

    def build_packages(target, folder, report):
        targets.append(target)
        raise BuildError("nothing is built here")

    monkeypatch.setattr(deploy, "build_packages", build_packages)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    return targets


@pytest.mark.parametrize(
    ("options", "parameters", "target"),
    [
        ([], {}, Target.AWS),
        ([], {"Architecture": "x86_64"}, Target.AWS_X86_64),
        (["--diff"], {"Architecture": "x86_64"}, Target.AWS_X86_64),
        (["--code-only"], {"Architecture": "x86_64"}, Target.AWS_X86_64),
        (["-p", "Architecture=arm64"], {"Architecture": "x86_64"}, Target.AWS),
        (["--diff", "-p", "Architecture=x86_64"], {}, Target.AWS_X86_64),
    ],
)
def test_packages_are_for_the_processors_that_the_stack_runs_on(
    built, monkeypatch, options, parameters, target
):
    with serve_stack("prod", {}, parameters) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", url)
        result = CliRunner().invoke(app, ["deploy", "--stack", "prod", *options])
    assert result.exit_code == 1, result.output
    assert built == [target]


def test_processors_that_lambda_does_not_have_are_refused_before_anything_is_built(built):
    options = ["-p", "Architecture=riscv64"]
    result = CliRunner().invoke(app, ["deploy", "--stack", "prod", *options])
    assert "choose arm64 or x86_64" in result.stderr
    assert built == []
