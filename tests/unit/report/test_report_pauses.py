"""A report of a stack whose consumers are paused says so before all else, in each of its forms."""

import pytest

from pipeline.report.page.build_view import build_view
from pipeline.report.page.html import LIMITS, render_html
from pipeline.report.page.markdown import render_markdown
from pipeline.report.page.text import render_text
from pipeline.report.report_types import PauseNote
from shared.lifecycle import Tone
from tests.fakes.daily_reports import make_empty_day, make_good_day
from tests.fakes.html_page import HtmlPage, compute_contrast

ADA = "arn:aws:sts::123456789012:assumed-role/Operations/ada@example.com"
FORMS = {"html": render_html, "markdown": render_markdown, "text": render_text}


def pause(consumer, reason="The prices change.", by=ADA, since="2026-11-21T15:12:00.123+00:00"):
    return PauseNote(consumer=consumer, reason=reason, by=by, since=since)


PAUSES = (
    pause("ingest"),
    pause("worker", since="2026-11-21T15:12:01.004+00:00"),
    pause("report", reason="<b>No</b> report", by="bob"),
)


def test_consumers_that_were_paused_together_are_told_together():
    view = build_view(make_good_day(pauses=PAUSES), LIMITS[0])
    together, alone = view.pauses
    assert together.headline == "The ingest and worker are paused"
    assert together.facts.endswith(", by ada@example.com")
    assert together.command == "seashore resume ingest worker --stack seashore-production"
    assert (alone.headline, alone.reason) == ("The report is paused", "<b>No</b> report")
    assert "paused" not in view.lead
    assert "The ingest and worker are paused." in view.preheader


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_who_is_paused_why_and_how_it_goes_on(form):
    text = " ".join(FORMS[form](make_good_day(pauses=PAUSES)).split())
    for said in ("The ingest and worker are paused", "The prices change.", "seashore resume"):
        assert said in text
    assert "<b>No</b>" not in text or form == "text"


@pytest.mark.parametrize("form", FORMS)
def test_a_quiet_day_of_a_paused_stack_does_not_say_that_nothing_is_needed(form):
    paused = make_empty_day(pauses=PAUSES[:1])
    assert "Nothing needs you" not in FORMS[form](paused)
    assert "Nothing needs you" in FORMS[form](make_empty_day())
    assert build_view(paused, LIMITS[0]).tone is Tone.WARN


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_pause_stands_out_from_its_background(dark):
    page = HtmlPage(render_html(make_good_day(pauses=PAUSES)), dark=dark)
    for text in page.texts:
        if "paused" in text.words or "prices" in text.words:
            assert compute_contrast(text.colour, text.background) >= 4.5
