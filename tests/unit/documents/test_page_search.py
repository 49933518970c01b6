import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.documents.page_search import choose_best, rank_texts, score_texts, split_terms


@pytest.mark.parametrize(
    ("question", "texts", "best"),
    [
        ("When did the harbour open?", ["The tide rises.", "The harbour opened in 1907."], 1),
        ("東京タワーの高さは", ["大阪城は古い。", "東京タワーは333メートルの高さです。"], 1),
        ("высота башни", ["Погода хорошая.", "Башня имеет высоту 80 метров."], 1),
        ("ارتفاع البرج", ["الطقس جميل.", "ارتفاع البرج ثمانون مترا."], 1),
        ("HEIGHT", ["weight", "The height."], 1),
        ("pumps", ["a lamp", "a pump"], 1),
    ],
)
def test_the_text_that_matches_comes_first_in_any_language(question, texts, best):
    assert rank_texts(question, texts)[0] == best


def test_a_rare_word_counts_for_more_than_one_that_is_everywhere():
    texts = ["the pier and the tide", "the pier and the boat", "the pier and the keeper"]
    assert rank_texts("the keeper of the pier", texts)[0] == 2


def test_a_word_in_a_short_text_counts_for_more_than_in_a_long_one():
    assert rank_texts("tide", ["tide " + "filler " * 100, "tide"])[0] == 1


def test_scripts_without_spaces_are_cut_into_pairs():
    assert split_terms("東京タワー height2023高") == [
        "東京", "京タ", "タワ", "ワー", "height2023", "高",
    ]  # fmt: skip


def test_without_a_common_word_the_first_texts_are_read():
    texts = ["one", "two", "three"]
    assert score_texts("zebra", texts) == [0, 0, 0]
    assert choose_best([0, 0, 0], [5, 5, 5], 10) == [0, 1]


def test_a_text_that_does_not_fit_leaves_room_for_the_next_best():
    assert choose_best([9, 3, 0], [100, 5, 5], 10) == [1, 2]


TEXTS = st.lists(st.text(max_size=60), max_size=12)


@given(st.text(max_size=40), TEXTS, st.integers(0, 60))
def test_what_is_chosen_fits_and_keeps_its_order(question, texts, room):
    sizes = [len(text) + 1 for text in texts]
    chosen = choose_best(score_texts(question, texts), sizes, room)
    assert chosen == sorted(set(chosen))
    assert sum(sizes[index] for index in chosen) <= room
    left = room - sum(sizes[index] for index in chosen)
    assert all(size > left for i, size in enumerate(sizes) if i not in chosen)


@given(st.text(max_size=40), TEXTS)
def test_scores_are_never_negative_and_common_words_score(question, texts):
    wanted = set(split_terms(question))
    for text, score in zip(texts, score_texts(question, texts), strict=True):
        assert score >= 0
        assert score > 0 or not wanted & set(split_terms(text))


def test_a_word_as_it_is_counts_for_more_than_one_that_begins_like_it():
    assert rank_texts("opening", ["it opened", "the opening"])[0] == 1
    assert score_texts("sea", ["the season"]) == [0]


def test_no_texts_are_no_trouble():
    assert choose_best([], [], 5) == []
    assert score_texts("x", [""]) == [0]
