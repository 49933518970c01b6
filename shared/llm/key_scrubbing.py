"""Take the secrets of a request out of what a server says about it.

Servers repeat what they reject: the key whole, cut, in its header, escaped for JSON, HTML or an
address, in base64 or hex. What was sent is known, so it is looked for as it is, and not by its
shape. Where it shows only once the words are decoded, none of them is kept.
"""

import binascii
import html
import re
import string
from base64 import b64decode
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_plus

import httpx2

MASK = "[key]"

# A shorter piece tells nothing of a key, and stands in other words by chance.
_PIECE = 6
_SPELT_OUT_PIECE = 10
# What is shorter is a word that stands for no key ("none", "ollama"), and met by chance.
_LEAST_KEY = 16
# The parts of a signed request's header that are none of its words ("AWS4-HMAC-SHA256").
_LEAST_SIGNATURE_PART = 20

_DEEPEST = 3
_MOST_VIEWS = 200

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_SECRET_HEADERS = ("api-key", "x-api-key", "x-amz-security-token")
_SECRET_PARAMETER = re.compile(r"key|token|secret|sig|pass", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_HEX = re.compile(r"[0-9a-fA-F]{12,}")


def read_secrets(request: httpx2.Request) -> frozenset[str]:
    """What a request carries that nobody else may read: keys, tokens, signatures, passwords."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() in ("bearer", "basic"):
        parts = [credentials]
    else:
        parts = [
            part
            for part in re.split(r"[\s,=/]+", credentials or scheme)
            if len(part) >= _LEAST_SIGNATURE_PART
        ]
    parts += [request.headers.get(name, "") for name in _SECRET_HEADERS]
    parts += [
        value for name, value in request.url.params.multi_items() if _SECRET_PARAMETER.search(name)
    ]
    return frozenset(part.strip() for part in [*parts, request.url.password] if part.strip())


def scrub(text: str, secrets: Iterable[str]) -> str:
    """A text in which no piece of a secret stands.

    Args:
        text: What a server says; short.
        secrets: What was sent along.

    Returns:
        The text with `[key]` for each piece that stands in it as it is. Nothing at all if one shows
        where the text is decoded.
    """
    for secret in secrets:
        text = _mask(text, secret)
        for view in _decode(text):
            if _find_pieces(view, secret, _PIECE) or _is_spelt_out(view, secret):
                return ""
    return text


def holds_key(text: str, key: str) -> bool:
    """Whether the whole of a key stands in a text; not of one that is no more than a word."""
    return len(key) >= _LEAST_KEY and key in text


def _is_spelt_out(text: str, secret: str) -> bool:
    """Whether a text holds a secret with something between its letters."""
    # The mask's own word may stand in a secret.
    unmasked = text.replace(MASK, "\0")
    without_space = "".join(unmasked.split()), secret
    letters_only = _join_letters(unmasked), _join_letters(secret)
    return any(
        len(sought) >= _LEAST_KEY and bool(_find_pieces(searched, sought, _SPELT_OUT_PIECE))
        for searched, sought in (without_space, letters_only)
    )


def _join_letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum() or character == "\0")


def _find_pieces(text: str, secret: str, least: int) -> list[int]:
    """Where pieces of a secret begin in a text, whatever the case."""
    length = min(least, len(secret))
    lowered, searched = secret.translate(_LOWER), text.translate(_LOWER)
    pieces = {lowered[at : at + length] for at in range(len(lowered) - length + 1)}
    return [at for at in range(len(searched) - length + 1) if searched[at : at + length] in pieces]


def _mask(text: str, secret: str) -> str:
    length = min(_PIECE, len(secret))
    masked, end = "", 0
    for at in _find_pieces(text, secret, _PIECE):
        if at > end or not masked:
            masked += text[end:at] + MASK
        end = max(end, at + length)
    return masked + text[end:]


def _decode(text: str) -> Iterator[str]:
    """A text, and what it reads as to those who decode it, once or several times."""
    views = {text: 0}
    waiting = [text]
    while waiting and len(views) < _MOST_VIEWS:
        view = waiting.pop(0)
        yield view
        if views[view] == _DEEPEST:
            continue
        for decoded in _decode_once(view):
            if decoded not in views:
                views[decoded] = views[view] + 1
                waiting.append(decoded)
    yield from waiting


def _decode_once(text: str) -> Iterator[str]:
    yield unquote_plus(text, errors="replace")
    yield html.unescape(text)
    yield _ESCAPE.sub(_unescape, text)
    for found in _BASE64.findall(text):
        word = found.replace("-", "+").replace("_", "/")
        # What is cut off in front may be any part of a group of four.
        for start in range(4):
            whole = word[start : start + (len(word) - start) // 4 * 4]
            yield b64decode(whole).decode("latin-1")
            rest = word[start + len(whole) :]
            if len(rest) > 1:
                yield b64decode((whole + rest).ljust(len(whole) + 4, "=")).decode("latin-1")
    for word in _HEX.findall(text):
        for start in range(2):
            even = word[start : start + (len(word) - start) // 2 * 2]
            yield binascii.unhexlify(even).decode("latin-1")


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else match[3]
