# ruff: noqa: RUF001 - dates of many languages, meant as they stand
import datetime
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.llm.extractive.date_finding import confirm_iso, find_dates


def found(text):
    return [(date.text, date.iso) for date in find_dates(text)]


@pytest.mark.parametrize(
    "text",
    [
        *("4 May 2026", "4th May 2026", "4th of May, 2026", "May 4, 2026", "May 4th 2026"),
        *("2026-05-04", "2026/05/04", "04.05.2026", "4. 5. 2026", "4 MAY 2026"),
        *("4. Mai 2026", "4 mai 2026", "4 de mayo de 2026", "4 de maio de 2026", "4 mei 2026"),
        *("4 maggio 2026", "4. maj 2026", "4 maj 2026", "4. toukokuuta 2026"),
        *("2026年5月4日", "2026년 5월 4일"),
    ],
)
def test_a_date_in_many_forms(text):
    assert found(f"It is said that on {text}, something happens.") == [(text, "2026-05-04")]


def test_a_date_over_two_lines_is_written_on_one():
    assert found("ends on 4\n  May 2026.") == [("4 May 2026", "2026-05-04")]


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("25/12/2026", "2026-12-25"),
        ("12/25/2026", "2026-12-25"),
        ("05/05/2026", "2026-05-05"),
        ("03/04/2026", None),
        ("May 2026", "2026-05"),
        ("mars 2026", "2026-03"),
        ("2026年5月", "2026-05"),
        ("1er mai 2026", "2026-05-01"),
    ],
)
def test_as_much_as_is_certain(text, iso):
    assert found(text) == [(text, iso)]


@pytest.mark.parametrize(
    "text",
    [
        *("31 June 2026", "30.02.2026", "2026-13-01", "99/99/2026", "4 May", "in 2026", "4–6 May"),
        *("1.2.3.2026", "v1.2.2024", "192.168.1.2026", "10/2026", "May be 2026", "dismay 2026"),
        *("4–6 May 2026", "listopada 2026", "20260504", "1-2026-05-04", "page 4 of 2026"),
    ],
)
def test_what_is_no_certain_date(text):
    assert found(text) == []


@given(st.dates(datetime.date(1000, 1, 1), datetime.date(2999, 12, 31)), st.booleans())
def test_every_day_is_read_back(day, long):
    written = f"{day:%d %B} {day.year}" if long else day.isoformat()
    assert [iso for _, iso in found(f"x {written} y")] == [day.isoformat()]


@given(st.text(alphabet="0123456789 ./-–年月日,MayJune\n"))
def test_what_is_found_stands_in_the_text(text):
    last_end = 0
    for date in find_dates(text):
        assert date.start >= last_end
        assert " ".join(text[date.start : date.end].split()) == date.text
        assert date.iso is None or re.fullmatch(r"[12]\d{3}-\d\d(-\d\d)?", date.iso)
        last_end = date.end


@pytest.mark.parametrize(
    ("text", "claimed", "iso"),
    [
        ("on Monday, 4 May 2026", "2026-05-05", "2026-05-04"),
        ("4 May 2026", None, "2026-05-04"),
        ("3 kwietnia 2024", "2024-04-03", "2024-04-03"),
        ("2026", "2026", "2026"),
        # What the text does not bear out.
        ("4 May", "2026-05-04", None),
        ("tomorrow", "2026-05-04", None),
        ("spring 2026", "2026-03", None),
        ("03/04/2026", "2026-04-03", None),
        ("4–6 May 2026", "2026-05-06", None),
        ("4 May 2026 and 5 May 2026", "2026-05-04", None),
        ("from 3 to 9 kwietnia 2024", "2024-04-03", None),
        ("3 kwietnia 2024", "2024-02-31", None),
        ("3 kwietnia 2024", "3.4.2024", None),
        ("3 kwietnia 2024", "2024-04-03T00:00:00Z", None),
    ],
)
def test_a_models_iso_form_needs_the_text_behind_it(text, claimed, iso):
    assert confirm_iso(text, claimed) == iso
