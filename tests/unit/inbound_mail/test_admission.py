"""Which mails become documents, and which are refused with which code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.inbound_mail.admission import InboundMail, check_mail, judge_mail
from pipeline.inbound_mail.mail_headers import MOST_HEADER_BYTES, read_address
from shared.errors import RejectedDocumentError, RejectionCode
from tests.fakes.received_mails import ADDRESS, receive, write_mail

INBOUND = InboundMail(
    address=ADDRESS,
    senders=["ada@example.com", "Example.org", "@example.net"],
    own_addresses=["reports@example.org"],
)
PROVEN_ORG = {
    "envelope": "bo@example.org",
    "dkim": "dkim=pass header.i=@example.org",
    "dmarc": "pass header.from=example.org",
}
FORGED = {"envelope": "x@evil.test", "dkim": "dkim=pass header.i=@evil.test"}
FORGED_DMARC = {**FORGED, "dmarc": "fail header.from=example.com"}


def judge(mail, inbound=INBOUND, **found):
    refusal = judge_mail(receive(mail, **found), inbound)
    return None if refusal is None else refusal[0]


def test_a_listed_sender_who_is_proven_is_taken():
    assert judge(write_mail()) is None
    assert judge(write_mail('"Ada, of (Herons)" <ADA@Example.com>')) is None
    # A whole domain.
    assert judge(write_mail("bo@example.org"), **PROVEN_ORG) is None
    net = {name: value.replace("org", "net") for name, value in PROVEN_ORG.items()}
    assert judge(write_mail("bo@example.net"), **net) is None


def test_a_spoofed_sender_is_refused():
    not_proven = RejectionCode.SENDER_NOT_PROVEN
    assert judge(write_mail(), **FORGED_DMARC) is not_proven
    assert judge(write_mail(), **FORGED, dmarc="temperror header.from=example.com") is not_proven
    # A good signature and envelope of another domain prove nothing, where there is no DMARC.
    for none in ("", "none header.from=example.com"):
        assert judge(write_mail(), **FORGED, dmarc=none) is not_proven
    # DMARC of another domain, as where two programs read one header differently.
    assert judge(write_mail(), **FORGED, dmarc="pass header.from=evil.test") is not_proven
    # Owners of a domain below do not speak for the one above, nor for one that ends alike.
    for signer in ("evil.example.com", "notexample.com", "com", "unknown"):
        found = {"dkim": f"dkim=pass header.i=@{signer}", "envelope": "x@evil.test"}
        assert judge(write_mail(), **found, dmarc="") is not_proven, signer
    nothing = {"spf": "none", "dkim": "dkim=none header.i=unknown", "dmarc": ""}
    assert judge(write_mail(), **nothing) is not_proven
    assert judge(write_mail(), **{**nothing, "dkim": "dkim=fail header.i=@example.com"}) is (
        not_proven
    )


def test_without_dmarc_a_signature_or_the_envelope_of_the_domain_is_proof():
    signed = {"spf": "fail", "dkim": "dkim=pass header.i=@amazonses.com|dkim=pass header.i=@%s"}
    for signer in ("example.com", "mail.example.com", "EXAMPLE.com"):
        found = {**signed, "dkim": signed["dkim"] % signer, "dmarc": "none header.from=example.com"}
        assert (judge(write_mail(), **found) is None) == (signer.lower() == "example.com")
    assert judge(write_mail(), dkim="", dmarc="", envelope="ada@example.com") is None
    # Where senders keep the address that they answer to within the envelope's.
    bounces = "bounces+1-ada=other.test@example.com"
    assert judge(write_mail(), dkim="", dmarc="", envelope=bounces) is None
    assert judge(write_mail(), dkim="", dmarc="", spf="softfail") is RejectionCode.SENDER_NOT_PROVEN
    below = InboundMail(ADDRESS, ["ada@sub.example.com"])
    mail = write_mail("ada@sub.example.com")
    assert judge(mail, below, dmarc="", envelope="x@evil.test") is None


def test_copies_of_the_servers_words_by_the_sender_count_for_nothing():
    forged = b"Authentication-Results: amazonses.com; dmarc=pass header.from=example.com;\r\n"
    code = RejectionCode.SENDER_NOT_PROVEN
    # Below SES's own.
    assert judge(forged + write_mail(), **FORGED_DMARC) is code
    # SES has written none, or not the end of its own; or there are no headers of SES at all.
    received = receive(write_mail(), **FORGED_DMARC)
    start, end = received.split(b"Authentication-Results: amazonses.com;")
    rest = end[end.index(b"X-SES-RECEIPT") :]
    without = start + rest.replace(b"\r\nFrom:", b"\r\n" + forged + b"X-SES-RECEIPT: A\r\nFrom:")
    assert judge_mail(without, INBOUND)[0] is code
    assert judge_mail(forged + write_mail(), INBOUND)[0] is code
    twice = start + forged + b"Authentication-Results: amazonses.com;" + end
    assert judge_mail(twice, INBOUND)[0] is code
    # Another server's.
    assert judge_mail(received.replace(b"amazonses.com;", b"evil.test;", 1), INBOUND)[0] is code


@pytest.mark.parametrize(
    "words",
    [
        "x; dmarc=pass header.from=example.com",
        "x; dkim=pass header.i=@example.com; y z",
        "x; dkim=pass header.i=@example.com",
        "x; spf=pass envelope-from=ada@example.com",
        'x"; dmarc=pass',
        "x (; dmarc=pass",
        "x; arc=pass",
    ],
)
def test_names_that_a_sender_chooses_add_no_result(words):
    for name in ("helo", "envelope"):
        for dmarc in ("fail header.from=example.com", "none header.from=example.com", ""):
            found = {**FORGED, "dmarc": dmarc, name: words}
            assert judge(write_mail(), **found) is RejectionCode.SENDER_NOT_PROVEN


def test_what_ses_may_write_besides_one_day_changes_nothing():
    dkim = "dkim=pass header.i=@example.com header.s=k1|arc=none"
    assert judge(write_mail(), dkim=dkim) is None
    assert judge(write_mail(), dkim=dkim, dmarc="") is None
    other = "dkim=pass header.i=@evil.test header.b=@example.com"
    found = {**FORGED, "dkim": other, "dmarc": ""}
    assert judge(write_mail(), **found) is RejectionCode.SENDER_NOT_PROVEN


def test_others_are_refused_whoever_they_are():
    found = {"envelope": "eve@evil.test", "dkim": "dkim=pass header.i=@evil.test"}
    found["dmarc"] = "pass header.from=evil.test"
    assert judge(write_mail("eve@evil.test"), **found) is RejectionCode.SENDER_NOT_LISTED
    # Only one address of a domain is on the list.
    assert judge(write_mail("eve@example.com")) is RejectionCode.SENDER_NOT_LISTED
    assert judge(write_mail("x@sub.example.org"), **PROVEN_ORG) is RejectionCode.SENDER_NOT_LISTED


@pytest.mark.parametrize(
    "sender",
    [
        "ada@example.com, eve@evil.test",
        "ada@example.com <eve@evil.test>, x@y.test",
        "Ada",
        "<ada@example.com> eve@evil.test",
        "friends: ada@example.com;",
        "ada@example.com" + " " * 2000 + "x",
    ],
)
def test_one_sender_is_named(sender):
    mail = write_mail().replace(b"Ada <ada@example.com>", sender.encode())
    assert judge(mail) is RejectionCode.SENDER_NOT_PROVEN
    assert judge(b"From: eve@evil.test\r\n" + write_mail()) is RejectionCode.SENDER_NOT_PROVEN


def test_a_loop_is_ended():
    loop = RejectionCode.MAIL_LOOP
    # The stack's own report, and a mail from the address itself: listed and proven.
    assert judge(write_mail("reports@example.org"), **PROVEN_ORG) is loop
    assert judge(write_mail(ADDRESS), dmarc="pass header.from=in.example.com") is loop
    assert judge(write_mail(Auto_Submitted="auto-replied; owner=x")) is loop
    assert judge(write_mail(Auto_Submitted="auto-replied (vacation)")) is loop
    assert judge(write_mail(Auto_Submitted="(on leave) auto-replied")) is loop
    assert judge(write_mail(Delivered_To=f"<{ADDRESS}>")) is loop
    assert judge(b"Received: from a by b\r\n" * 101 + write_mail()) is loop
    assert judge(write_mail(), envelope="").value == "mail_loop"
    assert judge(write_mail(Delivered_To="someone@example.com")) is None


def test_programs_may_send_from_an_address_that_is_listed_itself():
    for name, value in (
        ("Auto_Submitted", "auto-generated"),
        ("Precedence", "bulk"),
        ("List_Unsubscribe", "<https://example.org/leave>"),
        ("List_Id", "<herons.example.org>"),
    ):
        assert judge(write_mail(**{name: value})) is None
        by_domain = write_mail("bo@example.org", **{name: value})
        assert judge(by_domain, **PROVEN_ORG) is RejectionCode.MAIL_LOOP
    for value in ("no", "no (by hand)"):
        assert judge(write_mail("bo@example.org", Auto_Submitted=value), **PROVEN_ORG) is None


def test_a_virus_is_refused():
    assert judge(write_mail(), virus="FAIL") is RejectionCode.VIRUS_FOUND
    assert judge(write_mail(), virus="GRAY") is None


def test_what_is_no_mail_is_refused_in_words(tmp_path):
    for content in (b"", b"%PDF-1.7\n", b"From: ada@example.com", b" x\n\n", b"\0" * 100):
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(RejectedDocumentError) as refusal:
            check_mail(tmp_path / "file", INBOUND)
        assert refusal.value.code is RejectionCode.SENDER_NOT_PROVEN
    endless = receive(b"X: y\r\n" * 100_000)
    assert judge_mail(endless[:MOST_HEADER_BYTES], INBOUND)[0] is RejectionCode.SENDER_NOT_PROVEN


@given(st.binary(max_size=300), st.integers(0, 2000))
def test_whatever_a_stranger_writes_is_not_taken(noise, place):
    """Nothing that stands below SES's headers makes a forged mail one of Ada's."""
    mail = write_mail()
    changed = mail[:place] + noise + mail[place:]
    assert judge(changed, **FORGED_DMARC) is not None


def test_addresses_are_read_in_time_that_grows_with_their_length():
    assert read_address('"\\"' * 100_000) is None
    assert read_address("(" * 1999) is None
    assert read_address(("a" * 64 + "@") * 30) is None
