"""Mails to the local stack: put into its bucket as SES does, and by programs of mails alone."""

import smtplib
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.inbound_mail import InboundMailbox
from infra.local.mail_catcher import MailKeeper, MailServer, is_mail_program
from infra.local.mailbox import list_mails
from infra.local.parameters import keep_given_parameters
from infra.local.ports import choose_free_port
from infra.local.record import LocalFolder, LocalRecord, claim_folder, write_record
from pipeline.inbound_mail.admission import InboundMail, judge_mail
from shared.errors import RejectionCode
from shared.messages.uploads import MAIL_PREFIX
from tests.fakes.received_mails import ADDRESS, write_mail

INBOUND = InboundMail(ADDRESS, ["example.com"], ["reports@example.com"])
RECORD = LocalRecord(1, 2, "http://127.0.0.1:2", "eu-west-1", "x", "key", "secret", {"A": "b"})


class LocalMail:
    """A listener for mails, in front of a bucket that is a dictionary.

    Attributes:
        bucket: What was put, by key.
        folder: The files of the local stack.
    """

    def __init__(self, folder):
        self.folder, self.bucket = folder, {}
        self.port = choose_free_port()
        mailbox = InboundMailbox(folder, lambda record: self.bucket.__setitem__)
        keeper = MailKeeper(folder.mails, mailbox)
        self.server = MailServer(keeper, hostname="127.0.0.1", port=self.port)

    def send(self, mail, sender="ada@example.com", to=(ADDRESS,)):
        with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as client:
            client.sendmail(sender, list(to), mail)

    def say(self, content):
        """What the listener answers to some bytes before it ends the conversation."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as client:
            client.sendall(content)
            answer = b""
            try:
                while more := client.recv(4096):
                    answer += more
            except ConnectionError:
                pass
        return answer

    def judge(self):
        """What ingest says of the mails in the bucket."""
        refusals = [judge_mail(content, INBOUND) for content in self.bucket.values()]
        return [refusal and refusal[0] for refusal in refusals]


@pytest.fixture
def folder(tmp_path):
    folder = LocalFolder(tmp_path)
    folder.mails.mkdir(parents=True)
    keep_given_parameters(folder, {"InboundMail": ADDRESS, "InboundMailSenders": "example.com"})
    return folder


@pytest.fixture
def local(folder):
    local = LocalMail(folder)
    local.server.start()
    with claim_folder(folder):
        write_record(folder, RECORD)
        yield local
    local.server.stop()


def test_a_mail_to_the_stack_goes_into_its_bucket_and_no_other(local):
    local.send(write_mail())
    [key] = local.bucket
    assert key.startswith(MAIL_PREFIX)
    assert local.bucket[key].endswith(write_mail())
    assert local.judge() == [None]
    assert list_mails(local.folder) == []
    local.send(write_mail(), to=["b@x.test", ADDRESS.upper()])
    assert (len(local.bucket), len(list_mails(local.folder))) == (2, 1)
    keep_given_parameters(local.folder, {})
    local.send(write_mail())
    assert (len(local.bucket), len(list_mails(local.folder))) == (2, 2)


def test_a_spoofed_sender_is_refused_and_a_loop_ended(local):
    local.send(write_mail(), sender="eve@evil.test")
    local.send(write_mail("reports@example.com"), sender="reports@example.com")
    local.send(write_mail(), sender="")
    assert local.judge() == [
        RejectionCode.SENDER_NOT_PROVEN,
        RejectionCode.MAIL_LOOP,
        RejectionCode.MAIL_LOOP,
    ]


def test_a_hundred_mails_at_once_are_each_put_once(local):
    with ThreadPoolExecutor(20) as pool:
        mails = [write_mail(subject=f"Mail {number}") for number in range(100)]
        list(pool.map(local.send, mails))
    assert local.judge() == [None] * 100
    subjects = {content.partition(b"Subject: ")[2][:8] for content in local.bucket.values()}
    assert len(subjects) == 100


def test_a_mail_is_not_lost_while_the_stack_starts(folder):
    local = LocalMail(folder)
    local.server.start()
    try:
        with pytest.raises(smtplib.SMTPDataError) as refusal:
            local.send(write_mail())
        assert refusal.value.smtp_code == 451
    finally:
        local.server.stop()


def test_a_web_page_that_speaks_to_the_port_is_not_heard(local):
    body = (
        f"EHLO x\r\nMAIL FROM:<ada@example.com>\r\nRCPT TO:<{ADDRESS}>\r\nDATA\r\n"
        "From: ada@example.com\r\n\r\nHerons\r\n.\r\nQUIT\r\n"
    ).encode()
    for first in (b"POST / HTTP/1.1", b"GET / HTTP/1.1", b"EHLO / HTTP/1.1", b"\x16\x03\x01", b""):
        head = first + b"\r\nHost: 127.0.0.1\r\n\r\n"
        assert b"250" not in local.say(head + body)
        # Nor where its first line comes in pieces.
        assert b"250" not in local.say(head[:3] + b"x" * 600 + head + body)
    assert local.bucket == {}
    assert b"250 kept" in local.say(body)
    assert len(local.bucket) == 1


@given(st.binary(max_size=60))
def test_only_first_words_of_smtp_begin_a_conversation(line):
    words = (b"EHLO", b"HELO", b"NOOP", b"RSET", b"HELP", b"VRFY", b"EXPN", b"QUIT")
    assert is_mail_program(b"ehlo x\r\n" + line)
    assert not is_mail_program(b"GET " + line + b"\n")
    if line.strip()[:4].upper() not in words:
        assert not is_mail_program(line + b"\n")
