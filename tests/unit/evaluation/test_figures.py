"""Shares over runs with their spread, a baseline, and the page of it all."""

import json

import pytest

from infra.evaluation.figures import Run, list_figures, read_baseline, write_baseline
from infra.evaluation.page import MOST_MISSES, write_page
from infra.evaluation.scores import Scores
from shared.errors import WrongUsageError
from tests.fakes.html_page import HtmlPage


def make_run(right, of):
    scores = Scores()
    for number in range(of):
        scores.count("a.pdf", "rows_recall", number < right, what="row", expected=number, got="<b>")
    return Run(scores, 3.0, 0.25, 1_000, 100)


def test_a_share_is_that_of_all_runs_and_its_spread_that_of_each():
    (figure,) = list_figures([make_run(8, 10), make_run(10, 10)], {})
    assert (figure.name, figure.share, figure.low, figure.high) == ("rows_recall", 0.9, 0.8, 1.0)
    assert (figure.baseline, figure.is_worse) == (None, False)


@pytest.mark.parametrize(("known", "is_worse"), [(0.9, False), (0.904, False), (0.91, True)])
def test_worse_is_what_falls_below_the_baseline_by_more_than_chance(known, is_worse):
    (figure,) = list_figures([make_run(9, 10)], {"rows_recall": known})
    assert figure.is_worse is is_worse


def test_a_baseline_comes_back_and_another_models_is_refused(tmp_path):
    file = tmp_path / "baseline.json"
    file.write_text(write_baseline("tiny", list_figures([make_run(1, 3)], {})), encoding="utf-8")
    assert read_baseline(file, "tiny") == {"rows_recall": 0.3333}
    with pytest.raises(WrongUsageError, match="is a baseline of tiny"):
        read_baseline(file, "large")
    for text in ("[]", "{", json.dumps({"model": "tiny", "shares": {"a": "b"}})):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(WrongUsageError, match="is no baseline"):
            read_baseline(file, "tiny")
    with pytest.raises(WrongUsageError, match="cannot be read"):
        read_baseline(tmp_path / "none.json", "tiny")


def test_the_page_is_whole_by_itself_and_escapes_what_documents_say():
    runs = [make_run(1, 40), make_run(2, 40)]
    page = HtmlPage(
        write_page("tiny", 1, runs, list_figures(runs, {"rows_recall": 0.5}), ["A <note>."])
    )
    assert "A <note>." in page.text
    assert "0.037 (worse)" in page.text
    assert "0.025 to 0.050" in page.text
    assert "<b>" in page.text
    assert f"And {39 - MOST_MISSES} more like these." in page.text
    assert not {"script", "link", "img"} & set(page.tags)
    assert ("lang", "en") in page.attributes
    assert "prefers-color-scheme: dark" in page.style_block
    assert "url(" not in page.style_block


def test_the_page_of_no_miss_says_so():
    runs = [make_run(3, 3)]
    page = HtmlPage(write_page("tiny", 1, runs, list_figures(runs, {}), []))
    assert "There are none." in page.text
