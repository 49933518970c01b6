"""What SES's receipt rule does on AWS: a mail to the stack's address is put into its bucket."""

import re
import secrets
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from infra.aws import aws_errors_as, open_emulator_session
from infra.local.parameters import read_given_parameters
from infra.local.record import LocalFolder, LocalRecord, read_live_record
from shared.errors import LocalStackError
from shared.messages.uploads import MAIL_PREFIX

# What may stand in a header that is no header of the sender's.
_UNPRINTABLE = re.compile(r"[^A-Za-z0-9.@+=_:\[\]-]")


def open_documents_bucket(record: LocalRecord) -> Callable[[str, bytes], object]:
    """What puts an object into the documents bucket of a running local stack, under a key."""
    session = open_emulator_session(record.region, record.access_key_id, record.secret_access_key)
    client: Any = session.client("s3", endpoint_url=record.endpoint_url)
    bucket = record.outputs["DocumentsBucket"]
    return lambda key, content: client.put_object(Bucket=bucket, Key=key, Body=content)


class InboundMailbox:
    """Puts mails to the local stack's address into its documents bucket.

    Args:
        folder: The files of the local stack.
        open_bucket: Opens its bucket; it is called again when the stack was started anew.
    """

    def __init__(
        self,
        folder: LocalFolder,
        open_bucket: Callable[[LocalRecord], Callable[[str, bytes], object]] = (
            open_documents_bucket
        ),
    ) -> None:
        self._folder = folder
        self._open_bucket = open_bucket
        self._opened: tuple[LocalRecord, Callable[[str, bytes], object]] | None = None

    def takes(self, recipient: str) -> bool:
        """Whether an address is the one of the parameter `InboundMail`."""
        address = read_given_parameters(self._folder).get("InboundMail", "")
        return bool(address) and recipient.lower() == address.lower()

    def put(self, content: bytes, sender: str, helo: str, now: datetime) -> None:
        """Put a mail into the bucket, with the headers that SES writes above it.

        Nothing here asks the name system. What SPF says on AWS of the server that sends, here holds
        for every program on this machine: it is who it says in the envelope, and whoever writes
        another one into `From` is refused.

        Raises:
            LocalStackError: The stack is not ready, or does not take it.
        """
        record = read_live_record(self._folder)
        if self._opened is None or self._opened[0] != record:
            self._opened = record, self._open_bucket(record)
        mail_id = secrets.token_hex(20)
        head = write_trace(sender, helo, mail_id, now)
        with aws_errors_as(LocalStackError):
            self._opened[1](f"{MAIL_PREFIX}{mail_id}", head + content)


def write_trace(sender: str, helo: str, mail_id: str, now: datetime) -> bytes:
    """The headers that SES writes above a mail, as far as this machine can tell them.

    Args:
        sender: The envelope's sender; empty for a mail that says that another was not delivered.
        helo: How the program calls itself that sent it.
        mail_id: The mail's id.
        now: The time.
    """
    sender, helo = (_UNPRINTABLE.sub("?", text) for text in (sender, helo))
    result = "pass" if sender else "none"
    spf = f"{result} client-ip=127.0.0.1; envelope-from={sender}; helo={helo};"
    lines = [
        f"Return-Path: <{sender}>",
        f"Received: from {helo} ([127.0.0.1])",
        f" by localhost with SMTP id {mail_id};",
        f" {format_datetime(now)}",
        "X-SES-Spam-Verdict: DISABLED",
        "X-SES-Virus-Verdict: DISABLED",
        f"Received-SPF: {spf}",
        "Authentication-Results: amazonses.com;",
        f" spf={spf}",
        " dkim=none header.i=unknown;",
        " dmarc=none;",
        "X-SES-RECEIPT: local",
        "",
    ]
    return "\r\n".join(lines).encode("ascii")
