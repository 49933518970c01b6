"""Ligatures that a font tells by the names of its glyphs. Runs in the child.

The name of a glyph that draws several characters is made of theirs: `f_i`, `t_t.liga` (Adobe Glyph
List Specification, 2). PDFium knows no such name, and gives the code, which for TeX's Libertine is
that of another ligature in TeX's own encoding: "definition" became "deffnition". pypdf tells the
names. It is asked only for a page on which a letter stands beside a code of its own font.
"""

import re
from collections import defaultdict
from collections.abc import Sequence, Set
from itertools import islice
from typing import Any

from pipeline.extraction.pypdf_errors import LazyReader, PypdfError
from pipeline.extraction.shown_text.page_characters import Edit, PageCharacters

# PDFium's hyphen, line ends and a tab are no codes of fonts.
_CODE = re.compile("[\x01\x03-\x08\x0b\x0c\x0e-\x1f\x80-\x9f]")
_LAST_CODE = 0x9F
_UNKNOWN = "\ufffd"
_LETTER = re.compile("[A-Za-z]")
# So many letters of a page tell which fonts have which.
_MOST_LETTERS = 5_000
# What a glyph draws, by the name of its font and its code there, in each font of that name, with
# the characters that the font has.
Ligatures = dict[tuple[str, int], list[tuple[str, frozenset[str]]]]


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
    letters_of_fonts: dict[int, set[str]] = defaultdict(set)
    if any(len({drawn for drawn, _ in told}) > 1 for told in ligatures.values()):
        for found in islice(_LETTER.finditer(characters.text), _MOST_LETTERS):
            letters_of_fonts[characters.find_font(found.start())].add(found[0])
    edits = []
    # A page may have as many fonts of one name as it has codes.
    chosen: dict[tuple[int, str, int], str] = {}
    for place, name in codes:
        glyph = characters.find_font(place), name, ord(characters.text[place])
        if glyph not in chosen:
            chosen[glyph] = _choose(ligatures.get(glyph[1:], ()), letters_of_fonts[glyph[0]])
        if drawn := chosen[glyph]:
            edits.append(Edit(place, place + 1, drawn))
    return characters.edit(edits)


def _choose(told: Sequence[tuple[str, frozenset[str]]], letters: Set[str]) -> str:
    """What a ligature draws, by the letters of its font on the page; '' where no name tells.

    Small capitals, or figures of another style, are a font of the same name with another order of
    glyphs. Of several fonts it is of one that has all these letters.
    """
    found = {drawn for drawn, _ in told}
    if len(found) > 1:
        found = {drawn for drawn, signs in told if letters <= signs} or found
    if len(found) > 1:
        return _UNKNOWN
    drawn = "".join(found)
    return "" if _UNKNOWN in drawn else drawn


def _find_font_of_word(characters: PageCharacters, place: int) -> str:
    """The name of the font of a code beside a letter of the same font; '' where there is none."""
    text, font = characters.text, characters.find_font(place)
    for near in (place - 1, place + 1):
        if text[near : near + 1].isalpha() and characters.find_font(near) == font:
            return _drop_tag(characters.find_font_name(place))
    return ""


def _read_ligatures(page: Any) -> Ligatures:
    """What the fonts of a page call their codes."""
    from pypdf._codecs.adobe_glyphs import adobe_glyphs

    ligatures: Ligatures = {}
    fonts = page["/Resources"]["/Font"]
    for key in fonts:
        font = fonts[key]
        encoding = font.get("/Encoding")
        if "/ToUnicode" in font or not hasattr(encoding, "get"):
            continue
        names = _list_names(encoding)
        # TeX names all that is drawn with a font, and no more.
        signs = frozenset(chr(code) for code in names if 0 <= code <= _LAST_CODE)
        for code, entry in names.items():
            parts = entry[1:].partition(".")[0].split("_")
            letters = "".join([adobe_glyphs.get(f"/{part}", _UNKNOWN) for part in parts])
            if code <= _LAST_CODE:
                glyph = (_drop_tag(str(font["/BaseFont"])[1:]), code)
                ligatures.setdefault(glyph, []).append((letters, signs))
    return ligatures


def _list_names(encoding: Any) -> dict[int, str]:
    """The names that an encoding has for glyphs, by their codes."""
    names: dict[int, str] = {}
    code = 0
    for entry in encoding.get("/Differences", ()):
        if isinstance(entry, str):
            names[code] = entry
            code += 1
        else:
            code = int(entry)
    return names


def _drop_tag(name: str) -> str:
    """The name of a font without what tells its subsets apart: PDFium does not always give that."""
    return name.rpartition("+")[2]
