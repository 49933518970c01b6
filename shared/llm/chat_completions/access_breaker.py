"""Stop calling a provider that rejects the key or the account.

The circuit breaker of Powertools does not serve here: its state lies in DynamoDB (two more round
trips a call), its clock is the wall clock, and an open circuit does not say how long it stays so,
which the deferral of a message needs. A rejected key concerns one container's own calls only.
"""

import logging
import threading
from collections.abc import Callable

from shared.errors import ModelAccessError

# How long the other threads of a fresh container wait for what comes of its first call. A rejection
# is there sooner; a slow answer must not hold them up.
FIRST_CALL_WAIT_SECONDS = 1.0

FIRST_PAUSE_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 300.0


class AccessBreaker:
    """Lets one call through at a time, a pause apart, for as long as access is rejected.

    The pause doubles with each further try that is rejected, from one minute to five. Before any
    call has been let in, the first one goes ahead, so that a wrong key costs one call and not one
    for each record of a batch. Thread-safe.

    Args:
        clock: A monotonic clock, in seconds.
        logger: Where the one alarm line goes when access is lost, and one when it is back.
    """

    def __init__(self, clock: Callable[[], float], logger: logging.Logger) -> None:
        self._clock = clock
        self._logger = logger
        self._lock = threading.Condition()
        self._rejections = 0
        self._cause = ""
        self._open_until = 0.0
        self._is_trying = False
        self._was_let_in = False
        self._first_caller: int | None = None

    def check(self) -> None:
        """Pass if a call may be made now.

        Raises:
            ModelAccessError: Access was rejected a short while ago; with the time left to wait.
        """
        with self._lock:
            if not self._was_let_in:
                self._wait_for_first_caller()
            if not self._rejections:
                return
            left_seconds = self._open_until - self._clock()
            if left_seconds > 0:
                raise ModelAccessError(
                    "The provider rejected the key, the account or the model a short while ago "
                    f"({self._cause})",
                    delay_seconds=left_seconds,
                    reason="model_access",
                )
            # This caller tries; the others wait for what comes of it.
            self._is_trying = True
            self._open_until = self._clock() + self._pause_seconds()

    def _wait_for_first_caller(self) -> None:
        caller = threading.get_ident()
        if self._first_caller is None:
            self._first_caller = caller
        elif self._first_caller != caller:
            self._lock.wait_for(
                lambda: self._was_let_in or self._rejections, FIRST_CALL_WAIT_SECONDS
            )

    def record_rejection(self, cause: str) -> float:
        """Note that access was rejected.

        Calls that were under way together are rejected together, and count as one.

        Args:
            cause: What the provider said, without any secret.

        Returns:
            What is left of the pause, in seconds.
        """
        with self._lock:
            self._cause = cause
            is_first = not self._rejections
            if is_first or self._is_trying:
                self._is_trying = False
                self._rejections += 1
                self._open_until = self._clock() + self._pause_seconds()
            left_seconds = max(0.0, self._open_until - self._clock())
            self._lock.notify_all()
        if is_first:
            self._logger.error(
                "The language model's provider rejects the key, the account, the model or the "
                "address: %s. Work waits in the queue; mend the setting, or top up the account.",
                cause,
                extra={"action": "model_access_lost"},
            )
        return left_seconds

    def record_success(self) -> None:
        """Note that a call was let in."""
        with self._lock:
            was_rejected = self._rejections > 0
            self._rejections = 0
            self._is_trying = False
            self._was_let_in = True
            self._lock.notify_all()
        if was_rejected:
            self._logger.info(
                "The provider accepts calls again", extra={"action": "model_access_restored"}
            )

    def _pause_seconds(self) -> float:
        return float(
            min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(self._rejections - 1, 10))
        )
