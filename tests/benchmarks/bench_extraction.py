"""Pages per second of the extraction, beside what its engines do on their own.

    python tests/benchmarks/bench_extraction.py [runs] [corpus folder]

A run reads every document of the corpus' kinds `text`, `multi` and `long` with raw pypdfium2, with
raw pypdf, and through `Extractor`, one after the other, so that all three see the same machine. A
document counts with the median of its times over the runs. Compare the ratios; the figures
themselves are those of the machine.
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
from tests.project_files import CORPUS

KINDS = ("text", "multi", "long")
RUNS = 9


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


def measure_seconds(read: Callable[[Path], int], document: Path) -> float:
    started = time.perf_counter()
    read(document)
    return time.perf_counter() - started


def main(runs: int, corpus: Path) -> None:
    logging.disable(logging.CRITICAL)
    documents = find_documents(corpus)
    pages = sum(read_with_pypdfium2(document) for document in documents)
    with Extractor() as extractor:

        def read_with_extractor(path: Path) -> int:
            with extractor.open(path, Deadline.after(600)) as document:
                return sum(1 for _ in document.pages())

        # So that no document waits for a reader to start.
        read_with_extractor(documents[0])
        readers = {
            "pypdfium2": read_with_pypdfium2,
            "pypdf": read_with_pypdf,
            "Extractor": read_with_extractor,
        }
        seconds: dict[str, dict[Path, list[float]]] = {
            name: {document: [] for document in documents} for name in readers
        }
        for _ in range(runs):
            for document in documents:
                for name, read in readers.items():
                    seconds[name][document].append(measure_seconds(read, document))
    speeds = {
        name: pages / sum(map(statistics.median, times.values())) for name, times in seconds.items()
    }
    print(f"{len(documents)} documents, {pages} pages, {runs} runs\n")
    print(f"{'':12}{'pages/s':>10}{'of pypdfium2':>15}{'of pypdf':>12}")
    for name, speed in speeds.items():
        print(
            f"{name:12}{speed:10.0f}{speed / speeds['pypdfium2']:14.0%}"
            f"{speed / speeds['pypdf']:11.1f}x"
        )


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else RUNS,
        Path(sys.argv[2]) if len(sys.argv) > 2 else CORPUS,
    )
