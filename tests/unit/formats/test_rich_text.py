"""Rich text: characters of any code page, tables, pictures and what tracked changes deleted."""

import pytest


@pytest.mark.parametrize(
    ("body", "text"),
    [
        # A path is no word, however it is written.
        (rb"C:\\temp\\par \'5cnew", r"C:\temp\par \new"),
        # Words that tell how text looks stand close to it, and to words that are read.
        (rb"\b0\par\pard\plain\s0\b bo\i0 ld{\cf1\super 2}\cf0", "bold2"),
        (rb"a\line\b b\tab\b0 c", "a\nb c"),
        # Characters by the code page of the document, of the font, and of two bytes.
        (rb"\'c6r\'f8", "Ærø"),
        (rb"{\f1 \'cf\'f0\'e8}{\f2 \'83\'65\'83X} \'e9", "Приテス é"),
        # Characters for programs that do not know Unicode, one or more or none.
        (rb"\u8364\'80 \u8364? {\uc2\u8364 EU}R{\uc0\u8364}5 \u8364\b E", "€ € €R€5 €E"),
        (rb"\u8364{\*\x y}E", "€E"),
        # That ends with its group and before another, and with its line; a sign may stand for it.
        (rb"\u8364{\b abc}, \u8364\tab def", "€abc, € def"),
        (rb"a\uc9\u8364?\par next, \uc1\u8212\emdash dash", "a€\nnext, —dash"),
        # Two bytes of a character, with an end of a line or a word between, or written as ASCII.
        (rb"\f2 \'93\'fa\'96" + b"\r\n" + rb"\'7b, \'93\lang1041\'fa, \'95\\", "日本, 日, 表"),
        # One of them alone, in a group that is passed over, takes nothing with it.
        (rb"\f2{\*\x \'82}Abc", "Abc"),
        # What a program might take for marks of this reader's own.
        (rb"o\'1en\'1fe \u30 ?two\u29 ?", "one two"),
        # What stands beside the lines has its own.
        (
            rb"The fee{\footnote In {\b kroner}} is 500{\*\annotation x\par}.",
            "The fee\nIn kroner\nis 500\nx\n.",
        ),
        # A row without its empty cells at the end, a table in a cell, and what follows.
        (rb"\trowd\cellx1 a\cell\cell\intbl b\cell\cell\row c\par", "a | | b\nc"),
        (rb"x\cell{y\nestcell z\nestcell{\*\nesttableprops\trowd\nestrow}}\cell\row", "x | y | z"),
        (
            rb"x\cell y\nestcell z\nestcell{\*\nesttableprops\trowd\nestrow}{\nonesttables\par}"
            rb"v\nestcell{\*\nesttableprops\nestrow}\row",
            "x | y | z\nv",
        ),
        # What is not read ends where its group does, whatever is in there.
        (rb"a{\*\x b\{c {d} e}f{\info{\title \}}}g", "afg"),
        (rb"a{\*\x{1{2{3{4{5{6 b}}}}}}}c{\*\y{\pict 00}}d", "acd"),
        (rb"a{\*\x{\header b}{\*\footnote c}}{\*\footnotex d}e", "ae"),
        # Pictures in bytes that look like anything, and in figures.
        (rb"a{\pict\wmetafile8\bin9 }}{\par\' }b{\pict 0123ab}c", "abc"),
        # What tracked changes deleted, and hid.
        (rb"kept {\deleted gone {\b too}}{\revised new}\deleted x\deleted0  on", "kept new on"),
        # Fields: what they show, and not what they are made of.
        (rb'{\field{\fldinst HYPERLINK "x"}{\fldrslt{\ul link}}} on', "link on"),
        (rb"soft\-hy\~p\_en \{\}", "softhy p\u2011en {}"),
        (rb"unbalanced}} text", "unbalanced text"),
    ],
)
def test_rich_text_is_what_it_shows(read, body, text):
    fonts = rb"{\fonttbl{\f0\fswiss Arial;}{\f1\fnil\fcharset204 A;}{\f2\fcharset128 B;}}"
    data = rb"{\rtf1\ansi\ansicpg1252\deff0" + fonts + b"\r\n" + body + b"}"
    lines = read(data).texts[0].strip("\n").split("\n")
    assert "\n".join(line.strip() for line in lines if line.strip()) == text


@pytest.mark.parametrize("page", [rb"\ansicpg1251", rb"\ansicpg99999", rb"\mac", rb"\pc", rb"\pca"])
def test_the_code_page_of_a_document_is_taken(read, page):
    names = {rb"\ansicpg1251": "cp1251", rb"\mac": "mac_roman", rb"\pc": "cp437", rb"\pca": "cp850"}
    expected = b"\x8e\xa1".decode(names.get(page, "cp1252"))
    assert read(rb"{\rtf1\ansi" + page + rb" \'8e\'a1}").texts == [expected]


@pytest.mark.parametrize(
    ("page", "codec"), [(rb"\ansicpg1251", "cp1251"), (rb"\ansicpg932", "cp932"), (b"", "cp1252")]
)
def test_bytes_that_are_not_escaped_are_of_the_code_page_too(read, page, codec):
    # The last byte of one of these characters in cp932 is a backslash.
    text = {"cp1251": "Привет", "cp932": "日本表"}.get(codec, "café")
    assert read(rb"{\rtf1\ansi" + page + b" " + text.encode(codec) + b"}").texts == [text]


def test_a_text_that_names_no_font_is_in_the_font_of_the_document(read):
    fonts = rb"{\fonttbl{\f0 Arial;}{\f1\fcharset204 A;}}"
    text = rb"\'cf\'f0\'e8\f0 \'e9\plain  \'cf"
    assert read(rb"{\rtf1\ansi\ansicpg1252\deff1" + fonts + text + b"}").texts == ["Приé П"]


@pytest.mark.parametrize(
    "style",
    [
        rb"{\s7\f0 heading 2;}",
        rb"{\s7{\*\keycode \shift\fn8}\sbasedon0 heading 2;}",
        rb"{\s7\sbasedon0{\b heading 2;}}",
        rb"{\s7\outlinelevel1{\*\x y} Chapter;}",
        rb"{\s3{\*\x {deep}}}{\s7 heading 2{\*\soutlvl};}",
    ],
)
def test_a_style_of_headings_is_told_whatever_groups_are_in_it(read, style):
    styles = rb"{\stylesheet{\s0 Normal;}" + style + rb"}"
    body = rb"\s0 before\par\s7 One\par\s0 alpha\par{\s9 heading 3;\par}\s9 not\par"
    texts = read(rb"{\rtf1\ansi" + styles + body + b"}").texts
    assert [text.split() for text in texts] == [
        ["before"],
        ["One", "alpha", "heading", "3;", "not"],
    ]


def test_words_without_end_between_texts_take_little_memory(read):
    # Remembering a place for each, the reader ran out of its memory.
    assert read(rb"{\rtf1 a" + rb"\b\i0\fs20 " * 300_000 + b"b}").texts == ["ab"]


def test_much_that_is_deep_or_empty_takes_no_time(read):
    assert read(rb"{\rtf1 " + rb"{\b " * 100_000 + b"x").texts[0].strip() == "x"
    assert read(rb"{\rtf1 " + rb"{\*\x b" * 100_000).texts == [""]
    assert read(rb"{\rtf1 a" + rb"{\*\x b" + rb"{\*\x c}" * 100_000).texts == ["a"]
    assert read(rb"{\rtf1 a" + rb"\cell" * 100_000 + rb"\row b}").texts == ["a\nb"]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (r"10{\super 2}", "10 2"),
        (r"1,250\super 3\nosupersub  birds", "1,250 3 birds"),
        (r"10{\super\fs12 -3}", "10 -3"),
        (r"H{\sub 2}5 m{\super 2}", "H2 5 m2"),
        (r"5\up6 2\up0 7\dn4 1\plain 2", "5 2 7 1 2"),
        (r"10{\super0 2}", "102"),
        (r"10{\b 2}", "102"),
        (r"1{\super st}", "1st"),
        (r"{\v 10}{\super 2}", "2"),
        (r"10{\super 1}{\super 2}5", "10 12 5"),
        (r"{\super 14}{\sub 6}C", "14 6C"),
        (r"12{\v\super no}34", "1234"),
    ],
)
def test_a_raised_figure_is_no_digit_of_the_number_before_it(read, source, shown):
    assert read(rf"{{\rtf1 {source}}}".encode()).texts == [shown]


def test_a_raised_empty_cell_at_the_end_of_a_row_is_not_shown(read):
    row = r"\trowd\cellx1\cellx2\pard\intbl a\cell\pard\super\intbl\cell\row\pard\plain b"
    assert read(rf"{{\rtf1 {row}}}".encode()).texts == ["a\nb"]


@pytest.mark.parametrize("group", ["pntext", "listtext"])
def test_the_number_of_an_item_is_read(read, group):
    items = "".join(rf"{{\{group}\f0 {n}.\tab}}item {n}\par " for n in (1, 2))
    assert read(rf"{{\rtf1 {items}}}".encode()).texts == ["1. item 1\n2. item 2"]
