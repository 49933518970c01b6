"""A canary: a few letters are replayed first, and the others only if these succeed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.dead_letters.finished_work import find_succeeded
from pipeline.dead_letters.hold import LetterServices
from shared.dead_letters.letters import Letter
from shared.dead_letters.reading import read_letters

_POLL_SECONDS = 2.0


@dataclass(frozen=True)
class CanaryState:
    """How the letters that were replayed first are doing.

    Args:
        succeeded: Their work is done.
        died_again: They lie in the DLQ again, as they lie there now.
        waiting: Neither yet.
    """

    succeeded: tuple[Letter, ...]
    died_again: tuple[Letter, ...]
    waiting: tuple[Letter, ...]

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is to be waited for; one death settles it."""
        return bool(self.died_again) or not self.waiting


def watch_canaries(
    letters: Sequence[Letter], services: LetterServices, *, timeout_seconds: float
) -> Iterator[CanaryState]:
    """Look at replayed letters until all have succeeded, one has died again, or the time is up.

    Args:
        letters: The letters as they lay in the DLQ.
        services: What is needed.
        timeout_seconds: How long to look.

    Yields:
        How they are doing; the last is how it ended.

    Raises:
        SeashoreError: AWS failed.
    """
    until = services.stopwatch() + timeout_seconds
    while True:
        state = look_at_canaries(letters, services)
        yield state
        if state.is_settled or services.stopwatch() >= until:
            return
        services.sleep(_POLL_SECONDS)


def look_at_canaries(letters: Sequence[Letter], services: LetterServices) -> CanaryState:
    """How replayed letters are doing now; the letters are given as they lay in the DLQ.

    Raises:
        SeashoreError: AWS failed.
    """
    succeeded_keys = find_succeeded(services.table, letters)
    succeeded = [letter for letter in letters if letter.key in succeeded_keys]
    rest = [letter for letter in letters if letter.key not in succeeded_keys]
    died_again = _find_dead_again(rest, services) if rest else []
    dead_ids = {letter.letter_id for letter in died_again}
    waiting = [letter for letter in rest if letter.letter_id not in dead_ids]
    return CanaryState(tuple(succeeded), tuple(died_again), tuple(waiting))


def _find_dead_again(letters: Sequence[Letter], services: LetterServices) -> list[Letter]:
    names = {letter.queue.name for letter in letters}
    next_keys = {(name, letter_id, replays + 1) for name, letter_id, replays in map(_key, letters)}
    dlqs = [dlq for dlq in services.dlqs if dlq.name in names]
    found = read_letters(services.queues, dlqs, services.pace, services.stopwatch)
    return [letter for letter in found if letter.key in next_keys]


def _key(letter: Letter) -> tuple[str, str, int]:
    return letter.key
