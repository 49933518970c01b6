"""Measure the recognition of scanned pages: how right, how fast, how large, and what it costs.

    python -m tests.benchmarks.bench_ocr [--pages 60] [--dpi 150,200,300] [--kinds clean,skewed]

The sample is fixed: pages of English prose that this project holds itself, typeset in three fonts,
rendered by the reader, and then spoilt as scanners spoil them. Outside CI: it takes half an hour.
"""

import argparse
import io
import os
import random
import re
import statistics
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from fpdf import FPDF
from PIL import Image, ImageChops

from infra.deploy.language_files import find_language_file
from infra.packaging.build import Target, build_packages
from infra.project_files import PROJECT
from pipeline.ingest.render_pages import DOTS_PER_INCH
from pipeline.recognition.recogniser import Recogniser, RecognitionLimits
from shared.deadline import Deadline
from tests.benchmarks.suite.arguments import choose_of, read_count, read_counts
from tests.fakes.pdf.scanned_pdf_files import render_pdf

KINDS = ("clean", "skewed", "noisy", "jpeg")
_FONTS = ("Times", "Helvetica", "Courier")
_SIZES = (10, 11, 12)
_WORDS_OF_A_PAGE = 420
_SKEW_DEGREES = 2.0
_NOISE_SIGMA = 40
_JPEG_QUALITY = 40
_PATIENCE_SECONDS = 600.0

# US East (N. Virginia), November 2026: AWS Lambda on arm64 by GB-second and request, Amazon S3 PUT
# and GET, Amazon DynamoDB on demand by write and read unit, Amazon SQS by request; by their pricing
# pages. What one page needs is counted from the code: `recognise_page.py`, `settled_pages.py`.
_GB_SECOND, _INVOCATION = 0.0000133334, 0.2e-6
_PUT, _GET, _WRITE_UNIT, _READ_UNIT, _SQS = 5e-6, 0.4e-6, 0.625e-6, 0.125e-6, 0.4e-6
_MEMORY_GB = 1769 / 1024
_PUTS, _GETS, _WRITE_UNITS, _READ_UNITS, _SQS_REQUESTS = 3, 3, 8, 3, 4
# Around the engine: the fetch of the picture, and what is written; measured on the local stack.
_SECONDS_AROUND = 0.15
# Amazon Textract pricing, Detect Document Text, first million pages a month, US East, 2026-11-28.
TEXTRACT_DOLLARS = 1.50


def make_pages(count: int) -> tuple[bytes, list[str]]:
    """A PDF of so many pages of prose, and the text of each."""
    words = read_prose()
    pdf = FPDF(format="A4")
    pdf.set_margin(22)
    texts = []
    for number in range(count):
        start = (number * _WORDS_OF_A_PAGE) % (len(words) - _WORDS_OF_A_PAGE)
        text = " ".join(words[start : start + _WORDS_OF_A_PAGE])
        texts.append(text)
        pdf.add_page()
        pdf.set_font(_FONTS[number % len(_FONTS)], size=_SIZES[number // 3 % len(_SIZES)])
        pdf.set_auto_page_break(auto=False)
        pdf.multi_cell(0, 5.2, text)
    return bytes(pdf.output()), texts


def read_prose() -> list[str]:
    """The words of this project's own pages, without what is no prose."""
    files = [
        *sorted((PROJECT / "infra" / "demo_documents").glob("*.md")),
        PROJECT / "docs" / "decisions.md",
    ]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    text = re.sub(r"^(?:[|#-].*|```[^`]*```)$", "", text, flags=re.M)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = text.encode("latin-1", "ignore").decode("latin-1")
    return [word for word in re.sub(r"[`*_]", "", text).split() if len(word) < 20]


def spoil(picture: bytes, kind: str, seed: int) -> bytes:
    """A picture as a scanner or a mail program would have left it."""
    image = Image.open(io.BytesIO(picture))
    dots_per_inch = image.info.get("dpi", (DOTS_PER_INCH, DOTS_PER_INCH))
    if kind == "skewed":
        angle = _SKEW_DEGREES * random.Random(seed).choice((-1, 1))
        image = image.rotate(angle, resample=Image.Resampling.BICUBIC, fillcolor=255)
    elif kind == "noisy":
        noise = Image.effect_noise(image.size, _NOISE_SIGMA)
        image = ImageChops.add(image, noise, offset=-128)
    out = io.BytesIO()
    if kind == "jpeg":
        image.save(out, "JPEG", quality=_JPEG_QUALITY, dpi=dots_per_inch)
    else:
        image.save(out, "PNG", dpi=dots_per_inch)
    return out.getvalue()


def measure_words(read: str, truth: str) -> tuple[float, float]:
    """Recall and precision of words, letters and digits alone, whatever their order."""
    found, wanted = (Counter(re.findall(r"[a-z0-9]+", text.lower())) for text in (read, truth))
    common = sum((found & wanted).values())
    return common / max(1, wanted.total()), common / max(1, found.total())


def run(pages: int, dpis: list[int], kinds: list[str]) -> None:
    """Measure all of it and write a table."""
    data, texts = make_pages(pages)
    language = find_language_file("eng")
    if language is None:
        sys.exit("The data of eng is not installed: run `make setup`.")
    limits = RecognitionLimits(page_seconds=_PATIENCE_SECONDS)
    recogniser = Recogniser(language.parent, ["eng"], limits)
    line = "{:>4} {:7} {:>7} {:>7} {:>7} {:>7} {:>8} {:>6}"
    print(line.format("dpi", "kind", "recall", "p10", "precis.", "p10", "CPU s", "sure"))
    for dpi in dpis:
        pictures = render_pdf(data, dpi)
        for kind in kinds:
            rows = list(_measure(recogniser, pictures, texts, kind))
            recalls, precisions, seconds, sure = zip(*rows, strict=True)
            print(
                line.format(
                    dpi,
                    kind,
                    *(f"{value:.3f}" for value in (*_spread(recalls), *_spread(precisions))),
                    f"{statistics.median(seconds):.2f}",
                    f"{statistics.median(sure):.0f}",
                ),
                flush=True,
            )
            if (dpi, kind) == (DOTS_PER_INCH, "clean"):
                _write_costs(statistics.mean(seconds))
    peak = max(map(_read_peak_mebibytes, _list_children()))
    print(f"peak memory of the process that decodes: {peak:.0f} MiB")
    recogniser.close()
    _write_sizes()


def _measure(
    recogniser: Recogniser, pictures: list[bytes], texts: list[str], kind: str
) -> Iterator[tuple[float, float, float, int]]:
    for number, (picture, text) in enumerate(zip(pictures, texts, strict=True)):
        spoilt = spoil(picture, kind, number)
        before = sum(map(_read_cpu_seconds, _list_children()))
        page = recogniser.recognise(spoilt, Deadline.after(_PATIENCE_SECONDS))
        seconds = sum(map(_read_cpu_seconds, _list_children())) - before
        yield *measure_words(page.text, text), seconds, page.confidence


def _list_children() -> list[int]:
    """The processes that this one has started and that run: the recogniser's child alone."""
    tasks = Path("/proc/self/task").iterdir()
    return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]


def _read_cpu_seconds(pid: int) -> float:
    """Time of the CPU, in user and kernel mode (proc(5): /proc/pid/stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _read_peak_mebibytes(pid: int) -> float:
    (line,) = [
        one
        for one in Path(f"/proc/{pid}/status").read_text().splitlines()
        if one.startswith("VmHWM")
    ]
    return int(line.split()[1]) / 1024


def _spread(values: tuple[float, ...]) -> tuple[float, float]:
    """The median, and what nine of ten are above."""
    in_order = sorted(values)
    return statistics.median(in_order), in_order[len(in_order) // 10]


def _write_costs(seconds: float) -> None:
    lambda_dollars = (seconds + _SECONDS_AROUND) * _MEMORY_GB * _GB_SECOND + _INVOCATION
    rest = (
        _PUTS * _PUT
        + _GETS * _GET
        + _WRITE_UNITS * _WRITE_UNIT
        + _READ_UNITS * _READ_UNIT
        + _SQS_REQUESTS * _SQS
    )
    print(
        f"  1,000 pages: ${(lambda_dollars + rest) * 1000:.3f} "
        f"(Lambda {lambda_dollars * 1000:.3f}, S3, DynamoDB and SQS {rest * 1000:.3f}); "
        f"Textract's list price: ${TEXTRACT_DOLLARS:.2f}"
    )


def _write_sizes() -> None:
    for target in (Target.AWS, Target.AWS_X86_64):
        folder = Path(PROJECT) / ".seashore" / "build"
        package = build_packages(target, folder, lambda line: None)["recognise"]
        print(f"recognise-{target}.zip: {package.size_bytes / 1e6:.2f} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=read_count, default=60)
    parser.add_argument("--dpi", type=read_counts, default="150,200,300")
    parser.add_argument("--kinds", type=choose_of(KINDS), default=",".join(KINDS))
    given = parser.parse_args()
    run(given.pages, given.dpi, given.kinds)
