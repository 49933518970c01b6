import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extraction.fonts.font_codes import mend_codes
from pipeline.extraction.text_cleanup import (
    CHARACTER_MAP,
    LATIN_LIGATURES,
    UNMAPPED,
    clean_text,
    drop_lone_surrogates,
    is_plain,
    is_unreadable,
)

# Dense in all that the clean-up acts upon, so that short examples combine it.
TRICKY = st.text(
    st.sampled_from(
        "aZß9 -\t\n\r\x00\x02\x07\x0b\x85\xa0\xad\u2010\u2028\u200b\ufb01\ufb06\ufffe中م_"
    )
)
ANY = st.text() | TRICKY
WORD = re.compile(r"[^\W_]+")


def letters(text):
    """The letters of a text, ligatures spelled out."""
    return [c for c in text.translate(LATIN_LIGATURES) if unicodedata.category(c)[0] in "LN"]


@given(ANY)
def test_cleaning_twice_is_cleaning_once(text):
    once = clean_text(text)
    assert clean_text(once) == once


@given(ANY)
def test_no_letter_or_digit_is_lost_or_added(text):
    assert letters(clean_text(text)) == letters(text)


def test_no_plain_character_is_mapped_doubtful_or_of_a_script_of_its_own_direction():
    plain = "".join(c for c in map(chr, range(0x10000)) if is_plain(c))
    assert [c for c in plain if c in CHARACTER_MAP] == ["\x02", "\r"]
    assert not UNMAPPED.search(plain)
    assert mend_codes(plain) == plain
    assert not [c for c in plain if unicodedata.bidirectional(c) in ("R", "AL", "AN")]


@given(
    st.text(
        st.sampled_from("aZ\xdf9 -.\n\r\x02\u2014\u2019\xe9_/\u03b1\u0416\u0301\u2211\u2208\u2082")
    )
)
def test_plain_text_is_cleaned_as_all_other_text_is(text):
    assert is_plain(text)
    # A mark that is dropped makes it other text.
    assert clean_text(text) == clean_text("\ufeff" + text)


@given(ANY)
def test_clean_text_has_no_control_characters(text):
    clean = clean_text(text)
    assert not [c for c in clean if unicodedata.category(c) == "Cc" and c != "\n"]
    assert "\xad" not in clean


@given(ANY)
def test_words_apart_stay_apart(text):
    """Only a hyphen at a line end lets two words grow together."""
    no_hyphens = "".join(c for c in text if c not in "-\u2010\x02\xad\ufffe")
    codes = {chr(code) for code in range(0xA0) if unicodedata.category(chr(code)) == "Cc"}
    codes -= set("\0\t\n\x0b\x0c\r\x85")
    # A code of a font within a word is marked; others go, as does what is invisible.
    visible = "".join(c for c in no_hyphens if c not in "\0\u200b\u2060\ufeff\uffff")
    marked = "".join("\ufffd" if c in codes else c for c in visible).translate(LATIN_LIGATURES)
    assert WORD.findall(clean_text(no_hyphens)) == WORD.findall(marked)
    bare = "".join(c for c in visible if c not in codes | {"\ufffd"}).translate(LATIN_LIGATURES)
    assert clean_text(no_hyphens).replace("\ufffd", "").split() == bare.split()


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("e\ufb03cient \ufb01nal \ufb02ow", "efficient final flow"),
        ("the com\x02pany", "the company"),
        ("dell\x05Impresa 1\x01\x03250 \x04 a\x06 \x07b", "dell\ufffdImpresa 1\ufffd250 a b"),
        ("the com-\r\npany", "the company"),
        ("the com\u2010\npany", "the company"),
        ("the com\ufffepany", "the company"),
        ("the com\xad\r\npany", "the company"),
        ("the com\xadpany", "the company"),
        ("the com-  \n  pany", "the company"),
        ("Anglo-\nSaxon", "Anglo-Saxon"),
        ("2004-\n05", "2004-05"),
        ("978-3-\n16 10-\nPort", "978-3-16 10-\nPort"),
        ("CO2-\nPreis of A4-\nsheets", "CO2-Preis of A4sheets"),
        ("Fee 13.50-\nper month", "Fee 13.50-\nper month"),
        ("Fee 1'300.50-\n05.03. Fee", "Fee 1'300.50-\n05.03. Fee"),
        ("Fee 7-\n12.50 Fee", "Fee 7-\n12.50 Fee"),
        ("EUR1.013,50-\nper month", "EUR1.013,50-\nper month"),
        ("\xad98.00 and 98.00\xad 12", "-98.00 and 98.00- 12"),
        ("Fee 98.00\xad\nper month", "Fee 98.00-\nper month"),
        ("Ref 0046\xad\xad0060, A\xad4, \xad.5", "Ref 0046-0060, A-4, -.5"),
        ("12 500-\n13 600-\n14", "12 500-\n13 600-\n14"),
        ("A\ufffe0\x02A 1998-\n2004-\n05", "A-0-A 1998-2004-05"),
        (
            "free-software now, and free-\nsoftware then",
            "free-software now, and free-software then",
        ),
        ("a -\nb", "a -\nb"),
        ("one\r\ntwo\rthree\x0cfour\u2029five", "one\ntwo\nthree\nfour\nfive"),
        ("one\n\n\n\n\ntwo", "one\n\ntwo"),
        ("  wide \t\xa0  space  ", "wide space"),
        ("nul\x00l and bell\x07", "null and bell"),
        ("x\u00b2 \u2460 \uff21", "x\u00b2 \u2460 \uff21"),
        ("שלום\u200f עולם", "שלום\u200f עולם"),
        ("潮力発電。海", "潮力発電。海"),
        ("\u0645\u06cc\u200c\u062e\u0648\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0645"),
        ("e\u0301te\u0301", "e\u0301te\u0301"),
        ("", ""),
        (" \r\n\x00 ", ""),
    ],
)
def test_examples(raw, clean):
    assert clean_text(raw) == clean


@given(st.text(st.characters() | st.characters(categories=["Cs"])))
def test_any_text_can_be_encoded_once_lone_surrogates_are_gone(text):
    drop_lone_surrogates(text).encode()


def test_surrogates():
    assert drop_lone_surrogates("a\ud800b") == "a\ufffdb"
    assert drop_lone_surrogates("\ud83d\ude00") == "\U0001f600"
    assert drop_lone_surrogates("plain \U0001f600") == "plain \U0001f600"


@pytest.mark.parametrize(
    "text",
    [
        "/g12/g34/g56 /g1/g2/g3/g4",
        "/C15/C16/C17\n/C18/C19 and a few words",
        "/0/1/2/3/4/5/6/7/8 /18/19/20/21/22/23/24/23",
        "\x01\x05\x06\x07\x10\x11\x12\x13" * 5,
        "\ufffd" * 30,
        "\ue001\ue002\ue003 \ue004" * 10,
    ],
)
def test_glyphs_without_characters_are_unreadable(text):
    assert is_unreadable(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x01\x02",
        "A quite ordinary sentence, of the kind that people write.",
        "either/or and/or /usr/bin/python3 /var/log/syslog.1 are paths of a machine",
        "the com\x02pany of the coun\x02try and its ad\x02ministration",
        "1/2 3/4 5/6 7/8 " * 10,
        "12/24/2026 01/02/2027 " * 10,
        "日本語の文章もふつうに読める。" * 3,
    ],
)
def test_text_is_readable(text):
    assert not is_unreadable(text)


@pytest.mark.parametrize(
    "unit",
    [
        " ",
        "-",
        "-\n",
        "a-\n",
        "1-\n",
        "a",
        "\xad",
        "\xad \n",
        "a\x02",
        "/g1",
        "\n",
        "a -\n b",
        "\x01",
        "/1",
    ],
)
def test_time_is_linear(unit):
    text = unit * (1_000_000 // len(unit))
    started = time.process_time()
    clean_text(text)
    is_unreadable(text)
    assert time.process_time() - started < 5
