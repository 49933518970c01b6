"""Sets of page numbers, written the way people write them: `2-4,9`."""

from collections.abc import Iterable


def format_page_ranges(pages: Iterable[int]) -> str:
    """Write page numbers as ranges, in ascending order: {2, 3, 4, 9} becomes `2-4,9`."""
    ranges: list[list[int]] = []
    for page in sorted(set(pages)):
        if ranges and page == ranges[-1][1] + 1:
            ranges[-1][1] = page
        else:
            ranges.append([page, page])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)


def parse_page_ranges(text: str) -> set[int]:
    """Read what `format_page_ranges` wrote."""
    pages: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        pages.update(range(int(first), int(last or first) + 1))
    return pages


def count_pages(text: str) -> int:
    """How many pages there are in what `format_page_ranges` wrote."""
    if not text:
        return 0
    total = 0
    for part in text.split(","):
        first, _, last = part.partition("-")
        total += int(last or first) - int(first) + 1
    return total
