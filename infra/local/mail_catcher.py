"""The local stack's mail catcher: a program that takes mails on this machine's own address.

The emulated SES hands on to it what the pipeline mails. It lives as long as the emulator does: it
looks at the lock that the emulator holds, and ends with it.
"""

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from infra.local.mailbox import RECIPIENTS_HEADER
from infra.local.ports import HOST
from infra.local.record import LocalFolder, is_running

# The largest mail that SES takes (Amazon SES Developer Guide, "Service quotas in Amazon SES").
_MOST_BYTES = 40 * 1024 * 1024
_LOOK_SECONDS = 1.0


class MailKeeper:
    """Writes each mail into a file of its own; the names are in the order of arrival.

    Args:
        folder: Where the mails go.
        now: The clock.
    """

    def __init__(
        self, folder: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._folder = folder
        self._now = now

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep a mail, with the recipients of its envelope; what is answered goes to its sender."""
        recipients = ", ".join(envelope.rcpt_tos)
        head = f"{RECIPIENTS_HEADER}: {recipients}\r\n".encode("ascii", "replace")
        path = self._folder / f"{self._now():%Y%m%dT%H%M%S%f}Z.eml"
        draft = path.with_suffix(".draft")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(head + (envelope.original_content or b""))
        draft.rename(path)
        return "250 kept"


def main() -> None:
    """Take mails until the emulator ends. Arguments: the folder of the local stack, the port."""
    folder, port = LocalFolder(Path(sys.argv[1])), int(sys.argv[2])
    folder.mails.mkdir(mode=0o700, parents=True, exist_ok=True)
    controller = Controller(
        MailKeeper(folder.mails), hostname=HOST, port=port, data_size_limit=_MOST_BYTES
    )
    controller.start()
    try:
        while is_running(folder):
            time.sleep(_LOOK_SECONDS)
    finally:
        controller.stop()


if __name__ == "__main__":
    main()
