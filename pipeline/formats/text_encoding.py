"""The characters of a text whose encoding nobody names."""

import codecs

from pipeline.formats.foreign_encodings import guess_foreign_encoding

EUROPEAN = "cp1252"
# What names are taken to mean, since many that write the narrow one mean the wide one (WHATWG,
# "Encoding", 4.2). What calls itself ASCII and is not is told by its bytes.
_WIDER = {
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BEGIN_MARKS = frozenset(mark[:1] for mark, _ in _MARKS)
# What hardly a text holds: control characters but null, which none does, and tab, line ends, form
# feed and escape. Programs of DOS end a file with one, and some stray into mails and exports.
_CONTROLS = bytes({*range(1, 32)} - {9, 10, 11, 12, 13, 27})
_BYTES_FOR_A_CONTROL = 1_000
_END_OF_DOS = "\x1a"


def find_encoding(data: bytes) -> str:
    """The encoding of a text: what its first bytes mark, else UTF-8, else that of Windows.

    Whoever writes neither most likely has a European Windows (WHATWG, "Encoding", takes it for the
    default too).
    """
    for mark, name in _MARKS if data[:1] in _BEGIN_MARKS else ():
        if data.startswith(mark):
            return name
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return EUROPEAN
    return "utf-8"


def decode_text(data: bytes) -> str:
    """The characters of a text without the sign that DOS ends one with.

    A byte that stands for none becomes U+FFFD.
    """
    encoding = find_encoding(data)
    if encoding == EUROPEAN:
        encoding = guess_foreign_encoding(data) or encoding
    return data.decode(encoding, "replace").rstrip(_END_OF_DOS)


def decode_named(data: bytes, name: str | None) -> str:
    """The characters of a text that names its encoding.

    By its bytes, if it names none there is, or one that they do not fit while they are UTF-8.
    """
    try:
        codec = codecs.lookup(name or "ascii").name
        if codec == "ascii":
            return decode_text(data)
        wider = _WIDER.get(codec, codec)
        text = data.decode(wider, "replace")
        is_other = "\ufffd" in text and not data.isascii()
        return (is_other and _decode_utf_8(data)) or text
    # Some of Python's codecs are for other things than texts, and refuse to replace anything.
    except (LookupError, ValueError):
        return decode_text(data)


def _decode_utf_8(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def decode_start(start: bytes, *, is_whole: bool) -> str | None:
    """The first characters of a file, or None if it is no text.

    Args:
        start: Its first bytes.
        is_whole: Whether they are all.
    """
    encoding = find_encoding(start)
    if encoding in ("utf-8", EUROPEAN):
        text_bytes = start.rstrip(_END_OF_DOS.encode())
        control_count = len(text_bytes) - len(text_bytes.translate(None, _CONTROLS))
        if control_count > 2 + len(start) // _BYTES_FOR_A_CONTROL:
            return None
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    text = decoder.decode(start, final=is_whole)
    return None if "\0" in text else text.rstrip(_END_OF_DOS)
