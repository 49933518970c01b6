"""The mail catcher: what SMTP brings is kept, listed and shown."""

import json
import smtplib
from email.message import EmailMessage

import pytest
from typer.testing import CliRunner

from infra.cli.app import app
from infra.cli.exit_codes import ExitCode
from infra.local.inbound_mail import InboundMailbox
from infra.local.mail_catcher import MailKeeper, MailServer
from infra.local.mailbox import RECIPIENTS_HEADER, list_mails, read_mail
from infra.local.ports import choose_free_port
from infra.local.record import LocalFolder


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = LocalFolder(tmp_path)
    folder.mails.mkdir(parents=True)
    monkeypatch.setattr("infra.cli.local.commands.find_state_folder", lambda: tmp_path)
    return folder


@pytest.fixture
def send(folder):
    port = choose_free_port()
    keeper = MailKeeper(folder.mails, InboundMailbox(folder))
    controller = MailServer(keeper, hostname="127.0.0.1", port=port)
    controller.start()

    def send(subject, text="Herons.\n.leading dot", html=None):
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "a@x.test", "b@x.test", subject
        mail.set_content(text)
        if html:
            mail.add_alternative(html, subtype="html")
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            client.send_message(mail, to_addrs=["hidden@x.test"])

    yield send
    controller.stop()


def seashore(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_mails_are_kept_as_they_came_the_newest_first(folder, send):
    for subject in ("First", "Second: ÄÖ"):
        send(subject)
    newest, oldest = list_mails(folder)
    mail = read_mail(newest)
    assert (mail["Subject"], mail[RECIPIENTS_HEADER]) == ("Second: ÄÖ", "hidden@x.test")
    assert read_mail(oldest)["Subject"] == "First"
    assert mail.get_body().get_content() == "Herons.\n.leading dot\n"
    assert newest.stat().st_mode & 0o077 == 0


def test_the_command_lists_shows_and_writes_them(folder, send, tmp_path):
    send("A report", html="<p>Herons</p>")
    listed = seashore("mail").stdout.split("\t")
    assert (listed[0], listed[2:]) == ("1", ["hidden@x.test", "A report\n"])
    shown = seashore("mail", 1).stdout
    assert "A report" in shown
    assert "Herons." in shown
    assert "<p>" not in shown
    told = json.loads(seashore("mail", 1, "--json").stdout)
    assert (told["from"], told["text"]) == ("a@x.test", "Herons.\n.leading dot\n")
    file = tmp_path / "mail.eml"
    seashore("mail", 1, "-o", file)
    assert b"<p>Herons</p>" in file.read_bytes()
    assert seashore("mail", 1, "-o", tmp_path).exit_code == ExitCode.USAGE


def test_what_is_not_there_is_said(folder):
    result = seashore("mail")
    assert (result.exit_code, "mailed nothing yet" in result.stderr) == (ExitCode.OK, True)
    assert seashore("mail", 1).exit_code == ExitCode.UNKNOWN_DOCUMENT
    assert seashore("mail", "-o", "x.eml").exit_code == ExitCode.USAGE
