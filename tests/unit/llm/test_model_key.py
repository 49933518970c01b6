"""The key of the model's provider: when it is fetched, and that nobody sees it."""

import logging
import threading

import pytest

from shared.errors import AccessDeniedError, ModelAccessError
from shared.llm.model_key import LIFETIME_SECONDS, ModelKey


class Vault:
    """What a key is fetched from; `keys` are given one after the other, the last for ever."""

    def __init__(self, *keys):
        self.keys = list(keys)
        self.fetches = 0

    def __call__(self):
        self.fetches += 1
        key = self.keys[0] if len(self.keys) == 1 else self.keys.pop(0)
        if isinstance(key, Exception):
            raise key
        return key


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


def denied():
    return AccessDeniedError("may not", delay_seconds=60, reason="access_denied")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def key_of(clock):
    def build(vault):
        return ModelKey(vault, clock, logging.getLogger("seashore.llm"))

    return build


def test_a_key_is_fetched_once_in_its_lifetime(key_of, clock):
    vault = Vault("sk-1", "sk-2")
    key = key_of(vault)
    assert vault.fetches == 0
    assert [key.read() for _ in range(3)] == ["sk-1"] * 3
    clock.now += LIFETIME_SECONDS - 1
    assert key.read() == "sk-1"
    clock.now += 1
    assert key.read() == "sk-2"
    assert vault.fetches == 2


def test_the_threads_of_a_first_batch_fetch_once(key_of):
    all_there = threading.Barrier(10)
    vault = Vault("sk-1")
    key = key_of(vault)
    seen = []

    def read():
        all_there.wait(5)
        seen.append(key.read())

    threads = [threading.Thread(target=read) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert (seen, vault.fetches) == (["sk-1"] * 10, 1)


def test_an_old_key_serves_while_it_cannot_be_renewed(key_of, clock, caplog):
    vault = Vault("sk-1", denied(), "sk-2")
    key = key_of(vault)
    key.read()
    clock.now += LIFETIME_SECONDS
    assert [key.read(), key.read()] == ["sk-1", "sk-1"]
    assert vault.fetches == 2
    assert [record.action for record in caplog.records] == ["model_key_unreadable"]
    clock.now += 30
    assert key.read() == "sk-2"


def test_a_rejected_key_is_fetched_once_more(key_of):
    vault = Vault("sk-1", "sk-2")
    key = key_of(vault)
    old = key.read()
    assert key.renew(old) == "sk-2"
    # Another thread that was rejected with the old one fetches nothing.
    assert key.renew(old) == "sk-2"
    assert (key.read(), vault.fetches) == ("sk-2", 2)


def test_a_key_that_stays_the_same_is_asked_for_once_by_all_threads(key_of, clock):
    vault = Vault("sk-1")
    key = key_of(vault)
    key.read()
    assert [key.renew("sk-1") for _ in range(10)] == [None] * 10
    assert vault.fetches == 2
    clock.now += 60
    key.renew("sk-1")
    assert vault.fetches == 3


def test_a_renewal_that_fails_leaves_the_rejection_as_it_is(key_of):
    key = key_of(Vault("sk-1", denied()))
    assert key.renew(key.read()) is None


def test_a_first_fetch_that_fails_is_the_callers_to_wait_for(key_of):
    vault = Vault(denied(), "sk-1")
    key = key_of(vault)
    with pytest.raises(AccessDeniedError):
        key.read()
    assert key.read() == "sk-1"


@pytest.mark.parametrize("text", ["", "sk-ключ", "sk-1\nsk-2", "sk 1"])
def test_what_is_no_key_waits_for_a_person_and_is_not_shown(key_of, text, caplog):
    key = key_of(Vault(text))
    with pytest.raises(ModelAccessError, match="seashore secrets set") as caught:
        key.read()
    said = f"{caught.value} {caplog.text}"
    assert "sk-" not in said and "ключ" not in said


def test_neither_the_log_nor_the_key_itself_shows_it(key_of, caplog):
    caplog.set_level(logging.DEBUG)
    key = key_of(Vault("sk-old-canary", "sk-new-canary"))
    key.renew(key.read())
    assert [record.action for record in caplog.records] == ["model_key_renewed"]
    assert "canary" not in f"{caplog.text} {key!r} {key}"
