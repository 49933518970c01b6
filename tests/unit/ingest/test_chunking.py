import time
from itertools import count, islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extraction.page_text import Engine, PageStatus, PageText
from pipeline.ingest.chunking import group_pages
from shared.llm.token_estimate import estimate_tokens

MAX_TOKENS = 60
AROUND = 10

texts = st.text(max_size=40) | st.text(st.sampled_from("ab .!?。\n中9"), min_size=1, max_size=700)


def make_page(number, kind):
    if kind is None:
        return PageText(number, "", error="it takes more than 10 s")
    return PageText(number, kind, Engine.PDFIUM)


documents = st.lists(st.none() | texts, max_size=12).map(
    lambda kinds: [make_page(number, kind) for number, kind in enumerate(kinds, start=1)]
)


def group(pages, max_tokens=MAX_TOKENS):
    return list(group_pages(pages, max_tokens, tokens_around_page=AROUND))


def count_tokens(chunk):
    """What its texts and what is said around each of them take up."""
    text_pages = [page for page in chunk.pages if page.status is PageStatus.TEXT]
    return sum(estimate_tokens(page.text) + AROUND for page in text_pages)


@given(documents)
def test_every_page_is_carried_along_with_all_its_text(pages):
    parts = {}
    for chunk in group(pages):
        for page in chunk.pages:
            parts.setdefault(page.number, []).append(page)
    assert list(parts) == [page.number for page in pages]
    for page in pages:
        carried = parts[page.number]
        assert "".join(part.text for part in carried) == page.text
        assert [part.part for part in carried] == list(range(1, len(carried) + 1))
        assert {part.parts for part in carried} == {len(carried)}
        assert {(part.status, part.error) for part in carried} == {(page.status, page.error)}


@given(documents)
def test_chunks_are_numbered_in_order_and_fit(pages):
    chunks = group(pages)
    assert [chunk.number for chunk in chunks] == list(range(1, len(chunks) + 1))
    for chunk in chunks:
        assert chunk.pages
        assert count_tokens(chunk) <= MAX_TOKENS
        text_pages = [page for page in chunk.pages if page.status is PageStatus.TEXT]
        assert chunk.has_text == bool(text_pages)
        assert (chunk.first_page, chunk.last_page) == (
            chunk.pages[0].number,
            chunk.pages[-1].number,
        )


@given(documents)
def test_a_page_is_divided_only_if_it_is_too_long_for_a_chunk_of_its_own(pages):
    fits = {page.number: estimate_tokens(page.text) + AROUND <= MAX_TOKENS for page in pages}
    for chunk in group(pages):
        for page in chunk.pages:
            assert (page.parts == 1) == fits[page.number]


@given(documents)
def test_no_chunk_could_have_taken_the_next_page(pages):
    chunks = group(pages)
    for chunk, following in pairwise(chunks):
        head = following.pages[0]
        if head.part == 1:
            assert count_tokens(chunk) + estimate_tokens(head.text) + AROUND > MAX_TOKENS


@given(documents, st.integers(1, 12))
def test_going_on_after_a_chunk_gives_the_same_chunks(pages, stop_after):
    """What a checkpoint relies on."""
    chunks = group(pages)
    head = chunks[:stop_after]
    if not head or head[-1].pages[-1].part != head[-1].pages[-1].parts:
        return
    rest = group([page for page in pages if page.number > head[-1].last_page])
    assert [chunk.pages for chunk in head + rest] == [chunk.pages for chunk in chunks]


def test_pages_are_taken_only_when_they_are_needed():
    endless = (PageText(number, "word " * 20, Engine.PDFIUM) for number in count(1))
    first = list(islice(group_pages(endless, 200), 3))
    assert [chunk.number for chunk in first] == [1, 2, 3]


def test_a_long_page_is_divided_at_the_best_places():
    sentence = "The tide turns twice a day in this harbour. "
    paragraph = sentence * 3
    text = (paragraph.rstrip() + "\n\n") * 4
    chunks = group([PageText(1, text, Engine.PDFIUM)], max_tokens=70)
    parts = [chunk.pages[0].text for chunk in chunks]
    assert len(parts) == 4
    assert all(part.endswith(".\n\n") for part in parts)

    chunks = group([PageText(1, paragraph, Engine.PDFIUM)], max_tokens=40)
    assert [chunk.pages[0].text for chunk in chunks] == [sentence * 2, sentence]

    chunks = group([PageText(1, "潮" * 100, Engine.PDFIUM)], max_tokens=40)
    assert sum(len(chunk.pages[0].text) for chunk in chunks) == 100


def test_empty_and_failed_pages_cost_nothing():
    pages = [PageText(number, "", Engine.PDFIUM) for number in range(1, 5000)]
    pages.append(PageText(5000, "", error="it crashes the reader (SIGSEGV)"))
    (chunk,) = group(pages)
    assert (chunk.first_page, chunk.last_page, chunk.has_text) == (1, 5000, False)


def test_a_size_that_nothing_fits_is_refused():
    with pytest.raises(ValueError, match="no page fits"):
        group([PageText(1, "text", Engine.PDFIUM)], max_tokens=AROUND + 1)


def test_no_pages_give_no_chunks():
    assert group([]) == []


@given(st.text(), st.text())
def test_a_text_takes_no_more_than_its_parts(left, right):
    assert estimate_tokens(left + right) <= estimate_tokens(left) + estimate_tokens(right)


@pytest.mark.parametrize(
    ("text", "o200k_tokens", "small_vocabulary_tokens"),
    [
        # Counted with OpenAI's o200k_base and with the 32,000 tokens of Llama 2.
        ("The tide turns twice a day in this harbour.", 10, 12),
        ("潮力発電は、潮の満ち引きによる海水の流れを利用して発電する方法である。", 29, 42),
        ("Приливная электростанция использует энергию приливов.", 15, 19),
        ("0.00 79.19 158.38 237.57 316.76 395.95", 23, 39),
    ],
)
def test_estimates_are_not_too_low(text, o200k_tokens, small_vocabulary_tokens):
    assert estimate_tokens(text) >= o200k_tokens
    assert estimate_tokens(text) >= 0.8 * small_vocabulary_tokens
    assert estimate_tokens(text) <= 2 * o200k_tokens


def test_dividing_a_huge_page_takes_linear_time():
    started = time.process_time()
    for unit in ("a", ".", ". ", "\n", "\n\n", "中"):
        page = PageText(1, unit * (1_000_000 // len(unit)), Engine.PDFIUM)
        assert list(group_pages([page], 8000))
    assert time.process_time() - started < 10
