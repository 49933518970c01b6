"""Text whose fonts do not say what they draw: mended, asked for elsewhere, or a failed page."""

import pytest

from pipeline.extraction import pypdf_errors
from pipeline.extraction.engines import EngineDocument
from pipeline.extraction.extractor import Extractor
from pipeline.extraction.fonts import ligature_names
from pipeline.extraction.fonts.font_codes import mend_codes
from pipeline.extraction.fonts.second_opinion import Opinion, choose_text, is_doubtful, is_sound
from pipeline.extraction.page_text import Engine, PageStatus
from pipeline.extraction.pypdf_errors import LazyReader, PypdfError, translate_pypdf_errors
from shared.deadline import Deadline
from shared.errors import RejectionCode
from tests.fakes.pdf.broken_pdf_files import (
    VERTICAL_TEXT,
    make_bitmap_font_pdf,
    make_font_not_inside,
    make_mapped_pdf,
)
from tests.fakes.pdf.shown_pdf_files import make_drawn_pdf

PROSE = "The quick brown fox jumps over the lazy dog and eats twelve herrings at the pier."
MATHEMATICAL_X = "\N{MATHEMATICAL ITALIC SMALL X}"
JAPANESE = (
    "歩行者は、道路を横断してはならない。ただし、信号機の表示する青色の灯火に従うときは、" * 3
)


@pytest.fixture(scope="module")
def extractor():
    with Extractor() as extractor:
        yield extractor


@pytest.fixture
def read(extractor, tmp_path):
    def read(data):
        path = tmp_path / "document.pdf"
        path.write_bytes(data)
        with extractor.open(path, Deadline.after(60)) as document:
            (page,) = document.pages()
            return page

    return read


def test_ligatures_of_tex_are_letters(read):
    text = b"The e\x1ecient o\x1ece wa\x1fe of the \x1crst, na\xefve, \xdcbergr\xf6\xffe"
    text += b", \x8a\xf3d\xb9."
    page = read(make_bitmap_font_pdf(text))
    assert page.text == "The efficient office waffle of the first, naïve, Übergröße, Łódź."


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (b"/f_i /t_t.liga /T_h", "The definition of the setter, first"),
        # Names that say nothing: the codes are those of TeX's own encoding.
        (b"/g27 /g28 /g29", "fle deffnition of the sefier, ffrst"),
    ],
)
def test_names_of_ligatures_are_read(read, names, text):
    """As of TeX's Libertine, which has another ligature for each of the codes."""
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /ABCDEF+Libertine /Encoding "
    font += b"<< /Type /Encoding /Differences [27 %b] >> >>" % names
    content = rb"BT /F1 12 Tf 72 700 Td (\035e de\033nition of the se\034er, \033rst) Tj ET"
    assert read(make_drawn_pdf(content, font=font)).text == text


@pytest.mark.parametrize(
    ("letters", "text"),
    [(b"A B C d e f", "define Quick"), (b"c d e f i k n u Q", "de\ufffdne Quick")],
)
def test_of_fonts_of_one_name_that_with_the_letters_around_tells_a_ligature(read, letters, text):
    """Small capitals are a font of the same name, with other ligatures for the same codes."""
    assert read(draw_with_small_capitals(b"Quick", letters)).text == text


def test_what_a_ligature_is_is_told_once_a_font(tmp_path, monkeypatch):
    """Each may have as many fonts of its name as a page has of it."""
    path = tmp_path / "document.pdf"
    path.write_bytes(draw_with_small_capitals(rb"de\033ne " * 9, b"A B"))
    asked = []
    monkeypatch.setattr(
        ligature_names, "_choose", lambda told, letters: asked.append(len(told)) or "fi"
    )
    document = EngineDocument(path, lambda data: None)
    assert document.read_page(1).text.split() == ["define"] * 10
    document.close()
    assert asked == [2]


def draw_with_small_capitals(words, letters):
    """A page of a font with a ligature, and a font of its name for some letters, with another."""
    others = b" ".join(b"%d /%b" % (ord(letter), letter) for letter in letters.split())
    named = b"<< /Type /Font /Subtype /Type1 /BaseFont /ABCDEF+Libertine /Encoding "
    named += b"<< /Type /Encoding /Differences [27 /%b %b] >> >>"
    roman = named % (b"f_i", b" ".join(b"%d /%c" % (code, code) for code in b"cdefiknuQ"))
    small = named % (b"Q_u.sc", others)
    data = make_drawn_pdf(rb"BT /F1 12 Tf 72 700 Td (de\033ne %b) Tj ET" % words, font=roman)
    entry = b"/Font << /F1 3 0 R "
    assert entry in data
    return data.replace(entry, entry + b"/F2 %b " % small)


@pytest.mark.parametrize(
    ("names", "is_music"),
    [
        (("noteheads.s2", "flags.u4", "rests.3do"), True),
        (("noteheads.s2", "glyph.1", "g.2"), False),
    ],
)
def test_signs_of_music_are_left_out_and_nothing_else(read, names, is_music):
    """Neither their codes nor their names are words; names that tell nothing may be letters."""
    song = "Sorcery for flute, by a composer"
    codes = b"\x01\x04\x05" * 13
    page = read(make_bitmap_font_pdf(codes, dict(zip(codes, names, strict=False)), above=song))
    assert ((page.text, page.engine) == (song, Engine.PDFIUM)) is is_music


def test_a_figure_that_only_its_name_tells_is_no_sign_of_music(read):
    """Hardly a letter of the page is another, but it may be a digit of a sum."""
    song = "Sorcery for flute, by a composer who wrote much of it, and to whom we owe 1000"
    names = dict(zip(b"\x01\x04\x05", ("noteheads.s2", "flags.u4", "seven"), strict=True))
    page = read(make_bitmap_font_pdf(b"\x05" + b"\x01\x04" * 20, names, above=song))
    assert "7" in page.text.removeprefix(song)


def test_telling_names_of_drawn_glyphs_are_read(read):
    letters = sorted(set(PROSE.replace(" ", "").lower()) - {"."})
    codes = {letter: 0x41 + index for index, letter in enumerate(letters)}
    names = {code: letter for letter, code in codes.items()} | {0x20: "space", 0x2E: "period"}
    text = bytes(codes.get(letter, ord(letter)) for letter in PROSE.lower())
    page = read(make_bitmap_font_pdf(text, names))
    assert (page.text.split(), page.engine) == (PROSE.lower().split(), Engine.PYPDF)


def test_codes_of_no_character_fail_the_page(read):
    page = read(make_bitmap_font_pdf(bytes(1 + ord(letter) % 26 for letter in PROSE)))
    assert page.status is PageStatus.FAILED
    assert page.code is RejectionCode.UNMAPPED_FONTS


def test_codes_that_only_look_like_text_fail_the_page(read):
    page = read(make_bitmap_font_pdf(bytes((ord(letter) - 25) & 0x7F for letter in PROSE * 2)))
    assert page.code is RejectionCode.UNMAPPED_FONTS


@pytest.mark.parametrize("shift", [29, 31])
def test_numbers_of_glyphs_are_letters(read, shift):
    codes = bytes(ord(letter) - shift for letter in PROSE)
    assert read(make_bitmap_font_pdf(codes, blanks=bytes([32 - shift]))).text == PROSE


@pytest.mark.parametrize(("shift", "space"), [(29, 3), (30, 32), (31, 1)])
def test_signs_are_read_with_the_letters(read, shift, space):
    """Among their numbers are those of line ends and of the space of ASCII."""
    text = "The (a) quick, brown fox jumps at 1,25 lazy dogs? He eats cod, at the pier."
    codes = bytes(space if letter == " " else ord(letter) - shift for letter in text)
    assert read(make_bitmap_font_pdf(codes, blanks=bytes([space]))).text == text


@pytest.mark.parametrize("shift", [29, 30, 31])
def test_a_glyph_that_draws_nothing_is_a_space_in_any_order(read, shift):
    codes = bytes(32 if letter == " " else ord(letter) - shift for letter in PROSE)
    assert read(make_bitmap_font_pdf(codes, blanks=b" ")).text == PROSE


def test_figures_are_marked_where_no_commas_and_stops_tell_their_order(read):
    text = "The quick brown fox jumps over the lazy dog and eats 12 herrings at the pier"
    codes = bytes(ord(letter) - 31 for letter in text)
    page = read(make_bitmap_font_pdf(codes, blanks=bytes([1])))
    assert page.text == text.replace("12", 2 * "\ufffd")


@pytest.mark.parametrize("below", [29, 31, 32])
def test_commas_and_stops_are_told_by_the_words_that_they_end(read, below):
    """Where the letters alone are in order; nothing tells where the figures are."""
    text = "The quick brown fox, on the left, jumps over 7 dogs. He eats here, today."
    codes = bytes(ord(letter) - (33 if letter.isalpha() else below) for letter in text)
    page = read(make_bitmap_font_pdf(codes, blanks=bytes([32 - below])))
    assert page.text == text.replace("7", "\ufffd")


def test_figures_in_a_font_of_their_own_are_not_guessed(read):
    # That words come out in one font says nothing of another, whose glyphs may be numbered anew.
    text, amount = (bytes(ord(letter) - 29 for letter in part) for part in (PROSE, "1,250.00"))
    page = read(make_bitmap_font_pdf(text, blanks=bytes([3]), below=amount))
    assert page.code is RejectionCode.UNMAPPED_FONTS


def test_letters_after_those_of_ascii_are_in_the_order_of_apple(read):
    numbers = {"é": 112, "è": 113, "ç": 111, "œ": 176, "\N{RIGHT SINGLE QUOTATION MARK}": 182}
    text = "l\N{RIGHT SINGLE QUOTATION MARK}œuvre-légère-très-française-de-la-région-aime"
    text += "-le-français-écrit-de-passion"
    numbers |= {"g": 74, "-": 16}
    codes = bytes(numbers.get(letter, ord(letter) - 29) for letter in text)
    assert read(make_bitmap_font_pdf(codes)).text == text


def test_letters_after_those_of_ascii_may_be_in_the_order_of_unicode(read):
    """As in DejaVu's fonts, of which Apple's order makes "caf…" of "café"."""
    text = "l'Été-légère-de-la-région-sur-le-grand-café-pour-écrire-avec-passion-dans-Paris"
    codes = bytes(98 + ord(letter) - 0xA0 if letter > "~" else ord(letter) - 29 for letter in text)
    assert read(make_bitmap_font_pdf(codes)).text == text


def test_noise_in_few_lines_of_a_sound_page_is_marked(read):
    """Its codes are those of no order that is known."""
    noise = b"thq-xck-brw-nfx-jmp-svr-thl-zyd-gnd"
    sound = "\n".join([PROSE] * 12)
    page = read(make_bitmap_font_pdf(noise, above=sound))
    assert page.text.split("\n") == [*[PROSE] * 12, len(noise) * "\ufffd"]


def test_few_words_of_noise_are_marked_and_fail_a_page_that_is_little_more(read):
    noise = b"HQX-DXF-QpPWF"
    page = read(make_bitmap_font_pdf(noise, above="\n".join([PROSE] * 5)))
    assert page.text.split("\n")[5:] == [len(noise) * "\ufffd"]
    page = read(make_bitmap_font_pdf(noise, above="Manoel de Oliveira, and one more line of text."))
    assert page.code is RejectionCode.UNMAPPED_FONTS


def test_two_words_of_noise_are_marked(read):
    """Fewer tell nothing, and more are not needed."""
    noise = b"HQX-DXF"
    page = read(make_bitmap_font_pdf(noise, above="\n".join([PROSE] * 5)))
    assert page.text.split("\n")[5:] == [len(noise) * "\ufffd"]


def test_names_of_programs_are_words(read):
    """Many have a capital inside, and are no codes for that."""
    listing = "exprs phenoData minimalSet assayData experimentData varMetadata sampleNames rowData"
    assert read(make_bitmap_font_pdf(listing.encode(), blanks=b" ")).text == listing


@pytest.mark.parametrize("outside", [b"", b" -90 60 Td (2) Tj"], ids=["alone", "beside a mark"])
def test_letters_with_names_of_two_units_are_read_and_shift_no_other(read_text, outside):
    """Those of formulas, in fonts of TeX: PDFium counts them and leaves them out."""
    content = (
        b"BT /F1 10 Tf 100 700 Td (AA) Tj 60 0 Td (25) Tj 13.5 0 Td (52) Tj -73 -20 Td (A5) Tj"
        b"%b ET" % outside
    )
    font = (
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier "
        b"/Encoding << /Type /Encoding /Differences [65 /u1D465] >> >>"
    )
    data = make_drawn_pdf(content, b"/CropBox [50 50 550 730]", font=font)
    assert read_text(data) == f"{MATHEMATICAL_X * 2} 25 52\n{MATHEMATICAL_X}5"


def test_a_listing_beside_words_in_the_same_kind_of_font_stays_as_it_is(read):
    listing = b"mov ldr str cmp bne bgt blx push pop mvn"
    page = read(make_bitmap_font_pdf(PROSE.encode(), blanks=b" ", below=listing))
    assert page.text == f"{PROSE}\n{listing.decode()}"


def test_a_title_of_replacement_characters_fails_the_page(read):
    page = read(make_mapped_pdf(b"ABCDEF", lambda _: b"\xff\xfd"))
    assert page.code is RejectionCode.UNMAPPED_FONTS


def test_swapped_bytes_are_swapped_back(read):
    page = read(make_mapped_pdf(PROSE.encode(), lambda code: chr(code).encode("utf-16-le")))
    assert page.text == PROSE


def test_utf_8_in_a_character_map_is_read(read):
    letters = bytes(range(0xC0, 0xE0)).decode("iso8859-5")
    places = {0x41 + index: letter for index, letter in enumerate(letters)}
    page = read(make_mapped_pdf(bytes(places), lambda code: places[code].encode()))
    assert page.text == letters


def test_adobe_small_capitals_are_letters(read):
    page = read(make_mapped_pdf(b"magazin", lambda code: bytes([0xF7, code])))
    assert page.text == "magazin"


def test_a_font_that_is_not_inside_takes_no_text_with_it(read):
    page = read(make_font_not_inside(20))
    assert sorted("".join(page.text.split())) == sorted(VERTICAL_TEXT * 20)


@pytest.mark.parametrize(
    "text",
    [
        PROSE,
        "",
        "안녕하세요 여러분 반갑습니다",
        "一二三四五六",
        "Ĳsselmeer ¡ £",
        "a\x02b",
        "\u4e00\u5f00\u5300",
    ],
)
def test_text_without_codes_stays_as_it_is(text):
    assert mend_codes(text) == text


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        (
            "an e\x0ecient and \x0crst-rate o\x0ece with a\rat roof",
            "an efficient and first-rate office with aflat roof",
        ),
        (
            "\x10quoted\x11 words of the \x1crst e\x1bect \x15 and more of them",
            "“quoted” words of the first effect \u2013 and more of them",
        ),
        ("\uf761\uf7e9\uf731", "aé1"),
        ("the \x0crst of 1\x0f250 o\x0eces and more", "the first of 1\ufffd250 offices and more"),
        ("the \x1crst of 1\x1f250, 1914\x151918", "the first of 1\ufffd250, 1914\u20131918"),
    ],
)
def test_codes_are_mended(text, mended):
    assert mend_codes(text) == mended


def test_what_is_sound():
    assert is_sound(PROSE)
    assert is_sound(JAPANESE)
    assert is_sound("12,345.00 678 -9")
    assert not is_sound("")
    assert not is_sound(PROSE.replace(" ", "\x03"))
    assert not is_sound(
        "".join(chr(ord(letter) - 31) if letter != " " else " " for letter in PROSE)
    )
    assert not is_sound("".join(chr(0x100 + 61 * index) for index in range(100)))


def test_what_is_doubtful():
    assert not is_doubtful(PROSE)
    assert is_doubtful(PROSE, drops_text=True)
    assert is_doubtful(PROSE, 0.5)
    assert is_doubtful("\ufffd\ufffd")
    few, many = (PROSE.replace(letters, "\ufffd") for letters in ("qu", "e"))
    assert not is_doubtful(few)
    assert is_doubtful(many) and not is_sound(many)
    assert not is_doubtful("\uf0b7 First of all \uf0b7 And then \uf0b7 At last")


def test_the_better_text_is_taken():
    noise = PROSE.replace("e", "\x04").replace("o", "\x05")
    assert choose_text(noise, Opinion(PROSE), drops_text=False) == PROSE
    assert choose_text(noise, Opinion(noise), drops_text=False) is None
    assert choose_text(noise, None, drops_text=False) is None
    assert choose_text(noise, Opinion(f"HQX {PROSE}"), drops_text=False, noise=["HQX"]) is None
    assert choose_text(noise, Opinion("Too short."), drops_text=False) is None
    assert choose_text(PROSE, Opinion(PROSE.upper()), drops_text=False) == PROSE
    assert (
        choose_text(PROSE, Opinion(PROSE[::-1], has_telling_names=True), drops_text=False) == PROSE
    )
    assert choose_text(PROSE, None, drops_text=True) is None


def test_what_pypdf_cannot_open_is_not_parsed_again_for_each_page(tmp_path, monkeypatch):
    opened = []
    open_anew = pypdf_errors.open_with_pypdf
    monkeypatch.setattr(
        pypdf_errors, "open_with_pypdf", lambda *file: opened.append(1) or open_anew(*file)
    )
    reader = LazyReader(tmp_path / "unread.pdf", b"%PDF-1.7")
    for _ in range(3):
        with pytest.raises(PypdfError), translate_pypdf_errors():
            reader.open()
    assert len(opened) == 1
