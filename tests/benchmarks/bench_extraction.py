"""Speed of the extraction: beside its engines alone, and beside an earlier commit.

    python -m tests.benchmarks.bench_extraction [--runs N] [--corpus FOLDER] [--product CHECKOUT]

A run reads every document of the corpus' kinds `text`, `multi` and `long` with raw pypdfium2, with
the same and what a form and its notes need besides, with raw pypdf, and through `Extractor`, one
after the other, so that all see the same machine. A document counts with the median of its times
over the runs. Compare the ratios; the figures themselves are those of the machine.

Then the reader process alone, of this checkout and of the earlier commit, likewise: CPU seconds of
documents that one engine reads, those for which either version has asked the second one as well
apart and then added, and peak memory for a document of a thousand pages. The second one is asked
for doubtful pages and for what stamps, signatures and buttons draw. That it was is told by its
page, or, where its answer was not taken, by the file, which is then open once more than before.
"""

import argparse
import csv
import json
import logging
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import fpdf
import pypdf
import pypdfium2
import pypdfium2.raw as pdfium

from pipeline.extraction.extractor import Extractor
from shared.deadline import Deadline
from tests.benchmarks.checkouts import BASE_COMMIT, CHECKOUT, check_out_base, link_product
from tests.benchmarks.suite.arguments import read_count
from tests.benchmarks.truth.processes import build_environment, find_font_wrapper
from tests.project_files import CORPUS

KINDS = ("text", "multi", "long")
RUNS = 9
PAGES_FOR_MEMORY = 1000
LINES_ON_A_PAGE = 45


def find_documents(corpus: Path) -> dict[Path, str]:
    """Documents and their kinds; those of the golden set where there is no such corpus."""
    if not (corpus / "manifest.tsv").exists():
        golden = sorted((CHECKOUT / "tests" / "golden").glob("*.pdf"))
        print(f"{corpus} has no manifest.tsv: the {len(golden)} PDFs of tests/golden are read")
        return dict.fromkeys(golden, "text")
    with (corpus / "manifest.tsv").open() as manifest:
        rows = csv.DictReader(manifest, delimiter="\t")
        return {corpus / row["file"]: row["kind"] for row in rows if row["kind"] in KINDS}


def read_with_pypdfium2(path: Path) -> int:
    with pypdfium2.PdfDocument(path) as document:
        for page in document:
            text_page = page.get_textpage()
            text_page.get_text_range()
            text_page.close()
            page.close()
        return len(document)


def read_with_pypdfium2_and_forms(path: Path) -> int:
    """The same bare loop for one who wants the values of fields and the words of notes as well."""
    with pypdfium2.PdfDocument(path) as document:
        document.init_forms()
        for page in document:
            text_page = page.get_textpage()
            text_page.get_text_range()
            text_page.close()
            read_annotations(document, page)
            page.close()
        return len(document)


def read_annotations(document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage) -> None:
    for index in range(pdfium.FPDFPage_GetAnnotCount(page)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        subtype = pdfium.FPDFAnnot_GetSubtype(annotation)
        if subtype == pdfium.FPDF_ANNOT_WIDGET and document.formenv:
            pdfium.FPDFAnnot_GetFormFieldFlags(document.formenv, annotation)
            read_string(pdfium.FPDFAnnot_GetFormFieldName, document.formenv, annotation)
            read_string(pdfium.FPDFAnnot_GetFormFieldValue, document.formenv, annotation)
            pdfium.FPDFAnnot_IsChecked(document.formenv, annotation)
        elif subtype == pdfium.FPDF_ANNOT_FREETEXT:
            read_string(pdfium.FPDFAnnot_GetStringValue, annotation, b"Contents")
        pdfium.FPDFPage_CloseAnnot(annotation)


def read_string(function: Callable[..., int], *arguments: Any) -> str:
    """A string of PDFium's annotation API; sizes are in bytes of UTF-16."""
    size = function(*arguments, None, 0)
    text = (pdfium.FPDF_WCHAR * (size // 2))()
    function(*arguments, text, size)
    return bytes(text).decode("utf-16-le", errors="ignore").rstrip("\0")


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


def compare_engines(runs: int, documents: Sequence[Path]) -> None:
    """Pages per second of the whole extraction, beside the engines alone."""
    pages = sum(read_with_pypdfium2(document) for document in documents)
    with Extractor() as extractor:

        def read_with_extractor(path: Path) -> int:
            with extractor.open(path, Deadline.after(600)) as document:
                return sum(1 for _ in document.pages())

        # So that no document waits for a reader to start.
        read_with_extractor(documents[0])
        readers = {
            "pypdfium2": read_with_pypdfium2,
            "with fields": read_with_pypdfium2_and_forms,
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
    print(f"{'':12}{'pages/s':>10}{'of pypdfium2':>15}{'with fields':>13}{'of pypdf':>12}")
    for name, speed in speeds.items():
        print(
            f"{name:12}{speed:10.0f}{speed / speeds['pypdfium2']:14.0%}"
            f"{speed / speeds['with fields']:13.0%}{speed / speeds['pypdf']:11.1f}x"
        )


@contextmanager
def start_child(product: Path) -> Iterator[Callable[[Path], dict[str, float]]]:
    """Gives a function that has one version of the code read a document, and tells its cost."""
    paths = os.pathsep.join(map(str, (product, CHECKOUT)))
    with subprocess.Popen(  # noqa: S603 - every argument is our own
        [
            *find_font_wrapper(),
            *(sys.executable, "-P", "-m", "tests.benchmarks.extraction_child"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=build_environment(os.environ, paths),
    ) as process:
        requests, answers = process.stdin, process.stdout
        assert requests is not None and answers is not None

        def read(document: Path) -> dict[str, float]:
            requests.write(f"{document.absolute()}\n")
            requests.flush()
            answer: dict[str, float] = json.loads(answers.readline())
            return answer

        yield read
        requests.close()


def compare_versions(runs: int, documents: dict[Path, str], versions: dict[str, Path]) -> None:
    """CPU of the reader, and its peak memory, of each version beside the last."""
    seconds: dict[str, dict[Path, float]] = {}
    with ExitStack() as stack:
        children = {
            name: stack.enter_context(start_child(folder)) for name, folder in versions.items()
        }
        measured = {
            name: {document: [read(document)] for document in documents}
            for name, read in children.items()
        }
        # That was for the caches; the first document has started the reader as well.
        for document in documents:
            for name in children:
                measured[name][document].clear()
            for run in range(runs):
                # Whoever comes first finds the document in no cache: each in its turn.
                for name in list(children)[:: 1 if run % 2 else -1]:
                    measured[name][document].append(children[name](document))
    for name, answers in measured.items():
        seconds[name] = {
            document: statistics.median(answer["cpu_seconds"] for answer in answers[document])
            for document in documents
        }
    apart = {
        document
        for answers in measured.values()
        for document in documents
        if any(answer["asked_second_engine"] for answer in answers[document])
    }
    groups = {
        kind: [document for document in documents if documents[document] == kind] for kind in KINDS
    }
    groups["all"] = list(documents)
    counted = {
        name: [document for document in group if document not in apart]
        for name, group in groups.items()
    }
    counted["both engines"] = sorted(apart)
    counted |= {
        f"{name} with these": group for name, group in groups.items() if not apart.isdisjoint(group)
    }
    print(f"\n{'CPU of the reader':<20}{'documents':>10}{format_names(versions)}")
    for group, members in counted.items():
        if members:
            sums = [sum(times[document] for document in members) for times in seconds.values()]
            print(f"{group:<20}{len(members):>10}{format_figures(sums, 's')}")
    print(f"both engines: {', '.join(document.name for document in sorted(apart)) or 'none'}")


def compare_peaks(runs: int, versions: dict[str, Path]) -> None:
    """Peak memory of a fresh reader over a document of a thousand pages."""
    with TemporaryDirectory() as folder:
        document = Path(folder) / "thousand.pdf"
        write_long_document(document)
        peaks: dict[str, list[float]] = {name: [] for name in versions}
        for _ in range(runs):
            for name, product in versions.items():
                with start_child(product) as read:
                    peaks[name].append(read(document)["peak_kibibytes"])
    medians = [statistics.median(values) / 1024 for values in peaks.values()]
    print(f"\n{'peak memory':<20}{'pages':>10}{format_names(versions)}")
    print(f"{'':<20}{PAGES_FOR_MEMORY:>10}{format_figures(medians, 'MiB')}")


def format_names(versions: Iterable[str]) -> str:
    """Versions as heads of columns."""
    return "".join(f"{name:>14}" for name in versions) + f"{'ratio':>9}"


def format_figures(figures: Sequence[float], unit: str) -> str:
    """A figure of each version, and that of the first as a multiple of the last."""
    columns = "".join(f"{f'{figure:.3f} {unit}':>14}" for figure in figures)
    return f"{columns}{figures[0] / figures[-1]:>8.2f}x"


def write_long_document(path: Path) -> None:
    """A thousand pages of text, each its own."""
    document = fpdf.FPDF()
    document.set_font("Helvetica", size=10)
    for number in range(1, PAGES_FOR_MEMORY + 1):
        document.add_page()
        for line in range(LINES_ON_A_PAGE):
            words = (
                f"Page {number}, line {line}: {number * line:,} of {number + line} berths were let."
            )
            document.cell(text=words, new_x="LMARGIN", new_y="NEXT")
    document.output(str(path))


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how fast PDFs are read.")
    parser.add_argument("--runs", type=read_count, default=RUNS)
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--base", default=BASE_COMMIT, help="the commit to compare with")
    parser.add_argument(
        "--product", type=Path, default=CHECKOUT, help="another checkout, as reader"
    )
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    documents = find_documents(arguments.corpus)
    compare_engines(arguments.runs, list(documents))
    with check_out_base(arguments.base) as base, TemporaryDirectory() as folder:
        versions = {"product": link_product(arguments.product, Path(folder))}
        if base is not None:
            versions[arguments.base] = base
        compare_versions(arguments.runs, documents, versions)
        compare_peaks(3, versions)


if __name__ == "__main__":
    main()
