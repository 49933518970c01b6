"""A model's window: what of it is for text and for the answer, and how text is packed into it."""

from itertools import count, islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.llm.model_window import ModelWindow, pack
from shared.llm.token_estimate import estimate_tokens


@pytest.mark.parametrize(
    ("tokens", "chunk_tokens", "combine_tokens"),
    [
        (3_000, 750, 750),
        (3_941, 1_455, 1_455),
        (4_000, 1_500, 1_500),
        (12_666, 7_999, 7_999),
        (32_000, 22_500, 16_000),
        (128_000, 94_500, 16_000),
    ],
)
def test_stored_texts_are_found_again(tokens, chunk_tokens, combine_tokens):
    """The size of a chunk is part of a text's address: of these, none may change."""
    window = ModelWindow(tokens)
    assert (window.chunk_tokens, window.combine_tokens) == (chunk_tokens, combine_tokens)


@pytest.mark.parametrize(("most", "chunk_tokens"), [(8_000, 8_000), (22_501, 22_500)])
def test_a_chunk_is_no_larger_than_is_set(most, chunk_tokens):
    assert ModelWindow(32_000, most).chunk_tokens == chunk_tokens


def test_an_answer_has_a_quarter_of_the_window_at_the_most():
    assert ModelWindow(32_000).limit_answer(2_000) == 2_000
    assert ModelWindow(7_003).limit_answer(2_000) == 1_750


def test_what_is_left_is_beside_the_answer_and_what_is_said_around():
    said = ["Answer the question.", "{}"]
    room = ModelWindow(4_000).find_room(1_000, *said)
    assert room == 3_000 - sum(estimate_tokens(text) for text in said)


SIZES = st.lists(st.integers(0, 12), max_size=30)


@given(SIZES, st.integers(0, 20), st.integers(1, 4))
def test_groups_hold_every_item_in_order_and_are_full(sizes, most, least):
    groups = list(pack(sizes, float, most, least_items=least))
    assert [size for group in groups for size in group] == sizes
    for group, following in pairwise(groups):
        assert len(group) >= least
        assert sum(group) <= most or len(group) == least
        assert sum(group) + following[0] > most
    assert all(groups)


@given(SIZES, st.integers(0, 20), st.sets(st.integers(0, 12)))
def test_what_has_to_begin_a_group_does(sizes, most, beginners):
    groups = list(pack(sizes, float, most, begins=beginners.__contains__))
    assert [size for group in groups for size in group] == sizes
    assert not any(size in beginners for group in groups for size in group[1:])


def test_items_are_taken_only_when_they_are_needed():
    assert list(islice(pack(count(1), float, 7), 3)) == [[1, 2, 3], [4], [5]]
