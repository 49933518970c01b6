"""What a task does in every peer: it waits 50 ms and leaves one line behind."""

import os
import time
from pathlib import Path

SECONDS = 0.05


def leave_effect(number):
    """Wait, then add a line to the file of effects; appends of a few bytes do not mix."""
    time.sleep(SECONDS)
    with Path(os.environ["PEER_EFFECTS"]).open("ab", buffering=0) as effects:
        effects.write(b"%d\n" % number)
    return number
