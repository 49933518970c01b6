"""`seashore mail`: what the local stack has mailed."""

from email.message import EmailMessage
from pathlib import Path

from infra.cli.output import Output, write_whole
from infra.local.mailbox import RECIPIENTS_HEADER, list_mails, read_mail
from infra.local.record import LocalFolder
from shared.errors import UnknownItemError, WrongUsageError


def show_mails(
    root: Path, number: int | None, file: str | None, *, as_json: bool, output: Output
) -> None:
    """List the mails, the newest first, or show one of them, or write it to a file as it came.

    Args:
        root: Folder of the local stack.
        number: Which one to show, counted from the newest, 1; None for the list.
        file: Where to write that one; None for the screen.
        as_json: Whether to write JSON.
        output: Where to write.

    Raises:
        UnknownItemError: There are not so many.
        WrongUsageError: A file is named, and no mail.
    """
    paths = list_mails(LocalFolder(root))
    if number is None:
        if file is not None:
            raise WrongUsageError("Say which mail to write: its number in the list.")
        _write_list(paths, as_json=as_json, output=output)
        return
    if number > len(paths):
        raise UnknownItemError(f"There is no mail {number}: there are {len(paths)}.")
    path = paths[number - 1]
    if file is not None:
        with write_whole(Path(file)) as part:
            part.write_bytes(path.read_bytes())
        output.say(f"Written to {file}")
        return
    mail = read_mail(path)
    body = _read_text(mail)
    if as_json:
        output.write_json({**_describe(path, mail), "text": body})
        return
    output.write_facts(
        [(name.capitalize(), value) for name, value in _describe(path, mail).items()]
    )
    output.write()
    output.write(body)


def _write_list(paths: list[Path], *, as_json: bool, output: Output) -> None:
    told = [_describe(path, read_mail(path)) for path in paths]
    if as_json:
        output.write_json(told)
        return
    for number, one in enumerate(told, start=1):
        output.write_line([str(number), one["at"], one["to"], one["subject"]])
    if not told:
        output.say(
            "The local stack has mailed nothing yet. `seashore local up -p ReportFrom=… -p "
            "ReportTo=…` says from and to whom, `seashore report --send` has one sent."
        )


def _describe(path: Path, mail: EmailMessage) -> dict[str, str]:
    return {
        "at": path.stem,
        "from": str(mail.get("From", "")),
        "to": str(mail.get(RECIPIENTS_HEADER) or mail.get("To", "")),
        "subject": str(mail.get("Subject", "")),
        "file": str(path),
    }


def _read_text(mail: EmailMessage) -> str:
    """What a mail says as plain text; one without says where its HTML is."""
    part = mail.get_body(preferencelist=("plain",))
    return part.get_content() if part is not None else "It has no plain text: write it with -o."
