"""What the doctor makes of how much a model's server reads."""

import pytest

from infra.doctor.check import Verdict
from infra.doctor.window_check import check_window
from tests.fakes.model.chat_behaviours import failing
from tests.fakes.model.chat_server import ChatServer


@pytest.mark.parametrize(
    ("traits", "verdict", "words"),
    [
        ({}, Verdict.OK, "24000 tokens are read at once"),
        ({"window_tokens": 4_096}, Verdict.WARNING, "read 4096 of 4500 tokens"),
        ({"window_tokens": 8_192}, Verdict.WARNING, "read 8192 of 24000 tokens"),
        ({"window_tokens": 12_000}, Verdict.WARNING, "read 12000 of 24000 tokens"),
    ],
)
def test_a_window_is_found_by_reading(traits, verdict, words):
    with ChatServer(**traits) as server:
        check = check_window(server.url, "tiny", "", 32_000)
    assert check.verdict is verdict
    assert words in check.words


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("context_overflow", "4500 tokens is refused (400)"),
        ("hang", "not read in 0 s"),
        ("reset", "not read in 0 s"),
        ("html", "not read in 0 s"),
        ("no_usage", "counts no tokens"),
    ],
)
def test_what_does_not_come_to_a_window_is_a_warning(kind, words):
    with ChatServer() as server:
        server.script(failing(kind))
        check = check_window(server.url, "tiny", "sk-doctor", 32_000, timeout_seconds=0.3)
    assert check.verdict is Verdict.WARNING
    assert words in check.words
    assert check.advice


def test_an_address_with_the_endpoint_at_its_end_is_read_as_the_functions_read_it():
    with ChatServer() as server:
        check = check_window(f"{server.url}/chat/completions", "tiny", "", 32_000)
    assert check.verdict is Verdict.OK


def test_a_slow_server_is_sent_the_short_prompt_only():
    readings = iter([0.0, 20.0])
    with ChatServer() as server:
        check = check_window(server.url, "tiny", "", 32_000, clock=lambda: next(readings))
        assert len(server.calls) == 1
    assert check.words == "4500 tokens are read at once"


def test_a_server_elsewhere_is_not_asked():
    assert check_window("https://api.example.com/v1", "m", "k", 32_000).verdict is Verdict.SKIPPED
    assert check_window("", "m", "k", 32_000).verdict is Verdict.SKIPPED
