"""The port of a local stack."""

import random
import socket

from infra.local.record import LocalFolder
from shared.errors import LocalStackError

HOST = "127.0.0.1"

# Below the range from which Linux and macOS hand out ports to outgoing connections, so that a
# stack finds its port free when it starts again.
_PORTS = range(20_000, 30_000)


def choose_port(folder: LocalFolder, wanted: int | None) -> int:
    """Choose the port of a stack: the one of its state, else the wanted one, else a free one.

    Raises:
        LocalStackError: The port is taken, or the state belongs to another port than wanted.
    """
    saved = read_saved_port(folder)
    if saved is None and wanted is None:
        return choose_free_port()
    if saved is None or wanted == saved:
        return _require_free(wanted or 0, "choose another one")
    if wanted is not None:
        raise LocalStackError(
            f"The saved state belongs to port {saved}: leave the port out, or remove the state "
            "with `seashore local down --delete-data`."
        )
    return _require_free(
        saved,
        "end that program, or remove the local stack's state with "
        "`seashore local down --delete-data` to get another port",
    )


def _require_free(port: int, advice: str) -> int:
    if not is_free(port):
        raise LocalStackError(f"Port {port} is taken by another program: {advice}.")
    return port


def read_saved_port(folder: LocalFolder) -> int | None:
    """The port that a folder's state belongs to; None if it belongs to none."""
    try:
        return int(folder.port.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def choose_free_port() -> int:
    """A port that is free.

    Raises:
        LocalStackError: None was found.
    """
    for port in random.sample(_PORTS, 100):
        if is_free(port):
            return port
    raise LocalStackError("No free port was found: choose one.")


def is_free(port: int) -> bool:
    """Whether nobody listens on a port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
