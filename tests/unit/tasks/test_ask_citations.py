"""Citations are of sources that were given, and quotes stand on their pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.documents.passages import Passage
from pipeline.tasks.ask import CitedSource, check_citations, stands_in
from shared.ledger.documents import Document

TEXT = "The pier was built\nof gran\u00adite in 1907. 東京\nタワー."


def make_document(name):
    return Document(
        document_id=name,
        bucket="b",
        key=f"{name}.pdf",
        status="DONE",
        received_at="",
        updated_at="",
    )


ONE, TWO = make_document("d1"), make_document("d2")


@pytest.mark.parametrize(
    "quote", ["The pier was built of granite", "pier  was\n\nbuilt", "東京タワー", "1907."]
)
def test_a_quote_stands_whatever_the_white_space(quote):
    assert stands_in(quote, TEXT)


@pytest.mark.parametrize("quote", ["", " \n", "The pier was made", "the pier was built", "1908"])
def test_any_other_quote_does_not(quote):
    assert not stands_in(quote, TEXT)


def test_a_quote_may_run_over_the_parts_of_one_page_and_not_over_pages():
    passages = [Passage(ONE, 1, "Half a sen"), Passage(ONE, 1, "tence."), Passage(ONE, 2, "More.")]
    cited = [CitedSource(source=2, quote="Half a sentence."), CitedSource(source=3, quote="e.More")]
    assert [(c.page, c.quote) for c in check_citations(cited, passages)] == [
        (1, "Half a sentence."),
        (2, None),
    ]


def test_the_same_page_number_of_another_document_is_another_page():
    passages = [Passage(ONE, 1, "Alpha."), Passage(TWO, 1, "Beta.")]
    cited = [CitedSource(source=1, quote="Beta."), CitedSource(source=2, quote="Beta.")]
    citations = check_citations(cited, passages)
    assert [(c.document_id, c.quote) for c in citations] == [("d1", None), ("d2", "Beta.")]


@given(
    st.lists(
        st.builds(CitedSource, source=st.integers(-3, 9), quote=st.text(max_size=9)), max_size=9
    ),
    st.lists(st.builds(Passage, st.just(ONE), st.integers(1, 4), st.text(max_size=30)), max_size=6),
)
def test_no_citation_goes_beyond_what_was_given(cited, passages):
    for citation in check_citations(cited, passages):
        page = "".join(p.text for p in passages if p.page == citation.page)
        assert citation.page in {p.page for p in passages}
        assert citation.quote is None or stands_in(citation.quote, page)
