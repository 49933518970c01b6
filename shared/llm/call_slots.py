"""Let only so many calls of a model run at once, in all copies of the functions together.

A model server of one slot makes the others wait, and their time runs. Lambda's own bound does not
help: an event source has two copies at the least, of ten records each. So each slot is a row of the
ledger that a call holds until it ends; one whose process has died is free again when its call must
have ended.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from boto3.dynamodb.conditions import Attr

from shared.aws.dynamodb_table import LedgerTable, Update
from shared.deadline import Deadline
from shared.errors import LedgerConflictError, ModelThrottledError, SeashoreError

_PK = "CALLS"
_LOOK_AGAIN_SECONDS = 2.0
# A run waits for a slot for this share of its time, and has the rest for the call.
_WAITING_SHARE = 1 / 3
_BUSY_DELAY_SECONDS = 60.0
# A call ends with its run's deadline, by clocks that may differ a little.
_SPARE_SECONDS = 10.0


class CallSlots:
    """The slots of one model's server. Thread-safe.

    Args:
        open_table: Gives the ledger's table.
        count: How many there are.
        now: The wall clock.
        sleep: Waits for some seconds.
        new_id: Makes an id that nobody else makes.
    """

    def __init__(
        self,
        open_table: Callable[[], LedgerTable],
        count: int,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
        new_id: Callable[[], str],
    ) -> None:
        self._open_table = open_table
        self._count = count
        self._now = now
        self._sleep = sleep
        self._new_id = new_id
        # Of the threads of a container no more look for slots than there are.
        self._seekers = threading.Semaphore(count)

    @contextmanager
    def hold(self, deadline: Deadline) -> Iterator[None]:
        """Hold a slot for a call.

        Args:
            deadline: When the call has to have ended.

        Raises:
            ModelThrottledError: None came free for a third of the time.
            ServiceError: The ledger cannot be reached.
        """
        patience_seconds = deadline.remaining_seconds * _WAITING_SHARE
        until = Deadline(deadline.clock() + patience_seconds, deadline.clock)
        if not self._seekers.acquire(timeout=patience_seconds):
            raise self._describe_busy()
        try:
            holder = self._new_id()
            number = self._take(holder, until, deadline)
            try:
                yield
            finally:
                self._give_back(number, holder)
        finally:
            self._seekers.release()

    def _take(self, holder: str, until: Deadline, deadline: Deadline) -> int:
        while True:
            now_seconds = int(self._now().timestamp())
            held_until = now_seconds + int(deadline.remaining_seconds + _SPARE_SECONDS)
            # Read first, as each slot that is tried in vain would be a write.
            rows = self._open_table().query_rows(_PK, "SLOT#", "SLOT#~")
            held = {row["sk"] for row in rows if row["held_until"] >= now_seconds}
            for number in range(1, self._count + 1):
                if f"SLOT#{number}" in held:
                    continue
                slot = Update(
                    _PK,
                    f"SLOT#{number}",
                    assign={"holder": holder, "held_until": held_until},
                    condition=Attr("held_until").not_exists() | Attr("held_until").lt(now_seconds),
                )
                try:
                    self._open_table().update_row(slot)
                except LedgerConflictError as conflict:
                    # The client sends a request again whose answer is lost: then the slot is ours.
                    if (conflict.row or {}).get("holder") != holder:
                        continue
                return number
            if until.remaining_seconds < _LOOK_AGAIN_SECONDS:
                raise self._describe_busy()
            self._sleep(_LOOK_AGAIN_SECONDS)

    def _give_back(self, number: int, holder: str) -> None:
        slot = Update(
            _PK,
            f"SLOT#{number}",
            assign={"held_until": 0},
            condition=Attr("holder").eq(holder),
        )
        # The call has ended, whatever becomes of its slot: it is free again before long.
        with contextlib.suppress(SeashoreError):
            self._open_table().update_row(slot)

    def _describe_busy(self) -> ModelThrottledError:
        return ModelThrottledError(
            f"ModelCallsAtOnce is {self._count}, and other calls of the model were at work",
            delay_seconds=_BUSY_DELAY_SECONDS,
            reason="model_busy",
        )
