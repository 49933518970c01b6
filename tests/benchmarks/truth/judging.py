"""One document: its readings, held against what the judges agree on. Pure functions."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from tests.benchmarks.truth.processes import Reading
from tests.benchmarks.truth.scoring import (
    MIN_AGREEMENT,
    Reference,
    Score,
    find_glued,
    find_missing,
    make_reference,
    score_added,
    score_page,
)
from tests.benchmarks.truth.words import (
    IS_CJK,
    IS_RIGHT_TO_LEFT,
    find_words,
    hide_spelled_words,
    is_mostly,
)

# Which pages a class holds; the rules are in `classify_page`.
CLASSES = (
    "all",
    "/Rotate",
    "turned text",
    "tables",
    "fields",
    "fields alone",
    "notes",
    "notes alone",
    "CJK",
    "right-to-left",
)
# Of these only the words count that the fields or notes add to the page.
ADDED_CLASSES = frozenset({"fields alone", "notes alone"})
MIN_TABLE_ROWS = 4
# What draws nothing inside of a value.
CODE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
LOCKED = re.compile(r"password|encrypt|decrypt", re.IGNORECASE)


@dataclass
class Verdict:
    """What one version of the reading of a document comes to.

    Args:
        scores: By class of page; only pages that were read.
        failed_pages: Pages with reference words that fail by name, with their reasons.
        failed_agreed_pages: Those among them on which two judges agree.
        missing: The reference's words that were not read, by page.
        glued: Neighbours that were run together, by page.
    """

    scores: dict[str, Score] = field(default_factory=dict)
    failed_pages: dict[int, str] = field(default_factory=dict)
    failed_agreed_pages: int = 0
    missing: dict[int, list[str]] = field(default_factory=dict)
    glued: dict[int, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Judgement:
    """A document, judged.

    Args:
        document: Its name.
        unjudged: Why it was not, as `locked`, `damaged`, `killed` or `no words`; None if it was.
        verdicts: By version.
        agreed_pages: Pages on which two judges agree.
    """

    document: str
    unjudged: str | None = None
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    agreed_pages: int = 0


def judge_document(
    document: str, judges: Mapping[str, Reading], versions: Mapping[str, Reading]
) -> Judgement:
    """Hold each version of a document against its judges."""
    readings = [reading for reading in judges.values() if reading.refused is None]
    if len(readings) < 2:
        return Judgement(document, describe_refusals(judges))
    facts = (judges["mupdf"].facts or {}) if "mupdf" in judges else {}
    references = dict(find_references(readings, facts))
    if not references:
        return Judgement(document, "no words")
    classes = {
        number: classify_page(reference, facts.get(number, {}))
        for number, reference in references.items()
    }
    return Judgement(
        document,
        None,
        {name: judge_version(references, classes, reading) for name, reading in versions.items()},
        sum(reference.agreement >= MIN_AGREEMENT for reference in references.values()),
    )


def find_references(
    readings: list[Reading], facts: Mapping[int, Mapping[str, Any]]
) -> Iterator[tuple[int, Reference]]:
    """The reference of each page that has any, of those that at least two judges have read."""
    numbers = sorted({number for reading in readings for number in reading.pages})
    for number in numbers:
        judged = [
            find_words(hide_spelled_words(reading.pages[number]))
            for reading in readings
            if number in reading.pages
        ]
        if len(judged) < 2:
            continue
        page = facts.get(number, {})
        contents = find_words(hide_spelled_words(page["contents"])) if "contents" in page else None
        reference = make_reference(judged, list(find_unclear_words(page)), contents)
        if reference.words:
            yield number, reference


def find_unclear_words(facts: Mapping[str, Any]) -> Iterator[str]:
    """Words with raised or lowered digits that touch them, and values of unclear fields."""
    for text, digits in facts.get("raised", ()):
        for base in find_words(text)[-1:]:
            yield from (base, digits, base + digits)
    for value in facts.get("unclear", ()):
        yield from (*find_words(value), *find_words(" ".join(value)))
        if CODE.search(value):
            letters = CODE.sub("", value)
            for start, end in combinations(range(len(letters) + 1), 2):
                yield from find_words(letters[start:end])


def classify_page(reference: Reference, facts: Mapping[str, Any]) -> list[str]:
    """The classes of a page, by rules that need no one's taste.

    /Rotate: the page says so. Turned text: a line does not run to the right. Tables: four rows of
    three cells or more, of which two begin with a number. Fields: a text or choice field that is
    shown has a value. Notes: free text that is shown. CJK and right-to-left: a tenth of the letters
    of the reference.
    """
    rules = {
        "all": True,
        "/Rotate": facts.get("rotate"),
        "turned text": facts.get("turned"),
        "tables": facts.get("table_rows", 0) >= MIN_TABLE_ROWS,
        "fields": facts.get("fields"),
        "fields alone": facts.get("fields") and reference.added,
        "notes": facts.get("notes"),
        "notes alone": facts.get("notes") and reference.added,
        "CJK": is_mostly(reference.words, IS_CJK),
        "right-to-left": is_mostly(reference.words, IS_RIGHT_TO_LEFT),
    }
    return [name for name, holds in rules.items() if holds]


def judge_version(
    references: Mapping[int, Reference], classes: Mapping[int, list[str]], reading: Reading
) -> Verdict:
    """Hold one version of a document against its references."""
    verdict = Verdict()
    for number, reference in references.items():
        if number not in reading.pages and not reading.is_killed:
            reason = reading.failed.get(number) or reading.refused or "there is no such page"
            verdict.failed_pages[number] = reason
            verdict.failed_agreed_pages += reference.agreement >= MIN_AGREEMENT
            continue
        # Of a reader that has hung or crashed nothing is known, and so all is missing.
        words = find_words(reading.pages.get(number, ""))
        score = score_page(reference, words)
        for name in classes[number]:
            of_class = score_added(reference, words) if name in ADDED_CLASSES else score
            verdict.scores.setdefault(name, Score()).add(of_class)
        if missing := find_missing(reference, words):
            verdict.missing[number] = missing
        if glued := find_glued(reference, words):
            verdict.glued[number] = glued
    return verdict


def describe_refusals(judges: Mapping[str, Reading]) -> str:
    """Why fewer than two judges have read a document, in one word."""
    reasons = [reading.refused for reading in judges.values() if reading.refused is not None]
    if any(LOCKED.search(reason) for reason in reasons):
        return "locked"
    return "killed" if any(reading.is_killed for reading in judges.values()) else "damaged"


def count_unjudged(judgements: list[Judgement]) -> Counter[str]:
    """How many documents were not judged, by reason."""
    return Counter(judgement.unjudged for judgement in judgements if judgement.unjudged)
