"""Mails as they travel (RFC 5322): what people read of them, and what is attached."""

import re
from binascii import Error as BinasciiError
from binascii import a2b_uu
from collections.abc import Iterator
from email.errors import MessageError
from email.message import Message, MIMEPart
from pathlib import Path
from urllib.parse import quote

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.readers.mail.mail_bounds import parse_mail
from pipeline.formats.readers.mail.winmail import read_winmail
from pipeline.formats.readers.web.web_pages import decode_page, read_page_units
from pipeline.formats.text_encoding import decode_named
from pipeline.formats.units import InnerFile, UnitsDocument
from shared.errors import RejectionCode

SHOWN_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_SIGNATURES = frozenset(
    {
        *("application/pkcs7-signature", "application/x-pkcs7-signature"),
        "application/pgp-signature",
    }
)
# Says of what is encrypted beside it nothing but its version (RFC 3156, 4).
_OF_LOCKS = "application/pgp-encrypted"
_ENCRYPTED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_OF_OUTLOOK = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
# In HTML for some programs only, too.
_OTHER_FORMS = frozenset({"text/html", "text/x-amp-html", "text/watch-html"})
_PGP = re.compile(r"^[ \t]*-----BEGIN PGP MESSAGE-----[ \t]*$", re.MULTILINE)
_FILE_BEGINS = "begin "
_WRITTEN_FILE = re.compile(
    r"^begin [0-7]{3,4} (\S[^\n]*)\n((?:[!-`][ -`]{0,90}\n)*+)(?:[ `]?\n)?end[ \t]*$", re.MULTILINE
)
_ADDRESS = re.compile(r"(?:https?://|mailto:|www\.)\S+", re.I)
_WORD = re.compile(r"\w+(?:[.,:]\d+)*")
_FIGURE = re.compile(r"\d+")
# The number of a link, whose address stands below.
_REFERENCE = re.compile(r"\[\d{1,3}\]")
# A page has more words than its plain form: in its foot, in its buttons.
_MOST_MISSING = 0.3
_LOCKED = "a mail that is encrypted, or packed with its signature: save what it shows as a file"
# No paragraph goes on with it (RFC 3676, 4.3).
_SIGNATURE_FOLLOWS = "-- "


def open_mail(path: Path) -> UnitsDocument:
    """Open a mail: one unit for its headers and body, one for each further text in it.

    Mails and files that are attached are files inside; pictures that a body shows, and signatures,
    are not.
    """
    try:
        return read_mail(parse_mail(path.read_bytes()))
    except (MessageError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, "its parts do not fit") from error


def read_mail(mail: MIMEPart) -> UnitsDocument:
    """The units of a mail and the files inside."""
    headers = [f"{name}: {mail[name]}" for name in SHOWN_HEADERS if mail[name]]
    body = mail.get_body(("plain", "html"))
    text = "" if body is None else _read_text(body)
    other_forms: frozenset[int] = frozenset()
    shown = [text]
    if text.strip():
        others = _list_other_forms(mail, body)
        other_forms = frozenset(map(id, others))
        pages_of_body = [one for one in others if one.get_content_type() == "text/html"]
        if pages_of_body:
            shown = choose_forms(text, "\n".join(map(_read_text, pages_of_body)))
    else:
        # Some programs leave the plain form empty.
        body = mail.get_body(("html",)) or body
        shown = ["" if body is None else _read_text(body)]
    files = [InnerFile("encrypted text", b"", _LOCKED) for one in shown if _PGP.search(one)]
    shown[0] = _take_out_files(shown[0], files)
    locked = frozenset(map(id, _list_locked(mail)))
    # Where a page shows nothing but pictures, they are what is to be read.
    pages = "".join(_list_pages(mail)) if any(one.strip() for one in shown) else ""
    for part in _list_leaves(mail):
        if part is body or id(part) in other_forms:
            continue
        kind = part.get_content_type()
        if kind == "message/rfc822":
            files += _read_attached_mail(part)
        elif part.get_content_maintype() == "message":
            shown.append(_read_notice(part))
        elif kind in _SIGNATURES or (kind == _OF_LOCKS and id(part) not in locked):
            continue
        elif kind in _OF_OUTLOOK:
            winmail = read_winmail(_read_bytes(part))
            shown += [] if shown[0].strip() else [winmail.body]
            files += winmail.files
        elif _is_attached(part):
            if not _is_shown_picture(part, pages):
                reason = _LOCKED if id(part) in locked or kind in _ENCRYPTED else None
                files.append(InnerFile(part.get_filename() or "", _read_bytes(part), reason))
        else:
            shown.append(_read_text(part))
    texts = ["\n".join([*headers, "", shown[0]]), *(one for one in shown[1:] if one.strip())]
    return UnitsDocument(texts, files)


def _list_leaves(mail: MIMEPart) -> list[MIMEPart]:
    """Parts that hold no others; what lies in an attached mail is that mail's."""
    leaves: list[MIMEPart] = []
    waiting: list[object] = [mail]
    while waiting:
        part = waiting.pop()
        if not isinstance(part, MIMEPart):
            continue
        if part.get_content_maintype() == "multipart":
            inner = part.get_payload()
            if isinstance(inner, list):
                waiting += reversed(inner)
                continue
        leaves.append(part)
    return leaves


def _list_locked(mail: MIMEPart) -> Iterator[object]:
    """What is encrypted by PGP, or by what a mail does not name; some programs say `mixed`."""
    if mail.get_content_type() == _OF_LOCKS:
        yield mail
    for one in mail.walk():
        # A text is not to be decoded here: by what it names, that may fail.
        if one.get_content_maintype() == "multipart" and one.is_multipart():
            parts = [part for part in one.get_payload() if isinstance(part, Message)]
            others = [part for part in parts if part.get_content_type() != _OF_LOCKS]
            is_encrypted = one.get_content_type() == "multipart/encrypted"
            if is_encrypted or len(others) < len(parts):
                # Without anything beside it, what says the version is all that there is.
                yield from others or parts


def _list_other_forms(mail: MIMEPart, body: MIMEPart | None) -> list[MIMEPart]:
    """Which parts say in another form what the body says in plain text (RFC 2046, 5.1.4)."""
    if body is None or body.get_content_type() != "text/plain":
        return []
    for one in mail.walk():
        if isinstance(one, MIMEPart) and one.get_content_type() == "multipart/alternative":
            leaves = _list_leaves(one)
            if any(leaf is body for leaf in leaves):
                return [
                    leaf
                    for leaf in leaves
                    if leaf.get_content_type() in _OTHER_FORMS and leaf.get_filename() is None
                ]
    return []


def choose_forms(text: str, page: str) -> list[str]:
    """What is read of a body that is there as plain text and as a page.

    The plain text, unless it lacks figures or many words of the page, which is what people see: it
    may say no more than that there is a page. And that text besides, if it has figures or many
    words of its own.
    """
    words, words_of_page = (frozenset(_WORD.findall(_ADDRESS.sub("", one))) for one in (text, page))
    missing, others = words_of_page - words, words - words_of_page
    has_figures = any(not one.isalpha() and one[-1].isdigit() for one in missing)
    if not has_figures and len(missing) <= _MOST_MISSING * len(words_of_page):
        return [text]
    figures = frozenset(_FIGURE.findall(_REFERENCE.sub("", _ADDRESS.sub("", text))))
    says_else = len(others) > _MOST_MISSING * len(words)
    if says_else or not figures.issubset(_FIGURE.findall(page)):
        return [page, text]
    return [page]


def _take_out_files(text: str, files: list[InnerFile]) -> str:
    """A text without the files that old programs have written into it (uuencode of POSIX)."""

    def take_out(found: re.Match[str]) -> str:
        try:
            lines = [a2b_uu(line) for line in found[2].splitlines()]
        except (BinasciiError, ValueError):
            return found[0]
        files.append(InnerFile(found[1].strip(), b"".join(lines)))
        return ""

    return _WRITTEN_FILE.sub(take_out, text) if _FILE_BEGINS in text else text


def _list_pages(mail: MIMEPart) -> Iterator[str]:
    """The web pages in a mail, as far as they tell what they refer to."""
    for part in _list_leaves(mail):
        if part.get_content_type() == "text/html":
            yield _read_bytes(part).decode("latin-1")


def _is_attached(part: MIMEPart) -> bool:
    """Whether a part is a file: some scanners and faxes send theirs without a name.

    What says that it has parts and has none, since no line divides it, is a text.
    """
    is_text = part.get_content_maintype() in ("text", "multipart")
    is_named = bool(part.get_filename()) or part.get_content_disposition() == "attachment"
    return is_named or not is_text


def _is_shown_picture(part: MIMEPart, pages: str) -> bool:
    """Whether a picture is one that a page refers to (RFC 2392), and not a scan or photograph."""
    name = str(part["Content-ID"] or "").strip(" <>")
    is_named = bool(name) and (f"cid:{name}" in pages or f"cid:{quote(name)}" in pages)
    return part.get_content_maintype() == "image" and is_named


def _read_notice(part: MIMEPart) -> str:
    """What a mail server says of a mail (RFC 3464): groups of lines, each as headers."""
    groups = part.get_payload()
    if not isinstance(groups, list):
        return ""
    written = (one.as_bytes() for one in groups if isinstance(one, Message))
    return "\n\n".join(decode_named(one, None).strip() for one in written)


def _read_attached_mail(part: MIMEPart) -> Iterator[InnerFile]:
    """A mail that is attached, as a file.

    Some programs pack one as any other file, which none should (RFC 2046, 5.2.1): then the parser
    takes for a mail what is packed.
    """
    inner = part.get_payload(0)
    if not isinstance(inner, Message):
        return
    packing = str(part["Content-Transfer-Encoding"] or "").strip().lower()
    # No line of base64 is a header: a mail that only says that it is packed has some.
    if packing == "quoted-printable" or (packing == "base64" and not inner.keys()):
        packed = Message()
        packed["Content-Transfer-Encoding"] = packing
        packed.set_payload(inner.as_bytes().decode("ascii", "surrogateescape"))
        data = packed.get_payload(decode=True)
        if isinstance(data, bytes):
            yield InnerFile(part.get_filename() or "mail.eml", data)
    else:
        yield InnerFile(f"{inner['Subject'] or 'mail'}.eml", inner.as_bytes())


def _read_bytes(part: MIMEPart) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _read_text(part: MIMEPart) -> str:
    data, named = _read_bytes(part), part.get_content_charset()
    if part.get_content_type() == "text/html":
        page = decode_named(data, named) if named else decode_page(data)
        return "\n".join(read_page_units(page))
    text = re.sub(r"\r\n?", "\n", decode_named(data, named))
    if part.get_content_type() == "text/calendar":
        # A line goes on in those that begin with a space (RFC 5545, 3.1).
        return re.sub(r"\n[ \t]", "", text)
    if str(part.get_param("format", "")).lower() != "flowed":
        return text
    return _join_flowed(text, joins_words=str(part.get_param("delsp", "")).lower() == "yes")


def _join_flowed(text: str, *, joins_words: bool) -> str:
    """Paragraphs of lines that end in a space, each in one line again (RFC 3676, 4)."""
    # Each in pieces: to add to a long text again and again would copy it each time.
    lines: list[list[str]] = []
    open_quotes = None
    for line in text.split("\n"):
        words = line.lstrip(">")
        quotes = len(line) - len(words)
        words = words.removeprefix(" ")
        is_open = words.endswith(" ") and words != _SIGNATURE_FOLLOWS
        # An empty line ends a paragraph that its program has left open.
        if open_quotes == quotes and words and words != _SIGNATURE_FOLLOWS:
            lines[-1].append(words)
        else:
            lines.append([f"{'>' * quotes} {words}" if quotes else words])
        if is_open and joins_words:
            lines[-1][-1] = lines[-1][-1][:-1]
        open_quotes = quotes if is_open else None
    return "\n".join(map("".join, lines))
