"""`seashore console`: where it is, and how one gets in."""

import io

import boto3
import pytest
from rich.console import Console

from infra.cli.command_context import CommandContext
from infra.cli.console import console
from infra.cli.output import Output
from infra.stacks import Stack


def open_on(monkeypatch, authorizer, *, is_opened=True, has_browser=True):
    """What is written of a stack on AWS with this authorizer, and what was opened."""
    opened = []
    monkeypatch.setattr(
        console.webbrowser, "open", lambda address: opened.append(address) or has_browser
    )
    outputs = {
        "ApiUrl": "https://api.example/v1",
        "ApiAuthorizer": authorizer,
        "ApiKeyId": "look",
        "OperatorApiKeyId": "act",
    }
    stack = Stack("papers", "eu-west-1", boto3.Session(), None, outputs)
    written = io.StringIO()
    output = Output()
    output.results = output.talk = Console(file=written, width=200)
    console.open_console(CommandContext(stack, output), is_opened=is_opened)
    return written.getvalue(), opened


def test_it_says_where_the_console_is_and_which_keys_open_it(monkeypatch):
    written, opened = open_on(monkeypatch, "none")
    assert opened == ["https://api.example/v1/console"]
    assert written.splitlines()[0] == opened[0]
    assert "--api-key look" in written
    assert "--api-key act" in written


@pytest.mark.parametrize(
    ("authorizer", "words"), [("iam", "cannot sign"), ("cognito", "Cognito pool")]
)
def test_it_says_who_gets_in_without_a_key_alone(monkeypatch, authorizer, words):
    written, _ = open_on(monkeypatch, authorizer)
    assert words in written
    assert "get-api-key" not in written


def test_without_a_browser_the_address_is_to_be_opened(monkeypatch):
    assert "No browser was found" in open_on(monkeypatch, "none", has_browser=False)[0]
    assert open_on(monkeypatch, "none", is_opened=False)[1] == []
