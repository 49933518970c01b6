"""Replay: send dead letters to their queues again, each with a fresh chance.

The ledger notes who sends a letter before it is sent, so that none is ever sent unnoted, and the
letter is deleted only after SQS has confirmed the new message. Whoever breaks off in between leaves
a letter whose work may be sent already: it may be sent twice, and happens once, since every effect
is guarded by the ledger. Two replays at the same time share the letters between them, as each hides
from the other what it is working on.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from pipeline.dead_letters.finished_work import find_finished
from pipeline.dead_letters.hold import (
    BATCH_SIZE,
    LetterOutcome,
    LetterResult,
    LetterServices,
    hold_in_batches,
    note_in_timelines,
    split_into_batches,
)
from shared.aws.queues import MessageCopy
from shared.dead_letters.letters import Letter, LetterKey, group_letters
from shared.dead_letters.reading import HeldLetters
from shared.errors import PermanentError

# While a rate is waited for, held letters are kept hidden.
_LONGEST_NAP_SECONDS = 5.0


@dataclass(frozen=True)
class ReplayPlan:
    """Which letters a replay would send, and which not.

    Args:
        letters: To be sent.
        finished: Those whose work needs no replay, with the reason.
        over_cap: Those that were replayed too often.
        beyond_limit: Those that the limit leaves out.
    """

    letters: tuple[Letter, ...]
    finished: tuple[tuple[Letter, str], ...] = ()
    over_cap: tuple[Letter, ...] = ()
    beyond_limit: tuple[Letter, ...] = ()


def plan_replay(
    letters: Sequence[Letter],
    finished: dict[LetterKey, str],
    *,
    max_replays: int,
    force: bool = False,
    limit: int | None = None,
) -> ReplayPlan:
    """Choose which of some letters are sent.

    Args:
        letters: Those that are meant, in the order in which they are sent.
        finished: Those whose work needs no replay, with the reason.
        max_replays: How often a letter is replayed at the most.
        force: Replay it even so.
        limit: The most letters to send.
    """
    open_letters = [letter for letter in letters if letter.key not in finished]
    over_cap = [
        letter for letter in open_letters if letter.state.replays >= max_replays and not force
    ]
    capped = {letter.key for letter in over_cap}
    wanted = [letter for letter in open_letters if letter.key not in capped]
    most = len(wanted) if limit is None else limit
    return ReplayPlan(
        letters=tuple(wanted[:most]),
        finished=tuple((one, finished[one.key]) for one in letters if one.key in finished),
        over_cap=tuple(over_cap),
        beyond_limit=tuple(wanted[most:]),
    )


def choose_canaries(letters: Sequence[Letter], count: int) -> tuple[Letter, ...]:
    """The letters to try a replay with: from each group of causes in turn, the oldest first."""
    groups = group_letters(letters)
    members = [
        [one for one in letters if (one.error_type, one.stage) == (group.error_type, group.stage)]
        for group in groups
    ]
    longest = max(map(len, members), default=0)
    in_turn = [group[place] for place in range(longest) for group in members if place < len(group)]
    return tuple(in_turn[:count])


def replay(
    letters: Sequence[Letter], services: LetterServices, *, rate: float | None = None
) -> Generator[LetterResult, None, None]:
    """Send letters to their queues again.

    Args:
        letters: The letters, as they were seen. What has become of them since is taken into
            account: those that are gone, or whose work is done meanwhile, are left alone.
        services: What is needed.
        rate: The most messages to send in a second.

    Yields:
        What became of each letter, as it happens. Closing the iterator releases what is left.

    Raises:
        SeashoreError: AWS failed; what was yielded stands, the other letters stay.
    """
    pacer = _Pacer(services, rate)
    left = {letter.key: letter for letter in letters}
    for held, taken in hold_in_batches(letters, services):
        finished = find_finished(services.table, taken)
        for letter in taken:
            left.pop(letter.key, None)
            if letter.key in finished:
                yield LetterResult(letter, LetterOutcome.FINISHED, finished[letter.key])
        wanted = [letter for letter in taken if letter.key not in finished]
        for batch in split_into_batches(wanted, pacer.batch_size):
            pacer.wait(held)
            yield from _replay_batch(batch, held, services)
            pacer.count(len(batch))
    for letter in left.values():
        yield LetterResult(letter, LetterOutcome.GONE)


def _replay_batch(
    letters: Sequence[Letter], held: HeldLetters, services: LetterServices
) -> list[LetterResult]:
    still_held = {id(letter) for letter in held.letters}
    results = [
        LetterResult(one, LetterOutcome.GONE) for one in letters if id(one) not in still_held
    ]
    mine = [letter for letter in letters if id(letter) in still_held]
    if not mine:
        return results
    target = mine[0].queue.source_name
    note_in_timelines(mine, "replayed", target, services)
    codes = send_again(mine, services)
    refused = [one for one, code in zip(mine, codes, strict=True) if code is not None]
    note_in_timelines(refused, "replay_refused", target, services)
    results += [
        LetterResult(one, LetterOutcome.REFUSED, code)
        for one, code in zip(mine, codes, strict=True)
        if code is not None
    ]
    sent = [one for one, code in zip(mine, codes, strict=True) if code is None]
    if sent:
        kept = {id(letter) for letter in held.delete(sent)}
        results += [
            LetterResult(
                one, LetterOutcome.NOT_DELETED if id(one) in kept else LetterOutcome.REPLAYED
            )
            for one in sent
        ]
    return results


def send_again(letters: Sequence[Letter], services: LetterServices) -> list[str | None]:
    """Send letters of one queue to it; for each None if it was accepted, else what SQS said."""
    if not letters:
        return []
    at = services.now()
    copies = [
        MessageCopy(one.message.body, one.message.attributes, one.state.reset_for_replay(at))
        for one in letters
    ]
    url = letters[0].queue.source_url
    try:
        return services.queues.send_copies(url, copies)
    except PermanentError:
        # One of them may spoil the request for all.
        return [_send_alone(url, copy, services) for copy in copies]


def _send_alone(url: str, copy: MessageCopy, services: LetterServices) -> str | None:
    try:
        return services.queues.send_copies(url, [copy])[0]
    except PermanentError as error:
        return str(error)


class _Pacer:
    """Keeps a replay within its rate."""

    def __init__(self, services: LetterServices, rate: float | None) -> None:
        self._services = services
        self._rate = rate
        self._started = services.stopwatch()
        self._sent = 0
        self.batch_size = BATCH_SIZE if rate is None else max(1, min(BATCH_SIZE, int(rate)))

    def wait(self, held: HeldLetters) -> None:
        """Wait until the next batch may go, and keep what is held hidden."""
        held.keep_hidden()
        while (seconds := self._seconds_to_wait()) > 0:
            self._services.sleep(min(seconds, _LONGEST_NAP_SECONDS))
            held.keep_hidden()

    def _seconds_to_wait(self) -> float:
        if self._rate is None:
            return 0
        return self._started + self._sent / self._rate - self._services.stopwatch()

    def count(self, sent: int) -> None:
        """Count what was sent."""
        self._sent += sent
