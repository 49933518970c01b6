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
            make_mail(f"Content-Type: a/{'b' * 1_000}\n\nx", MAX_PART_HEADERS_BYTES // 1_000 + 1),
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


def make_parameters(count, number):
    return "".join(f"; a{one}={number}" for one in range(count))


def continue_name(number):
    """A name in as many pieces as the bound lets it have (RFC 2231, 3)."""
    return "".join(f"; filename*{one}*=%41{number % 10}" for one in range(182))


@pytest.mark.parametrize(
    "parts",
    [
        [f"Content-Type: text/plain{make_parameters(110, n)}" for n in range(460)],
        [f"Content-Disposition: attachment{continue_name(n)}; z={n}" for n in range(125)],
        [f"Content-Type: text/plain{make_parameters(58, n)}" for n in range(MAX_PARTS)],
        [f"Content-Transfer-Encoding: 8bit {'a ' * 1_900}{n}" for n in range(125)],
        [f"Content-Description: {'(' * 4_000}{n}" for n in range(125)],
    ],
    ids=["parameters", "pieces of a name", "parts", "words", "a description"],
)
def test_headers_of_parts_that_are_just_taken_are_parsed_in_little_time(read, tmp_path, parts):
    path = tmp_path / "mail.eml"
    divided = "".join(f"--B\n{part}\n\nx\n" for part in parts)
    path.write_text(f"{_HEADERS}Content-Type: multipart/mixed; boundary=B\n\n{divided}--B--\n")
    started = time.process_time()
    open_mail(path)
    assert time.process_time() - started < 5
    # And in the memory that a reader has.
    assert read(path.read_bytes()).unit == "part"


def test_encodings_that_there_are_none_of_are_not_looked_for_forever(tmp_path):
    path = tmp_path / "mail.eml"
    words = "".join(f"=?{number:x}?q?b?=" for number in range(80_000))
    path.write_text(f"To: {words} =?utf-8?q?a?=\n{_HEADERS}\nhello\n")
    started = time.process_time()
    open_mail(path)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("name", ["Location", "Description", "Base", "Language", "ID"])
def test_what_tells_no_reader_how_to_read_a_part_may_be_long(read, name):
    long = "b" * (MAX_PART_HEADER_BYTES + 1)
    assert read(make_mail(f"Content-{name}: {long}\n\nx", 200)).texts[1] == "x"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_an_attached_mail_keeps_its_headers_as_they_are(tmp_path, line_end):
    path = tmp_path / "mail.eml"
    inner = (
        f"From: Bj\u00f6rn <a@example.org>\nX-Long: {'word ' * 40}end\n"
        "Subject:no space,  two  spaces\n\tand a\x0btab =?utf-8?q?=C3=A9?=\n"
        "Content-Type: text/plain; name=gr\u00fcn.txt\n\nhello"
    )
    mail = make_mail(f"Content-Type: message/rfc822\n\n{inner}", 1).decode()
    path.write_bytes(mail.replace("\n", line_end).encode())
    (file,) = open_mail(path).find_files()
    assert file.data.decode().replace("\r\n", "\n") == inner
