"""What is true of every format that the pipeline reads."""

import pytest

from shared.document_formats import DOCUMENT_FORMATS, PDF, find_format, identify_format


@pytest.mark.parametrize("document_format", DOCUMENT_FORMATS)
def test_a_format_is_found_by_name_in_any_case_and_by_its_first_bytes(document_format):
    assert find_format(f"May/Report{document_format.suffix.upper()}") is document_format
    last = document_format.magic_within_bytes - len(document_format.magic)
    assert identify_format(b" " * last + document_format.magic) is document_format
    assert identify_format(b" " * (last + 1) + document_format.magic) is None


def test_formats_differ_in_what_they_are_found_by():
    assert len({one.suffix for one in DOCUMENT_FORMATS}) == len(DOCUMENT_FORMATS)
    assert len({one.magic for one in DOCUMENT_FORMATS}) == len(DOCUMENT_FORMATS)


@pytest.mark.parametrize("name", ["report", "report.txt", ".pdf", "pdf", "a.pdf/report"])
def test_a_name_that_promises_no_format_has_none(name):
    assert find_format(name) is None


def test_a_file_of_no_format_has_none():
    assert identify_format(b"") is None
    assert identify_format(b"Dear Sir or Madam") is None
    assert PDF.media_type == "application/pdf"
