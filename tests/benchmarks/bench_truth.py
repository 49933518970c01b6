"""What the pipeline reads of PDFs, held against what independent readers agree on.

    python -m tests.benchmarks.bench_truth [--worst N] [--json FILE] [FOLDER ...]

Judges are poppler's pdftotext, MuPDF and pdfminer.six; a word counts where at least two have it on
the page (`truth.scoring`), in one form for all (`truth.words`). Held against them are the whole
extraction as it is in this checkout, the same at an earlier commit, and both engines alone. Recall
and pairs are means over documents, then over all words together. Glued: neighbours that two judges
separate and the version runs together; digits: those with a digit on both sides. Pages that fail by
name are counted apart. Answers of the judges are kept in `.seashore/truth`.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.locked_environment import ensure_environment
from tests.benchmarks.checkouts import BASE_COMMIT, CHECKOUT, check_out_base, link_product
from tests.benchmarks.suite.arguments import read_count, read_number
from tests.benchmarks.truth.judging import Judgement, judge_document
from tests.benchmarks.truth.processes import (
    ReaderCommand,
    ReadingProcess,
    find_font_wrapper,
)
from tests.benchmarks.truth.table import make_json, write_table, write_worst

FOLDERS = (CHECKOUT.parent / "shared" / "corpus", CHECKOUT.parent / "shared" / "cases" / "pdf")
STATE = CHECKOUT / ".seashore"
LOCK = CHECKOUT / "infra" / "locks" / "judges.txt"
READERS = CHECKOUT / "tests" / "benchmarks" / "truth" / "readers.py"
# Two of them at a time share the machine's processors.
LIMIT_SECONDS = 120.0
MOST_PAGES = 40
JUDGES = ("mupdf", "pdfminer", "poppler")


def main() -> int:
    """Run the command. Returns the exit status."""
    arguments = parse_arguments()
    documents = find_documents(arguments.folders)
    if not documents:
        sys.stderr.write('No PDFs there. Name folders: make bench-truth FOLDERS="a b"\n')
        return 2
    started = time.monotonic()
    with check_out_base(arguments.base) as base, TemporaryDirectory() as folder:
        product = link_product(arguments.product, Path(folder))
        commands = build_commands(product, base, arguments.base)
        judgements = judge_documents(documents, commands, arguments.pages, arguments.limit)
    versions = [name for name in commands if name not in JUDGES]
    lines = [
        *write_table(judgements, versions),
        f"judges: {', '.join(name for name in commands if name in JUDGES)}; at most "
        f"{arguments.pages} pages of a document; {time.monotonic() - started:.0f} s",
    ]
    print("\n".join(lines))
    if arguments.worst:
        print("\n" + "\n".join(write_worst(judgements, arguments.of, arguments.worst)))
    if arguments.json:
        arguments.json.write_text(json.dumps(make_json(judgements, versions), indent=1))
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Hold the extraction against other readers.")
    parser.add_argument("folders", nargs="*", type=Path, default=FOLDERS)
    parser.add_argument("--worst", type=int, default=0, help="list so many documents")
    parser.add_argument("--of", default="product", help="the version whose worst are listed")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument(
        "--pages", type=read_count, default=MOST_PAGES, help="most pages of a document"
    )
    parser.add_argument(
        "--limit", type=read_number, default=LIMIT_SECONDS, help="seconds a document"
    )
    parser.add_argument("--base", default=BASE_COMMIT, help="the commit to compare with")
    parser.add_argument("--product", type=Path, default=CHECKOUT, help="another checkout to judge")
    return parser.parse_args()


def find_documents(folders: Sequence[Path]) -> dict[str, Path]:
    """Every PDF below these folders by its name there, in a fixed order."""
    paths = sorted((path, folder) for folder in folders for path in folder.rglob("*.pdf"))
    return {str(path.relative_to(folder.parent)): path for path, folder in paths}


def build_commands(product: Path, base: Path | None, commit: str) -> dict[str, ReaderCommand]:
    """How each judge and each version is started."""
    judging_python = ensure_environment(
        STATE / "judges", LOCK, "the judging readers", lambda line: print(line, file=sys.stderr)
    )
    own_python = Path(sys.executable)
    fontless = find_font_wrapper()
    if not fontless:
        sys.stderr.write("PDFium sees the fonts of this machine, and may read more than on AWS.\n")
    code = hashlib.sha256(READERS.read_bytes()).hexdigest()
    locked = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    commands = {
        "product": ReaderCommand("product", own_python, (product, CHECKOUT), wrapper=fontless),
        "pypdfium2": ReaderCommand("pypdfium2", own_python, wrapper=fontless),
        "pypdf": ReaderCommand("pypdf", own_python, version=f"{version('pypdf')} {code}"),
        "mupdf": ReaderCommand("mupdf", judging_python, version=f"{locked} {code}"),
        "pdfminer": ReaderCommand("pdfminer", judging_python, version=f"{locked} {code}"),
    }
    if base is not None:
        commands[commit] = ReaderCommand("product", own_python, (base, CHECKOUT), wrapper=fontless)
    if shutil.which("pdftotext"):
        told = subprocess.run(
            ["pdftotext", "-v"],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
        commands["poppler"] = ReaderCommand(
            "poppler", own_python, version=f"{told.stderr.splitlines()[:1]} {code}"
        )
    else:
        sys.stderr.write(
            "pdftotext is missing (Debian: apt install poppler-utils): MuPDF and pdfminer.six "
            "judge alone, of which only one knows fields and notes.\n"
        )
    return commands


def judge_documents(
    documents: dict[str, Path], commands: dict[str, ReaderCommand], most_pages: int, limit: float
) -> list[Judgement]:
    """Judge all documents, as many at a time as there are processors."""
    local, opened = threading.local(), []

    def start_readers() -> None:
        local.readers = {
            name: ReadingProcess(command, limit, STATE / "truth")
            for name, command in commands.items()
        }
        opened.extend(local.readers.values())

    def judge(name_and_path: tuple[str, Path]) -> Judgement:
        document, path = name_and_path
        readings = {name: reader.read(path, most_pages) for name, reader in local.readers.items()}
        if sys.stderr.isatty():
            sys.stderr.write(".")
            sys.stderr.flush()
        return judge_document(
            document,
            {name: reading for name, reading in readings.items() if name in JUDGES},
            {name: reading for name, reading in readings.items() if name not in JUDGES},
        )

    try:
        with ThreadPoolExecutor(os.cpu_count(), initializer=start_readers) as pool:
            return list(pool.map(judge, documents.items()))
    finally:
        for reader in opened:
            reader.close()


if __name__ == "__main__":
    sys.exit(main())
