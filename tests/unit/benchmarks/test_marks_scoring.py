"""What the benchmark of marks counts as right."""

from tests.benchmarks.marks.scoring import (
    Quote,
    is_near,
    is_readable,
    is_same,
    pick_quotes,
    read_marks,
    sample_quotes,
)

PAGES = {1: "The ferry leaves at noon. It comes back at night.", 2: "", 3: "港の桟橋は長い。"}


def test_a_mark_is_right_with_the_quote_and_nothing_else_in_it():
    assert is_same("The ferry, leaves", "the FERRY leaves", 1)
    assert is_same("ferry", "ferryferry", 2)
    assert not is_same("ferry", "ferry leaves", 1)
    assert not is_same("The ferry leaves", "The ferry", 1)
    assert is_same("max(kx - yk, kzk)", "max(∥x - y∥, ∥z∥)", 1)


def test_a_near_mark_is_right_with_half_of_the_quote_or_a_part_alone():
    assert is_near("Name: Bob", "Bob")
    assert is_near("Handler", "Security Handler")
    assert not is_near("Name: Bob", "Carl Xu")


def test_what_a_judge_cannot_name_is_not_judged():
    assert is_readable("ferry")
    assert not is_readable("f\ufffd\ufffd")
    assert not is_readable(" .")


def test_letters_are_read_by_their_middle():
    letters = [("a", 0.15, 0.5, 0.01), ("b", 0.25, 0.5, 0.01), ("c", 0.15, 0.9, 0.01)]
    assert read_marks([(1_000, 4_000, 2_000, 6_000)], letters) == "a"


def test_quotes_are_the_same_for_the_same_seed():
    assert list(sample_quotes(PAGES, 5, "a")) == list(sample_quotes(PAGES, 5, "a"))
    assert {one.page for one in sample_quotes(PAGES, 5, "a")} == {1, 3}
    picked = list(pick_quotes(PAGES))
    assert picked
    assert all(isinstance(one, Quote) and one.text for one in picked)
