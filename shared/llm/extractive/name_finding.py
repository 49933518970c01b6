"""Find names in a text by marks that leave little doubt. Much is passed over; nothing is made up.

What marks a name: a form of address before a person's, a legal form or a word such as University
in an organisation's, the number of an act or a regulation. A run of capitalised words without such
a mark counts only if it comes back, in the middle of sentences: it bears a name of some kind.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.llm.extractive.language_detection import FUNCTION_WORDS

# A capitalised word of any script that has capitals, also McX, O'X and X-Y.
_WORD = r"[^\W\d_a-zß-öø-ÿ][\w'’&-]*[\w]"  # noqa: RUF001 - the apostrophe of print
_WORDS = rf"{_WORD}(?:[ ]{_WORD}){{0,4}}"
_INITIALS = r"(?:[A-Z]\.[ ]?){0,3}"
_PARTICLES = r"(?:(?:van|von|de|der|den|da|di)[ ]){0,2}"
_ADDRESS = (
    r"(?:Dr|Mr|Mrs|Ms|Prof|Sr|Sra|Mme|Mlle|Hr|Fr)\.|Professor|Professeur|Profesor|Sir|Herr|Frau|"
    r"Mr|Mrs|Ms|Dr|Monsieur|Madame|Señor|Señora|Signor|Signora|Judge|Justice|Minister|President|"
    r"Senator|Ambassador"
)
_LEGAL_FORM = (
    r"GmbH(?:[ ]&[ ]Co\.[ ]KG)?|AG|KG|SE|e\.[ ]?V\.|Ltd\.?|Limited|Inc\.?|LLC|LLP|plc|PLC|Corp\.?|"
    r"Corporation|Company|S\.A\.|SA|SAS|SARL|S\.p\.A\.|SpA|S\.L\.|B\.V\.|BV|N\.V\.|NV|AB|ASA|Oyj?|"
    r"A/S|Pty[ ]Ltd"
)
_BODY = (
    r"University|Institute|Agency|Ministry|Council|Commission|Committee|Association|Foundation|"
    r"Authority|Bank|Museum|Court|Parliament|Laboratory|Laboratories|College|Hospital|Society"
)
_FORMS = (
    ("law", r"(?:Regulation|Directive|Decision|Verordnung|Richtlinie|Règlement|Directiva|"
            r"Reglamento|Regolamento|Direttiva|Verordening|Richtlijn)[ ]"
            r"(?:\((?:EU|EC|EEC|UE|CE|EG|EWG)\)[ ])?(?:Nr?o?\.?[ ])?\d{1,4}/\d{2,4}"
            r"(?:/(?:EU|EC|EEC|UE|CE|EG|EWG))?"),
    ("law", rf"{_WORD}(?:[ ](?:and|of|the|{_WORD})){{0,6}}[ ]Act[ ](?:of[ ])?[12]\d{{3}}"),
    ("organisation", rf"{_WORDS}[ ](?:{_LEGAL_FORM})(?!\w)"),
    ("organisation", rf"(?:{_BODY})[ ](?:of|for)[ ](?:the[ ])?{_WORDS}"),
    ("organisation", rf"{_WORDS}[ ](?:{_BODY})(?!\w)"),
    ("organisation", r"(?:Universität|Université|Universidad|Università|Ministère|Ministerio)"
                     rf"(?:[ ](?:de|du|des|di|del|della|la))*[ ]{_WORDS}"),
    ("person", rf"(?:{_ADDRESS})[ ](?:(?:{_ADDRESS})[ ])?"
               rf"(?P<name>{_INITIALS}{_PARTICLES}{_WORD}"
               rf"(?:[ ]{_INITIALS}{_PARTICLES}{_WORD}){{0,3}})"),
)  # fmt: skip
_PATTERNS = [(kind, re.compile(rf"(?<!\w)(?:{form})")) for kind, form in _FORMS]
_RUN = re.compile(rf"(?<=[a-zß-öø-ÿ,;] ){_WORD}(?:[ ]{_WORD}){{1,3}}")
_FEWEST_RETURNS = 2
_WORDS_OF_PROSE = 8
_MOST_CHARS = 80
_SMALL_WORDS = FUNCTION_WORDS | {"the", "this", "these", "in", "on", "at", "for", "see"}


@dataclass(frozen=True)
class FoundName:
    """A name, as it stands in a text, and what bears it, as far as that can be told."""

    name: str
    kind: str


def find_names(sentences: Sequence[str]) -> list[FoundName]:
    """The names of a text, in the order in which they first stand there, each once.

    Args:
        sentences: The text, sentence by sentence, each on one line.
    """
    marked: dict[str, str] = {}
    for sentence in sentences:
        for name, kind in _find_marked(sentence):
            marked.setdefault(name, kind)
    runs = Counter(run for sentence in sentences for run in _find_runs(sentence))
    for run, count in runs.items():
        if count >= _FEWEST_RETURNS and not any(run in name for name in marked):
            marked[run] = "other"
    return [FoundName(name, kind) for name, kind in marked.items()]


def _find_marked(sentence: str) -> Iterator[tuple[str, str]]:
    taken: list[tuple[int, int]] = []
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(sentence):
            start, end = match.span("name") if "name" in pattern.groupindex else match.span()
            name = _drop_small_words(sentence[start:end])
            overlaps = any(start < other_end and other < end for other, other_end in taken)
            if overlaps or len(name) > _MOST_CHARS or (kind != "person" and " " not in name):
                continue
            taken.append((start, end))
            yield name, kind


def _find_runs(sentence: str) -> Iterator[str]:
    # Headings, table rows and forms are full of capitals that name nothing.
    if not sentence.endswith((".", "!", "?")) or len(sentence.split()) < _WORDS_OF_PROSE:
        return
    for match in _RUN.finditer(sentence):
        name = _drop_small_words(match.group())
        if " " in name and len(name) <= _MOST_CHARS and not name.isupper():
            yield name


def _drop_small_words(name: str) -> str:
    """The name without an article or the like before it, which a sentence begins with."""
    words = name.split(" ")
    while len(words) > 1 and words[0].casefold() in _SMALL_WORDS:
        words = words[1:]
    return " ".join(words)
