"""Are quotes found on their pages, and is nothing else marked: `make bench-marks`.

    python -m tests.benchmarks.bench_marks [--pages N] [--each N] [--worst N] [FOLDER ...]

Quotes are those that the offline model takes for a summary of each document, and stretches of words
of its pages by a fixed seed. Each is looked for on its page as the route of pages does, with the
real reader. MuPDF and pdfminer.six, which are not ours, then read what stands inside of the marks:
a mark is wrong where neither reads the quote there, and next to nothing else; one that is said to
be near, where neither reads half of it, nor a part of it alone. Where both have no letter, or none
that they can name, nothing is judged. What stands in a page's text, but outside of its picture, is
`unseen`. Located is what is exact or near.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from infra.locked_environment import ensure_environment
from pipeline.extraction.extractor import Extractor
from pipeline.extraction.page_views.page_layout import MOST_PIXELS_A_SIDE, PageLayout, decode_view
from pipeline.page_views.page_quote import mark_picture
from pipeline.page_views.quote_places import QuoteMatch, find_quote
from pipeline.page_views.show_page import DOTS_PER_INCH
from shared.deadline import Deadline
from shared.errors import RejectedDocumentError
from tests.benchmarks.checkouts import CHECKOUT
from tests.benchmarks.marks.scoring import (
    Letter,
    Quote,
    is_near,
    is_readable,
    is_same,
    pick_quotes,
    read_marks,
    sample_quotes,
)
from tests.benchmarks.marks.view_times import time_views
from tests.benchmarks.suite.arguments import read_count

FOLDERS = (CHECKOUT / "tests" / "golden", CHECKOUT.parent / "shared" / "corpus")
STATE = CHECKOUT / ".seashore"
LOCK = CHECKOUT / "infra" / "locks" / "judges.txt"
READER = "pipeline.extraction.page_views.child"
JUDGES = ("mupdf", "pdfminer")
# Of the golden set and of the corpus: one with many pages, a large one.
TIMED = (
    "report-en.pdf",
    "pdfjs_freeculture.pdf",
    "pypdf_009-pdflatex-geotopo_GeoTopo-komprimiert.pdf",
)
SECONDS = 300.0
UNSEEN = "unseen"
COLUMNS = ("quotes", "located", "exact", "near", "none", UNSEEN, "judged", "wrong")


@dataclass(frozen=True)
class Outcome:
    """What became of a quote.

    Args:
        document: The name of its file.
        quote: The quote.
        match: How it was found, or `unseen`.
        is_right: Whether its marks hold it and nothing else; None if nobody can tell.
        read: What the first judge reads there.
    """

    document: str
    quote: Quote
    match: str
    is_right: bool | None = None
    read: str = ""


class Judges:
    """The independent readers, each in a process of its own."""

    def __init__(self, python: Path, stack: ExitStack) -> None:
        self._processes = [
            stack.enter_context(
                subprocess.Popen(  # noqa: S603 - every argument is our own
                    [str(python), "-m", "tests.benchmarks.marks.judges", name],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                    cwd=CHECKOUT,
                )
            )
            for name in JUDGES
        ]

    def read(self, path: Path, numbers: Sequence[int]) -> list[dict[str, list[Letter]]]:
        """What each judge reads on some pages."""
        request = json.dumps([str(path.absolute()), list(numbers)]) + "\n"
        for process in self._processes:
            process.stdin.write(request)
            process.stdin.flush()
        return [json.loads(process.stdout.readline()) for process in self._processes]

    def close(self) -> None:
        """Let them end."""
        for process in self._processes:
            process.stdin.close()


def main() -> int:
    """Run the command. Returns the exit status: 1 where a mark is wrong."""
    arguments = parse_arguments()
    documents = [
        (folder.name, path)
        for folder in arguments.folders
        for path in sorted(folder.rglob("*.pdf"))
    ]
    if not documents:
        sys.stderr.write('No PDFs there. Name folders: make bench-marks FOLDERS="a b"\n')
        return 2
    python = ensure_environment(
        STATE / "judges", LOCK, "the judging readers", lambda line: print(line, file=sys.stderr)
    )
    outcomes: dict[str, list[Outcome]] = defaultdict(list)
    seconds: list[float] = []
    with ExitStack() as stack:
        judges = Judges(python, stack)
        stack.callback(judges.close)
        text_extractor = stack.enter_context(Extractor())
        view_extractor = stack.enter_context(Extractor(reader=READER))
        for folder, path in documents:
            pages = read_pages(path, text_extractor, arguments.pages)
            sampled = sample_quotes(pages, arguments.each, path.name)
            quotes = list(dict.fromkeys([*pick_quotes(pages), *sampled]))
            views = dict(draw(path, sorted({one.page for one in quotes}), view_extractor, seconds))
            letters = judges.read(path, sorted(views))
            outcomes[folder] += [
                look_for(path.name, quote, views[quote.page], letters)
                for quote in quotes
                if quote.page in views
            ]
    print("\n".join(write_table(outcomes, seconds)))
    timed = {path.name: path for _, path in documents}
    print("\n".join(time_views([timed[name] for name in TIMED if name in timed])))
    everything = [one for some in outcomes.values() for one in some]
    write_worst(everything, arguments.worst)
    return int(any(one.is_right is False for one in everything))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Hold marks against independent readers.")
    parser.add_argument("folders", nargs="*", type=Path, default=FOLDERS)
    parser.add_argument("--pages", type=read_count, default=12, help="most pages of a document")
    parser.add_argument(
        "--each", type=read_count, default=6, help="quotes that are sampled of each page"
    )
    parser.add_argument("--worst", type=int, default=0, help="list so many that were missed")
    return parser.parse_args()


def read_pages(path: Path, extractor: Extractor, most: int) -> dict[int, str]:
    """The texts of the first pages that have some, as summaries are made of them."""
    pages: dict[int, str] = {}
    try:
        with extractor.open(path, Deadline.after(SECONDS)) as document:
            for page in document.pages():
                if page.text:
                    pages[page.number] = page.text
                if len(pages) == most:
                    break
    except RejectedDocumentError:
        return pages
    return pages


def draw(
    path: Path, numbers: Sequence[int], extractor: Extractor, seconds: list[float]
) -> Iterator[tuple[int, PageLayout]]:
    """The layouts of pages; how long each took goes to `seconds`."""
    try:
        with extractor.open(path, Deadline.after(SECONDS)) as document:
            for number in numbers:
                started = time.monotonic()
                (drawn,) = document.render(
                    [number], dots_per_inch=DOTS_PER_INCH, max_pixels=MOST_PIXELS_A_SIDE**2
                )
                if drawn.reason is None:
                    seconds.append(time.monotonic() - started)
                    yield number, decode_view(drawn.data)[0]
    except RejectedDocumentError:
        return


def look_for(
    document: str,
    quote: Quote,
    layout: PageLayout,
    letters: Sequence[Mapping[str, list[Letter]]],
) -> Outcome:
    """Look for a quote as the route does, and at what its marks hold."""
    marked, found = mark_picture(quote.text, layout), find_quote(quote.text, layout.text)
    if not marked.marks:
        is_there = found.match is QuoteMatch.EXACT
        return Outcome(document, quote, UNSEEN if is_there else marked.match)
    read = [read_marks(marked.marks, some.get(str(quote.page), [])) for some in letters]
    judged = [some for some in read if is_readable(some)]
    if not judged:
        return Outcome(document, quote, marked.match)
    if marked.match is QuoteMatch.NEAR:
        is_about = any(is_near(quote.text, some) for some in judged)
        return Outcome(document, quote, marked.match, is_about, judged[0])
    counts = range(1, len(found.stretches) + 1)
    is_right = any(is_same(quote.text, some, count) for some in judged for count in counts)
    return Outcome(document, quote, marked.match, is_right, judged[0])


def write_table(outcomes: dict[str, list[Outcome]], seconds: Sequence[float]) -> Iterator[str]:
    yield f"{'':18}" + "".join(f"{name:>9}" for name in COLUMNS)
    rows: dict[str, list[Outcome]] = {}
    for folder, some in outcomes.items():
        for origin in sorted({one.quote.origin for one in some}):
            rows[f"{folder}, {origin}"] = [one for one in some if one.quote.origin == origin]
    rows["all"] = [one for some in outcomes.values() for one in some]
    for name, some in rows.items():
        counts = Counter(one.match for one in some)
        judged = [one for one in some if one.is_right is not None]
        exact, near = counts[QuoteMatch.EXACT], counts[QuoteMatch.NEAR]
        located = 100 * (exact + near) / max(1, len(some))
        wrong = sum(not one.is_right for one in judged)
        numbers = [exact, near, counts[QuoteMatch.NONE], counts[UNSEEN], len(judged), wrong]
        yield f"{name:18}{len(some):9}{located:8.2f}%" + "".join(f"{one:9}" for one in numbers)
    if seconds:
        quick = sorted(seconds)
        yield (
            f"{len(seconds)} pages drawn: median {statistics.median(quick) * 1000:.0f} ms, "
            f"95% within {quick[int(0.95 * (len(quick) - 1))] * 1000:.0f} ms, "
            f"longest {quick[-1] * 1000:.0f} ms"
        )


def write_worst(outcomes: Sequence[Outcome], most: int) -> None:
    wrong = [one for one in outcomes if one.is_right is False]
    missed = [one for one in outcomes if one.match != QuoteMatch.EXACT]
    for title, some in (("wrong", wrong), ("missed", missed)):
        for one in some[:most]:
            quote = one.quote
            print(f"{title}: {one.document} p. {quote.page} {one.match}: {quote.text[:150]!r}")
            if one.is_right is False:
                print(f"    marked: {one.read[:150]!r}")


if __name__ == "__main__":
    sys.exit(main())
