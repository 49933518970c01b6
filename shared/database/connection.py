"""One connection to PostgreSQL, kept between invocations and made anew when it breaks.

Through RDS Proxy: an IAM token in place of a password, over TLS whose certificate is verified
(Amazon RDS User Guide, "Connecting to a database through RDS Proxy").
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from pg8000.exceptions import (
    DatabaseError,
    InterfaceError,
)
from pg8000.native import Connection

from shared.errors import DatabaseUnavailableError, ResultRefusedError

# Longer than a failover of the database takes RDS Proxy, as a rule.
_PAUSE_SECONDS = 60.0
# Less than the shortest time that a run of the function may be given.
_TIMEOUT_SECONDS = 5.0
# For so long after a failure nobody else tries: the records of a batch would wait for their turn
# to fail, until their time is up, and that would use up their receives.
_REST_SECONDS = 5.0

# SQLSTATE classes that speak of the values themselves: data exceptions, violated constraints.
# Anything else may pass: a database that restarts, a role that lacks a right, a full disk
# (PostgreSQL documentation, "PostgreSQL Error Codes").
_CLASSES_OF_VALUES = frozenset({"22", "23"})

Rows = list[list[Any]]
Setup = Callable[["Run"], None]
Run = Callable[[str, Mapping[str, object]], Rows]


@dataclass(frozen=True)
class DatabaseAddress:
    """Where the database is, and who asks.

    Args:
        host: Its name, which the certificate has to bear.
        port: Its port.
        database: Name of the database.
        user: Name of the user.
        make_token: Makes a token to log in with; one is good for a quarter of an hour.
        tls: Which certificates are trusted.
    """

    host: str
    port: int
    database: str
    user: str
    make_token: Callable[[], str]
    tls: ssl.SSLContext


class Database:
    """Runs statements, each in a transaction, over one connection. Thread-safe.

    Args:
        address: Where it is.
        set_up: Run first on each new connection, in a transaction of its own.
        pause_seconds: How long a result is to wait when the database cannot take it.
        timeout_seconds: How long to wait for an answer of the database, or for one's turn.
        stopwatch: Seconds that only grow.
    """

    def __init__(
        self,
        address: DatabaseAddress,
        set_up: Setup,
        pause_seconds: float = _PAUSE_SECONDS,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address
        self._set_up = set_up
        self._pause_seconds = pause_seconds
        self._timeout_seconds = timeout_seconds
        self._stopwatch = stopwatch
        self._connection: Connection | None = None
        self._rests_until: float | None = None
        self._lock = threading.Lock()

    def run(self, statement: str, parameters: Mapping[str, object]) -> Rows:
        """Run one statement, with `:name` for a parameter.

        A connection that broke while nothing was asked of it, as behind a database that was
        restarted, is made anew once: the statements here may be repeated. One that does not answer
        is not: its database would not answer either.

        Returns:
            The rows that it gives.

        Raises:
            DatabaseUnavailableError: The database cannot be reached, or cannot do it now.
            ResultRefusedError: It does not take these values.
        """
        with self._take_turn():
            is_used_connection = self._connection is not None
            began = self._stopwatch()
            try:
                return self._run(statement, parameters)
            except DatabaseUnavailableError:
                has_timed_out = self._stopwatch() - began >= self._timeout_seconds
                if has_timed_out or not is_used_connection:
                    raise
            return self._run(statement, parameters)

    def close(self) -> None:
        """Give up the connection; the next statement makes another."""
        with self._lock:
            self._drop()

    @contextmanager
    def _take_turn(self) -> Iterator[None]:
        """Have the connection to oneself, unless it has failed somebody a moment ago."""
        if not self._lock.acquire(timeout=self._timeout_seconds):
            raise self._say_unavailable("the database takes too long over other results")
        try:
            if self._rests_until is not None and self._stopwatch() < self._rests_until:
                raise self._say_unavailable("the database could not take results a moment ago")
            self._rests_until = None
            try:
                yield
            except DatabaseUnavailableError:
                rest_seconds = min(_REST_SECONDS, self._pause_seconds)
                self._rests_until = self._stopwatch() + rest_seconds
                raise
        finally:
            self._lock.release()

    def _run(self, statement: str, parameters: Mapping[str, object]) -> Rows:
        if self._connection is None:
            # Nothing that goes wrong here is the fault of the values.
            with self._translate_errors():
                self._connection = self._connect()
        with self._translate_errors(_CLASSES_OF_VALUES):
            return self._connection.run(statement, **parameters) or []

    def _connect(self) -> Connection:
        address = self._address
        # The driver leaves a socket of its own open where the server does not answer. So it gets
        # one that is closed whatever ends the attempt, SystemExit too.
        opened = socket.create_connection((address.host, address.port), self._timeout_seconds)
        with ExitStack() as undo:
            undo.callback(opened.close)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            connection = Connection(
                address.user,
                sock=opened,
                host=address.host,
                database=address.database,
                password=address.make_token(),
                ssl_context=address.tls,
                application_name="seashore",
            )
            undo.callback(_close, connection)
            connection.run("BEGIN")
            self._set_up(lambda statement, values: connection.run(statement, **values) or [])
            connection.run("COMMIT")
            undo.pop_all()
        return connection

    @contextmanager
    def _translate_errors(self, classes_of_values: Collection[str] = ()) -> Iterator[None]:
        try:
            yield
        except DatabaseError as error:
            state = _read_state(error)
            if state[:2] in classes_of_values:
                raise ResultRefusedError(
                    f"the database does not take the result: error {state} of PostgreSQL"
                ) from error
            self._drop()
            raise self._say_unavailable(
                f"the database cannot take results now: error {state} of PostgreSQL"
            ) from error
        except ssl.SSLCertVerificationError as error:
            self._drop()
            raise self._say_unavailable(
                f"the database's certificate is not trusted: {error.verify_message}",
                "database_not_trusted",
            ) from error
        except (InterfaceError, OSError) as error:
            self._drop()
            raise self._say_unavailable(
                f"the database cannot be reached: {type(error).__name__}"
            ) from error

    def _say_unavailable(
        self, words: str, reason: str = "database_unavailable"
    ) -> DatabaseUnavailableError:
        return DatabaseUnavailableError(words, delay_seconds=self._pause_seconds, reason=reason)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            _close(connection)


def _close(connection: Connection) -> None:
    """Close a connection, also one that is closed already or whose server is gone."""
    with suppress(InterfaceError, OSError):
        connection.close()


def _read_state(error: DatabaseError) -> str:
    """The SQLSTATE of an error, such as `23505`."""
    details = error.args[0] if error.args else None
    return str(details.get("C", "")) if isinstance(details, dict) else ""
