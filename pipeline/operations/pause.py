"""The stack's consumers paused and resumed: noted first, then switched, and looked after."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.aws.consumers import ConsumerMappings
from shared.aws.dynamodb_table import LedgerTable
from shared.errors import InvalidRequestError, SeashoreError
from shared.ledger.documents import Clock
from shared.ledger.pauses import Pause, note_pause, note_resumption, read_pauses

# What is paused where nothing is named: the report goes on, and tells of the pause.
USUALLY_PAUSED = ("ingest", "convert", "recognise", "worker")


@dataclass(frozen=True)
class PauseServices:
    """What pausing works with.

    Args:
        table: The ledger.
        mappings: The consumers' event source mappings.
        now: The clock.
    """

    table: LedgerTable
    mappings: ConsumerMappings
    now: Clock


def check_consumers(names: Sequence[str], known: Iterable[str]) -> tuple[str, ...]:
    """The consumers that are meant, each once; the usual ones where none is named.

    Raises:
        InvalidRequestError: There is no consumer of a name.
    """
    there = tuple(known)
    unknown = [name for name in names if name not in there]
    if unknown:
        raise InvalidRequestError(
            f"there is no consumer {unknown[0]!r}: choose from {', '.join(there)}"
        )
    return tuple(dict.fromkeys(names)) or USUALLY_PAUSED


def pause(names: Sequence[str], reason: str, by: str, services: PauseServices) -> list[Pause]:
    """Have consumers take no more messages. What they work on they go on with.

    Safe to repeat: one that is paused gets the new reason.

    Raises:
        InvalidRequestError: There is no consumer of a name.
        DeferredError: AWS asks for patience; what was noted is switched at the next look.
    """
    consumers = check_consumers(names, services.mappings.ids)
    noted = [note_pause(services.table, one, reason, by, services.now) for one in consumers]
    for one in consumers:
        services.mappings.switch(one, on=False)
    return noted


def resume(names: Sequence[str], by: str, services: PauseServices) -> list[Pause]:
    """Have consumers take messages again; without names, all that are paused.

    Safe to repeat: one that is not paused is switched on all the same.

    Raises:
        InvalidRequestError: There is no consumer of a name.
        DeferredError: AWS asks for patience.
    """
    paused = [one.consumer for one in read_pauses(services.table) if one.is_on]
    consumers = check_consumers(names or paused, services.mappings.ids)
    noted = [note_resumption(services.table, one, by, services.now) for one in consumers]
    for one in consumers:
        services.mappings.switch(one, on=True)
    return [one for one in noted if one is not None]


def keep_pauses(services: PauseServices) -> int:
    """Switch off again what is paused and was switched on by something else.

    One that cannot be switched keeps no other one from it.

    Returns:
        How many consumers are paused.

    Raises:
        SeashoreError: One could not be switched, the first of them if several could not.
    """
    paused = [one for one in read_pauses(services.table) if one.is_on]
    failures: list[SeashoreError] = []
    for one in paused:
        if one.consumer in services.mappings.ids:
            try:
                services.mappings.switch(one.consumer, on=False)
            except SeashoreError as error:
                failures.append(error)
    if failures:
        raise failures[0]
    return len(paused)
