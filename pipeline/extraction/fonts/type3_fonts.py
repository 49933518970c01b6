"""Whether glyph names of a page's Type 3 fonts say which characters they draw.

PDFium does not read the names (it takes the codes for characters), pypdf does. Short: one rule.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pipeline.extraction.pypdf_errors import PypdfError, translate_pypdf_errors

if TYPE_CHECKING:
    from pypdf import PageObject

# Names such as /a27 or /g5 are given by number; a few of Adobe's own may be among them.
_MIN_TELLING_SHARE = 0.9


def has_telling_names(page: "PageObject") -> bool:
    """Whether all Type 3 fonts of a page name their glyphs as Adobe's list does, and some do."""
    from pypdf._codecs.adobe_glyphs import adobe_glyphs

    try:
        with translate_pypdf_errors():
            names = list(_find_names(page))
    except PypdfError:
        return False
    telling = sum(name in adobe_glyphs for name in names)
    return bool(names) and telling >= _MIN_TELLING_SHARE * len(names)


def _find_names(page: "PageObject") -> Iterator[str]:
    resources: Any = page["/Resources"]
    fonts = resources["/Font"]
    for key in fonts:
        font = fonts[key]
        if font.get("/Subtype") != "/Type3" or "/ToUnicode" in font:
            continue
        for entry in font["/Encoding"]["/Differences"]:
            if isinstance(entry, str):
                yield entry
