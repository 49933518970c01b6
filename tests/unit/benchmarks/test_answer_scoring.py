"""The scorer of summaries tells what a text bears out from what it does not."""

import pytest

from tests.benchmarks.answers.made_documents import make_documents
from tests.benchmarks.answers.scoring import score
from tests.benchmarks.answers.token_count import count_tokens

PAGES = {
    "a.pdf": ("Ada opened\nit on 4 May 2026.", "It cost 1,250 dollars in 2027, paid 5.6.2028.")
}


def make_report(**said):
    summary = {
        "status": "DONE",
        "abstract": "",
        "key_points": [],
        "entities": [],
        "dates": [],
        "coverage": {"summarised_pages": "1-2"},
        **said,
    }
    return {"key": "a.pdf", "summary": summary, "answers": []}


@pytest.mark.parametrize(
    ("said", "kind", "shares"),
    [
        ({"key_points": [{"text": "Ada opened it", "pages": [1]}]}, "quotes", (1, 1)),
        ({"key_points": [{"text": "Ada opened it", "pages": [2]}]}, "quotes", (0, 1)),
        ({"entities": [{"name": "Ada", "pages": [1]}]}, "names", (1, 1)),
        ({"entities": [{"name": "Ada", "pages": [1, 2]}]}, "names", (0, 1)),
        ({"entities": [{"name": "Ada", "pages": []}]}, "names", (0, 1)),
        ({"dates": [{"text": "4 May 2026", "iso": "2026-05-04", "pages": [1]}]}, "dates", (1, 1)),
        ({"dates": [{"text": "4 May 2026", "iso": "2026-04-05", "pages": [1]}]}, "dates", (0, 1)),
        ({"abstract": "It cost 1,250, not 250."}, "numbers", (1, 2)),
        ({"abstract": "Paid in 2028, on the 3rd."}, "numbers", (1, 2)),
    ],
)
def test_claims_are_held_to_the_pages(said, kind, shares):
    share = getattr(score([make_report(**said)], PAGES), kind)
    assert (share.true, share.of) == shares


def test_tokens_are_words_three_digits_and_runs_of_signs():
    assert count_tokens("The pier, since 1907") == 7
    assert count_tokens('{"pages":[3]}') == 5
    assert count_tokens("Harbourmasters") == 2


def test_made_documents_are_the_same_each_time_and_have_no_page_in_common():
    first, second = make_documents(2, 3), make_documents(2, 3)
    assert first == second
    assert len({page for document in first for page in document.pages}) == 6
