"""Which parameters a local stack is deployed with, and which it keeps."""

import pytest

from infra.local.parameters import (
    choose_parameters,
    is_on_this_machine,
    keep_given_parameters,
    read_given_parameters,
)
from infra.local.record import LocalFolder
from infra.local.stack import delete_local_data


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("http://127.0.0.1:11434/v1", True),
        ("http://localhost:11434/v1", True),
        ("http://[::1]:8080/v1", True),
        ("http://127.8.0.1/v1", True),
        ("http://192.168.1.5:11434/v1", False),
        ("https://api.example.com/v1", False),
        ("", False),
    ],
)
def test_a_loopback_address_is_on_this_machine(address, here):
    assert is_on_this_machine(address) is here


@pytest.mark.parametrize(
    ("of_model", "seconds"),
    [
        ({"OpenAiBaseUrl": "", "OpenAiApiKeySecret": ""}, "30"),
        ({"OpenAiBaseUrl": "", "OpenAiApiKeySecret": "seashore/openai-api-key"}, "120"),
        ({"OpenAiBaseUrl": "https://api.example.com/v1"}, "120"),
        ({"OpenAiBaseUrl": "http://127.0.0.1:11434/v1"}, "600"),
    ],
)
def test_a_run_is_as_long_as_its_model_needs(of_model, seconds):
    assert choose_parameters(of_model, {})["WorkerTimeoutSeconds"] == seconds
    assert (
        choose_parameters(of_model, {"WorkerTimeoutSeconds": "900"})["WorkerTimeoutSeconds"]
        == "900"
    )


def test_what_is_given_goes_before_the_environment():
    chosen = choose_parameters({"OpenAiBaseUrl": ""}, {"OpenAiBaseUrl": "http://localhost:1/v1"})
    assert chosen["OpenAiBaseUrl"] == "http://localhost:1/v1"
    assert chosen["WorkerTimeoutSeconds"] == "600"


def test_what_was_given_is_kept_until_the_data_is_deleted(tmp_path):
    folder = LocalFolder(tmp_path)
    assert read_given_parameters(folder) == {}
    folder.state.mkdir()
    given = {"ModelPrices": '{"m": {"input": 1, "output": 2}}', "ContextWindowTokens": "8192"}
    keep_given_parameters(folder, given)
    assert read_given_parameters(LocalFolder(tmp_path)) == given
    delete_local_data(tmp_path)
    assert read_given_parameters(folder) == {}
