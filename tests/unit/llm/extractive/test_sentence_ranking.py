import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.llm.extractive.sentence_ranking import pick_diverse, score_by_centroid, weigh_terms


def test_what_is_said_most_scores_highest():
    sentences = [
        "Seals rest on sandbanks.",
        "Seals hunt from sandbanks.",
        "Seals leave sandbanks at night.",
        "Trains are late.",
    ]
    scores = score_by_centroid(weigh_terms(sentences))
    assert scores.index(min(scores)) == 3
    assert all(0 <= score <= 1.000001 for score in scores)


def test_inflected_forms_and_scripts_without_spaces_share_terms():
    inflected = weigh_terms(["the regulation", "all regulations"])
    assert set(inflected[0]) & set(inflected[1])
    han = weigh_terms(["海豹休息", "看海豹"])
    assert set(han[0]) & set(han[1]) == {"海豹"}
    hindi = weigh_terms(["नियम बना", "नियम टूटा"])
    assert set(hindi[0]) & set(hindi[1]) == {"नियम"}


def test_a_repetition_is_passed_over_for_something_new():
    sentences = ["seals rest on sand banks", "seals rest on sand banks now", "fish swim in water"]
    picked = pick_diverse([1.0, 0.99, 0.5], weigh_terms(sentences), [0, 1, 2], 2)
    assert picked == [0, 2]


def test_picks_spread_over_the_sections():
    vectors = weigh_terms([f"word{number} other{number}" for number in range(6)])
    picked = pick_diverse([1.0, 0.99, 0.98, 0.9, 0.89, 0.88], vectors, [0, 0, 0, 1, 1, 1], 2)
    assert picked == [0, 3]


@pytest.mark.parametrize("scores", [[], [0.0, 0.0], [-1.0, 0.0]])
def test_nothing_worth_picking_is_not_picked(scores):
    assert pick_diverse(scores, [{} for _ in scores], [0 for _ in scores], 3) == []


@given(
    st.lists(st.tuples(st.floats(0, 1), st.text(alphabet="abc 字", max_size=9)), max_size=20),
    st.integers(0, 5),
)
def test_picks_are_different_sentences_best_first(parts, count):
    scores = [score for score, _ in parts]
    vectors = weigh_terms([text for _, text in parts])
    picked = pick_diverse(scores, vectors, list(range(len(parts))), count)
    assert len(picked) == len(set(picked)) <= count
    assert all(scores[index] > 0 for index in picked)
    if picked:
        assert scores[picked[0]] == max(scores)
    assert picked == pick_diverse(scores, vectors, list(range(len(parts))), count)
