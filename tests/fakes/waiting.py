"""Waiting for what another process does. Short: a test waits in one way."""

import time
from collections.abc import Callable
from typing import Any


def wait_for(
    condition: Callable[[], Any],
    seconds: float = 120.0,
    describe: Callable[[], object] = lambda: "it did not happen in time",
) -> Any:
    """The first true value of a condition, which is looked at less and less often.

    To look may be work for several processes.

    Raises:
        AssertionError: There is none in time; it says what `describe` tells then.
    """
    deadline = time.monotonic() + seconds
    pause_seconds = 0.05
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(pause_seconds)
        pause_seconds = min(1.5 * pause_seconds, 0.5)
    raise AssertionError(describe())
