"""Texts of languages of other letters, in whose encodings nothing says which one it is.

What is neither marked nor UTF-8 is most likely of a European Windows, and then a tenth of its
letters or less are no ASCII. Where half of them are, each encoding that its bytes can be is asked
how many of its letters are those that its language writes most: in a wrong one they are few.
"""

import codecs
import re

_SAMPLE_BYTES = 1 << 16
# The letters in them are of no language.
_TAG = re.compile(rb"<[A-Za-z/!][^<>]*>")
_ASCII_LETTERS = re.compile(rb"[A-Za-z]+")
_ASCII = bytes(range(0x80))
# Of less nothing can be said.
_LEAST_BYTES = 12
_LEAST_SHARE_OF_LETTERS = 0.4
# Of Chinese signs there are so many that the usual ones are fewer of a text.
_LEAST_SHARE_OF_COMMON, _LEAST_OF_CHINESE = 0.35, 0.15
_OF_CHINESE = frozenset({"gb18030", "big5hkscs"})
_OF_TWO_BYTES = _OF_CHINESE | {"cp932", "euc_jp", "cp949"}
_WORD = re.compile(r"[^\x00-\x7f]+")
# Signs beside figures, which may be most of what is no ASCII in a European table, are alone or two:
# a space that divides no line, currencies, a section. In other encodings they are usual letters.
_LEAST_LETTERS_OF_WORD = 3
# How likely a text in capitals is, beside one of another language in small letters.
_SHARE_OF_CAPITALS = 0.95

_JAPANESE = (
    "のにはをたがでてとしれさいるなあこもうかまよりっきくすけつらんそえわ"
    "めみやおせどだごじょゅ。、ースンルトリラクアイレッシドプタ"
)
_CHINESE = (
    "的一是不了在有人我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可"
    "里后小么心多天而能好都然没日于起还发成事只作当想看文无开手用主行方又如前所本见经头面公同三已老"
    "从动两长知样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话位号名件数量价元请将"
)
_CHINESE_OF_TAIWAN = (
    "的一是不了在有人我他這中大來上國個到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可"
    "裡後小麼心多天而能好都然沒日於起還發成事只作當想看文無開手用主行方又如前所本見經頭面公同三已老"
    "從動兩長知樣現分將外但身些與高意進把法此實回二理美點月明其種聲全工己話位號名件數量價元請將"
)
_KOREAN = (
    "이다는에의을가고하지은로를어도기사서리한시자나인대해아수"
    "일그정있부전니들것보원장스으안만요제게면주했습용"
)
_CYRILLIC = "оеаинтсрвлкмдп"
# Encodings with the letters that are written most in them.
_COMMON = {
    **dict.fromkeys(("cp932", "euc_jp"), frozenset(_JAPANESE)),
    "gb18030": frozenset(_CHINESE),
    "big5hkscs": frozenset(_CHINESE_OF_TAIWAN),
    "cp949": frozenset(_KOREAN),
    **dict.fromkeys(("cp1251", "koi8_r", "iso8859_5", "cp866"), frozenset(_CYRILLIC)),
    "cp1253": frozenset("αοιετσνηυρκπμόίά"),
    "cp1255": frozenset("יוהלאתרמבשנדחםע"),
    "cp1256": frozenset("اليمنوترهبدعة"),
    "cp874": frozenset("านรอกเงมยลวดทส่้ี"),
}


def guess_foreign_encoding(data: bytes) -> str | None:
    """The encoding of a text that is neither marked nor UTF-8; None if it looks European."""
    sample = _TAG.sub(b"", data[:_SAMPLE_BYTES])
    others = len(sample.translate(None, _ASCII))
    letters = sum(map(len, _ASCII_LETTERS.findall(sample)))
    if others < _LEAST_BYTES or others < _LEAST_SHARE_OF_LETTERS * (others + letters):
        return None
    shares = {codec: _find_share(sample, codec, common) for codec, common in _COMMON.items()}
    best = max(shares, key=lambda codec: shares[codec])
    least = _LEAST_OF_CHINESE if best in _OF_CHINESE else _LEAST_SHARE_OF_COMMON
    return best if shares[best] >= least else None


def _find_share(sample: bytes, codec: str, common: frozenset[str]) -> float:
    """How many of the letters that are no ASCII are the usual ones; none if it cannot be so."""
    try:
        text = codecs.getincrementaldecoder(codec)().decode(sample)
    except UnicodeDecodeError:
        return 0.0
    words = _WORD.findall(text)
    count = sum(map(len, words))
    if codec not in _OF_TWO_BYTES:
        words = [word for word in words if len(set(word)) >= _LEAST_LETTERS_OF_WORD]
    foreign = "".join(words)
    # A text in capitals has none of the usual letters, and in another encoding small ones.
    is_in_capitals = foreign.isupper()
    foreign = foreign.lower() if is_in_capitals else foreign
    share = sum(character in common for character in foreign) / max(1, count)
    return share * _SHARE_OF_CAPITALS if is_in_capitals else share
