"""The local stack's mail catcher: a program that takes mails on this machine's own address.

The emulated SES hands on to it what the pipeline mails, and it keeps that. What is sent to the
stack's own address it puts into the bucket. It lives as long as the emulator does: it looks at the
lock that the emulator holds, and ends with it.
"""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from infra.local.inbound_mail import InboundMailbox
from infra.local.mailbox import RECIPIENTS_HEADER
from infra.local.ports import HOST
from infra.local.record import LocalFolder, is_running
from shared.errors import LocalStackError

# The largest mail that SES takes (Amazon SES Developer Guide, "Service quotas in Amazon SES").
_MOST_BYTES = 40 * 1024 * 1024
_LOOK_SECONDS = 1.0

# What a program of mails may say first (RFC 5321, 4.1.4).
_FIRST_WORDS = frozenset({b"EHLO", b"HELO", b"NOOP", b"RSET", b"HELP", b"VRFY", b"EXPN", b"QUIT"})
_LONGEST_LINE = 512

logger = logging.getLogger("seashore.mail")


class MailSession(SMTP):
    """A conversation that ends at once if who begins it speaks something else than SMTP.

    A page in a browser can have it send a request to any port, with a body that reads as commands:
    Postfix ends such conversations too (its manual, "smtpd_forbidden_commands"), but aiosmtpd
    passes over a few lines that it does not know. No page chooses the first line of its request.
    """

    _start: bytes | None = b""

    def data_received(self, data: bytes) -> None:
        """Look at the first line before any of it is answered."""
        if self._start is None:
            super().data_received(data)
            return
        self._start += data
        if b"\n" not in self._start and len(self._start) <= _LONGEST_LINE:
            return
        start, self._start = self._start, None
        if is_mail_program(start):
            super().data_received(start)
        elif self.transport is not None:
            logger.warning("ended a conversation that is no SMTP")
            self.transport.close()


def is_mail_program(start: bytes) -> bool:
    """Whether a conversation begins as programs of mails begin one, by its first line."""
    line, end, _ = start.partition(b"\n")
    word = line.split()[0].upper() if line.split() else b""
    return bool(end) and word in _FIRST_WORDS and b"HTTP/" not in line.upper()


class MailServer(Controller):
    """Listens, and holds each conversation in a session of ours."""

    def factory(self) -> SMTP:
        """One conversation."""
        return MailSession(self.handler, **self.SMTP_kwargs)


class MailKeeper:
    """Puts mails to the stack into its bucket, and each other one into a file of its own.

    The names of the files are in the order of arrival.

    Args:
        folder: Where the mails go.
        inbound: Takes those that are for the stack.
        now: The clock.
    """

    def __init__(
        self,
        folder: Path,
        inbound: InboundMailbox,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._folder = folder
        self._inbound = inbound
        self._now = now

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take a mail; what is answered goes to its sender."""
        content = envelope.original_content or b""
        others = [one for one in envelope.rcpt_tos if not self._inbound.takes(one)]
        if len(others) < len(envelope.rcpt_tos):
            # One without a sender is written `<>` here.
            sender = (envelope.mail_from or "").strip("<>")
            told = (content, sender, session.host_name or "", self._now())
            try:
                await asyncio.to_thread(self._inbound.put, *told)
            except LocalStackError as error:
                logger.warning("a mail to the stack was not taken: %s", error)
                return "451 4.3.0 the local stack does not take it now: send it again later"
        if others:
            self._keep(content, others)
        return "250 kept"

    def _keep(self, content: bytes, recipients: Sequence[str]) -> None:
        """Write a mail with the recipients of its envelope."""
        head = f"{RECIPIENTS_HEADER}: {', '.join(recipients)}\r\n".encode("ascii", "replace")
        path = self._folder / f"{self._now():%Y%m%dT%H%M%S%f}Z.eml"
        draft = path.with_suffix(".draft")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(head + content)
        draft.rename(path)


def main() -> None:
    """Take mails until the emulator ends. Arguments: the folder of the local stack, the port."""
    folder, port = LocalFolder(Path(sys.argv[1])), int(sys.argv[2])
    folder.mails.mkdir(mode=0o700, parents=True, exist_ok=True)
    keeper = MailKeeper(folder.mails, InboundMailbox(folder))
    controller = MailServer(keeper, hostname=HOST, port=port, data_size_limit=_MOST_BYTES)
    controller.start()
    try:
        while is_running(folder):
            time.sleep(_LOOK_SECONDS)
    finally:
        controller.stop()


if __name__ == "__main__":
    main()
