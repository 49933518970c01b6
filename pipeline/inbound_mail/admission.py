"""Which mails become documents: from people on a list, proven to be from them, and in no loop.

A mail that is refused is a document that is `REJECTED`, with a code and a sentence. Nobody is
answered: who is named as the sender of a forged mail has not sent it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.inbound_mail.mail_headers import (
    MOST_HEADER_BYTES,
    Header,
    find_domain,
    find_values,
    read_address,
    read_headers,
)
from pipeline.inbound_mail.sender_proof import read_proof
from shared.errors import RejectedDocumentError, RejectionCode

# RFC 5321, 6.3: servers count a mail's hops, and take a hundred for a loop.
_MOST_HOPS = 100
# What programs write that send to many, or answer by themselves (RFC 3834; RFC 2369; RFC 2919).
_BULK = frozenset({"bulk", "junk", "list", "auto_reply"})
_REMARK, _WORD_ENDS = re.compile(r"\([^()]*\)"), re.compile(r"[;(\s]")
_LIST_HEADERS = ("list-id", "list-post", "list-unsubscribe")


@dataclass(frozen=True)
class InboundMail:
    """Who may send mails to the stack.

    Args:
        address: The address that takes mails.
        senders: Addresses, and domains of which every address may.
        own_addresses: Addresses that the stack itself mails from.
    """

    address: str
    senders: Sequence[str]
    own_addresses: Sequence[str] = ()


def check_mail(path: Path, inbound: InboundMail | None) -> None:
    """Look at the headers of a mail that SES has put into the bucket.

    Without an address none is taken: while a deployment takes it away, SES's rule is the last to
    go, and mails of strangers still arrive by it.

    Raises:
        RejectedDocumentError: It is not to become a document; the sentence says why.
    """
    if inbound is None:
        raise RejectedDocumentError(
            RejectionCode.SENDER_NOT_LISTED,
            "The stack takes no mails, as its parameter InboundMail is empty; put files that are "
            "no mails under another prefix.",
        )
    with path.open("rb") as file:
        start = file.read(MOST_HEADER_BYTES)
    refusal = judge_mail(start, inbound)
    if refusal is not None:
        raise RejectedDocumentError(*refusal)


def judge_mail(start: bytes, inbound: InboundMail) -> tuple[RejectionCode, str] | None:
    """Why a mail is refused, as a code and a sentence; None if it is taken.

    Args:
        start: Its first bytes, all headers among them.
        inbound: Who may send mails.
    """
    headers = read_headers(start)
    proof = None if headers is None else read_proof(headers)
    if headers is None or proof is None:
        return RejectionCode.SENDER_NOT_PROVEN, (
            "The mail does not carry what the server that takes mails writes about its sender; "
            "put files that are no mails under another prefix."
        )
    if proof.has_virus:
        return RejectionCode.VIRUS_FOUND, "The mail holds a virus, as Amazon SES's scanner says."
    named = find_values(headers, "from")
    sender = read_address(named[0]) if len(named) == 1 else None
    if sender is None:
        return RejectionCode.SENDER_NOT_PROVEN, (
            "The mail does not name one sender: its From header is missing, names several, or is "
            "not well-formed."
        )
    is_listed = sender in _lower(inbound.senders)
    loop = _find_loop(headers, sender, inbound, is_listed=is_listed)
    if loop is not None:
        return RejectionCode.MAIL_LOOP, loop
    domain = find_domain(sender)
    if not is_listed and domain not in {one.removeprefix("@") for one in _lower(inbound.senders)}:
        return RejectionCode.SENDER_NOT_LISTED, (
            f"The mail is from {sender}, and neither that address nor its domain is named in "
            "InboundMailSenders."
        )
    if not proof.proves(domain):
        return RejectionCode.SENDER_NOT_PROVEN, (
            f"The mail says that it is from {sender}, and neither DMARC, DKIM nor SPF proves it: "
            "it may be forged. If it is not, its domain has to sign its mails (DKIM)."
        )
    return None


def _find_loop(
    headers: list[Header], sender: str, inbound: InboundMail, *, is_listed: bool
) -> str | None:
    """Why a mail would come round again or was written by a program, in a sentence.

    Programs may send from an address that is listed itself, such as that of a shop's bills; where
    only the domain is listed, they may not. What answers by itself never may.
    """
    own = _lower([inbound.address, *inbound.own_addresses])
    if sender in own:
        return f"The mail is from {sender}, from which the stack itself mails."
    if inbound.address.lower() in map(read_address, find_values(headers, "delivered-to")):
        return "The mail was delivered to this stack before, and came back."
    if len(find_values(headers, "received")) > _MOST_HOPS:
        return f"The mail has gone through more than {_MOST_HOPS} servers."
    automatic = {_first_word(value) for value in find_values(headers, "auto-submitted")} - {"no"}
    if "auto-replied" in automatic or "<>" in find_values(headers, "return-path")[:1]:
        return "A program wrote the mail in answer to another one."
    if is_listed:
        return None
    precedence = {_first_word(value) for value in find_values(headers, "precedence")}
    is_bulk = precedence & _BULK or any(find_values(headers, name) for name in _LIST_HEADERS)
    if automatic or is_bulk:
        return (
            f"A program or a mailing list sent the mail: name {sender} itself in "
            "InboundMailSenders if its mails are to be read."
        )
    return None


def _lower(addresses: Sequence[str]) -> frozenset[str]:
    return frozenset(address.strip().lower() for address in addresses)


def _first_word(value: str) -> str:
    """What a header says, without the parameters and remarks that it may have (RFC 3834, 5)."""
    plain = _REMARK.sub(" ", value).lstrip()
    return _WORD_ENDS.split(plain, maxsplit=1)[0].lower()
