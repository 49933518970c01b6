"""The headers of a mail, read as lines of bytes: no parser of mails, and no decoding.

The function that takes uploads holds rights that a reader of files has not, so no more is done with
a stranger's bytes there than to cut them into lines.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Beyond it nothing is looked at. SES's own headers take some 3 kB; mails that were passed on often
# have 20 kB of them.
MOST_HEADER_BYTES = 256 * 1024
# Of a header that names one address; the patterns take longer the more there are.
_MOST_CHARACTERS = 2000

_NAME = re.compile(r"([!-9;-~]+)[ \t]*:(.*)", re.S)
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
_COMMENT = re.compile(r"\([^()]*\)")
_ADDRESS = r"[^\s<>@,;:\"()\[\]\\]{1,64}@[A-Za-z0-9.-]{1,253}"
_ONE_ADDRESS = re.compile(rf"[^<>,;:\"]*<({_ADDRESS})>\s*|\s*({_ADDRESS})\s*")


@dataclass(frozen=True)
class Header:
    """One header.

    Args:
        name: Its name, in lower case.
        value: Its value in one line, without spaces around it.
    """

    name: str
    value: str


def read_headers(start: bytes) -> list[Header] | None:
    """The headers of a mail, from the top.

    Args:
        start: The first bytes of the mail, at most `MOST_HEADER_BYTES`.

    Returns:
        None where they do not end within these bytes, or a line is no header (RFC 5322, 2.2).
    """
    headers: list[Header] = []
    for line in _unfold(start):
        if line is None:
            return None
        if not line:
            return headers
        match = _NAME.fullmatch(line)
        if match is None:
            return None
        headers.append(Header(match[1].lower(), " ".join(match[2].split())))
    return None


def find_values(headers: list[Header], name: str) -> list[str]:
    """The values of all headers of a name, from the top."""
    return [header.value for header in headers if header.name == name]


def read_address(value: str) -> str | None:
    """The one address that a header such as `From` names, in lower case.

    Returns:
        None where it names none or several, or is written so that programs read it differently.
    """
    if len(value) > _MOST_CHARACTERS:
        return None
    plain = _COMMENT.sub(" ", _QUOTED.sub(" ", value))
    match = _ONE_ADDRESS.fullmatch(plain)
    return None if match is None else str(match[1] or match[2]).lower()


def find_domain(address: str) -> str:
    """The domain of an address."""
    return address.rpartition("@")[2].rstrip(".").lower()


def _unfold(start: bytes) -> Iterator[str | None]:
    """Whole lines, an empty one where the headers end; None for one that goes on nothing."""
    parts: list[str] = []
    for raw in start.split(b"\n")[:-1]:
        line = raw.removesuffix(b"\r").decode("latin-1")
        if line[:1] in (" ", "\t"):
            if not parts:
                yield None
                return
            parts.append(line)
            continue
        if parts:
            yield "".join(parts)
        if not line:
            yield ""
            return
        parts = [line]
