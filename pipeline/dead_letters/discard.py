"""Discarding dead letters: each is kept in the artifacts bucket before it is deleted."""

from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from pipeline.dead_letters.hold import (
    BATCH_SIZE,
    LetterOutcome,
    LetterResult,
    LetterServices,
    hold_in_batches,
    note_in_timelines,
    split_into_batches,
)
from pipeline.dead_letters.restore import COPIES_PREFIX
from shared.aws.objects import ObjectStore
from shared.dead_letters.letters import Letter
from shared.ledger.subjects import mark_discarded


def discard(
    letters: Sequence[Letter],
    services: LetterServices,
    objects: ObjectStore,
    bucket: str,
    reason: str | None = None,
) -> Generator[LetterResult, None, None]:
    """Delete letters, with a copy of each under `dead-letters/<date>/<message id>.json`.

    Args:
        letters: The letters, as they were seen; those that are gone since are left alone.
        services: What is needed.
        objects: S3.
        bucket: The artifacts bucket.
        reason: Why, for the timelines and the copies.

    Yields:
        What became of each letter, as it happens; the reason of a discarded one is where its copy
        lies. Closing the iterator releases what is left.

    Raises:
        SeashoreError: AWS failed; what was yielded stands, the other letters stay.
    """
    left = {letter.key: letter for letter in letters}
    for held, taken in hold_in_batches(letters, services):
        for letter in taken:
            left.pop(letter.key, None)
        for batch in split_into_batches(taken, BATCH_SIZE):
            held.keep_hidden()
            keys = [_archive_key(letter, services) for letter in batch]
            told = {"by": services.actor, "at": services.now().isoformat(), "reason": reason}
            _write_copies(batch, keys, objects, bucket, told)
            target = f"s3://{bucket}/{COPIES_PREFIX}"
            note_in_timelines(batch, "discarded", target, services, reason=reason)
            kept = {id(letter) for letter in held.delete(batch)}
            gone = [letter for letter in batch if id(letter) not in kept]
            subjects = [subject for letter in gone for subject in letter.work.subjects]
            mark_discarded(services.table, subjects, services.now())
            for letter, key in zip(batch, keys, strict=True):
                ending = (
                    LetterOutcome.NOT_DELETED if id(letter) in kept else LetterOutcome.DISCARDED
                )
                yield LetterResult(letter, ending, f"s3://{bucket}/{key}")
    for letter in left.values():
        yield LetterResult(letter, LetterOutcome.GONE)


def _archive_key(letter: Letter, services: LetterServices) -> str:
    return f"{COPIES_PREFIX}{services.now():%Y-%m-%d}/{letter.letter_id}.json"


def _write_copies(
    letters: Sequence[Letter],
    keys: Sequence[str],
    objects: ObjectStore,
    bucket: str,
    told: Mapping[str, str | None],
) -> None:
    def write(letter: Letter, key: str) -> None:
        objects.write_json(bucket, key, {**letter.to_json(), "discarded": told})

    with ThreadPoolExecutor(max_workers=BATCH_SIZE) as pool:
        list(pool.map(write, letters, keys))
