"""Mails that Outlook has saved, and files that it sends: bodies in rich text, mails in mails."""

import base64
import struct
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.formats.readers.mail.outlook_mails import open_outlook_mail
from pipeline.formats.readers.mail.outlook_parts import decompress_rich_text, pack_mail
from pipeline.formats.readers.mail.winmail import read_winmail
from pipeline.formats.units import InnerFile
from tests.fakes.office.compound_files import make_msg, make_rich_text, make_winmail

_RICH = r"{\rtf1\ansi\fromhtml1 {\*\htmltag64 <p>}Gr\'fc\'dfe, Ada{\*\htmltag72 </p>}}"
_WINMAIL = (
    "From: ada@example.org\nSubject: Tides\nMIME-Version: 1.0\n"
    "Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: text/plain\n\n{}\n--B\n"
    'Content-Type: application/ms-tnef; name="winmail.dat"\nContent-Transfer-Encoding: base64\n\n'
)


def wide(text):
    return text.encode("utf-16-le")


@pytest.mark.parametrize(
    ("packed", "text"),
    [
        # The examples of [MS-OXRTFCP], 4.1 and 4.2.
        (
            "2d000000 2b000000 4c5a4675 f1c5c7a7 03000a00 72637067 31323542 320af320"
            "68656c09 00206277 05b06c64 7d0a800f a0",
            rb"{\rtf1\ansi\ansicpg1252\pard hello world}" + b"\r\n",
        ),
        (
            "1a000000 1c000000 4c5a4675 e2d44b51 41000420 5758595a 0d6e7d01 0eb0",
            rb"{\rtf1 WXYZWXYZWXYZWXYZWXYZ}",
        ),
    ],
)
def test_compressed_rich_text_is_what_it_was(packed, text):
    assert decompress_rich_text(bytes.fromhex(packed)) == text


@given(st.binary(max_size=300))
def test_any_bytes_are_rich_text_or_refused(data):
    for start in (b"", struct.pack("<II4sI", 0, 0, b"LZFu", 0)):
        try:
            text = decompress_rich_text(start + data)
        except ValueError:
            continue
        assert len(text) <= 17 * len(data)


def test_a_body_that_is_there_in_rich_text_only_is_read(read):
    mail = make_msg("Tides", "", further=[("__substg1.0_10090102", make_rich_text(_RICH))])
    document = read(mail)
    assert document.texts == ["From: Ada\nSubject: Tides\n\nGr\u00fc\u00dfe, Ada"]
    assert document.files == []


def test_a_mail_within_a_mail_is_a_mail_with_what_is_attached_to_it(read, tmp_path):
    folder = "__attach_version1.0_#00000000/__substg1.0_3701000D"
    inner = [
        (f"{folder}/__properties_version1.0", bytes(24)),
        (f"{folder}/__substg1.0_0037001F", wide("Earlier")),
        (f"{folder}/__substg1.0_1000001F", wide("The pier was open.")),
        (f"{folder}/__attach_version1.0_#00000000/__substg1.0_3707001F", wide("a.txt")),
        (f"{folder}/__attach_version1.0_#00000000/__substg1.0_37010102", b"low water " * 500),
    ]
    mail = make_msg("Tides", "See below.", further=inner)
    document = read(mail)
    assert document.texts == ["From: Ada\nSubject: Tides\n\nSee below."]
    assert document.files == [("Earlier.eml", None)]
    (tmp_path / "mail.msg").write_bytes(mail)
    opened = open_outlook_mail(tmp_path / "mail.msg")
    (file,) = opened.find_files()
    inner_document = read(opened.read_file(file, 1, 1_000_000))
    assert inner_document.texts == ["Subject: Earlier\n\nThe pier was open."]
    assert inner_document.files == [("a.txt", None)]


def test_a_mail_without_headers_of_travel_has_the_time_when_it_was_sent(read):
    since = datetime(2026, 6, 13, 10, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)
    filetime = since // timedelta(microseconds=1) * 10
    entry = struct.pack("<HHIQ", 0x0040, 0x0039, 6, filetime)
    mail = make_msg("Tides", "body", further=[("__properties_version1.0", bytes(32) + entry)])
    assert "Date: Sat, 13 Jun 2026 10:00:00 +0000" in read(mail).texts[0].split("\n")


def test_a_picture_that_the_page_of_a_saved_mail_shows_is_no_attachment(read):
    further = [
        ("__substg1.0_10130102", b'<p>Hello</p><img src="cid:logo@x">'),
        ("__attach_version1.0_#00000000/__substg1.0_3712001F", wide("logo@x")),
        ("__attach_version1.0_#00000001/__substg1.0_3712001F", wide("other@x")),
    ]
    files = [("logo.png", b"\x89PNG\r\n\x1a\n"), ("scan.png", b"\x89PNG\r\n\x1a\n")]
    assert [name for name, _ in read(make_msg("Tides", "", files, further)).files] == ["scan.png"]


def pack_winmail(data, body="See the file."):
    return (_WINMAIL.format(body) + base64.encodebytes(data).decode() + "--B--\n").encode()


def test_what_outlook_sends_in_a_file_of_its_own_is_attached(read):
    files = [
        (b"A_LONG~1.TXT", b"low water", [(0x1F, 0x3707, wide("a long name.txt"))]),
        (b"short.txt", b"high water", []),
    ]
    document = read(pack_winmail(make_winmail([], files)))
    assert document.texts[0].endswith("\n\nSee the file.")
    assert document.files == [("a long name.txt", None), ("short.txt", None)]


def test_a_body_that_outlook_sends_in_a_file_of_its_own_is_read(read):
    properties = [
        (0x0003, 0x8001, bytes(4)),
        (0x101F, 0x8002, wide("ab")),
        (0x0040, 0x0039, bytes(8)),
        (0x0102, 0x1009, make_rich_text(_RICH)),
    ]
    document = read(pack_winmail(make_winmail([], properties=properties), body=" "))
    assert document.texts[1:] == ["Gr\u00fc\u00dfe, Ada"]
    assert document.files == []


def test_a_mail_in_a_file_of_outlook_is_a_mail():
    inner = make_winmail([(0x00018004, b"Earlier\0"), (0x0002800C, b"The pier was open.\0")])
    data = make_winmail([], [(b"Earlier", None, [(0x000D, 0x3701, bytes(16) + inner)])])
    (file,) = read_winmail(data).files
    assert file.name == "Earlier.eml"
    assert file.data.startswith(b"Subject: Earlier\n")
    assert b"The pier was open." in file.data


def test_a_mail_within_a_mail_has_what_is_attached_under_a_name_of_two_lines():
    mail = pack_mail({"Subject": "Tides"}, "See it.", [InnerFile("low\r\n water.txt", b"2 m")])
    assert b'filename="low water.txt"' in mail


def test_a_damaged_file_of_outlook_is_named_with_its_reason(read):
    whole = make_winmail([], [(b"a.txt", b"low water", [(0x1F, 0x3707, wide("a.txt"))])])
    ((name, reason),) = read(pack_winmail(whole[:-10])).files
    assert (name, "damaged" in reason) == ("winmail.dat", True)


def test_a_property_of_many_values_of_no_kind_is_damaged():
    """Each would say again that there are as many of them as the file is long."""
    nothing = struct.pack("<HHI", 0x1001, 0x10, 8_000)
    attribute = struct.pack("<I", 1_000) + nothing * 1_000
    (file,) = read_winmail(make_winmail([(0x00069003, attribute)])).files
    assert file.name == "winmail.dat" and "damaged" in (file.reason or "")


@given(st.data())
def test_no_file_of_outlook_ends_its_reader(data):
    whole = make_winmail(
        [(0x0002800C, b"text")],
        [(b"a.txt", b"low water", [(0x1F, 0x3707, wide("a.txt"))])],
        [(0x0102, 0x1009, make_rich_text(_RICH)), (0x1003, 0x1234, bytes(4))],
    )
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:place] + data.draw(st.binary(max_size=8)) + whole[place + 4 :]
    assert isinstance(read_winmail(changed).body, str)
