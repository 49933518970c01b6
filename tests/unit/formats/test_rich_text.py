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
        # A row without its empty cells at the end, a table in a cell, and what follows.
        (rb"\trowd\cellx1 a\cell\cell\intbl b\cell\cell\row c\par", "a | | b\nc"),
        (rb"x\cell{y\nestcell z\nestcell{\*\nesttableprops\trowd\nestrow}}\cell\row", "x | y | z"),
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


def test_much_that_is_deep_or_empty_takes_no_time(read):
    assert read(rb"{\rtf1 " + rb"{\b " * 100_000 + b"x").texts[0].strip() == "x"
    assert read(rb"{\rtf1 a" + rb"\cell" * 100_000 + rb"\row b}").texts == ["a\nb"]
