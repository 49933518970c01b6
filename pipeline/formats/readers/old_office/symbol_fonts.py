"""Letters and signs that old Office writes by their places in fonts of symbols.

A sign of such a font has the number of its place, or 0xF000 and that. What Symbol has at each is
public: the Greek alphabet by Latin letters, and signs of mathematics (Adobe, Symbol encoding). Of
Wingdings those are read that say something in a text.
"""

import re

_OWN = 0xF000
# Some look like letters and signs of ASCII, which they are not.
_SYMBOL_FROM_SPACE = (
    " !∀#∃%&∋()∗+,−./0123456789:;<=>?"  # noqa: RUF001 - these signs are meant
    "≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_"
    "‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"  # noqa: RUF001 - these signs are meant
)
_SYMBOL_FROM_A0 = (
    "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵"  # noqa: RUF001 - these signs are meant
    "ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓"  # noqa: RUF001 - these signs are meant
    "◊⟨®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪\0⟩∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭"
)
_WINGDINGS = {
    **{0x4A: "☺", 0x4C: "☹", 0x6C: "●", 0x6E: "■", 0x6F: "□", 0x71: "❑", 0x75: "◆", 0x76: "❖"},
    **{0x9F: "•", 0xA1: "○", 0xA7: "▪", 0xA8: "◻", 0xAB: "★", 0xD8: "➢", 0xDF: "←", 0xE0: "→"},
    **{0xE1: "↑", 0xE2: "↓", 0xE8: "➔", 0xF0: "⇨", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑"},
}


def _make_table(signs: dict[int, str]) -> dict[int, str]:
    """Signs by the numbers that texts have for them; none for others of the font."""
    return {_OWN + place: signs.get(place, "\0") for place in range(0x20, 0x100)}


_SYMBOL = dict(enumerate(_SYMBOL_FROM_SPACE, 0x20)) | dict(enumerate(_SYMBOL_FROM_A0, 0xA0))
# What stands for a sign in a text, by the name of its font.
SYMBOLS = {"Symbol": _make_table(_SYMBOL), "Wingdings": _make_table(_WINGDINGS)}
HAS_SYMBOL = re.compile("[\uf020-\uf0ff]")
