"""What is true of every format that the pipeline reads."""

import pytest

from pipeline.formats.child import OPENERS
from shared.document_formats import DOCUMENT_FORMATS, PDF, count_units, find_format, name_units


@pytest.mark.parametrize("document_format", DOCUMENT_FORMATS)
def test_a_format_is_found_by_name_in_any_case(document_format):
    for suffix in (document_format.suffix, *document_format.other_suffixes):
        assert find_format(f"May/Report{suffix.upper()}") is document_format


def test_formats_differ_in_what_they_are_found_by():
    suffixes = [s for one in DOCUMENT_FORMATS for s in (one.suffix, *one.other_suffixes)]
    assert len(set(suffixes)) == len(suffixes)
    assert len({one.media_type for one in DOCUMENT_FORMATS}) == len(DOCUMENT_FORMATS)


def test_every_format_has_a_reader_and_every_reader_a_format():
    assert {*OPENERS, PDF.suffix} == {one.suffix for one in DOCUMENT_FORMATS}


@pytest.mark.parametrize("name", ["report", "report.exe", ".pdf", "pdf", "a.pdf/report"])
def test_a_name_that_promises_no_format_has_none(name):
    assert find_format(name) is None


def test_units_are_counted_in_words():
    assert count_units(1, "sheet") == "1 sheet"
    assert count_units(3, PDF.unit) == "3 pages"


@pytest.mark.parametrize(
    ("numbers", "named"), [("3", "sheet 3"), ("3,5-7", "sheets 3,5-7"), ("3-4", "sheets 3-4")]
)
def test_one_unit_is_named_as_one(numbers, named):
    assert name_units("sheet", numbers) == named
