"""Discarding letters from the page, with a reason, and restoring what was discarded."""

import json
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from functions.console.action_services import ActionServices
from functions.console.fragment_routes import Asked, Fragment, FragmentRoutes
from functions.console.letters.selection import LetterForm, choose_letters
from functions.http.models import DAY_PATTERN
from functions.http.route_parts import check_day
from pipeline.dead_letters.discard import discard
from pipeline.dead_letters.finished_work import find_finished
from pipeline.dead_letters.hold import LetterOutcome, LetterResult
from pipeline.dead_letters.outcome_words import describe_outcomes
from pipeline.dead_letters.restore import COPIES_PREFIX, read_copy, restore
from pipeline.operations.selection import OperationServices
from shared.dead_letters.letters import Letter
from shared.errors import (
    InvalidRequestError,
    NothingFoundError,
    ObjectMissingError,
    OperatorError,
)

_RESERVE_SECONDS = 5.0
_MOST_COPIES = 100
_READ_AT_ONCE = 10
_KEY = re.compile(rf"{COPIES_PREFIX}\d{{4}}-\d\d-\d\d/[A-Za-z0-9._-]{{1,150}}\.json")


class DiscardForm(LetterForm):
    """Which letters are discarded, and why.

    Attributes:
        reason: Why, in the operator's words.
        only_finished: Only those whose work is done.
        done: How many were discarded in earlier rounds.
        total: How many there were before the first round.
    """

    reason: Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]
    only_finished: bool = False
    done: int = Field(default=0, ge=0)
    total: int = Field(default=0, ge=0)


class DayForm(BaseModel):
    """The day on which letters were discarded, in UTC; today without one."""

    model_config = ConfigDict(extra="ignore")

    day: str | None = None


class Discarding(BaseModel):
    """Who has discarded a letter, when and why; copies of earlier versions do not say."""

    model_config = ConfigDict(extra="ignore")

    by: str | None = None
    at: str | None = None
    reason: str | None = None


class RestoreForm(BaseModel):
    """The copies of the letters that are restored."""

    keys: Annotated[list[str], Field(alias="keys[]", min_length=1, max_length=_MOST_COPIES)]


def add_routes(routes: FragmentRoutes, services: ActionServices) -> None:
    """Add what discards letters and restores them."""

    @routes.post("/letters/discard")
    def discard_letters(asked: Asked) -> Fragment:
        operations = services.open(asked.event)
        form = asked.read_form(DiscardForm)
        form = form.model_copy(update={"started": form.started or operations.now()})
        found = choose_letters(form, operations.letters)
        if form.only_finished:
            finished = find_finished(operations.table, found)
            found = [letter for letter in found if letter.key in finished]
        # The sweep has still to tell the ledger of the others.
        wanted = [letter for letter in found if not letter.awaits_sweep]
        results: list[LetterResult] = []
        bucket = operations.artifacts_bucket
        work = discard(wanted, operations.letters, operations.objects, bucket, form.reason)
        with closing(work):
            for result in work:
                results.append(result)
                if asked.facts.deadline.remaining_seconds < _RESERVE_SECONDS:
                    break
        discarded = sum(one.ending is LetterOutcome.DISCARDED for one in results)
        done = form.done + discarded
        form = form.model_copy(
            update={"done": done, "total": form.total or form.done + len(wanted)}
        )
        is_over = len(results) >= len(wanted) or not discarded
        return Fragment(
            "letters/round.html.j2",
            {
                "fields": form.fields,
                "form": form,
                "lines": describe_outcomes(results),
                "is_over": is_over,
                "left": len(wanted) - len(results),
                "unswept": len(found) - len(wanted),
                "verb": "discarded",
                "action": "discard",
            },
            has_changed=is_over,
        )

    @routes.post("/letters/discarded")
    def list_discarded(asked: Asked) -> Fragment:
        operations = services.open(asked.event)
        day = asked.read_form(DayForm).day or f"{operations.now():%Y-%m-%d}"
        _check(day)
        keys = operations.objects.list_keys(operations.artifacts_bucket, f"{COPIES_PREFIX}{day}/")
        shown = keys[:_MOST_COPIES]
        copies = _read(shown, operations)
        return Fragment(
            "letters/discarded.html.j2",
            {
                "day": day,
                "copies": copies,
                "unread": len(shown) - len(copies),
                "more": len(keys) - len(shown),
            },
        )

    @routes.post("/letters/restore")
    def restore_letters(asked: Asked) -> Fragment:
        operations = services.open(asked.event)
        keys = asked.read_form(RestoreForm).keys
        if not all(map(_KEY.fullmatch, keys)):
            raise NothingFoundError("there is no such copy")
        copies = [(key, letter) for key, letter, _ in _read(keys, operations)]
        if not copies:
            raise NothingFoundError("there is no such copy any more: it was restored meanwhile")
        results = list(
            restore(copies, operations.letters, operations.objects, operations.artifacts_bucket)
        )
        values = {"lines": describe_outcomes(results), "unread": len(keys) - len(copies)}
        return Fragment("letters/restored.html.j2", values, has_changed=True)


def _check(day: str) -> None:
    """Refuse what is no day.

    Raises:
        InvalidRequestError: It is none.
    """
    if not re.fullmatch(DAY_PATTERN, day):
        raise InvalidRequestError("day: it has to look like 2026-11-28")
    check_day(day)


def _read(
    keys: Sequence[str], operations: OperationServices
) -> list[tuple[str, Letter, Discarding]]:
    """Copies of letters by their keys, each with its letter and what is said of the discarding.

    Those that were restored meanwhile are left out, and those of a queue that is not shown here.
    """

    def read(key: str) -> tuple[str, Letter, Discarding] | None:
        try:
            text = operations.objects.read_text(operations.artifacts_bucket, key)
            letter = read_copy(text, key, operations.letters.dlqs)
        except (ObjectMissingError, OperatorError):
            return None
        return key, letter, Discarding.model_validate(json.loads(text).get("discarded") or {})

    with ThreadPoolExecutor(_READ_AT_ONCE) as pool:
        return [copy for copy in pool.map(read, keys) if copy is not None]
