"""Child processes that start in a twentieth of a second, with everything imported.

Whoever starts a child looks after all others too (`multiprocessing` does so), and two threads that
look after the same dead one can lose its exit code. Hence one thread at a time.
"""

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.process import BaseProcess
from typing import Any

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(
    [
        "tests.chaos.harness.container",
        "shared.llm.chat_completions.openai_model",
        # What a container would load when it first uses it.
        "boto3.s3.inject",
        "encodings.idna",
        "openai.resources.chat",
        "pipeline.tasks.carry_out",
        "shared.llm.extractive.extractive_model",
        # The last, as it has the collector of garbage leave all that is there alone.
        "tests.chaos.prepared",
    ]
)
_one_at_a_time = threading.Lock()


def start_process(target: Callable[..., None], *arguments: Any) -> BaseProcess:
    """Start a child process, which dies with this one."""
    process = _context.Process(target=target, args=arguments, daemon=True)
    with _one_at_a_time:
        process.start()
    return process


def bury_process(process: BaseProcess) -> int:
    """Wait for the end of a child that is dead or dying; its exit code, negative for a signal."""
    with _one_at_a_time:
        process.join()
        exit_code = process.exitcode
        process.close()
    return exit_code or 0


def open_pool(count: int) -> ProcessPoolExecutor:
    """A pool of such children, to be closed, for what patches AWS in its process."""
    return ProcessPoolExecutor(count, mp_context=_context)
