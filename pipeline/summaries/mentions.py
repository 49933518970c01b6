"""Names and dates of summaries: held to the text that they are cited from, and joined. Pure.

A model may claim any name and any date. Here each is looked for in the text of each page that it is
cited from; what does not stand there is dropped. Those of the parts of a document are joined by
rule, so that no further model can add to them.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.summaries.summary_types import CoreSummary, Entity, EntityKind, EventDate, Summary
from shared.llm.extractive.date_finding import confirm_iso
from shared.llm.extractive.sentences import is_spaceless
from shared.llm.model import Source

MAX_ENTITIES = 40
MAX_DATES = 40
# Of one date: a report's own date stands in many places, with something else each time.
MAX_EVENTS_PER_DATE = 3
MAX_NAME_CHARACTERS = 120

# A longer name may have an ending in the text that it has not by itself: Finland's, Müllers.
_EXACT_CHARACTERS = 3
_UNSEEN = re.compile("[\x00-\x08\x0e-\x1b\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_BETWEEN_LETTERS = re.compile(r"[-\s]+")
# PDFium writes U+0002 or U+FFFE for a hyphen at the end of a line.
_LINE_HYPHEN = re.compile("[\x02\ufffe]\\s*")
_LIKE_MARKS = str.maketrans(
    dict.fromkeys("\u2018\u2019\u02bc\u00b4`", "'")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
    | dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"')
)


class PageTexts:
    """The text of pages, to look for names and dates in it.

    Args:
        sources: The pages, or parts of them; a text without pages has the page 0.
    """

    def __init__(self, sources: Iterable[Source]) -> None:
        self._texts: dict[int, str] = {}
        for source in sources:
            before = self._texts.get(source.first_page, "")
            self._texts[source.first_page] = f"{before}\n{unify_text(source.text)}"
        # Much quicker to look through: whatever stands in a text stands in its letters.
        self._letters = {page: keep_letters(text) for page, text in self._texts.items()}

    def find_pages(self, wanted: str, cited: Iterable[int] | None = None) -> list[int] | None:
        """The pages whose text holds a name or a date, letter by letter.

        Args:
            wanted: The name or date.
            cited: The pages to look at; all where none are given.

        Returns:
            The pages, of a text without pages an empty list; None if it stands nowhere.
        """
        letters = unify_text(wanted).replace(" ", "")
        if not letters or len(letters) > MAX_NAME_CHARACTERS:
            return None
        plain = keep_letters(letters)
        looked_at = self._texts if cited is None or 0 in self._texts else cited
        may_hold = [
            page
            for page in sorted({*looked_at} & self._texts.keys())
            if plain in self._letters[page]
        ]
        found: list[int] = []
        if cited is None:
            # Nobody has said that it is there: where it stands as it is written, words that only
            # read alike are others (Northpier, a north pier).
            found = [page for page in may_hold if _stands_as_written(wanted, self._texts[page])]
        found = found or [page for page in may_hold if _stands_in(letters, self._texts[page])]
        return [page for page in found if page] if found else None

    def choose_pages(self, pages: Sequence[int], words: Iterable[str]) -> list[int]:
        """Those of some pages that hold most of some words; all where no page holds any."""
        wanted = [keep_letters(unify_text(word)) for word in words]
        counts = {page: sum(word in self._letters[page] for word in wanted) for page in pages}
        most = max(counts.values(), default=0)
        return [page for page in pages if counts[page] == most]


def check_mentions(summary: Summary, sources: Sequence[Source]) -> Summary:
    """The summary with those names and dates only that stand on the pages they are cited from.

    Args:
        summary: As a model has given it.
        sources: The pages that it was given; a text without pages has the page 0.
    """
    texts = PageTexts(sources)
    entities = []
    for entity in summary.entities:
        name = write_on_one_line(entity.name)
        pages = texts.find_pages(name, entity.pages)
        if pages is not None and any(map(str.isalpha, name)):
            entities.append(Entity(name=name, kind=entity.kind, pages=pages))
    dates = []
    for date in summary.dates:
        text = write_on_one_line(date.text)
        pages = texts.find_pages(text, date.pages)
        if pages is not None:
            iso = confirm_iso(text, date.iso)
            event = write_on_one_line(date.event)
            dates.append(EventDate(text=text, iso=iso, event=event, pages=pages))
    return add_mentions(summary, [entities], [dates])


def add_mentions(
    core: CoreSummary,
    entities: Iterable[Sequence[Entity]],
    dates: Iterable[Sequence[EventDate]],
) -> Summary:
    """A summary that says what another one says, with the names and dates of its parts joined.

    Args:
        core: What the text says; names and dates that it may have are left out.
        entities: The names of each part.
        dates: The dates of each part.
    """
    return Summary(
        title=core.title,
        abstract=core.abstract,
        key_points=core.key_points,
        language=core.language,
        entities=join_entities(entities),
        dates=join_dates(dates),
    )


def write_on_one_line(text: str) -> str:
    """A text without line ends and without what is not seen."""
    return " ".join(_UNSEEN.sub("", text).split())


def join_entities(lists: Iterable[Sequence[Entity]]) -> list[Entity]:
    """One entry a name, with all its pages; the most widespread first, of equal ones the earlier.

    Of several spellings and kinds the one on most pages is kept.
    """
    joined: dict[str, _JoinedEntity] = {}
    for entity in (entity for entities in lists for entity in entities):
        joined.setdefault(_fold_name(entity.name), _JoinedEntity()).add(entity)
    ranked = sorted(joined.values(), key=lambda one: (-one.weight, one.first_page))
    return [one.build() for one in ranked[:MAX_ENTITIES]]


def join_dates(lists: Iterable[Sequence[EventDate]]) -> list[EventDate]:
    """One entry a date and event, with all its pages; those without an ISO form last.

    Over the limit, the dates that stand on most pages are kept.
    """
    joined: dict[str, dict[str, EventDate]] = {}
    for date in (date for dates in lists for date in dates):
        events = joined.setdefault(date.iso or _fold(date.text), {})
        event = _fold(date.event)
        known = events.get(event)
        if known is not None:
            events[event] = known.model_copy(update={"pages": _unite(known.pages, date.pages)})
        elif len(events) < MAX_EVENTS_PER_DATE:
            events[event] = date.model_copy(update={"pages": _unite(date.pages)})
    found = [date for events in joined.values() for date in events.values()]
    kept = sorted(found, key=lambda date: (-len(date.pages), date.pages[:1]))[:MAX_DATES]
    return sorted(kept, key=lambda date: (date.iso is None, date.iso or "", date.pages[:1]))


@dataclass
class _JoinedEntity:
    """What is known of one name; spellings and kinds are weighed by their pages."""

    pages: set[int] = field(default_factory=set)
    spellings: Counter[str] = field(default_factory=Counter)
    kinds: Counter[EntityKind] = field(default_factory=Counter)

    @property
    def weight(self) -> int:
        return len(self.pages) or self.spellings.total()

    @property
    def first_page(self) -> int:
        return min(self.pages, default=0)

    def add(self, entity: Entity) -> None:
        self.pages.update(entity.pages)
        self.spellings[entity.name] += len(entity.pages) or 1
        self.kinds[entity.kind] += len(entity.pages) or 1

    def build(self) -> Entity:
        # Of equal counts, `most_common` gives the one that was there first.
        ((name, _),) = self.spellings.most_common(1)
        kinds = [kind for kind, _ in self.kinds.most_common()]
        kind = next((kind for kind in kinds if kind is not EntityKind.OTHER), EntityKind.OTHER)
        return Entity(name=name, kind=kind, pages=sorted(self.pages))


def unify_text(text: str) -> str:
    """The text with one form for what looks the same, and without what is not seen."""
    joined = _UNSEEN.sub("", _LINE_HYPHEN.sub("", text))
    return unicodedata.normalize("NFKC", joined).translate(_LIKE_MARKS)


def holds_words(wanted: str, text: str) -> bool:
    """Whether a text holds a wanted one as words of its own, whatever its lines and its case.

    Args:
        wanted: What is looked for; of nothing but white space it stands nowhere.
        text: Of one form already (`unify_text`).
    """
    letters = "".join(unify_text(wanted).split())
    return bool(letters) and _stands_in(letters, text)


def _stands_in(letters: str, text: str) -> bool:
    """Whether a text holds the letters as words of their own.

    A line's end may stand anywhere, also within a hyphenated word. A word may go on after a longer
    name, but not before it.
    """
    pattern = r"(?:-?\s+)?".join(re.escape(letter) for letter in letters)
    is_short = len(letters) <= _EXACT_CHARACTERS
    return _finds(re.compile(pattern, re.NOFLAG if is_short else re.IGNORECASE), letters, text)


def _stands_as_written(wanted: str, text: str) -> bool:
    """Whether a text holds words in just that case and with just those gaps, or all in capitals.

    A line's end may stand anywhere here, too.
    """
    line_end = r"(?:-?[^\S\n]*\n\s*)?"
    words = unify_text(wanted).split()
    return any(
        _finds(
            re.compile(r"-?\s+".join(line_end.join(map(re.escape, word)) for word in written)),
            "".join(written),
            text,
        )
        for written in (words, [word.upper() for word in words])
    )


def _finds(pattern: re.Pattern[str], letters: str, text: str) -> bool:
    """Whether a pattern of letters stands in a text as words of their own."""
    is_short = len(letters) <= _EXACT_CHARACTERS
    for match in pattern.finditer(text):
        before, after = (
            text[max(0, match.start() - 1) : match.start()],
            text[match.end() : match.end() + 1],
        )
        is_begun = _is_word(before) and _is_word(letters[0])
        must_end = is_short or letters[-1].isdigit()
        goes_on = must_end and _is_word(after) and _is_word(letters[-1])
        if not is_begun and not goes_on:
            return True
    return False


def _is_word(character: str) -> bool:
    return character.isalnum() and not is_spaceless(character)


def keep_letters(text: str) -> str:
    """The text without gaps, hyphens and case: whatever stands in a text stands in its letters."""
    return _BETWEEN_LETTERS.sub("", text).casefold()


def _fold(text: str) -> str:
    return " ".join(unify_text(text).casefold().split())


def _fold_name(name: str) -> str:
    return _fold(name).removeprefix("the ").strip(" .,;:'\"()")


def _unite(*lists: Iterable[int]) -> list[int]:
    return sorted({page for pages in lists for page in pages})
