"""Words, references and scores of `make bench-truth`."""

from collections import Counter

import pytest

from tests.benchmarks.truth.scoring import (
    Score,
    agree,
    find_glued,
    find_missing,
    make_reference,
    score_added,
    score_page,
)
from tests.benchmarks.truth.words import (
    IS_CJK,
    IS_RIGHT_TO_LEFT,
    find_words,
    hide_spelled_words,
    is_mostly,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("in-\ncluding fol\xad\r\nlow free-software", ["including", "follow", "freesoftware"]),
        # What PDFium gives for a hyphen at a line end, before and after clean-up.
        ("imple\x02mentation imple\ufffementation", ["implementation", "implementation"]),
        ("pre- and postwar 2004-05", ["pre", "and", "postwar", "2004", "05"]),
        ("1,250.50 EUR, 3.597EU. 7", ["1,250.50", "EUR", "3.597EU", "7"]),
        ("ﬁn ﬃ \uff12 m² __x__", ["fin", "ffi", "2", "m2", "x"]),
        ("日本2024年 서울", ["日", "本", "2024", "年", "서", "울"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("e\x0ecient \ufffd", ["e\x0ecient", "\ufffd"]),
        ("\u202b\u05de\u05d9\u202c", ["\u05de\u05d9"]),
        ("\u202b\u05de\u05d9\u202cin \u05de5a", ["\u05de\u05d9", "in", "\u05de5a"]),
        ("na(cid:239)ve", ["na\ufffdve"]),
        ("Total 100".encode("utf-16-le").decode("utf-16-be"), ["Total", "100"]),
    ],
)
def test_words_are_alike_whoever_wrote_them(text, words):
    assert find_words(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("from W H I T E P A P E R now", ["from", *["\ufffd"] * 10, "now"]),
        ("the H e l l oG o od end\n1 2 3 4 5", ["the", *["\ufffd"] * 7, "end", *"12345"]),
        ("W H I T E\nP A P E R\nF o r m\n3 0 0 now", ["\ufffd"] * 17 + ["now"]),
        # Words of a formula, letters on lines of their own, and of a script without blanks.
        ("if a + b = c\nA\nB\nC\nD\nい ろ は に", ["if", *"abcABCDいろはに"]),
    ],
)
def test_words_that_a_judge_gives_letter_by_letter_are_unknown(text, words):
    assert find_words(hide_spelled_words(text)) == words


def test_both_orders_of_lam_alef_are_one_word():
    # As Chromium prints it, and as it is spelled.
    assert find_words("اإليجار") == find_words("الإيجار")


def test_word_is_in_the_reference_as_often_as_two_judges_have_it():
    counts = [Counter("aaabc"), Counter("aab"), Counter("abbd")]
    assert agree(counts) == Counter("aab")
    assert agree(counts[:2]) == Counter("aab")


def test_unknown_characters_are_in_no_reference():
    reference = make_reference([["e\x0ecient", "way", "on"]] * 2)
    assert reference.words == Counter(["way", "on"])
    assert reference.pairs == Counter([("way", "on")])


def test_unclear_words_are_in_no_reference_in_either_form():
    for text in ("about 1,250 3 million", "about 1,2503 million"):
        reference = make_reference([text.split()] * 2, ["1,250", "3", "1,2503"])
        assert reference.words == Counter(["about", "million"])


def test_recall_counts_words_and_neighbours():
    reference = make_reference([["a", "b", "c", "d"]] * 2)
    score = score_page(reference, ["c", "d", "a"])
    assert (score.word_recall, score.pair_recall) == (0.75, 1 / 3)
    assert find_missing(reference, ["c", "d", "a"]) == ["b"]
    assert score_page(reference, ["a", "b", "c", "d", "e"]).word_recall == 1


@pytest.mark.parametrize(
    ("read", "joints", "digit_joints"),
    [
        ("2,839 5 EU 7", 0, 0),
        ("2,8395 EU 7", 1, 1),
        ("2,8395EU 7", 2, 1),
        ("2,839 5EU7", 2, 0),
    ],
)
def test_joints_are_lost_where_neighbours_are_run_together(read, joints, digit_joints):
    reference = make_reference([["2,839", "5", "EU", "7"]] * 2)
    score = score_page(reference, read.split())
    assert (score.lost_joints, score.lost_digit_joints) == (joints, digit_joints)
    assert len(find_glued(reference, read.split())) == (1 if joints else 0)


def test_joint_counts_only_where_two_judges_separate_and_none_runs_together():
    apart, together = ["1", "2"], ["12"]
    assert make_reference([apart, apart, ["1", "x"]]).joints == {"12": ("1", "2")}
    assert make_reference([apart, together]).joints == {}
    assert make_reference([apart, apart, together]).joints == {}


def test_agreement_is_that_of_the_two_judges_that_agree_best():
    assert make_reference([["a", "b"], ["a", "b"], ["x"]]).agreement == 1
    assert make_reference([["a", "b"], ["a", "c"]]).agreement == 0.5


def test_added_words_are_those_that_the_page_alone_does_not_have():
    reference = make_reference([["Name", "Marit", "Name"]] * 2, contents=["Name"])
    assert reference.added == Counter(["Marit", "Name"])
    assert score_added(reference, ["Name"]).word_recall == 0
    assert score_added(reference, ["Name", "Name"]).word_recall == 0.5
    assert score_added(reference, ["Name", "Marit", "Name"]).word_recall == 1


def test_scores_add_up():
    total = Score(pages=1, words=4, found_words=2)
    total.add(Score(pages=2, words=4, found_words=4, lost_joints=1))
    assert total == Score(pages=3, words=8, found_words=6, lost_joints=1)
    assert total.word_recall == 0.75


def test_scripts_are_told_by_a_tenth_of_the_letters():
    assert is_mostly(Counter(find_words("第一章 introduction")), IS_CJK)
    assert not is_mostly(Counter(find_words("第 introduction to the works")), IS_CJK)
    assert is_mostly(Counter(find_words("مرحبا بالعالم 2024")), IS_RIGHT_TO_LEFT)
