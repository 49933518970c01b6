"""Mails of many parts and of long headers, which Python's parser would take minutes for."""

import time

import pytest

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.readers.mail.mail_bounds import (
    MAX_HEADER_BYTES,
    MAX_PART_HEADER_BYTES,
    MAX_PART_HEADERS_BYTES,
    MAX_PARTS,
)
from pipeline.formats.readers.mail.mails import open_mail
from shared.errors import RejectedDocumentError, RejectionCode

_HEADERS = "From: Ada <ada@example.org>\nSubject: Tides\nMIME-Version: 1.0\n"


def make_mail(part, count):
    parts = f"--B\n{part}\n" * count
    return f"{_HEADERS}Content-Type: multipart/mixed; boundary=B\n\n{parts}--B--\n".encode()


def test_a_mail_of_as_many_parts_as_are_taken_is_read(read):
    assert len(read(make_mail("\nhello", MAX_PARTS)).texts) == MAX_PARTS


@pytest.mark.parametrize(
    ("mail", "reason"),
    [
        (make_mail("\nhello", MAX_PARTS + 1), "more than 1000 parts"),
        (make_mail("Content-Type: message/rfc822\n\nFrom: a\n\nb", MAX_PARTS), "1000 parts"),
        (make_mail(f"Content-Type: text/plain; a={'b' * MAX_PART_HEADER_BYTES}\n\nx", 1), "parts"),
        (
            make_mail(f"Content-ID: {'b' * 1_000}\n\nx", MAX_PART_HEADERS_BYTES // 1_000 + 1),
            "parts",
        ),
        (f"{_HEADERS}X-A: {'b' * MAX_HEADER_BYTES}b\n\nx".encode(), "1 MiB"),
    ],
    ids=["parts", "attached mails", "a long header", "many headers", "a header of a megabyte"],
)
def test_a_mail_of_too_many_parts_or_too_long_headers_is_refused(read, mail, reason):
    with pytest.raises(RejectedDocumentError) as refusal:
        read(mail)
    assert refusal.value.code is RejectionCode.OVER_LIMITS
    assert reason in refusal.value.sentence


@pytest.mark.parametrize(
    "mail",
    [
        make_mail("Content-Type: text/plain\n\nhello", 20_000),
        f"{_HEADERS}Content-Type: text/plain{'; a=b' * 40_000}\n\nhello".encode(),
    ],
    ids=["parts", "parameters"],
)
def test_what_a_mail_has_too_much_of_is_counted_at_once(tmp_path, mail):
    path = tmp_path / "mail.eml"
    path.write_bytes(mail)
    started = time.process_time()
    with pytest.raises(UnreadableDocumentError):
        open_mail(path)
    assert time.process_time() - started < 2.5


def test_a_mail_to_thousands_is_read_at_once(tmp_path):
    path = tmp_path / "mail.eml"
    names = ",\n ".join(
        f"=?utf-8?q?Bj=C3=B6rn?= =?utf-8?q?_{n}?= <b@example.org>" for n in range(9000)
    )
    path.write_text(f"To: {names}\n{_HEADERS}\nhello\n")
    started = time.process_time()
    text = open_mail(path).read_page(1).text
    assert time.process_time() - started < 2.5
    shown = ", ".join(f"Bj\u00f6rn {n} <b@example.org>" for n in range(9000))
    assert f"\nTo: {shown}\n" in text


def test_an_attached_mail_keeps_its_headers_as_they_are(tmp_path):
    path = tmp_path / "mail.eml"
    inner = f"From: a@example.org\nX-Long: {'word ' * 40}end\n\nhello"
    path.write_bytes(make_mail(f"Content-Type: message/rfc822\n\n{inner}", 1))
    (file,) = open_mail(path).find_files()
    assert file.data.decode() == inner
