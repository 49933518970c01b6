"""What the kernel holds a reader to, and the memory it takes. Runs in the child.

Each limit is set where the platform has it: macOS accepts RLIMIT_AS and then ignores it, so there
the parent's watch over wall time and RLIMIT_CPU are what is left.
"""

import ctypes
import math
import resource
import sys
import time
from pathlib import Path

# The document, the engines' modules when imported late, and what PDFium opens of fonts.
MAX_OPEN_FILES = 32

_OWN_MEMORY = Path("/proc/self/statm")


def limit_process(memory_bytes: int) -> None:
    """Bound memory; forbid core dumps, files that grow, new processes and many open files."""
    for name, value in (
        ("RLIMIT_AS", memory_bytes),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_NPROC", 0),
        ("RLIMIT_NOFILE", MAX_OPEN_FILES),
    ):
        _lower_limit(name, value)


def limit_document_cpu(cpu_seconds: float) -> None:
    """Let this process use so much more CPU time; past it, SIGXCPU ends the process.

    RLIMIT_CPU counts from the start of a process, so each document moves the soft limit on. The
    hard limit stays where it is: it could not be raised again for the next document.
    """
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = math.ceil(time.process_time() + cpu_seconds)
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def read_resident_kibibytes() -> int:
    """Memory that this process holds now; 0 where the platform does not tell.

    `getrusage` would give the highest value ever, and after `vfork` even that of the parent.
    """
    try:
        pages = int(_OWN_MEMORY.read_bytes().split()[1])
    except OSError:
        return 0
    return pages * resource.getpagesize() // 1024


def release_free_memory() -> None:
    """Give memory that is free, but kept by the C library, back to the system (glibc only)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _lower_limit(name: str, value: int) -> None:
    kind = getattr(resource, name, None)
    if kind is None:
        return
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    try:
        resource.setrlimit(kind, (value, value))
    except (OSError, ValueError):
        # Some systems know a limit's name but do not let it be set.
        if sys.platform == "linux":
            raise
