"""What came of a document is counted right, and each miss is there to be seen."""

import pytest

from infra.evaluation.cases import EvalCase, Outcome
from infra.evaluation.scoring import score_case
from infra.evaluation.truth import check_numbers, stands_on_all, stands_on_one

PAGES = ["The pier of Skagen\nwas opened on 3 May 1907.", "It cost 1 234,50 euros."]
SCHEMA = {"type": "object", "properties": {"total": {"type": "number"}}}


def summary(**changes):
    return {
        "title": "The pier",
        "abstract": "It cost 1,234.50 euros.",
        "key_points": [{"text": "The pier of Skagen was opened", "pages": [1]}],
        "entities": [{"name": "Skagen", "pages": [1]}],
        "dates": [{"text": "3 May 1907", "iso": "1907-05-03", "pages": [1]}],
        "coverage": {"pages": 2, "summarised_pages": "1-2", "empty_pages": ""},
        "model": "extractive",
        **changes,
    }


def case(**content):
    return EvalCase(document="pier.pdf", text=PAGES, **content)


def shares(scores):
    return {name: (share.true, share.of) for name, share in scores.shares.items() if share.of}


def extract(result, fields, schema=SCHEMA, **known):
    known_fields = {"schema": schema, "fields": fields, **known}
    outcome = Outcome("DONE", summary(), extracts=[result])
    return score_case(case(extract=[known_fields]), outcome)


def test_a_true_summary_has_every_share():
    known = {"names": ["Skagen"], "dates": ["1907-05-03"]}
    scores = score_case(case(status="DONE", summary=known), Outcome("DONE", summary()))
    assert shares(scores) == {
        "status": (1, 1),
        "pages_covered": (2, 2),
        "quotes_on_page": (1, 1),
        "summary_names": (1, 1),
        "summary_dates": (1, 1),
        "summary_numbers": (1, 1),
        "names_found": (1, 1),
        "dates_found": (1, 1),
    }
    assert scores.misses == []


@pytest.mark.parametrize(
    ("change", "score"),
    [
        ({"title": "Of 1908"}, "summary_numbers"),
        ({"entities": [{"name": "Skagen", "pages": [1, 2]}]}, "summary_names"),
        ({"entities": [{"name": "Skagerrak", "pages": [1]}]}, "summary_names"),
        ({"dates": [{"text": "4 May 1907", "iso": None, "pages": [1]}]}, "summary_dates"),
        ({"key_points": [{"text": "The pier of Bergen", "pages": [1]}]}, "quotes_on_page"),
        (
            {"coverage": {"pages": 2, "summarised_pages": "1", "empty_pages": ""}},
            "pages_covered",
        ),
    ],
)
def test_what_no_page_bears_out_is_a_miss(change, score):
    scores = score_case(case(), Outcome("DONE", summary(**change)))
    assert [miss.score for miss in scores.misses] == [score]
    assert scores.misses[0].document == "pier.pdf"


def test_without_a_summary_no_page_is_covered_and_nothing_is_found():
    known = {"names": ["Skagen"], "dates": ["1907-05-03"]}
    scores = score_case(case(status="DONE", summary=known), Outcome("REJECTED", None))
    assert shares(scores) == {
        **{"status": (0, 1), "pages_covered": (0, 2)},
        **{"names_found": (0, 1), "dates_found": (0, 1)},
    }


def test_answers_are_right_with_their_words_and_their_page():
    questions = [
        {"question": "When?", "answers": ["3 May 1907"], "pages": [1]},
        {"question": "How much?", "answers": ["1 234,50"], "pages": [2]},
        {"question": "Who?", "answers": []},
        {"question": "Why?", "answers": []},
    ]
    answers = [
        {
            "answer": "It was 3 May 1907.",
            "answered": True,
            "citations": [{"page": 1, "quote": "was opened on 3 May 1907"}],
        },
        {
            "answer": "1 234,50",
            "answered": True,
            "citations": [{"page": 1, "quote": None}],
        },
        {"answer": "Nobody knows.", "answered": False, "citations": []},
        {"answer": "So.", "answered": True, "citations": [{"page": 2, "quote": "It cost 99"}]},
    ]
    counted = shares(
        score_case(case(questions=questions), Outcome("DONE", summary(), answers=answers))
    )
    assert counted["answers_right"] == (1, 2)
    assert counted["no_answer_right"] == (1, 2)
    assert counted["quotes_kept"] == (2, 3)
    # The key point, and one of two quotes.
    assert counted["quotes_on_page"] == (2, 3)


def test_a_question_without_a_result_is_not_answered():
    questions = [{"question": "When?", "answers": ["1907"]}]
    scores = score_case(case(questions=questions), Outcome("DONE", summary(), answers=[None]))
    assert shares(scores)["answers_right"] == (0, 1)


def test_values_are_the_same_however_they_are_written():
    schema = {"type": "object", "properties": {"a": {"type": "object", "properties": {}}}}
    wanted = {"a": {"n": 12.0, "s": "two  words", "gone": None}}
    given = {"fields": {"a": {"n": 12, "s": "two words"}}, "pages": {}}
    counted = shares(extract(given, wanted, schema={**schema, "properties": SCHEMA["properties"]}))
    assert counted["fields_recall"] == (2, 2)
    assert counted["fields_precision"] == (2, 2)


def test_a_wrong_value_counts_against_both_and_one_too_many_against_precision():
    scores = extract({"fields": {"total": 13, "more": 1}, "pages": {"total": 2}}, {"total": 12})
    assert shares(scores)["fields_recall"] == (0, 1)
    assert shares(scores)["fields_precision"] == (0, 2)
    scores = extract(
        {"fields": {"total": 12}, "pages": {"total": 1}}, {"total": 12}, pages={"total": [2]}
    )
    assert shares(scores)["fields_page"] == (0, 1)


def test_a_field_told_differently_has_to_be_named_with_all_values():
    told = [{"value": 12, "pages": [2]}, {"value": 10, "pages": [1]}]
    given = {"fields": {"total": 12}, "pages": {}, "conflicts": {"total": told}}
    known = {"conflicts": {"total": [10, 12]}}
    assert shares(extract(given, {"total": 10}, **known))["conflicts_named"] == (1, 1)
    assert shares(extract(given, {"total": 10}, **known))["fields_recall"] == (1, 1)
    given = {"fields": {"total": 12}, "pages": {}}
    assert shares(extract(given, {"total": 10}, **known))["conflicts_named"] == (0, 1)


def test_rows_count_one_by_one_and_a_loss_is_silent_unless_its_page_is_named():
    rows = [{"n": 1}, {"n": 2}, {"n": 2}, {"n": 3}]
    known = {"rows": {"lines": [1, 1, 2, 2]}}
    given = {
        "fields": {"lines": [{"n": 1}, {"n": 2}, {"n": 9}]},
        "rows": {"lines": [{"page": 1}, {"page": 2}, {"page": 2}]},
        "doubtful": [{"list": "lines", "page": 2}],
    }
    counted = shares(extract(given, {"lines": rows}, **known))
    assert counted["rows_recall"] == (2, 4)
    assert counted["rows_precision"] == (2, 3)
    # Of two that are equal one is there: the first is looked for first.
    assert counted["rows_page"] == (1, 2)
    assert counted["rows_accounted"] == (4, 4)
    given["doubtful"], given["missing"] = [], ["lines[2].n"]
    assert shares(extract(given, {"lines": rows}, **known))["rows_accounted"] == (4, 4)
    del given["missing"]
    assert shares(extract(given, {"lines": rows}, **known))["rows_accounted"] == (2, 4)


def test_without_a_result_all_rows_are_missing():
    counted = shares(extract(None, {"total": 1, "lines": [{"n": 1}]}))
    assert counted["fields_recall"] == (0, 1)
    assert counted["rows_recall"] == (0, 1)
    assert "rows_precision" not in counted


def test_words_stand_on_pages_whatever_their_lines():
    assert stands_on_one("pier of  Skagen was", [1], PAGES)
    assert not stands_on_one("pier of Skagen was", [2, 7], PAGES)
    assert not stands_on_one(" ", [1], PAGES)
    assert not stands_on_all("Skagen", [], PAGES)


def test_a_number_may_be_written_otherwise():
    told = dict(check_numbers("1,234.50 of 1234,5 and 17, on 3.05.1907", [*PAGES, "on 3.05.1907"]))
    assert told == {"1,234.50": True, "1234,5": True, "17": False, "3.05.1907": True}
