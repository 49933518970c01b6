"""Mails sent to the running stack over SMTP: read with what is attached, or refused with a code."""

import smtplib
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.cli.chat.api_client import open_api
from infra.local.inbound_mail import InboundMailbox
from infra.local.mail_catcher import MailKeeper, MailServer
from infra.local.ports import HOST, choose_free_port
from infra.local.record import LocalFolder
from shared.ledger.children import CHILDREN_PREFIX
from shared.messages.uploads import MAIL_PREFIX
from tests.fakes.pdf.pdf_files import make_text_pdf
from tests.fakes.received_mails import write_mail
from tests.fakes.waiting import wait_for
from tests.local_stack.stack_fixtures import MAIL_ADDRESS, REPORT_SENDER

SENDER, FORGER = "ada@example.com", "eve@evil.test"
AT_ONCE = 6


@pytest.fixture
def send(local_stack, local_stack_root, tmp_path):
    """Sends mails to the stack by a mail catcher such as the local stack has."""
    port = choose_free_port()
    keeper = MailKeeper(tmp_path, InboundMailbox(LocalFolder(local_stack_root.resolve())))
    controller = MailServer(keeper, hostname=HOST, port=port)
    controller.start()

    def send(mail, envelope):
        with smtplib.SMTP(HOST, port, timeout=60) as client:
            client.sendmail(envelope, [MAIL_ADDRESS], mail)

    yield send
    controller.stop()


def test_mails_that_come_at_once_are_read_or_refused(local_stack, send):
    api = open_api(local_stack, {})
    letter = make_text_pdf("The ferry leaves at noon.")
    mails = [
        (write_mail(f"Ada <{SENDER}>", attached={"letter.pdf": letter}), SENDER),
        (write_mail(f"Ada <{SENDER}>", subject="Forged"), FORGER),
        # The stack's own report, sent back to it.
        (write_mail(REPORT_SENDER, subject="Daily report"), REPORT_SENDER),
        *((write_mail(SENDER, subject=f"Mail {n}"), SENDER) for n in range(AT_ONCE)),
    ]
    with ThreadPoolExecutor(len(mails)) as pool:
        list(pool.map(send, *zip(*mails, strict=True)))

    def find_settled(prefix, count):
        found = api.send("GET", f"/documents?prefix={prefix}&limit=100")["documents"]
        settled = [one for one in found if one["status"] in ("DONE", "REJECTED")]
        return settled if len(settled) == count else None

    documents = wait_for(lambda: find_settled(MAIL_PREFIX, len(mails)), 300)
    refused = {one["reason_code"]: one for one in documents if one["status"] == "REJECTED"}
    assert sorted(refused) == ["mail_loop", "sender_not_proven"]
    assert not any(one["embedded_files"] for one in refused.values())
    assert {one["unit"] for one in documents if one["status"] == "DONE"} == {"part"}
    [parent] = [one["document_id"] for one in documents if one["embedded_files"]]
    [child] = wait_for(lambda: find_settled(f"{CHILDREN_PREFIX}{parent}/", 1), 300)
    assert (child["status"], child["unit"], child["parent"]) == ("DONE", "page", parent)
