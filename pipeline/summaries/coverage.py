"""Coverage: what became of each page of a document and each file inside, and what is missing."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from shared.document_formats import PAGE, name_units
from shared.ledger.chunks import ChunkStatus, Parts
from shared.ledger.document_texts import TextSource
from shared.ledger.documents import EmbeddedFile, PageFailure
from shared.page_ranges import count_pages, format_page_ranges, parse_page_ranges


class Coverage(BaseModel):
    """What became of each page; ranges look like `2-4,9`. A page is what `unit` says."""

    model_config = ConfigDict(frozen=True)

    unit: str = PAGE
    pages: int
    summarised_pages: str
    empty_pages: str
    failed_pages: str
    missing_pages: str
    # Summaries that were written before these were told apart have none.
    picture_pages: str = ""
    failures: list[PageFailure] = []
    embedded_files: list[EmbeddedFile] = []
    # Pages of pictures: those whose text is still being recognised, and of the others where it is
    # from, which of it is in doubt, and how sure (in percent) what has read it is.
    recognising_pages: str = ""
    ocr_pages: str = ""
    model_pages: str = ""
    unsure_pages: str = ""
    confidences: dict[int, str] = {}

    @property
    def lacks_pages(self) -> bool:
        """Whether there are pages that were not read or not summarised."""
        return bool(
            self.failed_pages or self.missing_pages or self.picture_pages or self.recognising_pages
        )

    @property
    def is_complete(self) -> bool:
        """Whether every page is summarised or empty, and no file inside is left out.

        A file inside that is a document of its own is not left out, whatever becomes of it.
        """
        return not self.lacks_pages and not any(file.reason for file in self.embedded_files)

    @property
    def covered_count(self) -> int:
        """How many pages are summarised or empty."""
        return len(parse_page_ranges(self.summarised_pages)) + len(
            parse_page_ranges(self.empty_pages)
        )

    @property
    def reason_code(self) -> str | None:
        """Why the summary is not of the whole document, in a word."""
        if self.is_complete:
            return None
        if self.recognising_pages:
            return "being_recognised"
        return "pages_missing" if self.lacks_pages else "files_unread"

    def describe_gaps(self) -> str:
        """One sentence that names what is missing; empty if nothing is."""
        gaps = []
        if self.recognising_pages:
            count = count_pages(self.recognising_pages)
            are = "page is" if count == 1 else "pages are"
            gaps.append(f"{count} {are} being recognised ({self.recognising_pages})")
        if self.failed_pages:
            failed = name_units(self.unit, self.failed_pages)
            gaps.append(f"{failed} could not be read{self._describe_failures()}")
        if self.picture_pages:
            show = "shows" if self.picture_pages.isdecimal() else "show"
            pictures = name_units(self.unit, self.picture_pages)
            gaps.append(f"{pictures} {show} only pictures, whose text is not read")
        if self.missing_pages:
            missing = name_units(self.unit, self.missing_pages)
            gaps.append(f"{missing} could not be summarised")
        unread = describe_unread_files(self.embedded_files)
        if unread:
            gaps.append(f"files inside were not read: {unread}")
        return "; ".join(gaps)

    def describe_doubts(self) -> str:
        """One sentence that names the pages whose words are in doubt; empty if none are."""
        if not self.unsure_pages:
            return ""
        unsure = name_units(self.unit, self.unsure_pages)
        if self.unsure_pages.isdecimal():
            return f"{unsure} is hard to read, and words of it may be wrong"
        return f"{unsure} are hard to read, and words of them may be wrong"

    def _describe_failures(self) -> str:
        if len(self.failures) == 1:
            return f" ({self.failures[0].reason})"
        reasons = ", ".join(f"{failure.pages}: {failure.reason}" for failure in self.failures)
        return f" ({reasons})" if reasons else ""


def describe_unread_files(files: Iterable[EmbeddedFile]) -> str:
    """The names of the files inside that are not read, by the reason why; empty if all are.

    Of a reason its first sentence alone: all of it, as what would be read, stands with the file.
    """
    by_reason: dict[str, list[str]] = {}
    for file in files:
        if file.reason is not None:
            by_reason.setdefault(_cut_reason(file.reason), []).append(file.name)
    return "; ".join(f"{', '.join(names)} ({reason})" for reason, names in by_reason.items())


def _cut_reason(reason: str) -> str:
    first = reason.partition(". ")[0]
    return first.removesuffix(".")


def describe_children(files: Iterable[EmbeddedFile]) -> str:
    """One sentence that names the files inside that are documents of their own; may be empty."""
    names = [file.name for file in files if file.document_id is not None]
    if not names:
        return ""
    if len(names) == 1:
        return f"1 file inside is a document of its own: {names[0]}"
    return f"{len(names)} files inside are documents of their own: {', '.join(names)}"


def compute_coverage(parts: Parts) -> Coverage:
    """Account for every page: summarised, empty, a picture, failed, or in a chunk that failed.

    A page that spans several chunks is summarised only if all of them are.
    """
    document = parts.document
    recognising = parse_page_ranges(document.recognising_pages)
    done = {c.chunk_number for c in parts.chunks if c.status is ChunkStatus.DONE}
    empty = parse_page_ranges(document.empty_pages)
    failed = parse_page_ranges(document.failed_pages) - recognising
    pictures = parse_page_ranges(document.picture_pages) - recognising
    unread = empty | failed | pictures | recognising
    of_recognised = [parse_page_ranges(one.recognised_pages) for one in document.chunk_plan]
    recognised = set().union(*of_recognised)
    missing: set[int] = set()
    for number, chunk in enumerate(document.chunk_plan, start=1):
        if number not in done:
            between = set(range(chunk.first_page, chunk.last_page + 1)) - recognised
            missing |= of_recognised[number - 1] or between
    missing -= unread
    summarised = set(range(1, document.pages + 1)) - unread - missing
    return Coverage(
        unit=document.unit,
        pages=document.pages,
        summarised_pages=format_page_ranges(summarised),
        empty_pages=format_page_ranges(empty),
        failed_pages=format_page_ranges(failed),
        missing_pages=format_page_ranges(missing),
        picture_pages=format_page_ranges(pictures),
        failures=[
            PageFailure(pages=format_page_ranges(left), code=failure.code, reason=failure.reason)
            for failure in document.page_failures
            if (left := parse_page_ranges(failure.pages) - recognising)
        ],
        embedded_files=list(document.embedded_files),
        recognising_pages=document.recognising_pages,
        ocr_pages=document.text_sources.get(TextSource.OCR, ""),
        model_pages=document.text_sources.get(TextSource.MODEL, ""),
        unsure_pages=document.unsure_pages,
        confidences=document.confidences,
    )
