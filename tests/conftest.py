"""Every test runs without the network but loopback, and without the caller's AWS configuration."""

import functools
import os

import pytest
import typer.testing
from hypothesis import settings
from pytest_socket import socket_allow_hosts

from tests.fakes.aws.quick_moto.clients import build_clients_quickly
from tests.local_stack.stack_fixtures import (  # noqa: F401 - fixtures of all folders
    local_stack,
    local_stack_root,
    smtp_server,
    start_stack,
)
from tests.side_by_side import (  # noqa: F401 - pytest looks for its hooks here, by name
    pytest_collection,
    pytest_collection_modifyitems,
    pytest_make_parametrize_id,
    pytest_runtest_protocol,
    pytest_xdist_make_scheduler,
)

# A busy machine is no reason to fail: examples are counted, not timed.
settings.register_profile("seashore", deadline=None)
settings.load_profile("seashore")

LOOPBACK = ["127.0.0.1", "::1", "localhost"]


@pytest.fixture(autouse=True)
def _loopback_only():
    socket_allow_hosts(LOOPBACK, allow_unix_socket=True)


@pytest.fixture(autouse=True, scope="session")
def _build_clients_quickly():
    with build_clients_quickly():
        yield


@pytest.fixture(scope="session")
def _nowhere(tmp_path_factory):
    """A path that leads to nothing. A folder for each test would take longer than most tests do."""
    return str(tmp_path_factory.getbasetemp() / "no-aws-configuration")


@pytest.fixture(autouse=True, scope="session")
def _build_the_command_line_once():
    """Typer would build all commands anew for each that is run, a third of what it takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.testing, "_get_command", functools.cache(typer.testing._get_command))
        yield


@pytest.fixture(autouse=True)
def _isolated_aws_configuration(monkeypatch, _nowhere):
    for name in list(os.environ):
        if name.startswith(("AWS_", "OPENAI_", "POWERTOOLS_", "SEASHORE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", _nowhere)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", _nowhere)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
