"""Why a document is not moving: the last delay that its story tells of."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.ledger.timeline import Event

# Steps of a document's story that mean nothing but a wait (`functions/delivery/receive.py`).
_WAITS = frozenset({"deferred", "returned"})


def describe_delay(story: Sequence[Event]) -> str | None:
    """Say what a document waits for and until when; None if its last step was not a wait.

    Args:
        story: The steps of its story, oldest first.
    """
    if not story or story[-1].step not in _WAITS:
        return None
    details = story[-1].details
    reason = str(details.get("reason", "a cause that is not known")).replace("_", " ")
    since = datetime.fromisoformat(story[-1].at).astimezone()
    again = (since + timedelta(seconds=float(details.get("delay_seconds", 0)))).astimezone()
    moment = f"{again:%H:%M:%S}" if again.date() == since.date() else f"{again:%d %b %H:%M:%S}"
    waits = f"waits {reason.removeprefix('waiting ')}" if " for " in reason else f"waits: {reason}"
    return f"{waits}, next try at {moment}"
