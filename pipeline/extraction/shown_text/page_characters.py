"""Where the characters of a page stand, as PDFium tells it one by one. Runs in the child.

To ask costs about a microsecond, so the modules that use this first look, in the text alone,
whether a page has anything for them.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from pipeline.extraction.shown_text.character_pairs import CharacterPairs
from pipeline.extraction.shown_text.geometry import (
    Box,
    LineLimits,
    measure_across,
    measure_gap,
    turn_point,
)

# What PDFium writes for a hyphen that divides a word at a line end, and for what has no character.
HYPHEN_OR_UNKNOWN = "\ufffe"
LINE_END_HYPHEN = 2
# How many characters of a page are asked whether their font says what they are.
_SAMPLED = 32
_find_place = itemgetter(0, 1)
# The source of a character that is not PDFium's.
_NO_SOURCE = array("i", [-1])
# Kinds of characters; what is of none of them is as it is in Latin-1.
DIGIT, SMALL, CAPITAL = b"0", b"a", b"A"
_KINDS = bytes(
    DIGIT[0] if letter in "0123456789"
    else SMALL[0] if letter.islower()
    else CAPITAL[0] if letter.isupper()
    else ord(letter)
    for letter in map(chr, range(256))
)  # fmt: skip


class Edit(NamedTuple):
    """A stretch of a page's text that is replaced.

    Args:
        start, end: Where it begins and ends in the text.
        text: What takes its place.
    """

    start: int
    end: int
    text: str


class PageCharacters:
    """The text of a page, and where each of its characters stands.

    Args:
        page: The characters as PDFium has them.
        text: With a character in each of PDFium's places.
        sources: Where each of its characters stands in PDFium's text, -1 for one that is not from
            there, and once more -1. None where the text is PDFium's own.
        has_unwritten: Whether PDFium counts characters that its text has not.
    """

    def __init__(
        self,
        page: CharacterPairs,
        text: str,
        sources: "array[int] | None" = None,
        *,
        has_unwritten: bool,
    ) -> None:
        self.text = text
        self._kinds: bytes | None = None
        self._page = page
        self._sources = sources
        self._has_unwritten = has_unwritten

    @property
    def kinds(self) -> bytes:
        """What kind of character stands at each place of the text, in one byte.

        A digit, a small letter or a capital stands for all of its kind, and a question mark for
        any character that is not of Latin-1. To look for a byte is many times as quick as to look
        for one of many characters.
        """
        if self._kinds is None:
            self._kinds = self.text.encode("latin-1", "replace").translate(_KINDS)
        return self._kinds

    def find_box(self, position: int) -> Box | None:
        """The box that a character fills; None where it is not drawn."""
        index = self._find_index(position)
        return None if index < 0 else self._page.find_box(index)

    def find_origin(self, position: int) -> tuple[float, float] | None:
        """The point of the baseline at which a character begins."""
        index = self._find_index(position)
        return None if index < 0 else self._page.find_origin(index)

    def find_em(self, position: int) -> tuple[float, float]:
        """The vector of one em along the writing direction of a character, in points."""
        index = self._find_index(position)
        return (0.0, 0.0) if index < 0 else self._page.find_em(index)

    def find_move(
        self, position: int, other: int, quarter_turns: int
    ) -> tuple[float, float] | None:
        """How far to the right of a character, and how far above it, another one begins.

        Args:
            position: Where the one is in the text.
            other: Where the other is.
            quarter_turns: By how many right angles the page is shown turned, clockwise.

        Returns:
            In points, on the page as it is shown; None where one of them has no origin.
        """
        start, end = self.find_origin(position), self.find_origin(other)
        if start is None or end is None:
            return None
        return turn_point((end[0] - start[0], end[1] - start[1]), quarter_turns)

    def find_advance(self, position: int) -> tuple[float, float]:
        """Where a character of a horizontal line begins and where the next one may, in points."""
        box = self.find_loose_box(position)
        return (0.0, 0.0) if box is None else (box.left, box.right)

    def find_loose_box(self, position: int) -> Box | None:
        """The box that a character has room in: from its origin to where the next one may begin."""
        index = self._find_index(position)
        return None if index < 0 else self._page.find_loose_box(index)

    def measure_rooms(self, places: Sequence[int], max_across: float) -> list[float]:
        """The room between many characters and the ones before them, in ems.

        It is 0 where the two are not in line. Where one begins before the other one does, as a
        number in the margin that is drawn after its line, it is the way back, below zero.

        Args:
            places: Where each character is in the text.
            max_across: How far the two stand apart across the line at the most, in ems.
        """
        page = self._page
        befores = self._find_indexes([place - 1 for place in places])
        afters = self._find_indexes(list(places))
        rooms: list[float] = []
        known, end = -1, None
        piece_of_em, em = None, (0.0, 0.0)
        for before, after, piece in zip(befores, afters, page.list_pieces(befores), strict=True):
            # Most are letters that follow each other: each is asked once where it stands.
            start = end if before == known else page.find_origin(before)
            known, end = after, page.find_origin(after)
            # All characters of a piece of text are set alike.
            if piece is None or piece != piece_of_em:
                piece_of_em, em = piece, page.find_em(before)
            if start is None or end is None:
                rooms.append(0.0)
                continue
            (along, aside), move = em, (end[0] - start[0], end[1] - start[1])
            way = move[0] * along + move[1] * aside
            if way == 0.0 or measure_across(em, move) > max_across:
                rooms.append(0.0)
            elif way < 0.0:
                rooms.append(way / (along * along + aside * aside))
            else:
                box = page.find_loose_box(before)
                rooms.append(0.0 if box is None else measure_gap(em, box, end))
        return rooms

    def list_most_rooms(self, places: Sequence[int]) -> list[float] | None:
        """The most room that there may be between many characters and the ones before them, in ems.

        Where there is none, or less, there may be as little as is said, or none.

        Args:
            places: Where each character is in the text.

        Returns:
            None where not all characters are of a line that runs to the right.
        """
        befores = self._find_indexes([place - 1 for place in places])
        return self._page.list_most_rooms(befores, self._find_indexes(list(places)))

    def measure_letter_gap(self, position: int, following: int) -> float | None:
        """The room between a letter and the next one, in ems; None where it is not known."""
        index, following = self._find_index(position), self._find_index(following)
        if index < 0 or following < 0:
            return None
        return self._page.measure_letter_gap(index, following)

    def list_divided(self, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Those of many spans whose ends are not drawn with one piece of text.

        Args:
            spans: Where each begins and ends in the text.
        """
        return [spans[k] for k in self._page.list_divided(*self._find_ends(spans))]

    def list_uneven(
        self, spans: Sequence[tuple[int, int]], tolerance: float
    ) -> list[tuple[int, int]]:
        """Those of many spans whose first and last characters do not have their edges in line.

        Args:
            spans: Where each begins and ends in the text.
            tolerance: What is still in line, as a share of the height of a character.
        """
        return [spans[k] for k in self._page.list_uneven(*self._find_ends(spans), tolerance)]

    def list_boxes(self, spans: Sequence[tuple[int, int]]) -> list[Box | None]:
        """The boxes that the first and the last character of many spans fill together.

        Args:
            spans: Where each begins and ends in the text.

        Returns:
            None for each of which one of the two is not drawn.
        """
        return self._page.list_boxes(*self._find_ends(spans))

    def list_outside(self, places: list[int], area: Box) -> list[bool | None]:
        """Which of many characters fill no point of an area; None for those that are not drawn."""
        return self._page.list_outside(self._find_indexes(places), area)

    def list_apart(self, places: Sequence[int], points: float) -> list[int]:
        """Which of many characters have room before them and are of another piece of text.

        Args:
            places: Where each is in the text.
            points: The least room between the end of the one before it and its beginning.
        """
        before = self._find_indexes([place - 1 for place in places])
        return self._page.list_apart(before, self._find_indexes(list(places)), points)

    def list_spread(self, places: Sequence[int], points: float) -> list[int]:
        """Those of many characters that begin so many points from where the one before begins."""
        before = self._find_indexes([place - 1 for place in places])
        spread = self._page.list_spread(before, self._find_indexes(list(places)), points)
        return [places[k] for k in spread]

    def measure_gaps(
        self, separators: Sequence[tuple[int, int]], line: LineLimits, *, onward: bool
    ) -> list[float | None]:
        """The room between the characters before and after many separators.

        Args:
            separators: Where each begins and ends in the text.
            line: What is in one line.
            onward: Whether the next line begins further to the left.

        Returns:
            Of each, in ems; infinity where they are not in one line, None where it is not known.
        """
        before = self._find_indexes([start - 1 for start, _ in separators])
        after = self._find_indexes([end for _, end in separators])
        return self._page.measure_gaps(before, after, line, onward=onward)

    def turn(self, pairs: Sequence[tuple[int, int]]) -> bool:
        """Whether the second character of any of some pairs stands lower, or more to the left."""
        before = self._find_indexes([first for first, _ in pairs])
        return self._page.turn(before, self._find_indexes([second for _, second in pairs]))

    def _find_ends(self, spans: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
        """PDFium's numbers of the first and of the last characters of many spans."""
        firsts, lasts = [start for start, _ in spans], [end - 1 for _, end in spans]
        return self._find_indexes(firsts), self._find_indexes(lasts)

    def _find_indexes(self, positions: list[int]) -> list[int]:
        """PDFium's numbers of characters; -1 for each that is not from there."""
        sources = self._sources
        if sources is not None:
            # What is before the first or after the last character is none: there is -1 once more.
            positions = [sources[position] for position in positions]
        if self._has_unwritten:
            positions = self._page.find_indexes(positions)
        return positions

    @property
    def unwritten_page(self) -> CharacterPairs | None:
        """What PDFium knows of the page, if there are characters that are not in its text."""
        return self._page if self._has_unwritten else None

    def find_again(self, places: Iterable[int]) -> list[int]:
        """Where places of PDFium's text are now, as far as their characters are left."""
        wanted = set(places)
        if self._sources is None:
            return sorted(wanted)
        return [place for place, source in enumerate(self._sources) if source in wanted]

    def is_drawn(self, position: int) -> bool:
        """Whether a character is from the file, and not put in by PDFium or by an edit."""
        index = self._find_index(position)
        return index >= 0 and self._page.is_drawn(index)

    def is_hyphen(self, position: int) -> bool:
        """Whether `HYPHEN_OR_UNKNOWN` at a position stands for a hyphen at a line end."""
        return self._page.find_code(self._find_index(position)) == LINE_END_HYPHEN

    def edit(self, edits: Iterable[Edit]) -> "PageCharacters":
        """The page with some stretches replaced. They must not overlap."""
        edits = list(edits)
        if not edits:
            return self
        if len(edits) > 1:
            edits.sort(key=_find_place)
        text, sources = self.text, self._list_sources()
        parts: list[str] = []
        kept = array("i")
        done = 0
        for start, end, new in edits:
            if done < start:
                parts.append(text[done:start])
                kept += sources[done:start]
            if new:
                parts.append(new)
                kept += _NO_SOURCE * len(new)
            done = end
        parts.append(text[done:])
        kept += sources[done : len(text)]
        kept += _NO_SOURCE
        return self._renew("".join(parts), kept)

    def has_unmapped(self) -> bool:
        """Whether the fonts of some characters do not say what they are, by a sample."""
        page = self._page
        # A page has hundreds of them, or it is as good as none.
        return 1 in page.list_unmapped(range(0, page.count, -(-page.count // _SAMPLED) or 1))

    def count_unmapped(self, places: Iterable[int]) -> int:
        """Of how many of some characters their font does not say what they are."""
        return self._page.list_unmapped(self._find_indexes(list(places))).count(1)

    def list_unmapped(self) -> list[list[int]]:
        """Where characters are whose font does not say what they are, font by font."""
        page = self._page
        indexes = self._find_indexes(list(range(len(self.text))))
        fonts: dict[int, list[int]] = {}
        for place, is_unmapped in enumerate(page.list_unmapped(indexes)):
            if is_unmapped == 1:
                index = indexes[place]
                fonts.setdefault(page.find_font(index), []).append(place)
        return list(fonts.values())

    def find_font(self, position: int) -> int:
        """What tells the font of a character from others of the page; 0 for one not drawn."""
        index = self._find_index(position)
        return self._page.find_font(index) if index >= 0 and self._page.is_drawn(index) else 0

    def find_font_name(self, position: int) -> str:
        """The name of the font of a character that is drawn; '' for one without a name."""
        return self._page.find_font_name(self._find_index(position))

    def replace_each(self, letters: Mapping[int, str]) -> "PageCharacters":
        """The page with other characters at some places, which stand where those stood."""
        text = "".join([letters.get(place, old) for place, old in enumerate(self.text)])
        return self._renew(text, self._sources)

    def replace_letters(self, old: str, new: str) -> "PageCharacters":
        """The page with each of one character replaced by another one."""
        if old not in self.text:
            return self
        return self._renew(self.text.replace(old, new), self._sources)

    def rebuild(self, pieces: Iterable[int | str]) -> "PageCharacters":
        """The page put together from places in its text and from characters that are new to it."""
        text, sources = self.text, self._list_sources()
        letters: list[str] = []
        kept = array("i")
        for piece in pieces:
            if isinstance(piece, str):
                letters.append(piece)
                kept += _NO_SOURCE * len(piece)
            else:
                letters.append(text[piece])
                kept.append(sources[piece])
        kept += _NO_SOURCE
        return self._renew("".join(letters), kept)

    def _find_index(self, position: int) -> int:
        # Asked for thousands of characters of a page of formulas: as a rule, no call within.
        if self._sources is not None:
            position = self._sources[position]
        if self._has_unwritten and position >= 0:
            return self._page.find_index(position)
        return position

    def _list_sources(self) -> "array[int]":
        """Where each character stands in PDFium's text, and whatever may follow."""
        return self._page.list_places(len(self.text)) if self._sources is None else self._sources

    def _renew(self, text: str, sources: "array[int] | None") -> "PageCharacters":
        return PageCharacters(self._page, text, sources, has_unwritten=self._has_unwritten)
