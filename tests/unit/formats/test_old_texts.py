"""Old Word documents: what is shown of them, in the units that people cite."""

import random
import re
import struct

import pytest

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.child import open_file
from pipeline.formats.readers.old_office import old_texts
from shared.errors import RejectionCode
from tests.fakes.office.compound_files import make_compound_file
from tests.fakes.office.old_texts import make_old_text
from tests.project_files import PROJECT

HIDDEN, DELETED = b"\x3c\x08\x01", b"\x00\x08\x01"
CELL, ROW_END = b"\0\0\x16\x24\x01", b"\0\0\x16\x24\x01\x17\x24\x01"
DEEP = b"\0\0\x16\x24\x01\x49\x66\x02\0\0\0"
INNER_CELL, INNER_ROW_END = DEEP + b"\x4b\x24\x01", DEEP + b"\x4c\x24\x01"
HEADING, TITLE, OVER_HEADING, OVER_TITLE, HIDING, HIDING_SIGNS, LISTED = range(1, 8)
STYLES = {
    0: (0, 1, 0xFFF, b"", b""),
    HEADING: (1, 1, 0, b"", b""),
    TITLE: (62, 1, 0, b"", b""),
    OVER_HEADING: (0xFFE, 1, HEADING, b"", b""),
    OVER_TITLE: (0xFFE, 1, TITLE, b"", b""),
    HIDING: (0xFFE, 1, 0, b"", HIDDEN),
    HIDING_SIGNS: (0xFFE, 2, 0xFFF, HIDDEN),
    LISTED: (0xFFE, 1, 0, b"\x0b\x46\x01\x00", b""),
}


def as_style(number, properties=b""):
    return struct.pack("<H", number) + properties


@pytest.fixture
def read_old(tmp_path):
    def read_old(data):
        path = tmp_path / "document.doc"
        path.write_bytes(data)
        document = open_file(path, ".doc")
        return [document.read_page(n + 1).text for n in range(document.page_count)]

    return read_old


def test_headings_begin_units_and_lists_have_their_marks(read_old):
    runs = [
        ("before\r",),
        ("One\r", b"", as_style(HEADING)),
        ("alpha\r",),
        ("point\x0btwo\r", b"", as_style(LISTED)),
        ("no point\r", b"", as_style(LISTED, b"\x0b\x46\x00\x00")),
        ("Two\r", b"", as_style(OVER_HEADING)),
        ("\r", b"", as_style(HEADING)),
        ("Three\r", b"", as_style(0, b"\x40\x26\x00")),
        ("no heading\r", b"", as_style(HEADING, b"\x40\x26\x09")),
        ("Four\r", b"", as_style(TITLE)),
        ("of it\r", b"", as_style(OVER_TITLE)),
        ("Five\r", b"", as_style(0, b"\x00\x46\x01\x00")),
        ("a section\x0c",),
        ("another\r",),
    ]
    assert read_old(make_old_text(runs, STYLES)) == [
        "before",
        "One\nalpha\n- point\n- two\nno point",
        "Two",
        "Three\nno heading",
        "Four\nof it",
        "Five\na section\nanother",
    ]


def test_tables_are_rows_of_cells(read_old):
    runs = [
        ("a\r", b"", CELL),
        ("b\x07", b"", CELL),
        ("c\x07", b"", CELL),
        ("\x07", b"", ROW_END),
        ("\x07", b"", CELL),
        ("d\x07", b"", CELL),
        ("\x07", b"", ROW_END),
        ("gone\x07", DELETED, CELL),
        ("\x07", DELETED, ROW_END),
        ("outer\r", b"", CELL),
        ("e\r", b"", INNER_CELL),
        ("f\r", b"", INNER_CELL),
        ("\r", b"", INNER_ROW_END),
        ("\x07", b"", CELL),
        ("One\x07", b"", as_style(HEADING, CELL[2:])),
        ("\x07", b"", ROW_END),
        ("after\r",),
        ("broken\x07", b"", CELL),
        ("off\r",),
    ]
    (text,) = read_old(make_old_text(runs, STYLES))
    assert text.split("\n") == ["a b | c", " | d", "outer e | f | One", "after", "broken", "off"]


def test_the_end_of_a_row_may_be_told_in_another_stream(read_old):
    elsewhere = b"xx" + struct.pack("<H", 6) + ROW_END[2:]
    runs = [
        ("a\x07", b"", CELL),
        ("\x07", b"", b"\0\0\x46\x66\x02\0\0\0"),
        ("b\x07", b"", CELL),
        ("\x07", b"", ROW_END),
    ]
    assert read_old(make_old_text(runs, further={"Data": elsewhere})) == ["a\nb"]


def test_a_raised_figure_is_no_digit_of_the_number_before_it(read_old):
    up, down, level = (b"\x48\x2a" + bytes((one,)) for one in (1, 2, 0))
    runs = [
        ("10",),
        ("2", up),
        (" m",),
        ("2", up),
        (" H",),
        ("2", down),
        ("5 1",),
        ("st", up),
        (" 10",),
        ("2", level),
        *((" 7",), ("8", HIDDEN + up), ("9", up + HIDDEN)),
        (" 1,250",),
        ("3", up + b"\x35\x08\x01"),
        *((" 10",), ("1", up), ("2", up + b"\x35\x08\x01"), ("6", down)),
        *((" 10",), ("-7", up), ("\r",)),
    ]
    assert read_old(make_old_text(runs)) == ["10 2 m2 H2 5 1st 102 7 1,250 3 10 12 6 10 -7"]


def test_what_is_not_shown_is_left_out(read_old):
    runs = [
        ("shown ",),
        ("hidden ", HIDDEN),
        ("deleted ", DELETED),
        ("not deleted ", b"\x00\x08\x00"),
        ("by style ", b"\x30\x4a\x06\x00"),
        ("never style ", b"\x30\x4a\x06\x00\x3c\x08\x00"),
        ("turned ", b"\x3c\x08\x81"),
        ("as before ", b"\x3c\x08\x80"),
        ("\x13 HYPERLINK \x13 x \x14y\x15 \x14link\x15 \x13 XE z \x15",),
        ("\x01\x02\x05\x08so\x1fft\x1ehard\x0bline\r",),
        ("gone ", b"", b""),
        ("shown there", b"\x3c\x08\x81"),
        (" gone", b""),
        (" and outright", b"\x3c\x08\x00"),
        (" gone\r", b"", as_style(HIDING)),
        ("outright\r", b"\x3c\x08\x00"),
        ("all gone\r", HIDDEN, as_style(HEADING)),
        ("end\r",),
    ]
    assert read_old(make_old_text(runs, STYLES)) == [
        "shown not deleted never style as before link soft-hard\nline\nshown there and outright\n"
        "outright\nend"
    ]


def make_word_95(text, signs=0, alphabets=()):
    """A text of Word 95, of bytes ([MS-DOC], 2.5.2, and before)."""
    header = bytearray(0x300)
    # Version; signs; where the text begins and ends, its characters; the table of fonts.
    struct.pack_into("<HH", header, 0, 0xA5DC, 0x68)
    struct.pack_into("<HHII", header, 20, signs, signs, len(header), len(header) + len(text))
    struct.pack_into("<I", header, 0x34, len(text))
    fonts = b"".join(bytes((11, 0, 0, 0, one, 0)) + b"Times\0" for one in alphabets)
    struct.pack_into("<II", header, 0xD0, len(header) + len(text), len(fonts) + 2)
    fonts = struct.pack("<H", len(fonts) + 2) + fonts
    return make_compound_file({"WordDocument": bytes(header) + text + fonts + bytes(4096)})


@pytest.mark.parametrize(("signs", "encoding"), [(256, "mac_roman"), (0, "cp1252")])
def test_text_of_word_95_has_the_signs_of_the_computer_of_its_writer(read_old, signs, encoding):
    data = make_word_95("L\u2019économie\r".encode(encoding), signs, [0, 204] if signs else [0])
    assert [unit.strip() for unit in read_old(data)] == ["L\u2019économie"]


@pytest.mark.parametrize(
    ("text", "alphabets", "told"),
    [
        ("Вина и ёлка".encode("cp1251") + b" 5\xb2 Caf\xe9", [0, 204], "Вина и ёлка 5² Café"),
        ("Λιμήν Άνδρου".encode("cp1253"), [161], "Λιμήν Άνδρου"),
        # Of which alphabet each word is is not looked for.
        ("Вина".encode("cp1251"), [161, 204], "Âèíà"),
        ("Вина".encode("cp1251"), [0, 238], "Âèíà"),
    ],
)
def test_words_of_other_alphabets_of_word_95_are_told_by_its_fonts(read_old, text, alphabets, told):
    data = make_word_95(text + b"\r", alphabets=alphabets)
    assert [unit.strip() for unit in read_old(data)] == [told]


def test_notes_are_told_by_their_numbers_where_they_are_referred_to_and_where_they_stand(read_old):
    main = "a\x02 b\x02\x02 c* d\x02\r"
    notes = "\x02\tone\r* own\r\x02 deleted\r\r"
    end_notes = "\x02 first\rsecond\r\r"
    text = main + notes + end_notes
    deleted = main.index("\x02", 5)
    runs = [(text[:deleted],), ("\x02", DELETED)]
    runs += [(f"{line}\r",) for line in text[deleted + 1 :].split("\r")[:-1]]

    def pack(part, sign, places, before):
        starts = [part.index(one) for one in sign]
        return {
            before: struct.pack(f"<{len(places)}I", *places) + bytes(2 * len(places) - 2),
            before + 1: struct.pack(f"<{len(starts) + 1}I", *starts, len(part)),
        }

    tables = pack(notes, ["\x02\t", "*", "\x02 d"], [1, main.index("*"), deleted, len(main)], 2)
    tables |= pack(end_notes, ["\x02 f", "sec"], [4, main.index("d") + 1, len(main)], 46)
    counts = (len(main), len(notes), 0, 0, 0, len(end_notes))
    assert read_old(make_old_text(runs, tables=tables, counts=counts)) == [
        "a[1] b[i] c* d[ii]\n[1]\tone\n* own\n[2] deleted\n[i] first\nsecond"
    ]


def test_numbers_of_notes_at_the_end_are_roman(read_old):
    main = "a" + "\x02" * 49 + "\r"
    notes = "\x02\r" * 49
    places = range(1, 50)
    tables = {
        46: struct.pack("<50I", *places, len(main)) + bytes(98),
        47: struct.pack("<50I", *range(0, 98, 2), 98),
    }
    runs = [(main,), *[("\x02\r",)] * 49]
    counts = (len(main), 0, 0, 0, 0, len(notes))
    (text,) = read_old(make_old_text(runs, tables=tables, counts=counts))
    assert text.splitlines()[1:] == re.findall(r"\[[a-z]+\]", text.splitlines()[0])
    assert text.endswith(
        "[xxxix]\n[xl]\n[xli]\n[xlii]\n[xliii]\n[xliv]\n[xlv]\n[xlvi]\n[xlvii]\n[xlviii]\n[xlix]"
    )


def symbol(number, font=0):
    return struct.pack("<HHH", 0x6A09, font, number)


def in_font(number):
    return struct.pack("<HH", 0x4A4F, number)


def test_symbols_are_themselves_or_signs_of_their_font_or_nothing(read_old):
    fonts = ["Times New Roman", "Symbol", "Wingdings", "Wingdings 2"]
    runs = [
        ("a(", symbol(0x2192)),
        ("b",),
        ("(", symbol(0xF062, 1)),
        ("(", symbol(0x44, 1)),
        ("(", symbol(0xF0FC, 2)),
        # Of a picture, of a font that is not known, of half a letter.
        ("(", symbol(0xF022, 2)),
        ("(", symbol(0xF0FC, 3)),
        ("(", symbol(0xD800)),
        ("(", symbol(0x5C)),
        ("c\r",),
    ]
    assert read_old(make_old_text(runs, fonts=fonts)) == ["→→bβΔ✓\\c"]


def test_symbols_of_fonts_that_are_not_told_are_those_of_symbol(read_old):
    runs = [("a(", symbol(0xF0B7, 3)), ("(", symbol(0xF0A3, 3)), ("b\r",)]
    assert read_old(make_old_text(runs)) == ["••≤b"]


def test_signs_in_the_text_are_read_as_those_of_their_font(read_old):
    runs = [
        ("angle \uf071 ", in_font(1)),
        ("done \uf0fc\uf021 ", in_font(2)),
        ("other \uf071 ", in_font(0)),
        ("gone \uf071", in_font(1) + HIDDEN),
        ("end\r",),
    ]
    told = "angle θ done ✓ other \uf071 end"
    assert read_old(make_old_text(runs, fonts=["Arial", "Symbol", "Wingdings"])) == [told]


def test_codes_of_fields_among_signs_of_a_font_stay_out(read_old):
    runs = [("\uf071 \x13PAGE\x14 7\x15\r", in_font(1))]
    assert read_old(make_old_text(runs, fonts=["Arial", "Symbol"])) == ["θ  7"]


def test_no_more_numbers_of_notes_are_written_than_have_signs(read_old, monkeypatch):
    """Roman ones are as long as they are high: those of a hostile file would fill the memory."""
    written = []
    monkeypatch.setattr(old_texts, "_write_roman", lambda number: written.append(number) or "i")
    count = 70_000
    tables = {46: bytes(4 * (count + 1) + 2 * count), 47: bytes(4 * (count + 1))}
    counts = (2, 0, 0, 0, 0, 2)
    read_old(make_old_text([("\x02\r\x02\r",)], tables=tables, counts=counts))
    assert 60_000 < max(written) < 1 << 16


def test_text_is_put_together_of_its_pieces(read_old):
    text = "naïve “word” €\rπ 東 \U0001f6a2 x\rlost\rOne\r"
    units = len(text.encode("utf-16-le")) // 2
    halves = "".join(map(chr, struct.unpack(f"<{units}H", text.encode("utf-16-le"))))
    lost = halves.index("lost")
    first = halves.index("\r")
    pieces = [
        (first - 1, True, 0),
        (2, False, 0),
        (lost - first - 1, False, 0),
        # Hidden by one property; a heading by a list of them.
        (4, True, 0x01B8),
        (5, False, 1),
    ]
    runs = [(line + "\r",) for line in halves.split("\r")[:-1]]
    formats = [b"\x00\x46\x01\x00"]
    data = make_old_text(runs, STYLES, pieces=pieces, formats=formats)
    # What is left of the hidden paragraph is its mark, which is that of the heading's piece.
    assert read_old(data) == ["naïve “word” €\nπ 東 \U0001f6a2 x", "One"]


def test_half_a_sign_does_no_harm(read_old):
    assert read_old(make_old_text([("a\udc00b\ud83d\r",)])) == ["a\ufffdb\ufffd"]


def test_headers_stand_first_and_footers_last_and_notes_between_once(read_old):
    main, note, remark = "text\r", "note\r", "remark\r"
    repeated = ["", "head\r\r", "", "foot\r\r", "", "", "", "head\r\r", "", "", "first\r\r", ""]
    ends = [0] * 6
    for story in repeated:
        ends.append(ends[-1] + len(story))
    ends = [0, *ends[:-1], ends[-1], ends[-1] + 3]
    headers = "".join(repeated)
    assert len(ends) == 6 + len(repeated) + 2
    runs = [(main,), (note,)]
    runs += [(line + "\r",) for line in headers.split("\r")[:-1]]
    runs += [(remark,), ("box\r",)]
    counts = (len(main), len(note), len(headers), 0, len(remark), 0, 4)
    data = make_old_text(runs, counts=counts, headers=ends)
    assert read_old(data) == ["head\nfirst\ntext\nnote\nremark\nbox\nfoot"]


@pytest.mark.parametrize("flags", [0, 0x200])
def test_an_encrypted_text_is_refused_as_such(read_old, flags):
    assert read_old(make_old_text([("a\r",)], flags=flags)) == ["a"]
    with pytest.raises(UnreadableDocumentError) as refusal:
        read_old(make_old_text([("a\r",)], flags=flags | 0x100))
    assert refusal.value.code is RejectionCode.ENCRYPTED


def test_what_does_not_fit_is_damaged(read_old):
    good = make_old_text([("a\r",)])
    with_other_table = make_old_text([("a\r",)], flags=0x200).replace(
        "1Table".encode("utf-16-le"), "2Table".encode("utf-16-le")
    )
    too_long = make_old_text([("a" * 9000 + "\r",)], pieces=[(90000, False, 0)])
    for data in (
        with_other_table,
        too_long,
        good.replace("WordDocument".encode("utf-16-le"), "WordDocumenu".encode("utf-16-le")),
    ):
        with pytest.raises(UnreadableDocumentError) as refusal:
            read_old(data)
        assert refusal.value.code is RejectionCode.DAMAGED
        assert refusal.value.reason


def test_circles_of_styles_end(read_old):
    styles = {1: (0xFFE, 1, 2, b"", b""), 2: (0xFFE, 1, 1, b"", b"")}
    assert read_old(make_old_text([("a\r", b"", as_style(1))], styles)) == ["a"]


def test_nothing_else_is_raised_whatever_the_bytes_are(read_old):
    seeds = [
        make_old_text(
            [
                ("One\r", b"", as_style(HEADING)),
                ("\x13 A \x14b\x15", HIDDEN),
                ("c\x07", b"", CELL),
                ("\x07", b"", b"\0\0\x46\x66\x00\0\0\0"),
                ("d\r", b"", as_style(HIDING)),
            ],
            STYLES,
            further={"Data": b"xx"},
        ),
        (PROJECT / "tests" / "documents" / "libreoffice-minutes.doc").read_bytes(),
    ]
    chance = random.Random(5)
    outcomes = set()
    for number in range(1500):
        broken = bytearray(seeds[number % len(seeds)])
        used = [place for place, byte in enumerate(broken) if byte]
        for _ in range(chance.randint(1, 6)):
            place = min(chance.choice(used), len(broken) - 4)
            value = chance.choice((0, 1, 2, 0xFF, 0x7FFFFFFF, 0xFFFFFFFE, chance.getrandbits(32)))
            size = chance.choice((1, 4))
            broken[place : place + size] = value.to_bytes(4, "little")[:size]
        try:
            read_old(bytes(broken))
        except UnreadableDocumentError as refusal:
            outcomes.add(refusal.code)
        else:
            outcomes.add("read")
    assert {"read", RejectionCode.DAMAGED} <= outcomes
