import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.summaries.coverage import Coverage
from pipeline.summaries.results import DocumentSummary, render_markdown, result_folder
from pipeline.summaries.summary_types import KeyPoint
from shared.lifecycle import DocumentStatus

# Text as a hostile document may have a model give it back.
HOSTILE = st.text() | st.lists(
    st.sampled_from(["# Heading", "- a point", "\n", "\r\n", "\u2028", "\x0b", "\x85", " ", "x"]),
    max_size=8,
).map("".join)
COVERED = Coverage(
    pages=5, summarised_pages="1-3", empty_pages="4-5", failed_pages="", missing_pages=""
)


def make_summary(**changes):
    return DocumentSummary(
        **{
            "document_id": "d1",
            "key": "folder/report.pdf",
            "status": DocumentStatus.DONE,
            "title": "The title",
            "abstract": "What it says.",
            "key_points": [
                KeyPoint(text="One.", pages=[1, 3]),
                KeyPoint(text="Two.", pages=[]),
            ],
            "language": "en",
            "coverage": COVERED,
            "model": "a-model",
            "input_tokens": 10,
            "output_tokens": 5,
            "cost_usd": 0.0,
            **changes,
        }
    )


def test_a_summary_as_markdown():
    assert render_markdown(make_summary(cost_usd=0.0123)).splitlines() == [
        "# The title",
        "",
        "What it says.",
        "",
        "- One. (p. 1, 3)",
        "- Two.",
        "",
        "*folder/report.pdf: 5 of 5 pages covered. Written by a-model: 10 tokens in, 5 out, "
        "$0.0123.*",
    ]


@given(HOSTILE, HOSTILE, HOSTILE.filter(bool), HOSTILE.filter(bool))
def test_no_text_adds_lines_of_its_own(title, key, abstract, point):
    points = [KeyPoint(text=point, pages=[1])] * 2
    summary = make_summary(title=title, key=key, abstract=abstract, key_points=points)
    text = render_markdown(summary)
    lines = [line for line in text.splitlines() if line]
    headings = [line for line in lines if line.startswith("# ")]
    assert len(lines) == 4 + bool(abstract.split())
    assert lines[0] in headings
    assert lines[-1].startswith("*")
    assert [line[:2] for line in lines[-3:-1]] == ["- ", "- "]


def test_a_document_without_a_title_goes_by_its_key():
    assert render_markdown(make_summary(title=" \n")).startswith("# folder/report.pdf\n")


def test_what_is_missing_is_said():
    coverage = Coverage(
        pages=9, summarised_pages="1-4", empty_pages="5", failed_pages="6", missing_pages="7-9"
    )
    text = render_markdown(make_summary(coverage=coverage))
    assert "5 of 9 pages covered" in text
    assert "page 6 could not be read; pages 7-9 could not be summarised." in text
    assert not coverage.is_complete


@pytest.mark.parametrize(
    ("pages", "doubts"),
    [
        ("2", "slide 2 is hard to read, and words of it may be wrong"),
        ("2-3", "slides 2-3 are hard to read, and words of them may be wrong"),
    ],
)
def test_units_that_are_hard_to_read_are_named(pages, doubts):
    coverage = COVERED.model_copy(update={"unsure_pages": pages, "unit": "slide"})
    assert coverage.describe_doubts() == doubts


@pytest.mark.parametrize("gap", ["failed_pages", "missing_pages"])
def test_any_gap_makes_it_incomplete(gap):
    assert COVERED.is_complete
    assert COVERED.describe_gaps() == ""
    assert not COVERED.model_copy(update={gap: "2"}).is_complete


def test_the_offline_model_claims_no_writing():
    text = render_markdown(make_summary(model="extractive"))
    assert "Written by" not in text
    assert "no language model was asked" in text


def test_each_combination_has_a_folder_of_its_own():
    folders = {result_folder("d", run, done) for run in (1, 11) for done in (1, 11, 111)}
    assert len(folders) == 6
