# ruff: noqa: RUF001 - texts of many scripts, meant as they stand
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from pipeline.summaries.summary_types import Summary
from shared.deadline import Deadline
from shared.errors import DeadlineError, ModelRequestError
from shared.llm.extractive.candidate_sentences import Candidate, score_candidates
from shared.llm.extractive.extractive_model import (
    MAX_ABSTRACT_SENTENCES,
    MAX_KEY_POINTS,
    ExtractiveModel,
)
from shared.llm.extractive.sentence_ranking import weigh_terms
from shared.llm.extractive.sentences import INVISIBLE
from shared.llm.model import ModelRequest, Purpose, Source, Usage
from tests.project_files import CORPUS

PAGE_ONE = """\
The Care of Harbour Seals
Harbour seals live along the coasts of the northern seas and rest on sandbanks.
They hunt fish at high tide and come back to the same sandbank when the water falls.
Young seals are born in June and can swim within an hour of their birth.
A seal that is disturbed on its sandbank loses the rest that it needs after hunting.
"""
PAGE_TWO = """\
Feeding
An adult seal eats about four kilograms of fish a day, mostly flatfish and herring.
Seals dive for five minutes and can stay below for half an hour where they have to.
Fishermen have long seen seals as rivals, although their share of the catch is small.
"""
PAGE_THREE = """\
Protection
Hunting of harbour seals ended in nineteen seventy-four, and their number has grown.
A virus killed half of all harbour seals in the year nineteen eighty-eight.
Visitors have to keep a distance of three hundred metres from a sandbank with seals.
"""


def pages(*texts):
    return tuple(Source(number, number, text) for number, text in enumerate(texts, start=1))


def summarize(sources, purpose=Purpose.SUMMARIZE_CHUNK, answer_type=Summary):
    request = ModelRequest(purpose, "Summarise.", tuple(sources), answer_type, 1000)
    return ExtractiveModel().answer(request, Deadline.after(60))


def squeeze(text):
    return re.sub(r"\s+", "", INVISIBLE.sub("", text)).casefold()


def assert_verbatim(summary, sources):
    """Each key point stands on each page that it cites, and the abstract is made of sentences."""
    for point in summary.key_points:
        for page in point.pages:
            on_page = [one for one in sources if one.first_page <= page <= one.last_page]
            assert any(squeeze(point.text) in squeeze(source.text) for source in on_page)
    rest = squeeze(summary.abstract)
    everything = " ".join(squeeze(source.text) for source in sources)
    while rest:
        longest = next(
            (size for size in range(len(rest), 0, -1) if rest[:size] in everything), None
        )
        assert longest, f"{rest[:80]!r} stands in no source"
        rest = rest[longest:]


def test_a_summary_of_pages():
    sources = pages(PAGE_ONE, PAGE_TWO, PAGE_THREE)
    answer = summarize(sources)
    assert answer.model == "extractive"
    assert answer.usage == Usage()
    summary = answer.value
    assert summary.title == "The Care of Harbour Seals"
    assert summary.language == "en"
    assert 3 <= len(summary.key_points) <= MAX_KEY_POINTS
    assert_verbatim(summary, sources)
    assert all(point.text not in ("Feeding", "Protection") for point in summary.key_points)
    cited = {page for point in summary.key_points for page in point.pages}
    assert len(cited) >= 2
    positions = [point.pages[0] for point in summary.key_points]
    assert positions == sorted(positions)


def test_the_abstract_and_the_key_points_say_different_things():
    summary = summarize(pages(PAGE_ONE, PAGE_TWO, PAGE_THREE)).value
    assert not [point for point in summary.key_points if point.text in summary.abstract]


def test_equal_requests_get_equal_answers():
    sources = pages(PAGE_ONE, PAGE_TWO, PAGE_THREE)
    assert summarize(sources) == summarize(sources)


def test_a_sentence_on_several_pages_cites_them_all():
    line = "The same sentence about seals stands at the top of each of these pages."
    summary = summarize(pages(line, "Something else is told about the tides here.", line)).value
    cited = {point.text: point.pages for point in summary.key_points}
    cited[summary.abstract] = [1, 3]
    assert cited[line] == [1, 3]


def test_combining_cites_the_exact_page_of_each_key_point():
    sources = [
        Source(1, 10, "The Care of Harbour Seals\n\nHarbour seals rest on sandbanks at low tide."),
        Source(3, 3, "They hunt fish at high tide and come back when the water falls."),
        Source(7, 7, "Young seals are born in June and can swim within an hour."),
        Source(11, 20, "Harbour seals are protected\n\nThe number of harbour seals has grown."),
        Source(12, 12, "Hunting of harbour seals ended in nineteen seventy-four."),
        Source(18, 18, "Visitors have to keep a distance of three hundred metres."),
    ]
    summary = summarize(sources, Purpose.COMBINE).value
    assert summary.title == "The Care of Harbour Seals"
    assert_verbatim(summary, sources)
    assert {tuple(point.pages) for point in summary.key_points} <= {(3,), (7,), (12,), (18,)}
    assert len(summary.key_points) >= 3


def test_a_wide_range_is_cited_whole_where_nothing_is_more_exact():
    summary = summarize([Source(4, 6, PAGE_ONE)], Purpose.COMBINE).value
    assert {tuple(point.pages) for point in summary.key_points} == {(4, 5, 6)}


def test_a_sentence_known_of_a_page_and_of_a_range_cites_the_page():
    line = "Harbour seals rest on the sandbanks of the northern seas at low tide."
    summary = summarize([Source(1, 9, line), Source(5, 5, line)], Purpose.COMBINE).value
    assert [point.pages for point in summary.key_points] == [[5]]


def test_the_key_points_spread_over_a_long_text():
    sources = pages(*(f"Page {number} says a thing about topic{number} alone, and no other page"
                      f" says a word about it at all." for number in range(1, 81)))  # fmt: skip
    cited = [point.pages[0] for point in summarize(sources).value.key_points]
    assert len(cited) == MAX_KEY_POINTS
    assert len({(page - 1) // 10 for page in cited}) >= 6


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("海豹生活在北方海域的沿岸。它们在沙洲上休息。幼崽在六月出生。人们必须保持距离。", "zh"),
        ("アザラシは北の海の岸に住んでいます。砂州で休みます。子は六月に生まれます。", "ja"),
        ("تعيش الفقمات على سواحل البحار الشمالية. وهي تستريح على الرمال. هذا في كل عام.", "ar"),
        ("แมวน้ำอาศัยอยู่ตามชายฝั่งทะเลเหนือ มันพักผ่อนบนสันทราย", "th"),
        ("seals live here and rest on the sand of an island " * 40, "en"),
        ("Total 12 13 14\nSum 15 16 17\nMean 1 2 3\nShare 4 5 6", "und"),
        ("1 2 3 4\n5 6 7 8", "und"),
        ("x", "und"),
        ("?!...", "und"),
    ],
)
def test_any_kind_of_text_has_a_summary(text, language):
    sources = pages(text)
    summary = summarize(sources).value
    assert summary.abstract
    assert summary.key_points
    assert summary.title
    assert summary.language == language
    assert_verbatim(summary, sources)


@pytest.mark.parametrize(
    ("page", "title"),
    [
        (PAGE_ONE, "The Care of Harbour Seals"),
        ("12\nhttp://example.test/a\n\u2022 Menu\nContents\nSeals at Sea\nText follows.",
         "Seals at Sea"),
        ("Introduction to the\nLife of Seals\nBy A. Author", "Introduction to the Life of Seals"),
        ("Seals rest on the banks of the northern sea and\nhunt there. They dive.",
         "Seals rest on the banks of the northern sea and hunt there"),
        ("海豹生活在北方海域的沿岸。它们在\n沙洲上休息并且在夜里到很远的海里\n捕鱼。人们必须保持距离不打扰它们。",
         "海豹生活在北方海域的沿岸。"),
        ("word " * 100, "word " * 29 + "word\u2026"),
        ("1 2 3", "1 2 3"),
    ],
)  # fmt: skip
def test_titles(page, title):
    assert summarize(pages(page)).value.title == title


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# Notes\n\nThe harbour council met on 12 March. It was agreed.", "Notes"),
        ("### The berths of 2026 ###\nAll of them are let.", "The berths of 2026"),
        ("C# and F#\nTwo languages.", "C# and F#"),
        ("boat | fee\nB0 | 0\nB1 | 3", "boat | fee"),
        ("Boat | Fee\nB0 | 0", "Boat | Fee"),
    ],
)
def test_the_title_of_markdown_has_no_mark_and_that_of_a_table_is_its_first_row(text, title):
    assert summarize(pages(text)).value.title == title


def test_the_title_of_a_mail_is_its_subject():
    headers = "From: Ada Lund <ada@example.org>\nTo: bo@example.org\n"
    body = "\n\nThe rent of the berth\nThe rent of the berth goes up in May, as was agreed.\n"

    def find_title(text):
        return summarize(pages(text)).value.title

    assert find_title(f"{headers}Date: 3 March 2026\nSubject: Café Ærø – møde{body}") == (
        "Café Ærø – møde"
    )
    assert find_title(f"{headers}{body}") == "The rent of the berth"
    quoted = f"The rent of the berth\n\nIt goes up in May.\n{headers}Subject: Another matter\n"
    assert find_title(quoted) == "The rent of the berth", "a mail that is quoted is no title"


@pytest.mark.parametrize("texts", [[], [""], [" \n\t", "\x00"]])
def test_sources_without_text_are_refused(texts):
    with pytest.raises(ModelRequestError, match="no text"):
        summarize(pages(*texts))


def test_another_shape_is_refused():
    class Verdict(BaseModel):
        verdict: bool

    with pytest.raises(ModelRequestError, match="Verdict"):
        summarize(pages(PAGE_ONE), answer_type=Verdict)


def test_no_time_is_no_answer():
    request = ModelRequest(Purpose.COMBINE, "", pages(PAGE_ONE), Summary, 100)
    with pytest.raises(DeadlineError):
        ExtractiveModel().answer(request, Deadline.after(0))


def test_running_headers_are_no_key_points():
    items = ("nets", "ropes", "boats", "sails", "masts", "oars", "piers", "cranes")
    pages_of_report = [
        f"Annual Report of the Harbour Office\n"
        f"On page {number} there is a long sentence that tells of {item} and no other thing.\n"
        f"It is followed by one more sentence about the very same {item} of the list.\n"
        f"The harbour office tells of its items on page {number} and reserves all rights."
        for number, item in enumerate(items, start=1)
    ]
    summary = summarize(pages(*pages_of_report)).value
    chosen = [summary.abstract, *(point.text for point in summary.key_points)]
    assert not [text for text in chosen if "Annual" in text or "reserves" in text]
    # On a page of its own, the last line is as good as the others.
    alone = summarize(pages(pages_of_report[0])).value
    chosen = [alone.abstract, *(point.text for point in alone.key_points)]
    assert [text for text in chosen if "reserves" in text]


@pytest.mark.parametrize(
    "page",
    [
        " ".join(f"Sentence number {n} tells of subject{n % 97} and item{n}." for n in range(2000)),
        "word " * 20_000,
        "字" * 100_000,
        "a b. " * 20_000,
        "1 2 3\n" * 16_000,
    ],
    ids=["sentences", "no-ends", "han", "tiny", "table"],
)
def test_a_hundred_thousand_characters_take_less_than_a_second(page):
    started = time.process_time()
    summarize(pages(page[:100_000]))
    assert time.process_time() - started < 1.0


any_text = st.text(
    alphabet=st.sampled_from("aB c.\n。字!?-•1é\u0301ب\x02,'\"") | st.characters(), max_size=200
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 3), any_text), min_size=1, max_size=5))
def test_every_sentence_stands_verbatim_in_its_source(parts):
    sources = [Source(first, first + more, text) for first, more, text in parts]
    try:
        summary = summarize(sources, Purpose.COMBINE).value
    except ModelRequestError:
        assert not any(squeeze(source.text) for source in sources)
        return
    assert_verbatim(summary, sources)
    assert 1 <= len(summary.key_points) <= MAX_KEY_POINTS
    assert len(summary.abstract) <= MAX_ABSTRACT_SENTENCES * 601


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of real PDFs is not here")
@pytest.mark.parametrize(
    ("name", "language", "title"),
    [
        ("pdfjs_issue13201.pdf", "en", "Bitcoin: A Peer-to-Peer Electronic Cash System"),
        ("pdfjs_bug1868759.pdf", "fr", "Le vérificateur d’avis"),
        ("pdfjs_issue16538.pdf", "ja", None),
        ("pypdf_009-pdflatex-geotopo_GeoTopo-komprimiert.pdf", "de",
         "Einführung in die Geometrie und Topologie"),
    ],
)  # fmt: skip
def test_real_documents(name, language, title):
    import pypdfium2

    with pypdfium2.PdfDocument(CORPUS / name) as document:
        sources = pages(*(page.get_textpage().get_text_bounded() for page in document))
    summary = summarize(sources).value
    assert summary.language == language
    assert title is None or summary.title == title
    assert_verbatim(summary, sources)


@pytest.mark.parametrize(
    "caption",
    [
        "Table 1. Need for the diesel generators in a year, computed for the weather and demand.",
        "Abb. 3: Verbrauch der Generatoren in einem Jahr, berechnet nach Wetter und Bedarf.",
        "Figure 2.4 \u2013 The speed of the current at the height of the hub, as it was measured.",
    ],
)
def test_the_caption_of_a_table_is_no_point(caption):
    prose = "The diesel generators burned much fuel in 2024, as the wind and the demand had it."
    captioned, plain = (
        Candidate(text, (1,), 1, 0.5, opens_block=True, complete=True) for text in (caption, prose)
    )
    assert not captioned.is_prose
    assert plain.is_prose


def test_a_sentence_that_points_back_is_weaker_than_one_that_stands_alone():
    back, alone = (
        Candidate(f"{first} keeps the ferry and the town supplied on every day of the year.",
                  (1,), 1, 0.5, opens_block=False, complete=True)
        for first in ("It", "Wind")
    )  # fmt: skip
    vectors = weigh_terms([back.text, alone.text])
    weak, strong = score_candidates([back, alone], vectors)
    assert weak < strong
