"""Clean-up of the text that an engine gives for a page. Pure functions.

Nothing here loses a letter: ligatures become the letters they stand for, and what goes away are
control characters (within a word they are signs without a character, and become U+FFFD), line ends
inside of words, and white space. Every step takes time linear in the length of the text, which is
untrusted.
"""

import re
import unicodedata

# Latin ligatures (ff, fi, fl, ffi, ffl, long s-t, st). Compatibility forms outside of this block,
# such as superscripts and full-width letters, mean something of their own and stay.
LATIN_LIGATURES: dict[int, str | None] = {
    code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB06 + 1)
}
# Control characters (category Cc), zero-width marks, and code points that are no characters.
DROPPED: dict[int, str | None] = dict.fromkeys(
    (*range(0x20), *range(0x7F, 0xA0), 0x200B, 0x2060, 0xFEFF, 0xFFFE, 0xFFFF)
)
SPACES: dict[int, str | None] = dict.fromkeys(
    (0x09, 0xA0, 0x1680, 0x202F, 0x205F, *range(0x2000, 0x200B), 0x3000), " "
)
LINE_ENDS: dict[int, str | None] = dict.fromkeys((0x0A, 0x0B, 0x0C, 0x85, 0x2028, 0x2029), "\n")
HYPHENS: dict[int, str | None] = {0x2010: "-"}
CHARACTER_MAP = {
    chr(code): text or ""
    for code, text in (LATIN_LIGATURES | DROPPED | SPACES | LINE_ENDS | HYPHENS).items()
    if code != 0x0A
}
# Letters and signs of European scripts and of mathematics: nothing of it has to be mapped, and none
# of it is doubtful. To match a whole page is many times as quick as to look for what is not so.
# PDFium's hyphen is the one control character of it.
PLAIN = re.compile(
    "[\x02\r\n -~\xa1-\xac\xae-\u058f\u2012-\u2027\u2030-\u205e\u2070-\u26ff\u27c0-\u2bff]*"
)
# Pages have few of these, and to look for them is ten times as quick as `str.translate`.
MAPPED = re.compile(f"[{re.escape(''.join(CHARACTER_MAP))}]")

# Each pattern begins with what it looks for, and looks back only then: that makes it quick.
# What PDFium gives for a hyphen and the line end after it (U+FFFE in its other text calls).
PDFIUM_HYPHEN = re.compile(r"\x02(?<=\w\x02)(?=\w)")
# Codes of a font that says no more of what it draws. Left out, they would make two words one.
CODE = re.compile("[\x01\x03-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
CODES = re.compile("[\x00\x01\x03-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u2060\ufeff\uffff]+")
# What is there and draws nothing. PDFium's glyphs without a code are marked where they are read.
INVISIBLE = "\x00\u200b\u2060\ufeff\uffff"
SOFT_HYPHENS = re.compile(r"\xad+")
# Files have it for the hyphen of a reference or the sign of an amount, where both are one glyph.
SOFT_SIGN = re.compile(r"\xad(?:(?<=[0-9]\xad)|(?=[.,]?[0-9]))")
SOFT_HYPHEN_AT_LINE_END = re.compile(r"\xad(?<=\w\xad) ?\n ?(?=\w)")
SPACE_RUN = re.compile(r"  +")
BLANK_LINES = re.compile(r"\n\n\n+")

# The most of a word that is looked at to the left and to the right of a hyphen.
WORD_CHARACTERS = 40
WORD = re.compile(r"\w+")
HYPHENED = re.compile(rf"-(?<=\w-)(\w{{1,{WORD_CHARACTERS}}})")
# With the word that follows.
HYPHEN_IN_LINE = re.compile(rf"-(?<=\w-)(?=(\w{{1,{WORD_CHARACTERS}}}))")
HYPHEN_AT_LINE_END = re.compile(rf"-\n(?<=\w-\n)(?=(\w{{1,{WORD_CHARACTERS}}}))")
# A number by itself, no part of a date, a code or an address. Before cents may be a currency.
NUMBER_BEFORE = re.compile(
    r"(?:^|[^\w.,'\u2019/-]|[^\W\d_](?=[0-9.,'\u2019]*[.,][0-9]{2}$))([0-9][0-9.,'\u2019]*)$"
)
YEAR, YEAR_AFTER = (re.compile(rf"(?:1[5-9]|20)[0-9]{{2}}{end}") for end in ("$", r"\b"))
SHORT_YEAR = re.compile(r"[0-9]{2}(?![0-9.,'\u2019])\b")

# Names of nothing but a number: a date has two of them in a row, a page of them has rows.
GLYPH_NAMES = re.compile(r"/(?:[A-Za-z]{1,8}[0-9]{1,6}|[0-9]{1,6}(?:/[0-9]{1,6}){4,})")
UNMAPPED = re.compile(r"[\x00\x01\x03-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffd\ue000-\uf8ff]")
MIN_JUDGED_CHARACTERS = 20
MAX_UNREADABLE_SHARE = 0.3


def is_plain(text: str) -> bool:
    """Whether a text, of which PDFium marks hyphens, has nothing but plain characters (`PLAIN`)."""
    return PLAIN.fullmatch(text) is not None


def clean_text(text: str) -> str:
    """The text of a page as one would type it.

    Latin ligatures are spelled out, words divided at line ends are joined, control characters
    and soft hyphens are removed (beside a figure they are hyphens), line ends become a newline,
    runs of blank lines one blank line, and runs of spaces one space. Right-to-left marks and CJK
    text stay as they are, and lone surrogates become U+FFFD. Cleaning text that is clean changes
    nothing.
    """
    text = text.replace("\r\n", "\n")
    if is_plain(text):
        if "\x02" in text:
            text = PDFIUM_HYPHEN.sub("-\n", text).replace("\x02", "")
        text = text.replace("\r", "\n")
    else:
        text = _map_characters(drop_lone_surrogates(text))
    if "  " in text:
        text = SPACE_RUN.sub(" ", text)
    text = text.replace(" \n", "\n").replace("\n ", "\n")
    if "-\n" in text:
        text = _join_divided_words(text)
    if "\n\n\n" in text:
        text = BLANK_LINES.sub("\n\n", text)
    return text.strip()


def drop_lone_surrogates(text: str) -> str:
    """The text with every half of a surrogate pair replaced by U+FFFD, so that UTF-8 can hold it.

    Two halves that belong together become their character.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def is_unreadable(text: str) -> bool:
    """Whether much of the text is not characters but what stands for glyphs that have none.

    Fonts without a character map give control characters, private-use characters, replacement
    characters (PDFium), or names such as `/g35` (pypdf). A model would be paid to read noise.
    """
    unmapped = len(UNMAPPED.findall(text)) + sum(map(len, GLYPH_NAMES.findall(text)))
    if unmapped <= MAX_UNREADABLE_SHARE * MIN_JUDGED_CHARACTERS:
        return False
    characters = len(text) - text.count(" ") - text.count("\n") - text.count("\r")
    return characters >= MIN_JUDGED_CHARACTERS and unmapped > MAX_UNREADABLE_SHARE * characters


def _map_characters(text: str) -> str:
    text = PDFIUM_HYPHEN.sub("-\n", text.replace("\ufffe", "\x02")).replace("\r", "\n")
    if CODE.search(text):
        text = CODES.sub(_mark_within, text)
    text = MAPPED.sub(lambda match: CHARACTER_MAP[match[0]], text)
    return _drop_soft_hyphens(text) if "\xad" in text else text


def _mark_within(codes: re.Match[str]) -> str:
    text, start, end = codes.string, *codes.span()
    is_within = text[start - 1 : start].isalnum() and text[end : end + 1].isalnum()
    return "\ufffd" if is_within and codes[0].strip(INVISIBLE) else ""


def _drop_soft_hyphens(text: str) -> str:
    text = SOFT_SIGN.sub("-", SPACE_RUN.sub(" ", SOFT_HYPHENS.sub("\xad", text)))
    return SOFT_HYPHEN_AT_LINE_END.sub("", text).replace("\xad", "")


def _join_divided_words(text: str) -> str:
    """Join the two parts of a word that a hyphen and a line end divide.

    The hyphen goes where the second part begins with a small letter, unless the page has the two
    parts with a hyphen in the middle of a line ("free-software"). It stays everywhere else
    ("Anglo-Saxon", "2004-05"): better a hyphen too many than two words made one. After a number it
    may be its sign, as accounts have it, and the line end stays, but for that between two years.
    """
    # Few second parts follow a hyphen anywhere else, so most pages need no more than these.
    seconds = set(HYPHENED.findall(text))
    compounds: set[tuple[str, str]] | None = None
    joined_end = -1

    def join(match: re.Match[str]) -> str:
        nonlocal compounds, joined_end
        second = match[1]
        if text[match.start() - 1].isdecimal() and _may_be_sign(match, joined_end):
            return match[0]
        joined_end = match.end()
        if not second[0].islower():
            return "-"
        if second not in seconds:
            return ""
        if compounds is None:
            compounds = {_find_words_around(found) for found in HYPHEN_IN_LINE.finditer(text)}
        return "-" if _find_words_around(match) in compounds else ""

    return HYPHEN_AT_LINE_END.sub(join, text)


def _may_be_sign(match: re.Match[str], joined_end: int) -> bool:
    """Whether a hyphen at a line end may be the sign of the number before it.

    It is not that between two years, nor where the number is one of what was joined up to a place.
    """
    text, start, end = match.string, *match.span()
    number = NUMBER_BEFORE.search(text[max(0, start - WORD_CHARACTERS) : start])
    if number is None or start - len(number[1]) == joined_end:
        return False
    is_span = YEAR.match(number[1]) and (YEAR_AFTER.match(text, end) or SHORT_YEAR.match(text, end))
    return not is_span


def _find_words_around(match: re.Match[str]) -> tuple[str, str]:
    start = match.start()
    before = match.string[max(0, start - WORD_CHARACTERS) : start]
    return WORD.findall(before)[-1].lower(), match[1]
