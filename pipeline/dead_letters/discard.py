"""Discarding dead letters: each is kept in the artifacts bucket before it is deleted."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from pipeline.dead_letters.hold import (
    BATCH_SIZE,
    Ending,
    LetterServices,
    Result,
    note_in_stories,
    split_into_batches,
    take_in_waves,
)
from shared.aws.objects import ObjectStore
from shared.dead_letters.letters import Letter


def discard(
    letters: Sequence[Letter], services: LetterServices, objects: ObjectStore, bucket: str
) -> Iterator[Result]:
    """Delete letters, with a copy of each under `dead-letters/<date>/<message id>.json`.

    Args:
        letters: The letters, as they were seen; those that are gone since are left alone.
        services: What is needed.
        objects: S3.
        bucket: The artifacts bucket.

    Yields:
        What became of each letter, as it happens; the reason of a discarded one is where its copy
        lies. Closing the iterator releases what is left.

    Raises:
        SeashoreError: AWS failed; what was yielded stands, the other letters stay.
    """
    left = {letter.key: letter for letter in letters}
    for held, wave in take_in_waves(letters, services):
        for letter in wave:
            left.pop(letter.key, None)
        for batch in split_into_batches(wave, BATCH_SIZE):
            held.keep_hidden()
            keys = [_archive_key(letter, services) for letter in batch]
            _write_copies(batch, keys, objects, bucket)
            note_in_stories(batch, "discarded", f"s3://{bucket}/dead-letters", services)
            kept = {id(letter) for letter in held.delete(batch)}
            for letter, key in zip(batch, keys, strict=True):
                ending = Ending.NOT_DELETED if id(letter) in kept else Ending.DISCARDED
                yield Result(letter, ending, f"s3://{bucket}/{key}")
    for letter in left.values():
        yield Result(letter, Ending.GONE)


def _archive_key(letter: Letter, services: LetterServices) -> str:
    return f"dead-letters/{services.now():%Y-%m-%d}/{letter.letter_id}.json"


def _write_copies(
    letters: Sequence[Letter], keys: Sequence[str], objects: ObjectStore, bucket: str
) -> None:
    def write(letter: Letter, key: str) -> None:
        objects.write_json(bucket, key, letter.to_json())

    with ThreadPoolExecutor(max_workers=BATCH_SIZE) as pool:
        list(pool.map(write, letters, keys))
