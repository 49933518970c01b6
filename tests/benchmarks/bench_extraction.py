"""Pages per second of the extraction, beside what its engines do on their own.

    python tests/benchmarks/bench_extraction.py [runs] [corpus folder]

One run reads every document of the corpus' kinds `text`, `multi` and `long` with raw pypdfium2,
with raw pypdf, and through `Extractor`, in turn, so that all three see the same machine. Compare
the ratios; the figures themselves are those of the machine.
"""

import csv
import logging
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pypdf
import pypdfium2

from pipeline.extraction import Extractor
from shared.deadline import Deadline

KINDS = ("text", "multi", "long")
CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
RUNS = 5


def find_documents(corpus: Path) -> list[Path]:
    with (corpus / "manifest.tsv").open() as manifest:
        rows = csv.DictReader(manifest, delimiter="\t")
        return [corpus / row["file"] for row in rows if row["kind"] in KINDS]


def read_with_pypdfium2(path: Path) -> int:
    with pypdfium2.PdfDocument(path) as document:
        for page in document:
            text_page = page.get_textpage()
            text_page.get_text_bounded()
            text_page.close()
            page.close()
        return len(document)


def read_with_pypdf(path: Path) -> int:
    with path.open("rb") as file:
        pages = pypdf.PdfReader(file).pages
        for page in pages:
            page.extract_text()
        return len(pages)


def measure_pages_per_second(read: Callable[[Path], int], documents: list[Path]) -> float:
    started = time.perf_counter()
    pages = sum(read(path) for path in documents)
    return pages / (time.perf_counter() - started)


def main(runs: int, corpus: Path) -> None:
    logging.disable(logging.CRITICAL)
    documents = find_documents(corpus)
    with Extractor() as extractor:

        def read_with_extractor(path: Path) -> int:
            with extractor.open(path, Deadline.after(600)) as document:
                return sum(1 for _ in document.pages())

        extractor.warm_up()
        readers = {
            "pypdfium2": read_with_pypdfium2,
            "pypdf": read_with_pypdf,
            "Extractor": read_with_extractor,
        }
        speeds: dict[str, list[float]] = {name: [] for name in readers}
        for _ in range(runs):
            for name, read in readers.items():
                speeds[name].append(measure_pages_per_second(read, documents))
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    print(f"{len(documents)} documents, median of {runs} runs\n")
    print(f"{'':12}{'pages/s':>10}{'of pypdfium2':>15}{'of pypdf':>12}")
    for name, median in medians.items():
        print(
            f"{name:12}{median:10.0f}{median / medians['pypdfium2']:14.0%}"
            f"{median / medians['pypdf']:11.1f}x"
        )


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else RUNS,
        Path(sys.argv[2]) if len(sys.argv) > 2 else CORPUS,
    )
