"""The daily report's page: right, readable, harmless and short enough, in all three forms."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipeline.report.page.html import MOST_BYTES, render_html
from pipeline.report.page.markdown import render_markdown
from pipeline.report.page.templates import FOLDER
from pipeline.report.page.text import COLUMNS, measure_width, render_text, wrap
from pipeline.report.page.words import say_cost, say_duration, shorten
from pipeline.report.report_types import (
    Counts,
    DeadLetterGroup,
    DeadLetters,
    Digest,
    Durations,
    QueueDepth,
    RejectedFile,
    SlowDocument,
    TaskLine,
)
from pipeline.report.spend import DayFigures, Spend
from tests.fakes.daily_reports import make_bad_day, make_empty_day, make_good_day, make_line
from tests.fakes.html_page import HtmlPage, compute_contrast

DAYS = {"good": make_good_day, "bad": make_bad_day, "empty": make_empty_day}
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = st.text(max_size=60) | st.lists(
    st.sampled_from(
        [
            "</td>", "</table>", "<script>", "<!--", "]]>", "&", "&lt;", '"', "'", "{{ view }}",
            "{% raw %}", "|", "`", "```", "**", "_", "[a](http://x.example)", "<http://x.example>",
            "# ", "- ", "1. ", "> ", "\n", "\n\n", "\r", "\u2028", "\u202e", "\x1b[2J", "\x00",
            "\ud800", "\\", "~~", "x", " ", "---", "www.x.example", "https://x.example", "    ",
        ]
    ),
    max_size=8,
).map("".join)  # fmt: skip


def render_all(report):
    markdown = " ".join(
        "".join(child.content or " " for child in token.children or [token])
        for token in MARKDOWN.parse(render_markdown(report))
        if token.type in ("inline", "fence")
    )
    return {
        "html": HtmlPage(render_html(report)).text,
        "text": " ".join(render_text(report).split()),
        "markdown": markdown,
    }


def list_figures(value, name=""):
    """Every figure of a report as the page writes it."""
    if isinstance(value, dict):
        for field, inner in value.items():
            yield from list_figures(inner, field)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from list_figures(inner, name)
    elif isinstance(value, int | float) and name != "v":
        if name.endswith("_micro_usd"):
            yield say_cost(value)
        else:
            yield say_duration(value) if name.endswith("_seconds") else f"{value:,}"


@pytest.mark.parametrize("form", ["html", "text", "markdown"])
def test_every_figure_is_on_the_page_in_every_form(form):
    report = make_good_day(chunks=1058, chunks_done=1057, lines_more=7654, task_lines_more=321)
    words = render_all(report)[form]
    figures = set(list_figures(report.model_dump()))
    assert len(figures) > 50
    missing = [f for f in figures if not re.search(rf"(?<![\d.,]){re.escape(f)}(?![\d])", words)]
    # A cost of nothing goes without saying.
    assert set(missing) <= {"$0.00"}


@pytest.mark.parametrize("day", DAYS)
def test_the_three_forms_agree_on_every_number_of_the_sums(day):
    report = DAYS[day]()
    for words in render_all(report).values():
        assert report.verdict.lower() in words.lower()
        if not report.is_empty:
            for counts in (report.documents, report.tasks):
                assert f"{counts.received:,}" in words
                assert f"{counts.accounted_for:,}" in words


def test_sums_that_do_not_add_up_are_said_loudly_before_anything_else():
    lost = "t" * 100
    report = make_good_day(documents=Counts(received=14, done=9), unaccounted_ids=(lost,))
    for words in render_all(report).values():
        assert "14 documents arrived and 9 are accounted for: 5 are missing." in words
        assert f"seashore explain {lost} --stack seashore-production" in words
        assert words.lower().index("5 not accounted for") < words.lower().index("12 done")
        assert "do not add up" in words.lower()
        assert words.lower().index("do not add up") < words.lower().index("what came in")
    for words in render_all(make_good_day()).values():
        assert "not add up" not in words.lower()
        assert "It adds up: all 18 are accounted for." in words


def test_too_many_are_no_better_than_too_few():
    words = render_all(make_good_day(tasks=Counts(received=0, done=2)))["text"]
    assert "0 tasks arrived and 2 are accounted for: 2 too many." in words


def test_commands_can_be_copied_whole():
    report = make_bad_day()
    forms = {**render_all(report), "text": render_text(report)}
    for words in forms.values():
        for group in report.dead_letters.groups:
            assert group.replay_command in words
        assert report.dead_letters.list_command in words


def test_the_page_says_how_to_go_on_in_its_own_stack():
    for words in render_all(make_good_day()).values():
        assert "seashore explain 000001a7c3e9 --stack seashore-production" in words
        assert "seashore report --date 2026-11-21 --open --stack seashore-production" in words
    for words in render_all(make_good_day(stack="local")).values():
        assert "--stack" not in words


def test_tasks_without_a_line_are_named_by_a_command():
    for words in render_all(make_good_day(task_lines_more=321)).values():
        command = "seashore tasks --limit 10000 --stack seashore-production"
        assert re.search(rf"And 32\d more tasks like these: {command}", words)


def test_days_before_a_stack_was_there_are_no_days_to_compare_with():
    unknown = [
        DayFigures(
            day=f"2026-11-{day}", documents=None, tasks=None, pages=None, tokens=0, cost_micro_usd=0
        )
        for day in range(14, 21)
    ]
    known = unknown[6].model_copy(update={"documents": 2, "tasks": 0, "pages": 391})
    report = make_good_day(spend=Spend(days_before=(*unknown[:6], known)))
    for words in render_all(report).values():
        assert "Against the day before: pages as usual (mean 391)." in words
        assert "Thu 19 Nov" not in words
    for words in render_all(make_good_day(spend=Spend(days_before=tuple(unknown)))).values():
        assert "Against" not in words
        assert "by day" not in words


def test_a_command_that_is_too_long_is_left_out_rather_than_cut():
    group = DeadLetterGroup(
        queue="work", kind="task", cause="c", count=1, examples=(), replay_command="x" * 5000
    )
    report = make_good_day(dead_letters=DeadLetters(groups=(group,)))
    for words in render_all(report).values():
        assert "xxxx" not in words
        assert "seashore dlq list" in words


def test_letters_of_earlier_days_are_told_even_on_an_empty_day():
    report = make_empty_day(dead_letters=make_bad_day().dead_letters.model_copy(
        update={"groups": (), "more_causes": 0, "more_count": 0}
    ))  # fmt: skip
    for words in render_all(report).values():
        assert "about 76 in uploads and 1,390 in work" in words
        assert "Nothing needs you" not in words


def test_an_empty_day_has_a_short_and_friendly_page():
    for words in render_all(make_empty_day()).values():
        assert "A quiet day" in words
        assert "Nothing needs you." in words
        assert "Documents" not in words
        assert len(words) < 600


def test_a_day_that_is_not_over_says_so():
    early = "2026-11-21T12:00:00+00:00"
    for words in render_all(make_good_day(made_at=early)).values():
        assert "14 documents and 4 tasks arrived so far, with 391 pages in all." in words
    for words in render_all(make_empty_day(made_at=early)).values():
        assert "The day is not over; no document and no task has come in so far." in words


def test_documents_are_counted_in_what_people_cite_of_them():
    lines = (make_line(1, pages=1, unit="sheet"), make_line(2, pages=12, unit="slide"))
    for words in render_all(make_good_day(lines=lines)).values():
        assert "1 sheet" in words
        assert "12 slides" in words
        assert "391 pages, slides, sheets and the like in all." in words
        assert "391 pages in all" not in words


def test_a_digest_says_who_wrote_it():
    picked = Digest(origin="extractive", text="A.", documents_read=3, documents_with_summary=9)
    left_out = Digest(note="Left out: the model could not be reached.")
    for words in render_all(make_good_day()).values():
        assert "Written by gpt-5-mini from all 11 summaries." in words
    for words in render_all(make_good_day(digest=picked)).values():
        assert "Sentences picked from 3 of 9 summaries; no language model was asked." in words
    for words in render_all(make_good_day(digest=left_out)).values():
        assert "Left out: the model could not be reached." in words


@settings(max_examples=25, deadline=None)
@given(HOSTILE)
def test_no_text_of_a_document_breaks_out_of_the_page(hostile):
    reports = [
        make_good_day(
            lines=(make_line(1, title=title, key=title, note=title),),
            rejected=(RejectedFile(document_id="d", key=title, code="c", sentence=title),),
            digest=Digest(origin="model", model=title, text=title, key_points=(title,)),
        )
        for title in (f"a{hostile}", "a")
    ]
    pages = [HtmlPage(render_html(report)) for report in reports]
    expected = " ".join(shorten(f"a{hostile}", 100).split())
    if len(expected) < 90:
        assert expected in pages[0].text
    # Breaks between paragraphs of a digest may differ, and nothing else.
    assert set(pages[0].tags) == set(pages[1].tags)
    assert pages[0].tags.count("td") == pages[1].tags.count("td")
    trees = [
        [token.type for token in MARKDOWN.parse(render_markdown(report))
         if not token.type.startswith("paragraph") and token.type != "inline"]
        for report in reports
    ]  # fmt: skip
    assert trees[0] == trees[1]
    for line in render_text(reports[0]).splitlines():
        assert line.isprintable() or "\u200c" in line or "\u200d" in line or not line.isascii()
        assert "\x1b" not in line
        assert "\u202e" not in line


@given(st.text(max_size=300), st.integers(0, 30))
def test_wrapped_lines_fit_and_lose_nothing(text, indent):
    line = shorten(text, 300)
    lines = wrap(line, indent).split("\n")
    assert all(measure_width(one) <= COLUMNS for one in lines)
    assert "".join("".join(lines).split()) == "".join(line.split())


@pytest.mark.parametrize("day", DAYS)
def test_plain_text_keeps_to_its_columns_but_for_what_is_copied(day):
    for line in render_text(DAYS[day]()).splitlines():
        assert measure_width(line) <= COLUMNS or line.lstrip().startswith(("seashore ", "s3://"))


def test_a_page_of_100_000_documents_is_short_enough_and_says_what_it_leaves_out():
    wide = "&" * 500
    report = make_bad_day(
        documents=Counts(received=100_000, done=99_000, rejected=1_000),
        lines=tuple(
            make_line(n, title=wide, key=wide, note=wide, excerpt=wide) for n in range(200)
        ),
        lines_more=99_800,
        rejected=tuple(
            RejectedFile(document_id=str(n), key=wide, code=wide, sentence=f"{n}{wide}")
            for n in range(100)
        ),
        rejected_more=900,
        task_lines=tuple(
            TaskLine(task_id=wide, kind=wide, about=wide, status="FAILED", note=wide)
            for _ in range(50)
        ),
        dead_letters=DeadLetters(
            groups=tuple(
                DeadLetterGroup(
                    queue=wide,
                    kind="task",
                    cause=wide,
                    count=9,
                    examples=(wide,) * 3,
                    replay_command="seashore dlq replay " + "& " * 180,
                )
                for _ in range(20)
            )
        ),
        durations=Durations(
            count=9,
            median_seconds=1.0,
            p95_seconds=2.0,
            slowest=(SlowDocument(document_id="d", key=wide, duration_seconds=3.0, why=wide),) * 5,
        ),
        unaccounted_ids=(wide,) * 20,
        digest=Digest(
            origin="model", model=wide, text="\n\n".join([wide * 5] * 9), key_points=(wide,) * 20
        ),
    )
    html = render_html(report)
    assert len(html.encode()) <= MOST_BYTES
    lines = len(re.findall(r"· \d{6}a7c3e9", html))
    assert lines
    assert (
        f"And {100_000 - lines:,} more documents, all named in the list of every document" in html
    )
    assert report.all_documents_key in html
    assert "This is its beginning; all of it is in the JSON file" in html


@pytest.mark.parametrize("day", DAYS)
def test_a_mail_client_can_show_the_page(day):
    html = render_html(DAYS[day]())
    page = HtmlPage(html)
    assert html.startswith("<!DOCTYPE html>")
    assert not {"script", "img", "svg", "link", "iframe", "form", "object"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name in ("href", "src", "background")]
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert "url(" not in html
    assert "@import" not in html
    assert ("name", "color-scheme") in page.attributes
    assert "(prefers-color-scheme: dark)" in page.style_block
    assert "(max-width: 480px)" in page.style_block
    # Gmail ignores a style block of more than 16 KB, and older ones of 8 KB.
    assert len(page.style_block) < 8_000
    assert "<!--[if mso]>" in html
    assert {tag for tag in page.tags if tag == "h1"}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("day", DAYS)
def test_every_text_stands_out_from_its_background(day, dark):
    page = HtmlPage(render_html(DAYS[day]()), dark=dark)
    shown = {(text.colour, text.background) for text in page.texts if text.words.strip("\xa0 \n")}
    assert len(shown) > 2
    for colour, background in shown:
        # WCAG 2.2, success criterion 1.4.3 (AA).
        assert compute_contrast(colour, background) >= 4.5, (colour, background)


def test_every_class_of_the_page_has_a_style():
    page = HtmlPage(render_html(make_bad_day()))
    used = {name for key, value in page.attributes if key == "class" for name in value.split()}
    css = (FOLDER / "inlined.css").read_text() + page.style_block
    assert {name for name in used if f".{name} " not in css and f".{name}," not in css} == set()


def test_a_day_of_odd_length_says_so():
    report = make_good_day(window_to="2026-11-22T00:00:00+00:00")
    assert "That day had 25 hours." in render_all(report)["text"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.6, "1 min"), (200, "3 min 20 s"),
     (3599.7, "1 h"), (7500, "2 h 5 min"), (86_400, "1 d"), (93_600, "1 d 2 h")],
)  # fmt: skip
def test_durations_are_said_in_units_that_people_use(seconds, words):
    assert say_duration(seconds) == words


@pytest.mark.parametrize(
    ("micro_usd", "words"),
    [
        (0, "$0.00"),
        (1, "$0.000001"),
        (1_862, "$0.0019"),
        (910_000, "$0.91"),
        (10**10, "$10,000.00"),
    ],
)
def test_costs_are_said_as_far_as_they_can_be_seen(micro_usd, words):
    assert say_cost(micro_usd) == words


def test_each_document_says_what_it_says_and_how_to_read_on():
    said = "The harbour opened in 1907. Its pier is 300 m long."
    report = make_good_day(lines=(make_line(1, title=None), make_line(2, excerpt=said)))
    for form, text in render_all(report).items():
        assert said in text, form
        assert f"seashore show {report.lines[1].document_id[:12]}" in text, form
    silent = make_good_day(lines=(make_line(1),))
    assert all("seashore show" not in text for text in render_all(silent).values())


def test_letters_of_no_document_are_not_left_without_a_word():
    report = make_bad_day()
    letters = sum(group.count for group in report.dead_letters.groups)
    more = DeadLetters(
        groups=report.dead_letters.groups,
        depths=(QueueDepth(queue="work", letters=letters + 1),),
        list_command="seashore dlq list",
    )
    for form, text in render_all(make_bad_day(dead_letters=more)).items():
        assert "or no message that could be read; the list tells the cause of each" in text, form
