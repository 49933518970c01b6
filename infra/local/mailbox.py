"""The mails that the local stack has sent: kept beside its data by a program that takes them."""

import smtplib
import sys
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from infra.local.ports import HOST, choose_free_port, is_free
from infra.local.process import launch, wait_for
from infra.local.record import LocalFolder
from shared.errors import LocalStackError

# What the envelope of a mail says, which no header of its own has to.
RECIPIENTS_HEADER = "X-Seashore-Recipients"
_START_SECONDS = 30.0


def list_mails(folder: LocalFolder) -> list[Path]:
    """The files of the mails that are kept, the newest first."""
    return sorted(folder.mails.glob("*.eml"), reverse=True)


def read_mail(path: Path) -> EmailMessage:
    """A mail that is kept."""
    with path.open("rb") as file:
        return BytesParser(EmailMessage, policy=policy.default).parse(file)


def ensure_mail_catcher(folder: LocalFolder) -> str:
    """Have the program run that takes the local stack's mails, and wait until it answers.

    Its port is that of earlier starts, as a running emulator knows no other.

    Returns:
        Its address and port, as the emulator takes them.

    Raises:
        LocalStackError: It does not start.
    """
    port = read_mail_port(folder)
    if port is not None and _answers(port):
        return f"{HOST}:{port}"
    if port is None or not is_free(port):
        port = choose_free_port()
        folder.mail_port.write_text(str(port), encoding="utf-8")
    program = (sys.executable, "-m", "infra.local.mail_catcher", str(folder.root), str(port))
    with launch(program, folder.mail_log):
        pass  # it is known by its port alone
    if not wait_for(lambda: _answers(port), _START_SECONDS):
        raise LocalStackError(f"The mail catcher does not start: see {folder.mail_log}.")
    return f"{HOST}:{port}"


def read_mail_port(folder: LocalFolder) -> int | None:
    """The port on which mails are taken; None if none ever was."""
    try:
        return int(folder.mail_port.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def _answers(port: int) -> bool:
    try:
        with smtplib.SMTP(HOST, port, timeout=2) as client:
            return client.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False
