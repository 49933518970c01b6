"""Ligatures that a font tells by the names of its glyphs. Runs in the child.

The name of a glyph that draws several characters is made of theirs: `f_i`, `t_t.liga` (Adobe Glyph
List Specification, 2). PDFium knows no such name, and gives the code, which for TeX's Libertine is
that of another ligature in TeX's own encoding: "definition" became "deffnition". pypdf tells the
names. It is asked only for a page on which a letter stands beside a code of its own font.
"""

import re
from typing import Any

from pipeline.extraction.pypdf_errors import LazyReader, PypdfError
from pipeline.extraction.shown_text.page_characters import Edit, PageCharacters

# PDFium's hyphen, line ends and a tab are no codes of fonts.
_CODE = re.compile("[\x01\x03-\x08\x0b\x0c\x0e-\x1f\x80-\x9f]")
_LAST_CODE = 0x9F
_UNKNOWN = "\ufffd"
# What a glyph draws, by the name of its font and its code there.
Ligatures = dict[tuple[str, int], str]


def write_ligatures(
    characters: PageCharacters, reader: LazyReader, page_number: int
) -> PageCharacters:
    """A page with the letters of each ligature whose font says which they are.

    Args:
        characters: The text, and where each character stands.
        reader: The document.
        page_number: The page, from 1.

    Raises:
        MemoryError: The memory limit was reached.
    """
    codes = [
        (found.start(), font)
        for found in _CODE.finditer(characters.text)
        if (font := _find_font_of_word(characters, found.start()))
    ]
    if not codes:
        return characters
    try:
        with reader.use() as opened:
            ligatures = _read_ligatures(opened.pages[page_number - 1])
    except PypdfError:
        return characters
    return characters.edit(
        Edit(place, place + 1, letters)
        for place, font in codes
        if (letters := ligatures.get((font, ord(characters.text[place]))))
    )


def _find_font_of_word(characters: PageCharacters, place: int) -> str:
    """The name of the font of a code beside a letter of the same font; '' where there is none."""
    text, font = characters.text, characters.find_font(place)
    for near in (place - 1, place + 1):
        if text[near : near + 1].isalpha() and characters.find_font(near) == font:
            return _drop_tag(characters.find_font_name(place))
    return ""


def _read_ligatures(page: Any) -> Ligatures:
    """What the fonts of a page call their codes; none that two of one name call differently."""
    from pypdf._codecs.adobe_glyphs import adobe_glyphs

    ligatures: Ligatures = {}
    fonts = page["/Resources"]["/Font"]
    for key in fonts:
        font = fonts[key]
        encoding = font.get("/Encoding")
        if "/ToUnicode" in font or not hasattr(encoding, "get"):
            continue
        code = 0
        for entry in encoding.get("/Differences", ()):
            if not isinstance(entry, str):
                code = int(entry)
                continue
            parts = entry[1:].partition(".")[0].split("_")
            letters = "".join([adobe_glyphs.get(f"/{part}", _UNKNOWN) for part in parts])
            if code <= _LAST_CODE:
                glyph = (_drop_tag(str(font["/BaseFont"])[1:]), code)
                is_told = ligatures.setdefault(glyph, letters) == letters
                ligatures[glyph] = letters if is_told and _UNKNOWN not in letters else ""
            code += 1
    return ligatures


def _drop_tag(name: str) -> str:
    """The name of a font without what tells its subsets apart: PDFium does not always give that."""
    return name.rpartition("+")[2]
