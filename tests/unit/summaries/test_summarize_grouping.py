"""How summaries of parts are joined, and how pages are accounted for. No AWS."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.metering.metered_calls import KeptAnswer
from pipeline.summaries.combining import (
    combine_parts,
    group_sources,
    halve_sources,
    summarize_sources,
    to_sources,
)
from pipeline.summaries.coverage import compute_coverage
from pipeline.summaries.summary_types import KeyPoint, Summary
from shared.aws.dynamodb_table import Put
from shared.errors import ContextOverflowError
from shared.ledger.chunks import Chunk, ChunkStatus, Parts
from shared.ledger.documents import ChunkPages, Document
from shared.ledger.spending import Spending
from shared.lifecycle import DocumentStatus
from shared.llm.model import Purpose, Source
from shared.llm.model_window import ModelWindow
from shared.llm.token_estimate import TOKENS_AROUND_SOURCE
from shared.page_ranges import format_page_ranges, parse_page_ranges
from tests.fakes.lasting_deadline import DEADLINE

PRICE = Spending(input_tokens=10, output_tokens=1, cost_micro_usd=5)

PARTS = st.lists(
    st.lists(
        st.builds(Source, first_page=st.just(1), last_page=st.just(1), text=st.text(max_size=40)),
        min_size=1,
        max_size=4,
    ).map(tuple),
    min_size=2,
    max_size=30,
)


def make_part(text, number=1):
    return (Source(number, number, text),)


@given(PARTS, st.integers(1, 200))
def test_every_part_is_in_exactly_one_group_and_in_order(parts, max_tokens):
    groups = group_sources(parts, max_tokens)
    assert [source for group in groups for source in group] == [s for part in parts for s in part]


@given(st.integers(2, 300), st.integers(0, 500), st.integers(1, 1000))
def test_combining_ends(count, length, max_tokens):
    parts = [make_part("x" * length, n) for n in range(count)]
    levels = 0
    while len(parts) > 1:
        groups = group_sources(parts, max_tokens)
        assert len(groups) <= len(parts) // 2
        parts = [make_part("x" * length) for _ in groups]
        levels += 1
    assert levels <= math.log2(count) + 1


def weigh(length):
    """What a part of so many digits takes up, each of them a token."""
    return length + TOKENS_AROUND_SOURCE


@given(st.lists(st.integers(0, 60), min_size=2, max_size=30), st.integers(20, 300))
def test_a_group_is_too_large_only_where_it_has_to_be(lengths, max_tokens):
    parts = [make_part("1" * length, n) for n, length in enumerate(lengths)]
    groups = [
        [weigh(len(source.text)) for source in group] for group in group_sources(parts, max_tokens)
    ]
    assert all(sum(group) <= max_tokens or len(group) == 2 for group in groups[:-1])
    # The last part never stands alone, hence it may be one too many in the last group.
    last = groups[-1]
    assert sum(last[:-1]) <= max_tokens or len(last) <= 3


def test_as_much_as_fits_goes_into_a_group():
    parts = [make_part("1" * 10, n) for n in range(9)]
    three = 3 * weigh(10)
    assert [len(group) for group in group_sources(parts, three)] == [3, 3, 3]
    assert [len(group) for group in group_sources(parts, three - 1)] == [2, 2, 2, 3]
    assert [len(group) for group in group_sources(parts, 9 * weigh(10))] == [9]
    assert [len(group) for group in group_sources(parts[:7], three)] == [3, 4]


def make_summary(title, pages=()):
    points = [KeyPoint(text="a point", pages=list(pages))] if pages else []
    return Summary(title=title, abstract="x" * 35, key_points=points, language="en")


class Asked:
    """Makes of a group of sources a summary that cites the group's first page only."""

    is_extractive = False

    def __init__(self):
        self.requests = []
        self.log = []
        self.kept = []

    @property
    def groups(self):
        return [request.sources for request in self.requests]

    def ask(self, request, deadline):
        assert deadline is DEADLINE
        self.requests.append(request)
        self.log.append("ask")
        row = Put({"pk": f"answer {len(self.requests)}", "sk": "x"})
        summary = make_summary(f"{len(self.requests)}", [request.sources[0].first_page])
        value = request.answer_type.model_validate(
            summary.model_dump(exclude={"entities", "dates"})
        )
        return KeptAnswer(value, "m", PRICE, row)

    def keep(self, answer):
        self.kept.append(answer)
        self.log.append("keep")

    def bill(self, last):
        """What all answers have cost: those kept, and the last one."""
        return sum((answer.used for answer in [*self.kept, last]), Spending())


def test_every_answer_but_the_last_is_kept_before_the_next_is_asked_for():
    asked = Asked()
    parts = [to_sources(n, n, make_summary(str(n), [n])) for n in range(1, 10)]
    answer = combine_parts(parts, asked, 40, DEADLINE)
    calls = len(asked.groups)
    assert calls > 3
    # The caller writes the last one with the effect that it leads to.
    assert asked.log == ["ask", "keep"] * (calls - 1) + ["ask"]
    assert answer.row.row["pk"] == f"answer {calls}"
    assert asked.bill(answer) == sum([PRICE] * calls, Spending())


def test_each_level_knows_the_pages_that_it_stands_for():
    asked = Asked()
    parts = [to_sources(n, n + 9, make_summary(str(n), [n])) for n in range(1, 91, 10)]
    combine_parts(parts, asked, 40, DEADLINE)
    for group in asked.groups:
        abstracts = [source for source in group if "\n" in source.text]
        follows = pairwise(abstracts)
        assert all(one.last_page + 1 == two.first_page for one, two in follows)
    assert asked.groups[-1][0].first_page == 1
    assert max(source.last_page for source in asked.groups[-1]) == 90


@given(
    st.lists(
        st.one_of(
            st.text("ab \n", max_size=40), st.sampled_from(["a" * 500, " " * 300, "漢字" * 200])
        ),
        min_size=1,
        max_size=6,
    ).map("".join)
)
def test_halves_are_the_whole_and_halving_ends(text):
    level, rounds = [(Source(7, 7, text),)], 0
    while level:
        halved = {sources: halve_sources(sources) for sources in level}
        for sources, halves in halved.items():
            if halves is not None:
                assert "".join(half[0].text for half in halves) == sources[0].text
                assert all(half[0].text and half[0].first_page == 7 for half in halves)
        level = [half for halves in halved.values() if halves for half in halves]
        rounds += 1
        assert rounds <= math.log(max(len(text), 2), 4 / 3) + 2


def test_pages_are_not_divided_while_there_is_more_than_one():
    pages = tuple(Source(n, n, f"page {n}") for n in range(1, 6))
    assert halve_sources(pages) == (pages[:2], pages[2:])
    assert halve_sources(pages[:1]) is None


class SmallModel(Asked):
    """Takes no more than so many characters at once."""

    def __init__(self, most):
        super().__init__()
        self.most = most

    def ask(self, request, deadline):
        if sum(len(source.text) for source in request.sources) > self.most:
            self.log.append("overflow")
            raise ContextOverflowError("too long")
        return super().ask(request, deadline)


def test_a_part_that_is_too_long_is_summarised_in_pieces_that_fit():
    model = SmallModel(1000)
    pages = tuple(Source(n, n, "word " * 100) for n in range(1, 6))
    answer = summarize_sources(pages, model, ModelWindow(32_000), DEADLINE)
    pieces = [r.sources for r in model.requests if r.purpose is Purpose.SUMMARIZE_CHUNK]
    combined = [r.sources for r in model.requests if r.purpose is Purpose.COMBINE]
    assert [source.text for group in pieces for source in group] == [s.text for s in pages]
    # Those of the pieces, and what their halves were combined to on the way.
    assert model.log.count("keep") == len(pieces) + len(combined) - 1
    assert answer.value.title == str(len(model.requests))
    # The halves that were halved again are combined first.
    assert [sum("\n" in source.text for source in group) for group in combined] == [2, 2]
    assert model.bill(answer) == sum([PRICE] * (len(pieces) + len(combined)), Spending())


def test_a_model_that_takes_nothing_is_not_asked_for_ever():
    model = SmallModel(0)
    with pytest.raises(ContextOverflowError):
        summarize_sources((Source(1, 1, "漢" * 5000),), model, ModelWindow(32_000), DEADLINE)
    with pytest.raises(ContextOverflowError):
        parts = [to_sources(n, n, make_summary(str(n))) for n in range(20)]
        combine_parts(parts, model, 16_000, DEADLINE)
    assert len(model.log) < 50


def test_groups_that_the_model_cannot_take_are_made_smaller():
    model = SmallModel(1500)
    parts = [to_sources(n, n, make_summary(str(n))) for n in range(100)]
    answer = combine_parts(parts, model, 16_000, DEADLINE)
    assert "overflow" in model.log
    assert model.bill(answer) == sum([PRICE] * len(model.groups), Spending())


def test_a_summary_as_sources_keeps_the_pages_of_its_points():
    points = [KeyPoint(text="one", pages=[4, 2]), KeyPoint(text="two", pages=[])]
    summary = Summary(title="T", abstract="A", key_points=points, language="en")
    assert to_sources(2, 7, summary) == (
        Source(2, 7, "T\n\nA"),
        Source(2, 4, "one"),
        Source(2, 7, "two"),
    )


def make_parts(pages, plan, done, empty="", failed=""):
    document = Document(
        document_id="d",
        bucket="b",
        key="k",
        status=DocumentStatus.SUMMARIZING,
        received_at="",
        updated_at="",
        pages=pages,
        empty_pages=empty,
        failed_pages=failed,
        chunk_plan=tuple(ChunkPages(first_page=a, last_page=b) for a, b in plan),
    )
    chunks = tuple(
        Chunk(
            document_id="d",
            run=1,
            chunk_number=number,
            first_page=a,
            last_page=b,
            status=ChunkStatus.DONE if number in done else ChunkStatus.FAILED,
        )
        for number, (a, b) in enumerate(plan, start=1)
    )
    return Parts(document, chunks)


@st.composite
def documents(draw):
    """Pages, each with text, empty or failed, and chunks over those with text."""
    kinds = draw(st.lists(st.sampled_from("tef"), min_size=1, max_size=40))
    pages = {kind: [n for n, k in enumerate(kinds, 1) if k == kind] for kind in "tef"}
    cuts = sorted(draw(st.sets(st.sampled_from(pages["t"])))) if pages["t"] else []
    plan, start = [], 0
    for cut in [*cuts, None]:
        end = len(pages["t"]) if cut is None else pages["t"].index(cut) + 1
        if start < end:
            plan.append((pages["t"][start], pages["t"][end - 1]))
        # A page may go on in the next chunk.
        start = end - 1 if end and draw(st.booleans()) and end < len(pages["t"]) else end
    done = draw(st.sets(st.integers(1, max(1, len(plan)))))
    return len(kinds), plan, done, pages


@given(documents())
def test_every_page_is_accounted_for_once(drawn):
    count, plan, done, pages = drawn
    empty, failed = format_page_ranges(pages["e"]), format_page_ranges(pages["f"])
    coverage = compute_coverage(make_parts(count, plan, done, empty, failed))
    kinds = [
        parse_page_ranges(text)
        for text in (
            coverage.summarised_pages,
            coverage.empty_pages,
            coverage.failed_pages,
            coverage.missing_pages,
        )
    ]
    assert sorted(page for kind in kinds for page in kind) == list(range(1, count + 1))
    assert kinds[1] == set(pages["e"])
    assert kinds[2] == set(pages["f"])
    given_up = [set(range(a, b + 1)) for n, (a, b) in enumerate(plan, start=1) if n not in done]
    assert kinds[3] == {p for p in pages["t"] if any(p in chunk for chunk in given_up)}
    assert coverage.is_complete == (
        not pages["f"] and len(done & {*range(1, len(plan) + 1)}) == len(plan)
    )


@pytest.mark.parametrize(
    ("done", "missing"), [({1, 2, 3}, ""), ({1, 3}, "2"), ({2, 3}, "1-2"), (set(), "1-3")]
)
def test_a_page_over_several_chunks_counts_only_if_all_of_them_are_done(done, missing):
    coverage = compute_coverage(make_parts(3, [(1, 2), (2, 2), (3, 3)], done))
    assert coverage.missing_pages == missing
    assert coverage.is_complete == (not missing)


def test_a_chunk_that_was_never_entered_is_missing():
    parts = make_parts(2, [(1, 1), (2, 2)], {1, 2})
    coverage = compute_coverage(Parts(parts.document, parts.chunks[:1]))
    assert (coverage.summarised_pages, coverage.missing_pages) == ("1", "2")
