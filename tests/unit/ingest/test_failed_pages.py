"""Failed pages are kept by their reasons, of which there are few."""

from pipeline.ingest.failed_pages import MAX_REASONS, FailedPages, refuse_failed
from shared.errors import RejectionCode
from shared.page_ranges import parse_page_ranges


def test_pages_of_one_reason_are_one_entry():
    failed = FailedPages([], "")
    for number in (2, 3, 7):
        failed.add(number, RejectionCode.DAMAGED, "its content breaks off")
    (failure,) = failed.by_reason
    assert (failure.pages, failure.reason) == ("2-3,7", "its content breaks off")
    assert failed.ranges == "2-3,7"


def test_a_reading_goes_on_from_what_is_noted():
    first = FailedPages([], "")
    first.add(1, RejectionCode.DAMAGED, "gone")
    second = FailedPages(first.by_reason, "1,4")
    second.add(6, RejectionCode.DAMAGED, "gone")
    assert second.ranges == "1,4,6"
    assert [failure.pages for failure in second.by_reason] == ["1,6"]


def test_many_reasons_lose_no_page_and_take_bounded_room():
    failed = FailedPages([], "")
    codes = list(RejectionCode)
    for number in range(1, 200):
        failed.add(number, codes[number % len(codes)], f"reason {number}")
    assert len(failed.by_reason) <= MAX_REASONS
    pages = [page for failure in failed.by_reason for page in parse_page_ranges(failure.pages)]
    assert sorted(pages) == list(range(1, 200))


def test_a_document_is_refused_for_the_reason_of_most_pages():
    failed = FailedPages([], "")
    failed.add(1, RejectionCode.UNMAPPED_FONTS, "its fonts do not say")
    failed.add(2, RejectionCode.DAMAGED, "its content breaks off")
    failed.add(3, RejectionCode.DAMAGED, "its content breaks off")
    refusal = refuse_failed(failed.by_reason, failed.ranges)
    assert refusal.code is RejectionCode.DAMAGED
    assert "1-3 (its content breaks off)" in refusal.sentence
