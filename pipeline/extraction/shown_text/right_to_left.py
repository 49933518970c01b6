"""Lines with right-to-left script, put in reading order by where their letters stand. In the child.

Producers write Hebrew and Arabic in two ways: letter by letter as one reads them, or as they stand
from left to right. PDFium takes all of it for the second, so it turns the words of Chromium, which
mixes both, inside out, and brackets beside such words with them. Where the letters stand is
certain. So such a line is laid out anew from the left to the right, and then read against the
Unicode Bidirectional Algorithm (UAX #9): from the right, with numbers and words of other scripts
from the left.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pipeline.extraction.readable_document import DIRECTION_MARKS
from pipeline.extraction.shown_text.page_characters import PageCharacters

_LETTERS = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_RIGHT_TO_LEFT = re.compile(f"[{_LETTERS}]")
_LINES = re.compile(r"[^\r\n]+")
# A line of nothing but vowel signs: PDFium ends a line where a sign is set higher or lower.
_SIGNS_ALONE = re.compile(r"(?<![^\n])[\u064b-\u065f\u0670 ]*[\u064b-\u065f\u0670] *(?![^\r])")
# Signs stand no further from the line of their letters, and the next line does.
_MAX_ACROSS_EMS = 0.4
# Whoever reads from left to right has no need of them, and the others follow the letters.
_MARKS = frozenset(DIRECTION_MARKS)
_MIRROR = str.maketrans("()[]{}<>«»", ")(][}{><»«")
_OPENING, _CLOSING = frozenset("([{<«"), frozenset(")]}>»")
# Where spaces are drawn a gap has to be wider to be one more: Chromium draws some of a line's. TeX
# draws some of them too, and sets the others as close; there PDFium has put in a space.
_MIN_SPACE_EMS, _MIN_SPACE_BESIDE_DRAWN_EMS, _MIN_SPACE_PUT_IN_EMS = 0.19, 0.32, 0.12
# Of these two, drawn as one, it is the first that is read first; producers differ in what they say.
_LAM, _ALEFS = "\u0644", frozenset("\u0622\u0623\u0625\u0627")
# More letters for one place are a word that is given as a whole, in the order in which it is read.
_MAX_LETTERS = 5
# Classes of glyphs: R and L letters, N digits, S and E signs within and T signs beside a number,
# spaces, and O for all others.
_AMOUNT_SIGNS, _NUMBER_SIGNS = frozenset("%$€£¥₪﷼#°‰"), frozenset(".,:/\u066b\u066c")
_NUMBER_JOINTS = frozenset("-+\N{MINUS SIGN}")
_NUMBER = re.compile(r"T*N+(?:[SE]N+)*T*")
# A number after an Arabic letter has neither in it: "5-4" there is "4-5", and "%25" is "25%".
_NUMBER_IN_ARABIC = re.compile(r"N+(?:SN+)*")
_ARABIC_LETTER = "AL"
_OTHER_SCRIPT = re.compile(r"(?:(?:T*N|L)[LNSETO ]*)?L(?:[LNSETO ]*(?:NT*|L))?")
_THIS_SCRIPT = re.compile(r"R(?:[RNSETO ]*R)?")
_DONE = "X"
# How far a bracket is looked for beside a word.
_MAX_SPACES = 3


@dataclass(frozen=True)
class Glyph:
    """What is drawn at one place: a letter with its marks, or letters drawn as one.

    Args:
        text: Its characters, as they are read.
        positions: Where each stands in the text of the page, -1 if it is not from there.
        left, right: Where it begins and where the next one may, in points.
    """

    text: str
    positions: tuple[int, ...]
    left: float
    right: float

    def join(self, other: "Glyph") -> "Glyph":
        """This and then another one, as one."""
        return replace(
            self, text=self.text + other.text, positions=(*self.positions, *other.positions)
        )

    @property
    def middle(self) -> float:
        """Where it stands in its line."""
        return (self.left + self.right) / 2

    @property
    def kind(self) -> str:
        """Its class, as the patterns have it."""
        first = self.text[0]
        if _RIGHT_TO_LEFT.match(first) and first.isalpha():
            return "R"
        if first.isdecimal():
            return "N"
        if first.isalpha():
            return "L"
        if first.isspace():
            return " "
        if first in _AMOUNT_SIGNS:
            return "T"
        if first in _NUMBER_JOINTS:
            return "E"
        return "S" if first in _NUMBER_SIGNS else "O"


def order_right_to_left(characters: PageCharacters) -> PageCharacters:
    """The page with its lines of right-to-left script in reading order."""
    text = characters.text
    if not _RIGHT_TO_LEFT.search(text):
        return characters
    pieces: list[int | str] = []
    done = 0
    for start, end in _list_lines(characters):
        if not _RIGHT_TO_LEFT.search(text, start, end):
            continue
        em, across = characters.find_em(start)
        # A line that is turned stays as it is.
        if em <= 0 or abs(across) > em / 10:
            continue
        glyphs = _find_glyphs(characters, start, end)
        pieces += range(done, start)
        for glyph in read_visual_line(_add_spaces(glyphs, em, text)):
            pieces += _list_pieces(glyph, text)
        done = end
    return characters.rebuild([*pieces, *range(done, len(text))])


def _list_lines(characters: PageCharacters) -> list[tuple[int, int]]:
    """Where the lines of a page begin and end; those that its vowel signs have broken are whole."""
    text = characters.text
    spans = [line.span() for line in _LINES.finditer(text)]
    if not _SIGNS_ALONE.search(text):
        return spans
    lines: list[tuple[int, int]] = []
    last: float | None = None
    for start, end in spans:
        letters = (position for position in range(start, end) if text[position].isalpha())
        origin = characters.find_origin(next(letters, start))
        height = origin[1] if origin and _RIGHT_TO_LEFT.search(text, start, end) else None
        most = _MAX_ACROSS_EMS * characters.find_em(start)[0]
        if height is not None and last is not None and abs(height - last) <= most:
            lines[-1] = (lines[-1][0], end)
        else:
            lines.append((start, end))
            last = height
    return lines


def _list_pieces(glyph: Glyph, text: str) -> Iterable[int | str]:
    """The characters of a glyph by their places in the text, or as such where they have changed."""
    for character, position in zip(glyph.text, glyph.positions, strict=True):
        is_kept = position >= 0 and text[position] == character
        yield position if is_kept else character


def read_visual_line(glyphs: Sequence[Glyph]) -> list[Glyph]:
    """The glyphs of a line, given from left to right, in the order in which they are read."""
    line = list(glyphs)
    kinds = "".join([glyph.kind for glyph in line])
    if _is_read_from_right(kinds):
        line.reverse()
        kinds = _turn(line, kinds[::-1], _OTHER_SCRIPT)
        _turn_numbers(line, kinds)
        _set_brackets(line, [place for place, kind in enumerate(kinds) if kind != _DONE])
        return line
    for found in _THIS_SCRIPT.finditer(kinds):
        run = line[found.start() : found.end()][::-1]
        _turn_numbers(run, found[0][::-1])
        _set_brackets(run, range(len(run)))
        line[found.start() : found.end()] = run
    _set_outer_brackets(line, kinds)
    return line


def _is_read_from_right(kinds: str) -> bool:
    """Whether a line is one of this script: by the letters at both ends, else by most of them."""
    letters = [kind for kind in kinds if kind in "LR"]
    if letters and letters[0] == letters[-1]:
        return letters[0] == "R"
    return letters.count("R") >= letters.count("L")


def _turn_numbers(line: list[Glyph], kinds: str) -> None:
    """Turn each number among words of this script, with what UAX #9 takes for a part of it."""
    is_arabic, done = False, 0
    for found in _NUMBER.finditer(kinds):
        start, end = found.span()
        letter = kinds.rfind("R", done, start)
        if letter >= 0:
            is_arabic = unicodedata.bidirectional(line[letter].text[0]) == _ARABIC_LETTER
        done = end
        if is_arabic:
            part = line[start:end]
            _turn(part, found[0], _NUMBER_IN_ARABIC)
            line[start:end] = part
        else:
            line[start:end] = line[start:end][::-1]


def _turn(line: list[Glyph], kinds: str, pattern: re.Pattern[str]) -> str:
    """Turn each run of a line; gives the classes with the runs marked as done."""
    for found in pattern.finditer(kinds):
        start, end = found.span()
        line[start:end] = line[start:end][::-1]
    return pattern.sub(lambda found: _DONE * len(found[0]), kinds)


def _set_brackets(line: list[Glyph], places: Iterable[int]) -> None:
    """Mirror the brackets at some places of a line where that makes more of them pairs.

    Whether a producer says which bracket is drawn, or which is meant, is told nowhere.
    """
    brackets = [place for place in places if line[place].text in _OPENING | _CLOSING]
    opened = unpaired = mirrored_unpaired = mirrored_opened = 0
    for place in brackets:
        is_opening = line[place].text in _OPENING
        opened += 1 if is_opening else -1
        mirrored_opened += -1 if is_opening else 1
        unpaired += opened < 0
        mirrored_unpaired += mirrored_opened < 0
    if mirrored_unpaired < unpaired:
        for place in brackets:
            glyph = line[place]
            line[place] = replace(glyph, text=glyph.text.translate(_MIRROR))


def _set_outer_brackets(line: list[Glyph], kinds: str) -> None:
    """Mirror a bracket between a word of this script and one of another, if that makes it a pair.

    PDFium takes it for one of the word of this script and gives the other one of the pair.
    """
    done = {place for run in _THIS_SCRIPT.finditer(kinds) for place in range(*run.span())}
    unpaired: list[int] = []
    for place, glyph in enumerate(line):
        if place in done or glyph.text not in _OPENING | _CLOSING:
            continue
        if glyph.text in _CLOSING and unpaired and line[unpaired[-1]].text in _OPENING:
            unpaired.pop()
        else:
            unpaired.append(place)
    for first, second in pairwise(unpaired):
        # Of "word )tenant)" the first, of "(tenant( word" the second.
        wrong, outward = (first, -1) if line[first].text in _CLOSING else (second, 1)
        if line[first].text == line[second].text and _is_beside(kinds, wrong, outward):
            line[wrong] = replace(line[wrong], text=line[wrong].text.translate(_MIRROR))


def _is_beside(kinds: str, place: int, step: int) -> bool:
    """Whether a word of this script is outside of a bracket, a step on, and inside no space."""
    near = kinds[max(0, place - _MAX_SPACES) : place][::-1]
    if step > 0:
        near = kinds[place + 1 : place + 1 + _MAX_SPACES]
    inside = kinds[place - step : place - step + 1]
    return near.lstrip(" ")[:1] == "R" and inside != " "


def _find_glyphs(characters: PageCharacters, start: int, end: int) -> list[Glyph]:
    """The glyphs of a line from left to right, the spaces that are drawn included."""
    places: dict[tuple[float, float], list[Glyph]] = defaultdict(list)
    for position in range(start, end):
        character = characters.text[position]
        if character not in _MARKS and characters.is_drawn(position):
            glyph = Glyph(character, (position,), *characters.find_advance(position))
            # A space that PDFium has put between two pieces of one text has no room.
            if character != " " or glyph.right > glyph.left:
                places[glyph.left, glyph.right].append(glyph)
    words: list[Glyph] = []
    letters: list[Glyph] = []
    for place in places.values():
        word, others = _take_word(place)
        words += word
        letters += others
    letters.sort(key=lambda glyph: glyph.positions)
    # A word that is given for one place stands before what else is given for it.
    return sorted([*words, *_join_places(letters)], key=lambda glyph: glyph.middle)


def _take_word(place: list[Glyph]) -> tuple[list[Glyph], list[Glyph]]:
    """The word of this script that a place has as a whole, if any, and what else it has."""
    if len(place) <= _MAX_LETTERS or not any(glyph.kind == "R" for glyph in place):
        return [], place
    kept: list[Glyph] = []
    others: list[Glyph] = []
    for glyph in place:
        (others if glyph.kind in "LN" else kept).append(glyph)
    # What is drawn as one is kept in reading order, and PDFium turns all of this script around.
    word = kept[-1]
    for glyph in kept[-2::-1]:
        word = word.join(glyph)
    return [word], others


def _join_places(letters: Iterable[Glyph]) -> list[Glyph]:
    """The glyphs of single letters: those that are drawn at one place, and marks, are joined."""
    glyphs: list[Glyph] = []
    marks: list[Glyph] = []
    for glyph in letters:
        if glyphs and glyphs[-1].left == glyph.left and " " not in (glyphs[-1].kind, glyph.kind):
            glyphs[-1] = _join_letters(glyphs[-1], glyph)
        elif unicodedata.category(glyph.text) == "Mn":
            marks.append(glyph)
        else:
            glyphs.append(glyph)
    for mark in marks if glyphs else ():
        k = min(range(len(glyphs)), key=lambda k: abs(glyphs[k].middle - mark.middle))
        glyphs[k] = glyphs[k].join(mark)
    return glyphs


def _join_letters(before: Glyph, after: Glyph) -> Glyph:
    """Two letters that are drawn as one, as they come from PDFium."""
    joined = before.join(after)
    if after.kind != "R" or (before.text == _LAM and after.text in _ALEFS):
        return joined
    # What is drawn as one is kept in reading order, and PDFium turns all of this script around.
    return after.join(before)


def _add_spaces(glyphs: Sequence[Glyph], em: float, text: str) -> list[Glyph]:
    """The glyphs of a line with a space wherever there is the room of one and none is drawn."""
    # A space among words of other scripts says nothing of how those of this one are set apart.
    has_spaces = any(
        before.kind == after.kind == "R" and glyph.kind == " "
        for before, glyph, after in zip(glyphs, glyphs[1:], glyphs[2:], strict=False)
    )
    line: list[Glyph] = []
    for glyph in glyphs:
        # Not each space between words of other scripts comes from PDFium as one that is drawn.
        is_close = not has_spaces or (line and not glyph.kind == line[-1].kind == "R")
        min_gap = em * (_MIN_SPACE_EMS if is_close else _MIN_SPACE_BESIDE_DRAWN_EMS)
        gap = glyph.left - line[-1].right if line else 0.0
        if (
            line
            and " " not in (glyph.kind, line[-1].kind)
            and gap > em * _MIN_SPACE_PUT_IN_EMS
            and (gap > min_gap or _has_space_between(text, line[-1], glyph))
        ):
            line.append(Glyph(" ", (-1,), line[-1].right, glyph.left))
        line.append(glyph)
    return line


def _has_space_between(text: str, one: Glyph, other: Glyph) -> bool:
    """Whether two glyphs follow each other in the text of the page, with a space between them."""
    before, after = sorted([one.positions, other.positions])
    return text[max(before) + 1 : min(after)] == " "
