"""A local stack for one occasion: it begins with nothing, and nothing of it is kept."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from infra.cli.output import Output, show_step
from infra.local.record import LocalFolder, is_running
from infra.local.stack import (
    LocalSetup,
    delete_local_data,
    start_local_stack,
    stop_local_stack,
)
from infra.signals import ignore_signals
from infra.stacks import Stack, resolve_local_stack
from shared.errors import LocalStackError


@contextmanager
def open_throwaway_stack(folder: LocalFolder, setup: LocalSetup, output: Output) -> Iterator[Stack]:
    """A stack in a folder, stopped at the end of the block. Only for the main thread.

    One that was left there by a process that was killed is stopped first.

    Raises:
        LocalStackError: The emulator does not start.
        BuildError: The packages cannot be built.
        DeployError: The template cannot be deployed.
    """
    _stop(folder, "Stop the emulated AWS that was left behind", output)
    delete_local_data(folder.root)
    try:
        with show_step("Start an emulated AWS and deploy the pipeline to it", output) as report:
            start_local_stack(folder.root, report, setup)
        yield resolve_local_stack(folder.root)
    finally:
        with ignore_signals():
            _stop(folder, "Stop the emulated AWS", output)
            # It holds the key of the language model.
            shutil.rmtree(folder.state, ignore_errors=True)


def _stop(folder: LocalFolder, title: str, output: Output) -> None:
    if is_running(folder):
        # One that has to be killed loses its state, which nobody wants.
        with suppress(LocalStackError), show_step(title, output) as report:
            stop_local_stack(folder.root, report, is_kept=False)
