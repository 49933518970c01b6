"""Mails as many programs write them: pictures, signatures, flowed lines, headers of a country."""

import base64
import binascii
import quopri
import time

import pytest

from pipeline.formats.readers.mail.mails import open_mail

_HEADERS = "From: Ada <ada@example.org>\nSubject: Tides\nMIME-Version: 1.0\n"
_PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


def make_mail(*parts, kind="mixed", headers=_HEADERS):
    """A mail of parts: (type, further headers, content)."""
    divided = "".join(f"--B\nContent-Type: {one}\n{more}\n{text}\n" for one, more, text in parts)
    return f"{headers}Content-Type: multipart/{kind}; boundary=B\n\n{divided}--B--\n".encode()


def make_picture(more):
    return ("image/png; name=scan.png", f"Content-Transfer-Encoding: base64\n{more}", _PNG)


@pytest.mark.parametrize(
    ("more", "is_shown"),
    [
        # As Gmail attaches each file, and a phone a photograph.
        ("Content-Disposition: attachment; filename=scan.png\nContent-ID: <f_1>\n", False),
        ("Content-Disposition: inline; filename=scan.png\n", False),
        ("Content-Disposition: inline; filename=scan.png\nContent-ID: <logo@x>\n", True),
        ("Content-Disposition: attachment; filename=scan.png\nContent-ID: <logo@x>\n", True),
    ],
)
def test_a_picture_is_attached_unless_the_page_refers_to_it(read, more, is_shown):
    page = ("text/html", "", '<p>See.</p><img src="cid:logo@x">')
    document = read(make_mail(page, make_picture(more)))
    assert [name for name, _ in document.files] == ([] if is_shown else ["scan.png"])


@pytest.mark.parametrize("kind", ["pkcs7-signature", "x-pkcs7-signature", "pgp-signature"])
def test_a_signature_is_no_attachment(read, kind):
    signature = (f"application/{kind}; name=s", "Content-Disposition: attachment\n", "MIAG")
    document = read(make_mail(("text/plain", "", "Signed."), signature, kind="signed"))
    assert document.texts[0].endswith("Signed.")
    assert document.files == []


def test_an_encrypted_mail_says_so(read):
    more = "Content-Disposition: attachment; filename=smime.p7m\n"
    document = read(make_mail(("application/pkcs7-mime; smime-type=enveloped-data", more, "MIAG")))
    ((name, reason),) = document.files
    assert (name, "encrypted" in reason) == ("smime.p7m", True)


def test_what_a_server_says_of_a_mail_is_read(read):
    said = "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; bo@example.org\nStatus: 5.1.1\n"
    texts = read(make_mail(("message/delivery-status", "", said), kind="report")).texts
    assert texts[-1].split() == said.split()


@pytest.mark.parametrize(
    ("lines", "shown", "more"),
    [
        ("One \nparagraph.\n\nTwo.", "One paragraph.\n\nTwo.", ""),
        ("left open \n\nTwo.", "left open\n\nTwo.", ""),
        ("> a \n> b\n>> c \nd", "> a b\n>> c\nd", ""),
        (" From here\nto there", "From here\nto there", ""),
        ("Yours \n-- \nAda", "Yours\n--\nAda", ""),
        ("long/ad \ndress and  \nmore", "long/address and more", "; delsp=yes"),
    ],
)
def test_paragraphs_whose_lines_flow_are_in_one_line(read, lines, shown, more):
    mail = f"{_HEADERS}Content-Type: text/plain; format=flowed{more}\n\n{lines}\n"
    assert read(mail.encode()).texts[0].split("\n\n", 1)[1] == shown


def test_letters_that_a_header_has_as_they_are_are_read(read):
    for encoding in ("cp1252", "utf-8"):
        mail = "From: Bj\u00f6rn <b@example.org>\nSubject: Gr\u00fc\u00dfe\n f\u00fcr dich\n\nbody"
        text = read(mail.encode(encoding)).texts[0]
        assert (
            text
            == "From: Bj\u00f6rn <b@example.org>\nSubject: Gr\u00fc\u00dfe f\u00fcr dich\n\nbody"
        )


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        # By the grammar the address is the first, which is the name that a spoofer has chosen.
        ("boss@example.org <thief@example.com>", "boss@example.org <thief@example.com>"),
        ("daemon@example.org (Mail System)", "daemon@example.org (Mail System)"),
        ("<Postmaster\\@example.com@example.org>", "<Postmaster\\@example.com@example.org>"),
        ('"=?utf-8?q?Bj=C3=B6rn?=" <b@example.org>', '"Bj\u00f6rn" <b@example.org>'),
        (
            "=?gb2312?B?1cXPyMn6?=\n =?utf-8?q?_x?= <b@example.org>",
            "\u5f20\u5148\u751f x <b@example.org>",
        ),
        ("=?utf-8?q?a=0ASubject:_no?= <b@example.org>", "a Subject: no <b@example.org>"),
        ("=?utf-8?b?abcde?= =?none?q?a?= <b@example.org>", "=?utf-8?b?abcde?=a <b@example.org>"),
        ("=?utf-8?Q?Bj=C3=B6rn at sea?= <b@example.org>", "Bj\u00f6rn at sea <b@example.org>"),
        ("=?utf-8?Q?At sea? Yes!?=<b@example.org>", "At sea? Yes!<b@example.org>"),
        ("x=?utf-8?Q?=C3=B6?=y =?utf-8*en?q?=C3=B6?=", "x\u00f6y \u00f6"),
        # A letter that is divided between two words.
        ("=?utf-8?Q?Bj=C3?= =?UTF-8?q?=B6rn?= <b@example.org>", "Bj\u00f6rn <b@example.org>"),
        ("=?utf-8?B?QmrD?=\n =?utf-8?B?tnJu?= <b@example.org>", "Bj\u00f6rn <b@example.org>"),
        ("=?gb2312?B?1cU=?==?gb2312?B?z8jJ+g==?= <b@x.org>", "\u5f20\u5148\u751f <b@x.org>"),
        # Signs that are none of base64, a line end among them, and no `=` at its end.
        ("=?utf-8?B?Q mrD-\n tnJ_uIQ?= <b@example.org>", "Bj\u00f6rn! <b@example.org>"),
        ("=?utf-8?B?QmrDtg==cm4=?= <b@example.org>", "Bj\u00f6rn <b@example.org>"),
        ("Gr\u00fcn =?utf-8?q?=C3=B6?= =?no", "Gr\u00fcn \u00f6 =?no"),
    ],
)
def test_a_sender_is_shown_whole(read, raw, shown):
    assert (
        read(f"From: {raw}\nSubject: x\n\nhello".encode()).texts[0].startswith(f"From: {shown}\n")
    )


def test_a_text_that_is_utf_8_and_is_called_otherwise_is_read(read):
    said = "\u4f60\u597d\uff01\u6211\u516c\u53f8\u5f00\u5404\u5730"
    part = ("text/plain; charset=gb2312", "Content-Transfer-Encoding: 8bit\n", said)
    assert read(make_mail(part)).texts[0].endswith(f"\n{said}")


@pytest.mark.parametrize("more", ["", "Content-Disposition: inline\n"])
def test_a_file_without_a_name_is_attached(read, more):
    picture = ("image/png", f"Content-Transfer-Encoding: base64\n{more}", _PNG)
    document = read(make_mail(("text/plain", "", "See."), picture))
    assert [name for name, _ in document.files] == ["a file without a name"]


def test_a_mail_encrypted_by_pgp_says_so(read):
    locked = ("application/octet-stream; name=a.asc", "", "-----BEGIN PGP MESSAGE-----")
    version = ("application/pgp-encrypted", "", "Version: 1")
    ((name, reason),) = read(make_mail(version, locked, kind="encrypted")).files
    assert (name, "encrypted" in reason) == ("a.asc", True)


@pytest.mark.parametrize("kind", ["mixed", "encrypted"])
def test_what_is_encrypted_within_another_mail_says_so(read, kind):
    """As a list or a server of mails puts its own words beside it."""
    version = "--C\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n"
    locked = "--C\nContent-Type: application/octet-stream; name=a.asc\n\n-----BEGIN PGP\n--C--"
    inner = (f"multipart/{kind}; boundary=C", "", version + locked)
    free = ("application/octet-stream; name=b.bin", "", "words")
    files = dict(read(make_mail(("text/plain", "", "See."), inner, free)).files)
    assert list(files) == ["a.asc", "b.bin"]
    assert "encrypted" in files["a.asc"]
    assert files["b.bin"] is None


def test_a_mail_of_nothing_but_a_message_of_pgp_says_so(read):
    mail = f"{_HEADERS}Content-Type: application/pgp-encrypted\n\n-----BEGIN PGP MESSAGE-----\n"
    for one in (mail.encode(), make_mail(("application/pgp-encrypted", "", "-----BEGIN PGP"))):
        ((_, reason),) = read(one).files
        assert "encrypted" in reason


@pytest.mark.parametrize(
    ("packing", "pack"),
    [
        ("base64", base64.encodebytes),
        ("Quoted-Printable", quopri.encodestring),
        # Only says that it is packed.
        ("base64", bytes),
        ("8bit", bytes),
    ],
)
def test_an_attached_mail_that_is_packed_is_read(tmp_path, packing, pack):
    inner = "From: Bj\u00f6rn <b@example.org>\nSubject: Tide\n\na = b\u00f6".encode()
    more = f"Content-Transfer-Encoding: {packing}\n"
    path = tmp_path / "mail.eml"
    part = ("message/rfc822", more, pack(inner).decode())
    path.write_bytes(make_mail(("text/plain", "", "See."), part))
    (file,) = open_mail(path).find_files()
    assert file.data.strip() == inner
    assert file.name.endswith(".eml")


@pytest.mark.parametrize("said", ["base64 (by a program)", "base64;", " Base64"])
def test_how_a_part_is_packed_is_told_by_its_first_word(read, said):
    more = f"Content-Transfer-Encoding: {said}\n"
    part = ("text/plain", more, base64.b64encode(b"high water").decode())
    assert read(make_mail(part)).texts[0].endswith("\nhigh water")


@pytest.mark.parametrize(
    "name",
    [
        "Gr\u00fc\u00dfe an alle.txt",
        '"Gr\u00fc\u00dfe an alle.txt"',
        "=?utf-8?Q?Gr=C3=BC=C3=9Fe_an_alle.txt?=",
        '"=?utf-8?Q?Gr=C3=BC=C3=9Fe an alle.txt?="',
        '"=?utf-8?B?R3LD?=\n =?utf-8?B?vMOfZSBhbiBhbGxlLnR4dA==?="',
    ],
)
def test_a_name_of_a_file_is_read_as_programs_write_it(read, name):
    more = f"Content-Disposition: attachment; filename={name}\n"
    ((shown, _),) = read(make_mail(("text/plain", more, "x"))).files
    assert shown == ("Gr\u00fc\u00dfe" if name[0] == "G" else "Gr\u00fc\u00dfe an alle.txt")


def test_what_a_server_says_in_letters_of_its_country_is_read(read):
    said = "Final-Recipient: rfc822; bo@example.org\nX-Reason: Postfach \u00fcberf\u00fcllt\n"
    texts = read(make_mail(("message/delivery-status", "", said), kind="report")).texts
    assert texts[-1] == said.strip()


def test_a_paragraph_of_many_flowed_lines_is_put_together_once(tmp_path):
    path = tmp_path / "mail.eml"
    head = f"{_HEADERS}Content-Type: text/plain; format=flowed\n\n"
    path.write_text(head + "a \n" * 400_000)
    started = time.process_time()
    text = open_mail(path).read_page(1).text
    assert time.process_time() - started < 2.5
    assert text.endswith("\n\n" + "a " * 400_000 + "\n")


def make_forms(text, *others):
    """A mail with a body in several forms: (kind, content) each."""
    parts = [("plain", text), *others]
    return make_mail(*((f"text/{kind}", "", one) for kind, one in parts), kind="alternative")


def test_a_page_is_read_where_the_plain_text_says_less(read):
    """Some programs write there that mails of theirs are pages."""
    told = "Your program does not show pages."
    page = "<p>The fee is <b>1,234.50 EUR</b>, due in March.</p>"
    texts = read(make_forms(told, ("html", page))).texts
    assert texts[0].endswith("The fee is 1,234.50 EUR, due in March.")
    assert texts[1:] == [told]


@pytest.mark.parametrize(
    ("text", "page", "reads_page"),
    [
        ("The fee is 12 EUR: https://example.org/9", "<p>The fee is 12 EUR: <a>see</a></p>", False),
        ("The fee is 12 EUR.", "<p>The fee is 12 EUR.</p><p>Unsubscribe</p>", False),
        # One figure is enough.
        ("The fee is due.", "<p>The fee of 12 is due.</p>", True),
        ("The fee is 12 EUR.", "<p>The fee is 12.50 EUR.</p>", True),
        ("Hello.", "<p>Hello, the boat does not go in winter.</p>", True),
    ],
)
def test_of_two_forms_the_plain_text_is_read_unless_it_lacks_something(
    read, text, page, reads_page
):
    (shown,) = read(make_forms(text, ("html", page))).texts
    assert shown.endswith(text) is not reads_page


def test_a_figure_that_only_the_plain_text_has_is_read(read):
    page = "<p>The fee is 1,250.00 EUR, due in March, by <b>card</b>, with 5 % off.</p>"
    text = "The fee is 1,350.00 EUR, due in March, by card"
    shown, other = read(make_forms(text, ("html", page))).texts
    assert "1,250.00 EUR" in shown
    assert other == text
    # Written otherwise, or the number of a link.
    text = "The fee is 1250,00 EUR[1], due in March, by card"
    page = page.replace("1,250.00", "1250<sup>00</sup>")
    assert len(read(make_forms(text, ("html", page))).texts) == 1


def test_forms_for_some_programs_only_are_not_read(read):
    page = "<p>The fee is 12.</p>"
    data = make_forms("The fee is 12.", ("x-amp-html", "<p>amp</p>"), ("html", page))
    assert len(read(data).texts) == 1


def test_all_pages_of_a_body_are_read(read):
    """Between them lies a file, as Apple's Mail puts it."""
    data = (
        b"From: a@b\nSubject: Fees\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/alternative; boundary=A\n\n--A\n\nSee below.\n--A\n"
        b"Content-Type: multipart/mixed; boundary=B\n\n"
        b"--B\nContent-Type: text/html\n\n<p>One: 17</p>\n"
        b"--B\nContent-Type: text/html\n\n<p>Two: 18</p>\n--B--\n--A--\n"
    )
    shown = "\n".join(read(data).texts)
    assert "One: 17" in shown
    assert "Two: 18" in shown


def test_a_text_that_is_encrypted_by_pgp_says_so(read):
    text = "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n"
    ((_, reason),) = read(make_forms(text)).files
    assert "encrypted" in reason
    told = 'Such a text begins with "-----BEGIN PGP MESSAGE-----".'
    assert read(make_forms(told)).files == []


def test_pictures_are_attached_where_the_page_shows_nothing_else(read):
    page = ("text/html", "", '<img src="cid:scan">')
    document = read(make_mail(page, make_picture("Content-ID: <scan>\n")))
    assert [name for name, _ in document.files] == ["scan.png"]


def test_lines_of_an_invitation_that_go_on_are_one(read):
    lines = "BEGIN:VCALENDAR\r\nDTSTART:20260304T0900\n 00\nEND:VCALENDAR"
    texts = read(make_forms("Meeting", ("calendar", lines))).texts
    assert "DTSTART:20260304T090000" in texts[1]


def test_a_mail_with_the_line_of_a_mailbox_is_a_mail(read):
    line = b"From ada@example.org Tue Mar  3 09:30:00 2026\n"
    mail = make_mail(("text/plain", "", "Low water.\n\nFrom 9 to 12."), make_picture(""))
    document = read(line + mail)
    assert document.texts == [
        "From: Ada <ada@example.org>\nSubject: Tides\n\nLow water.\n\nFrom 9 to 12."
    ]
    assert [name for name, _ in document.files] == ["scan.png"]


def test_a_mailbox_of_several_mails_is_a_text(read):
    mail = b"From ada@example.org Tue Mar  3 09:30:00 2026\n" + make_mail(
        ("text/plain", "", "Low.")
    )
    document = read(mail + b"\n" + mail)
    assert document.unit == "part"
    assert document.texts[0].count("Low.") == 2


def write_into_text(name, data):
    lines = [binascii.b2a_uu(data[at : at + 45]).decode() for at in range(0, len(data), 45)]
    return f"begin 644 {name}\n{''.join(lines)}`\nend\n"


def test_a_file_that_an_old_program_has_written_into_the_text_is_attached(read):
    written = write_into_text("fees.csv", b"boat,fee\nB14,112.15\n" * 9)
    document = read(make_mail(("text/plain", "", f"See the fees.\n\n{written}Ada")))
    assert document.texts[0].split()[-5:] == ["Tides", "See", "the", "fees.", "Ada"]
    assert document.files == [("fees.csv", None)]


@pytest.mark.parametrize(
    "text", ["begin 644 notes\nhere we go, and\nend", "begin 644 x\n#ab\n", "begin now\nend"]
)
def test_a_text_that_only_looks_like_a_file_stays(read, text):
    document = read(make_mail(("text/plain", "", text)))
    assert document.files == []
    assert " ".join(document.texts[0].split()).endswith(" ".join(text.split()))
