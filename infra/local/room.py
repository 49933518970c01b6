"""Room on the disk of the local stack, so that nothing is taken that cannot be kept.

The emulator keeps rows and messages in memory, from where they are written; an object that it
cannot write it keeps in memory as well, and says so in its log alone. On a full disk all of that is
gone with the process. So uploads are refused while there is still room for the rest.

Only the standard library is imported here, as the emulator's Python loads this file too.
"""

import shutil
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

# What the emulator writes at its end, beside what lies there from the last time: 72 MB of packages
# of functions, and a few more of tens of thousands of documents.
ROOM_BYTES = 256 * 1024**2

# How its log tells of what it could not write.
_UNSAVED = ("Persistence: failed to save", "Failed to persist S3")

_INSUFFICIENT_STORAGE = 507

App = Callable[[Any, Any, Callable[[dict[str, Any]], Awaitable[None]]], Awaitable[None]]


def has_room(folder: Path, size_bytes: int = 0) -> bool:
    """Whether something can be written on a folder's disk, and the stack's state after it."""
    return shutil.disk_usage(folder).free >= ROOM_BYTES + size_bytes


def find_unsaved(log: Path) -> str | None:
    """The first line of an emulator's log that tells of something it could not write."""
    try:
        with log.open(encoding="utf-8", errors="replace") as lines:
            return next((line.strip() for line in lines if any(map(line.count, _UNSAVED))), None)
    except OSError:
        return None


def refuse_without_room(app: App, folder: Path) -> App:
    """An ASGI application before the emulator that refuses uploads to a disk that is full.

    Args:
        app: The emulator.
        folder: A folder on the disk.
    """

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] not in ("PUT", "POST"):
            await app(scope, receive, send)
            return
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        is_form = headers.get(b"content-type", b"").startswith(b"multipart/form-data")
        length = headers.get(b"content-length", b"0")
        size_bytes = int(length) if length.isdigit() else 0
        # The header is one that S3 alone asks for.
        is_upload = is_form or b"x-amz-content-sha256" in headers
        if not is_upload or has_room(folder, size_bytes):
            await app(scope, receive, send)
            return
        message = (
            f"the disk of {folder} is full: free some space there, {ROOM_BYTES >> 20} MB at the "
            "least, and try again"
        )
        body = f"<Error><Code>DiskFull</Code><Message>{escape(message)}</Message></Error>".encode()
        told = [(b"content-type", b"application/xml"), (b"content-length", b"%d" % len(body))]
        status = {"type": "http.response.start", "status": _INSUFFICIENT_STORAGE, "headers": told}
        await send(status)
        await send({"type": "http.response.body", "body": body})

    return answer
