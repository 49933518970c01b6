"""What the API is made of: owners, time limits, histories, and what an error becomes."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

import shared.errors
from functions.http.errors import describe_error
from functions.http.request_facts import run_within
from functions.http.requests import find_owner, write_cors_headers
from pipeline.chat.chat_turn import trim_history
from shared.conversations import ConversationTurn
from shared.deadline import Deadline
from shared.errors import (
    DeadlineError,
    DeferredError,
    LateAnswerError,
    ModelUnavailableError,
    OperatorError,
    RejectedDocumentError,
    RejectionCode,
    SeashoreError,
)
from shared.llm.token_estimate import estimate_tokens

ALL_ERRORS = [
    value
    for value in vars(shared.errors).values()
    if isinstance(value, type)
    and issubclass(value, SeashoreError)
    and not issubclass(value, OperatorError)
]


def make_error(kind):
    if issubclass(kind, DeferredError):
        return kind("secret cause", delay_seconds=7, reason="why")
    if issubclass(kind, RejectedDocumentError):
        return kind(RejectionCode.EMPTY, "secret cause")
    return kind("secret cause")


@pytest.mark.parametrize("kind", ALL_ERRORS)
def test_every_error_of_the_tree_becomes_an_answer(kind):
    failure = describe_error(make_error(kind))
    assert 400 <= failure.status < 600
    assert failure.code
    if failure.status >= 500:
        assert "secret" not in failure.message
        assert failure.what_to_do


def test_a_model_that_was_cut_off_at_the_end_was_slow_and_has_not_failed():
    error = make_error(ModelUnavailableError)
    assert describe_error(error).status == 503
    late = describe_error(error, is_late=True)
    assert (late.status, late.code) == (504, "timeout")


def test_an_answer_that_was_late_is_so_however_little_time_was_left():
    assert describe_error(make_error(LateAnswerError)).status == 504


def test_work_that_hangs_is_left_behind():
    over = threading.Event()
    with pytest.raises(DeadlineError):
        run_within(Deadline.after(0.02), over.wait, grace_seconds=0.02)
    over.set()


def test_what_work_returns_or_raises_comes_through():
    assert run_within(Deadline.after(5), lambda: 7) == 7
    for error in (KeyError, TimeoutError):
        with pytest.raises(error):
            run_within(Deadline.after(5), lambda error=error: raise_(error("x")))


def raise_(error):
    raise error


def make_context(**context):
    return {"requestContext": context}


def test_owners_are_told_apart():
    key = {"apiKeyId": "k"}
    owners = [
        find_owner(make_context(identity={"apiKeyId": "k"})),
        find_owner(make_context(identity={"apiKeyId": "l"})),
        find_owner(make_context(identity={**key, "caller": "AROA1:one"})),
        find_owner(make_context(identity={**key, "caller": "AROA2:one"})),
        find_owner(make_context(identity=key, authorizer={"claims": {"sub": "s"}})),
        find_owner(make_context(identity=key, authorizer={"claims": {"sub": "k"}})),
        find_owner({}),
    ]
    assert len(set(owners)) == len(owners)
    again = find_owner(make_context(identity={**key, "caller": "AROA1:another"}))
    assert again == owners[2]


def test_keys_are_told_apart_where_the_gateway_does_not_name_them():
    """As the local stack's gateway, which checks the key and says no more."""
    first, same, other = (
        find_owner({"headers": {name: key}, **make_context(identity={"sourceIp": "127.0.0.1"})})
        for name, key in (("x-api-key", "a"), ("X-Api-Key", "a"), ("x-api-key", "b"))
    )
    assert first == same
    assert len({first, other, find_owner({})}) == 3


@given(st.text(), st.lists(st.text(min_size=1), min_size=1, max_size=3))
def test_no_origin_is_let_in_that_is_not_allowed(origin, allowed):
    named = write_cors_headers(origin, allowed)["Access-Control-Allow-Origin"]
    assert named == "*" if "*" in allowed else named in allowed


def make_turn(number, message, answer="An answer."):
    return ConversationTurn(number=number, at="", request_id="", message=message, answer=answer)


@given(st.lists(st.text(max_size=200), max_size=8), st.integers(0, 200))
def test_a_history_is_the_newest_turns_that_fit(messages, room):
    past = [make_turn(number, text) for number, text in enumerate(messages, start=1)]
    kept = trim_history(past, room)
    assert [turn.prompt for turn in kept] == messages[len(messages) - len(kept) :]
    sizes = [estimate_tokens(turn.message) + estimate_tokens(turn.answer) for turn in past]
    taken = sizes[len(sizes) - len(kept) :]
    assert sum(taken) <= room
    if len(kept) < len(past):
        assert sum(taken) + sizes[len(past) - len(kept) - 1] > room
