"""One connection to PostgreSQL, kept between invocations and made anew when it breaks.

Through RDS Proxy: an IAM token in place of a password, over TLS whose certificate is verified
(Amazon RDS User Guide, "Connecting to a database through RDS Proxy").
"""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from pg8000.exceptions import (  # type: ignore[import-untyped]  # it ships no type information
    DatabaseError,
    InterfaceError,
)
from pg8000.native import Connection  # type: ignore[import-untyped]  # as above

from shared.errors import DatabaseUnavailableError, ResultRefusedError

# Longer than a failover of the database takes RDS Proxy, as a rule.
_PAUSE_SECONDS = 60.0
_TIMEOUT_SECONDS = 10.0

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
        pause_seconds: How long to leave the database alone when it cannot be reached.
    """

    def __init__(
        self, address: DatabaseAddress, set_up: Setup, pause_seconds: float = _PAUSE_SECONDS
    ) -> None:
        self._address = address
        self._set_up = set_up
        self._pause_seconds = pause_seconds
        self._connection: Connection | None = None
        self._lock = threading.Lock()

    def run(self, statement: str, parameters: Mapping[str, object]) -> Rows:
        """Run one statement, with `:name` for a parameter.

        A connection that broke while nothing was asked of it, as behind a database that was
        restarted, is made anew once: the statements here may be repeated.

        Returns:
            The rows that it gives.

        Raises:
            DatabaseUnavailableError: The database cannot be reached, or cannot do it now.
            ResultRefusedError: It does not take these values.
        """
        with self._lock:
            is_used_connection = self._connection is not None
            try:
                return self._run(statement, parameters)
            except DatabaseUnavailableError:
                if not is_used_connection:
                    raise
            return self._run(statement, parameters)

    def close(self) -> None:
        """Give up the connection; the next statement makes another."""
        with self._lock:
            self._drop()

    def _run(self, statement: str, parameters: Mapping[str, object]) -> Rows:
        with self._translate_errors():
            if self._connection is None:
                self._connection = self._connect()
            return self._connection.run(statement, **parameters) or []

    def _connect(self) -> Connection:
        address = self._address
        connection = Connection(
            address.user,
            host=address.host,
            port=address.port,
            database=address.database,
            password=address.make_token(),
            ssl_context=address.tls,
            timeout=_TIMEOUT_SECONDS,
            application_name="seashore",
        )
        try:
            connection.run("BEGIN")
            self._set_up(lambda statement, values: connection.run(statement, **values) or [])
            connection.run("COMMIT")
        except BaseException:
            with suppress(InterfaceError, OSError):
                connection.close()
            raise
        return connection

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except DatabaseError as error:
            state = _read_state(error)
            if state[:2] in _CLASSES_OF_VALUES:
                raise ResultRefusedError(
                    f"the database does not take the result: error {state} of PostgreSQL"
                ) from error
            self._drop()
            raise DatabaseUnavailableError(
                f"the database cannot take results now: error {state} of PostgreSQL",
                delay_seconds=self._pause_seconds,
                reason="database_unavailable",
            ) from error
        except ssl.SSLCertVerificationError as error:
            self._drop()
            raise DatabaseUnavailableError(
                f"the database's certificate is not trusted: {error.verify_message}",
                delay_seconds=self._pause_seconds,
                reason="database_not_trusted",
            ) from error
        except (InterfaceError, OSError) as error:
            self._drop()
            raise DatabaseUnavailableError(
                f"the database cannot be reached: {type(error).__name__}",
                delay_seconds=self._pause_seconds,
                reason="database_unavailable",
            ) from error

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(InterfaceError, OSError):
                connection.close()


def _read_state(error: DatabaseError) -> str:
    """The SQLSTATE of an error, such as `23505`."""
    details = error.args[0] if error.args else None
    return str(details.get("C", "")) if isinstance(details, dict) else ""
