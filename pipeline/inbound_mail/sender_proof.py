"""What the server that took a mail says of its sender: SPF, DKIM and DMARC, by SES.

SES writes its own headers above those that came with the mail, `Authentication-Results` among
them, and ends with `X-SES-RECEIPT` and its signature (Amazon SES Developer Guide, "Email receiving
concepts and use cases"). A sender can write any header, but none above these: so of each only the
first counts, and none below that end.
"""

import re
from dataclasses import dataclass

from pipeline.inbound_mail.mail_headers import Header, find_domain

_SERVER = "amazonses.com"
_END = "x-ses-receipt"
_RESULTS = "authentication-results"
_SPF = "received-spf"
_TRACE = ("return-path", "received", _SPF, _RESULTS)
# Names in that header (RFC 8601, 2.2 and 2.7): methods, and properties of what they looked at.
_METHODS = frozenset({"spf", "dkim", "dmarc"})
_SIGNER = frozenset({"header.i", "header.d"})
_ONCE = ("spf", "dmarc", "header.from", "client-ip", "envelope-from", "helo")
_WORD = re.compile(r"([a-z.-]+)=([^\"()]*)")
_COMMENT = re.compile(r"\([^()]*\)")


@dataclass(frozen=True)
class SenderProof:
    """What SES found.

    Args:
        dmarc: The result of DMARC; empty if it says none.
        dmarc_domain: The domain of `From` that this is about.
        signers: The domains whose DKIM signatures are good.
        envelope_domain: The domain of the envelope's sender, if SPF lets the mail's server send
            for it; else empty.
        has_virus: Whether its scanner found one.
    """

    dmarc: str
    dmarc_domain: str
    signers: frozenset[str]
    envelope_domain: str
    has_virus: bool = False

    def proves(self, domain: str) -> bool:
        """Whether a mail from a domain is from there.

        A pass by DMARC is proof, and another result of it is none. Of a domain without a policy
        of DMARC either a signature or the envelope has to be of the same domain, or of one above,
        which owns it (RFC 7489, 3.1; stricter than its relaxed mode, which needs a list of where
        domains are sold).
        """
        if self.dmarc == "pass":
            return self.dmarc_domain == domain
        if self.dmarc not in ("", "none"):
            return False
        named = self.signers | {self.envelope_domain}
        return any(
            domain == one or ("." in one and domain.endswith(f".{one}")) for one in named if one
        )


def read_proof(headers: list[Header]) -> SenderProof | None:
    """What SES says of a mail's sender; None where it says nothing that can be relied on."""
    own = _take_own(headers)
    results = own.get(_RESULTS)
    if results is None or not _is_plain(own.get(_SPF, "")):
        return None
    found = _read_results(results)
    if found is None:
        return None
    has_virus = own.get("x-ses-virus-verdict", "").upper() == "FAIL"
    return SenderProof(
        dmarc=found.get("dmarc", [""])[0],
        dmarc_domain=found.get("header.from", [""])[0].rstrip("."),
        signers=frozenset(filter(None, map(find_domain, found.get("signer", [])))),
        envelope_domain=_find_envelope_domain(found),
        has_virus=has_virus,
    )


def _take_own(headers: list[Header]) -> dict[str, str]:
    """The headers that SES put on top; none where they have no end."""
    own: dict[str, str] = {}
    for header in headers:
        if header.name == _END:
            return own
        is_own = header.name.startswith("x-ses-") or header.name in _TRACE
        if not is_own or header.name in own:
            break
        own[header.name] = header.value
    return {}


def _read_results(value: str) -> dict[str, list[str]] | None:
    """Results and properties by name; None where it is not as SES writes it.

    Names of servers and senders in it are the sender's choice: one that holds a semicolon would
    look like a further result. So nothing that SES writes once may stand there twice. What has
    another name counts for nothing.
    """
    server, *parts = _COMMENT.sub(" ", value).lower().split(";")
    if server.split()[:1] != [_SERVER]:
        return None
    found: dict[str, list[str]] = {}
    for part in parts:
        words = [_WORD.fullmatch(word) for word in part.split()]
        is_good_signature = "dkim=pass" in part.split()[:1]
        for word in words:
            if word is None:
                return None
            found.setdefault(word[1], []).append(word[2])
            if is_good_signature and word[1] in _SIGNER:
                found.setdefault("signer", []).append(word[2])
    is_clear = all(len(found.get(name, [])) <= 1 for name in _ONCE)
    return found if is_clear else None


def _is_plain(spf: str) -> bool:
    """Whether the names that a sender chooses hold no words that look like results.

    `Received-SPF` has the same names as SES's results, and nothing behind them.
    """
    words = [word for part in _COMMENT.sub(" ", spf).lower().split(";") for word in part.split()]
    names = [word.partition("=")[0] for word in words[1:]]
    is_result = any(name in _METHODS or name.startswith("header.") for name in names)
    return not is_result and len(names) == len(set(names))


def _find_envelope_domain(found: dict[str, list[str]]) -> str:
    if found.get("spf") != ["pass"]:
        return ""
    sender = found.get("envelope-from", [""])[0]
    return find_domain(sender) if "@" in sender else ""
