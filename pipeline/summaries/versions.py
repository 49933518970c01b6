"""The versions of a document's summary: what each of its runs has written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.summaries.results import DocumentSummary
from shared.aws.objects import ObjectStore
from shared.errors import NothingFoundError
from shared.ledger.documents import Document

_RESULT_KEY = re.compile(r"results/d[0-9a-f]{20}/(\d+)\.(\d+)(\.recognised)?/summary\.json")


@dataclass(frozen=True)
class SummaryVersion:
    """One version of a summary.

    Args:
        number: Its number, counted from 1, the oldest.
        run: The run that wrote it.
        key: Where it lies in the artifacts bucket.
    """

    number: int
    run: int
    key: str


def list_versions_of_summary(
    document_id: str, objects: ObjectStore, bucket: str
) -> list[SummaryVersion]:
    """The versions of a document's summary, the oldest first; a replay makes one too."""
    found = []
    for key in objects.list_keys(bucket, f"results/{document_id}/"):
        match = _RESULT_KEY.fullmatch(key)
        if match is not None:
            found.append((int(match[1]), int(match[2]), match[3] is not None, key))
    return [
        SummaryVersion(number, run, key)
        for number, (run, *_, key) in enumerate(sorted(found), start=1)
    ]


def choose_version(document: Document, number: int, objects: ObjectStore, bucket: str) -> Document:
    """The document with one version of its summary in place of the newest.

    Raises:
        NothingFoundError: There is no such version.
    """
    versions = list_versions_of_summary(document.document_id, objects, bucket)
    for one in versions:
        if one.number == number:
            return document.model_copy(update={"result_key": one.key})
    there = f"1 to {len(versions)}" if versions else "none yet"
    raise NothingFoundError(f"there is no version {number} of the summary: there are {there}")


@dataclass(frozen=True)
class Difference:
    """What one part of a summary said, and says now.

    Args:
        part: Such as `title` or `key points`.
        removed: What is not said any more, line by line.
        added: What is said now.
    """

    part: str
    removed: tuple[str, ...]
    added: tuple[str, ...]


def compare_summaries(old: DocumentSummary, new: DocumentSummary) -> list[Difference]:
    """What is different between two versions, part by part, without what is the same."""
    differences = []
    for (part, before), (_, after) in zip(_list_parts(old), _list_parts(new), strict=True):
        removed = tuple(line for line in before if line not in after)
        added = tuple(line for line in after if line not in before)
        if removed or added:
            differences.append(Difference(part, removed, added))
    return differences


def _list_parts(summary: DocumentSummary) -> Sequence[tuple[str, Sequence[str]]]:
    return (
        ("model", [summary.model]),
        ("status", [summary.status]),
        ("title", [summary.title]),
        ("abstract", _split_sentences(summary.abstract)),
        ("key points", [point.text for point in summary.key_points]),
        ("names", [f"{entity.name} ({entity.kind})" for entity in summary.entities]),
        ("dates", [f"{one.text}: {one.event}" for one in summary.dates]),
        ("pages", [summary.coverage.summarised_pages]),
    )


def _split_sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.!?…])\s+", text.strip()) if part]
