"""Pages that could not be read, kept by their reasons."""

from collections.abc import Iterable, Sequence

from pipeline.extraction.refusals import refuse_pages
from shared.errors import RejectedDocumentError, RejectionCode
from shared.ledger.documents import PageFailure
from shared.page_ranges import count_pages, format_page_ranges, parse_page_ranges

# A row of the ledger has room for few; what is rare among a document's reasons says least.
MAX_REASONS = 8
OTHER_REASONS = "for other reasons"


class FailedPages:
    """The failed pages of a document, as far as it is read.

    Args:
        failures: What an earlier reading has noted.
        failed_pages: Ranges of all of them, of a reading that noted no reasons, too.
    """

    def __init__(self, failures: Iterable[PageFailure], failed_pages: str) -> None:
        self._pages = parse_page_ranges(failed_pages)
        self._by_reason = {
            (failure.code, failure.reason): parse_page_ranges(failure.pages) for failure in failures
        }

    def add(self, number: int, code: RejectionCode, reason: str) -> None:
        """Note a page."""
        self._pages.add(number)
        key = (str(code), reason)
        if key not in self._by_reason and len(self._by_reason) >= MAX_REASONS - 1:
            key = (str(code), OTHER_REASONS)
        if len(self._by_reason) >= MAX_REASONS and key not in self._by_reason:
            key = next(reversed(self._by_reason))
        self._by_reason.setdefault(key, set()).add(number)

    @property
    def ranges(self) -> str:
        """All of them."""
        return format_page_ranges(self._pages)

    @property
    def by_reason(self) -> tuple[PageFailure, ...]:
        """All of them, by their reasons."""
        return tuple(
            PageFailure(pages=format_page_ranges(pages), code=code, reason=reason)
            for (code, reason), pages in self._by_reason.items()
        )


def refuse_failed(failures: Sequence[PageFailure], failed_pages: str) -> RejectedDocumentError:
    """The refusal of a document without text that has failed pages, for the reason of the most."""
    worst = max(failures, key=lambda failure: count_pages(failure.pages))
    return refuse_pages(RejectionCode(worst.code), worst.reason, failed_pages)
