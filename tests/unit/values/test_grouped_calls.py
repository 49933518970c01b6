"""Calls at the same time are made together, and one that fails fails no other."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import shared.grouped_calls
from shared.grouped_calls import GroupedCalls

WAIT_SECONDS = 60


@pytest.fixture(autouse=True)
def _patience(monkeypatch):
    """On a busy machine a test takes longer than a request may."""
    monkeypatch.setattr(shared.grouped_calls, "_LONGEST_WAIT_SECONDS", WAIT_SECONDS)


def wait_for_waiting(ask, count):
    """Return when so many calls wait for a request."""
    while len(ask._waiting) < count:
        threading.Event().wait(0.005)


class Service:
    """Doubles numbers, refuses odd ones, and holds up the first request until it is let go."""

    def __init__(self, most=10):
        self.requests = []
        self.began, self.may_end = threading.Event(), threading.Event()
        self.ask = GroupedCalls(self._run, most)

    def _run(self, numbers):
        self.requests.append(list(numbers))
        if len(self.requests) == 1:
            self.began.set()
            assert self.may_end.wait(WAIT_SECONDS)
        if any(number % 2 for number in numbers):
            raise ValueError(str(numbers))
        return [2 * number for number in numbers]

    def ask_meanwhile(self, first, others):
        """Ask for one, and for others while that request runs; futures of all."""
        pool = ThreadPoolExecutor(max_workers=len(others) + 1)
        futures = [pool.submit(self.ask, first)]
        assert self.began.wait(WAIT_SECONDS)
        futures += [pool.submit(self.ask, number) for number in others]
        wait_for_waiting(self.ask, len(others))
        self.may_end.set()
        pool.shutdown(wait=True)
        return futures


def test_a_call_by_itself_is_a_request():
    service = Service()
    service.may_end.set()
    assert [service.ask(number) for number in (2, 4)] == [4, 8]
    assert service.requests == [[2], [4]]


def test_what_is_asked_for_while_a_request_runs_goes_out_together():
    service = Service()
    futures = service.ask_meanwhile(0, [2, 4, 6, 8])
    assert [future.result() for future in futures] == [0, 4, 8, 12, 16]
    assert [sorted(numbers) for numbers in service.requests] == [[0], [2, 4, 6, 8]]


def test_no_more_go_together_than_a_request_takes():
    service = Service(most=3)
    futures = service.ask_meanwhile(0, [2, 4, 6, 8])
    assert [future.result() for future in futures] == [0, 4, 8, 12, 16]
    assert [len(numbers) for numbers in service.requests] == [1, 3, 1]


def test_one_that_is_refused_fails_alone():
    service = Service()
    futures = service.ask_meanwhile(0, [2, 3, 4])
    answers = [future.exception() or future.result() for future in futures]
    assert answers[:2] == [0, 4]
    assert answers[3] == 8
    assert str(answers[2]) == "[3]"


def test_the_first_tells_its_own_failure():
    service = Service()
    service.may_end.set()
    with pytest.raises(ValueError, match="3"):
        service.ask(3)
    assert service.requests == [[3]]


def test_who_has_an_answer_does_not_wait_for_a_later_request():
    began, may_end = [[threading.Event() for _ in range(3)] for _ in range(2)]
    numbers_of_requests = itertools.count()

    def double(numbers):
        request = next(numbers_of_requests)
        began[request].set()
        assert may_end[request].wait(WAIT_SECONDS)
        return [2 * number for number in numbers]

    ask = GroupedCalls(double, 10)
    with ThreadPoolExecutor(max_workers=4) as pool:
        first = pool.submit(ask, 0)
        assert began[0].wait(WAIT_SECONDS)
        together = [pool.submit(ask, number) for number in (2, 4)]
        wait_for_waiting(ask, 2)
        may_end[0].set()
        assert began[1].wait(WAIT_SECONDS)
        last = pool.submit(ask, 6)
        wait_for_waiting(ask, 1)
        may_end[1].set()
        assert began[2].wait(WAIT_SECONDS)
        assert [one.result(WAIT_SECONDS / 2) for one in together] == [4, 8]
        may_end[2].set()
        assert [one.result(WAIT_SECONDS) for one in (first, last)] == [0, 12]
