"""Read a page the way a mail client does: its text, and the colours that each text has."""

import re
from html.parser import HTMLParser

VOID = {"meta", "br", "img", "input", "link", "hr"}
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")


class Text:
    """A piece of text with the colours it is shown in."""

    def __init__(self, words, colour, background):
        self.words, self.colour, self.background = words, colour, background


class HtmlPage(HTMLParser):
    """A page as a tree of open elements; fails on one that is not well-formed."""

    def __init__(self, html, *, dark=False):
        super().__init__(convert_charrefs=True)
        self.html, self.tags, self.texts, self.attributes = html, [], [], []
        self.style_block = "".join(re.findall(r"<style>(.*?)</style>", html, re.DOTALL))
        self._dark = _read_dark_rules(self.style_block) if dark else {}
        self._open = []
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    @property
    def text(self):
        return " ".join(" ".join(text.words for text in self.texts).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag in VOID:
            return
        colours = dict(self._open[-1][1]) if self._open else {}
        given = dict(attrs)
        _apply(colours, given.get("style", ""))
        for rule in self._dark.items():
            if rule[0] in (given.get("class") or "").split():
                _apply(colours, rule[1])
        self._open.append((tag, colours))

    def handle_endtag(self, tag):
        assert self._open and self._open[-1][0] == tag, f"</{tag}> closes {self._open[-1:]}"
        self._open.pop()

    def handle_data(self, data):
        inside = {tag for tag, _ in self._open}
        if data.strip() and not inside & {"style", "title"}:
            colours = self._open[-1][1]
            self.texts.append(Text(data, colours.get("color"), colours.get("background-color")))


def _apply(colours, style):
    for part in style.replace("!important", "").split(";"):
        name, _, value = part.partition(":")
        if name.strip() in ("color", "background-color"):
            colours[name.strip()] = value.strip()


def _read_dark_rules(css):
    rules = {}
    for selectors, style in _RULE.findall(css.split("(prefers-color-scheme: dark) {")[1]):
        for selector in selectors.split(","):
            name = selector.strip().removeprefix(".")
            rules[name] = f"{rules.get(name, '')};{style}"
    return rules


def compute_contrast(one, other):
    """The contrast of two colours `#rrggbb` (WCAG 2.2, "contrast ratio")."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
