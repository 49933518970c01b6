import logging
import threading
import time

import pytest

from shared.errors import ModelAccessError
from shared.llm.chat_completions import access_breaker
from shared.llm.chat_completions.access_breaker import AccessBreaker


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def breaker(now):
    return AccessBreaker(lambda: now[0], logging.getLogger("breaker"))


def reject_next_try(breaker, now):
    """Wait until a call may be made, and have it rejected: the pause that follows."""
    now[0] += 300.0
    breaker.check()
    return breaker.record_rejection("status 401")


def refused_for(breaker):
    with pytest.raises(ModelAccessError) as caught:
        breaker.check()
    return caught.value.delay_seconds


def test_calls_pass_until_access_is_rejected(breaker):
    breaker.check()
    assert breaker.record_rejection("status 401") == 60
    assert refused_for(breaker) == 60


def test_one_call_a_pause_is_let_through(breaker, now):
    breaker.record_rejection("status 401")
    now[0] = 59.9
    assert refused_for(breaker) == pytest.approx(0.1)
    now[0] = 60.0
    breaker.check()
    assert refused_for(breaker) == 60


def test_the_pause_doubles_up_to_five_minutes(breaker, now):
    assert [reject_next_try(breaker, now) for _ in range(5)] == [60, 120, 240, 300, 300]


def test_calls_that_were_under_way_together_count_as_one(breaker, now):
    assert [breaker.record_rejection("status 401") for _ in range(10)] == [60] * 10
    now[0] = 1.0
    assert breaker.record_rejection("status 401") == 59
    assert refused_for(breaker) == 59


def test_many_rejections_do_not_overflow(breaker, now):
    for _ in range(2000):
        assert reject_next_try(breaker, now) <= 300


def test_a_success_lets_all_calls_through(breaker, now):
    breaker.record_rejection("status 401")
    now[0] = 60.0
    breaker.check()
    breaker.record_success()
    breaker.check()
    breaker.check()
    assert breaker.record_rejection("status 401") == 60


def test_one_alarm_for_each_loss_of_access(breaker, caplog):
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            breaker.record_rejection("status 401")
        breaker.record_success()
        breaker.record_success()
        breaker.record_rejection("status 401")
    levels = [record.levelname for record in caplog.records]
    assert levels == ["ERROR", "INFO", "ERROR"]


def test_only_one_of_many_threads_tries(breaker, now):
    breaker.record_rejection("status 401")
    now[0] = 61.0
    passed = []

    def try_it():
        try:
            breaker.check()
            passed.append(1)
        except ModelAccessError:
            pass

    threads = [threading.Thread(target=try_it) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 1


@pytest.fixture
def _first_call_is_waited_for(monkeypatch):
    """A busy machine may take longer for the first call than others wait for it."""
    monkeypatch.setattr(access_breaker, "FIRST_CALL_WAIT_SECONDS", 600)


@pytest.mark.usefixtures("_first_call_is_waited_for")
def test_a_wrong_key_costs_a_fresh_container_one_call_however_many_ask(caplog):
    breaker = AccessBreaker(time.monotonic, logging.getLogger("test"))
    calls = []

    def ask():
        try:
            breaker.check()
        except ModelAccessError:
            return
        calls.append(1)
        time.sleep(0.05)
        breaker.record_rejection("status 401")

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert sum(record.levelname == "ERROR" for record in caplog.records) == 1


@pytest.mark.usefixtures("_first_call_is_waited_for")
def test_once_a_call_was_let_in_nobody_waits_for_another():
    breaker = AccessBreaker(time.monotonic, logging.getLogger("test"))
    breaker.check()
    breaker.record_success()
    thread = threading.Thread(target=breaker.check, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
