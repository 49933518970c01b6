"""The key of the model's provider: fetched when first used, and again when it is old or wrong.

It lives in the memory of a container and nowhere else: not in the environment, which consoles show,
and not in a snapshot, since nothing fetches it before the first call of a model.
"""

import logging
import threading
from collections.abc import Callable

from shared.errors import ModelAccessError, SeashoreError

LIFETIME_SECONDS = 300.0

# A key that was just rejected is asked for once by the threads of a container, not by each.
_RENEWAL_PAUSE_SECONDS = 10.0

# After a failed renewal the old key serves this long before the next one.
_FAILED_RENEWAL_PAUSE_SECONDS = 30.0

_UNUSABLE_DELAY_SECONDS = 60.0


class ModelKey:
    """A key that is fetched when it is needed, and kept for a while. Thread-safe.

    Powertools' parameters utility does not serve here: it has no lock, so that each record of a
    first batch would fetch, counts the lifetime by the wall clock, and turns every error into one
    kind, by which a missing right cannot be told from a failing service.

    Args:
        fetch: Reads the key from where it is kept; raises a `SeashoreError`.
        clock: A monotonic clock, in seconds.
        logger: Told when the key cannot be read, and when it was renewed; never the key.
        lifetime_seconds: How long a key serves before it is fetched again.
    """

    def __init__(
        self,
        fetch: Callable[[], str],
        clock: Callable[[], float],
        logger: logging.Logger,
        lifetime_seconds: float = LIFETIME_SECONDS,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._logger = logger
        self._lifetime_seconds = lifetime_seconds
        self._lock = threading.Lock()
        self._key: str | None = None
        self._fetch_after = 0.0
        self._renew_after = 0.0

    def read(self) -> str:
        """The key; an old one goes on serving while it cannot be renewed.

        Raises:
            SeashoreError: It cannot be read, and there is no old one.
            ModelAccessError: What was read is no key.
        """
        with self._lock:
            if self._key is None:
                try:
                    self._take(self._fetch())
                except SeashoreError as error:
                    self._complain(error)
                    raise
            elif self._clock() >= self._fetch_after:
                self._try_to_take()
            return self._key or ""

    def renew(self, rejected: str) -> str | None:
        """Fetch the key anew, as the provider has rejected it.

        Returns:
            The key as it is now, if it is another one; None if there is nothing else to try.
        """
        with self._lock:
            if self._key == rejected and self._clock() >= self._renew_after:
                self._renew_after = self._clock() + _RENEWAL_PAUSE_SECONDS
                self._try_to_take()
                if self._key != rejected:
                    self._logger.info(
                        "The key of the model's provider was changed: the new one is used",
                        extra={"action": "model_key_renewed"},
                    )
            return None if self._key == rejected else self._key

    def _try_to_take(self) -> None:
        try:
            self._take(self._fetch())
        except SeashoreError as error:
            self._fetch_after = self._clock() + _FAILED_RENEWAL_PAUSE_SECONDS
            self._complain(error)

    def _take(self, key: str) -> None:
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise ModelAccessError(
                "The secret with the key of the model's provider is empty, or has characters that "
                "no key has: set it again with `seashore secrets set`",
                delay_seconds=_UNUSABLE_DELAY_SECONDS,
                reason="model_access",
            )
        self._key = key
        self._fetch_after = self._clock() + self._lifetime_seconds

    def _complain(self, error: SeashoreError) -> None:
        self._logger.error(
            "The key of the model's provider cannot be read: %s",
            error,
            extra={"action": "model_key_unreadable"},
        )
