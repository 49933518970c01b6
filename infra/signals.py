"""Signals, for what leaves something to tidy up."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_Handler = Callable[[int, FrameType | None], None] | signal.Handlers

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interrupt_on_signals() -> Iterator[None]:
    """Let every polite signal interrupt the block as Ctrl-C does. Only for the main thread."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handle_signals(interrupt):
        yield


@contextmanager
def ignore_signals() -> Iterator[None]:
    """Let an impatient second signal not break off the tidying up. Only for the main thread."""
    with _handle_signals(signal.SIG_IGN):
        yield


@contextmanager
def _handle_signals(handler: _Handler) -> Iterator[None]:
    # A signal that the caller has switched off stays off: `nohup` does that with SIGHUP.
    numbers = [number for number in _ENDINGS if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
