"""The most that the calls of an answer can use up, and that none goes out beyond it."""

from hypothesis import given
from hypothesis import strategies as st

from shared.llm.call_chain import CallChain, find_most_of_answer, find_most_of_turn
from shared.llm.model import Usage

TOKENS = st.integers(1, 10_000)


def test_three_calls_of_an_answer_fit_the_last_of_which_reads_the_longest_answer():
    chain = CallChain(find_most_of_answer(1_000, 500))
    chain.charge(Usage(1, 1_000, 500), 1_000, 500)
    chain.charge(Usage(1, 1_000, 1_000), 1_000, 1_000)
    repair_tokens = 1_000 + 1_000 + 100
    assert chain.has_room(repair_tokens, 1_000)
    chain.charge(Usage(1, repair_tokens, 1_000), repair_tokens, 1_000)
    assert not chain.has_room(1_000, 500)


def test_two_calls_of_a_turn_fit():
    chain = CallChain(find_most_of_turn(1_000, 500))
    chain.charge(Usage(1, 1_000, 500), 1_000, 500)
    assert chain.has_room(1_000, 1_000)
    chain.charge(Usage(1, 1_000, 1_000), 1_000, 1_000)
    assert not chain.has_room(1, 1)


def test_a_server_that_counts_more_than_was_estimated_takes_no_room_from_the_next_call():
    chain = CallChain(find_most_of_turn(10, 5))
    chain.charge(Usage(1, 900, 700), 10, 5)
    assert chain.has_room(10, 10)
    assert chain.usage == Usage(1, 900, 700)


@given(TOKENS, TOKENS, st.lists(st.tuples(TOKENS, TOKENS, st.booleans()), max_size=30))
def test_no_calls_use_up_more_than_was_reserved(prompt_tokens, answer_tokens, calls):
    most = find_most_of_answer(prompt_tokens, answer_tokens)
    chain = CallChain(most)
    for asked, room, is_answered in calls:
        if not chain.has_room(asked, room):
            continue
        if is_answered:
            chain.charge(Usage(1, asked, room // 2), asked, room)
        else:
            chain.charge_unanswered(asked, room)
    assert chain.usage.input_tokens <= most.input_tokens
    assert chain.usage.output_tokens <= most.output_tokens
    assert chain.usage.calls + chain.usage.unanswered <= len(calls)
