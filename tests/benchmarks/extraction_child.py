"""What the process that reads PDFs costs, for whichever version of the code is on the search path.

    python -m tests.benchmarks.extraction_child

Each line of standard input is the path of a PDF, each line of standard output a JSON object: CPU
seconds of the reader for this document, its peak memory so far in KiB, and whether both engines
were at work. Of Linux, which counts the nanoseconds of each thread (`/proc`, schedstat) and lists
the open files of each process.
"""

import json
import os
import sys
from pathlib import Path

from pipeline.extraction.extractor import Extractor
from pipeline.extraction.page_text import Engine
from shared.deadline import Deadline

DOCUMENT_SECONDS = 600.0


def find_readers() -> list[Path]:
    """The processes that this one has started, in /proc."""
    threads = Path("/proc/self/task").iterdir()
    return [
        Path("/proc") / number
        for thread in threads
        for number in (thread / "children").read_text().split()
    ]


def read_cpu_seconds(process: Path) -> float:
    """CPU time of all threads of a process so far."""
    schedules = process.glob("task/*/schedstat")
    return sum(int(schedule.read_text().split()[0]) for schedule in schedules) / 1e9


def read_peak_kibibytes(process: Path) -> int:
    """The most memory that a process has had at a time."""
    status = (process / "status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def count_openings(processes: list[Path], path: Path) -> int:
    """How many times processes have a file open: each engine opens it for itself, or holds it.

    To be asked before the document is closed. pypdf keeps the file open from its first question on.
    """
    # Sockets and pipes are links, too, to no path.
    links = [link for process in processes for link in (process / "fd").iterdir()]
    return sum(link.resolve() == path.resolve() for link in links)


def measure(extractor: Extractor, path: Path) -> dict[str, float]:
    """Read a document once. The reader of the last one is used again, if there was one."""
    before = {process: read_cpu_seconds(process) for process in find_readers()}
    with extractor.open(path, Deadline.after(DOCUMENT_SECONDS)) as document:
        opened = count_openings(find_readers(), path)
        engines = [page.engine for page in document.pages()]
        readers = find_readers()
        return {
            "cpu_seconds": sum(
                read_cpu_seconds(process) - before.get(process, 0.0) for process in readers
            ),
            "peak_kibibytes": max(map(read_peak_kibibytes, readers)),
            "asked_second_engine": Engine.PYPDF in engines
            or count_openings(readers, path) > opened,
        }


def main() -> None:
    """Measure documents until standard input ends."""
    with Extractor() as extractor:
        for line in sys.stdin:
            answer = measure(extractor, Path(line.rstrip(os.linesep)))
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
