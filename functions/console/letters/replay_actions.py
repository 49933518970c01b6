"""Replay from the page: what it would send, a canary, and round by round with its progress.

A request has less than half a minute, and thousands of letters take longer: each round sends as
many as it has time for, and its answer holds the form that asks for the next. Whoever leaves the
page stops it after the round.
"""

import json
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from pydantic import Field

from functions.console.action_services import ActionServices
from functions.console.fragment_routes import Asked, Fragment, FragmentRoutes
from functions.console.letters.selection import LetterForm, choose_letters, count_held
from pipeline.dead_letters.canary import look_at_canaries
from pipeline.dead_letters.finished_work import can_be_followed, find_finished
from pipeline.dead_letters.hold import LetterOutcome, LetterResult, LetterServices
from pipeline.dead_letters.outcome_words import describe_outcomes
from pipeline.dead_letters.replay import ReplayPlan, choose_canaries, plan_replay, replay
from pipeline.dead_letters.restore import read_copy
from shared.dead_letters.letters import Letter, group_letters
from shared.deadline import Deadline
from shared.errors import InvalidRequestError, OperatorError

MAX_REPLAYS = 3
# What is kept of a request's time to release what is held and to answer.
_RESERVE_SECONDS = 5.0
# A canary's letter goes to the page and back while it is waited for.
_MOST_CANARY_CHARACTERS = 50_000
_MOST_CANARIES = 5


class ReplayForm(LetterForm):
    """Which letters are replayed, and how far that has come.

    Attributes:
        force: Replay even what was replayed too often.
        canary: How many are tried first.
        canaries: Those that are tried, as JSON: what their page gave back.
        done: How many were replayed in earlier rounds.
        total: How many there were before the first round.
    """

    force: bool = False
    canary: int = Field(default=1, ge=1, le=_MOST_CANARIES)
    canaries: str = ""
    done: int = Field(default=0, ge=0)
    total: int = Field(default=0, ge=0)


def add_routes(routes: FragmentRoutes, services: ActionServices) -> None:
    """Add what replays letters."""

    def plan(form: ReplayForm, letters: LetterServices) -> tuple[ReplayPlan, int]:
        found = choose_letters(form, letters)
        finished = find_finished(letters.table, found)
        planned = plan_replay(found, finished, max_replays=MAX_REPLAYS, force=form.force)
        return planned, count_held(found, letters)

    @routes.post("/letters/plan")
    def tell_plan(asked: Asked) -> Fragment:
        letters = services.open(asked.event).letters
        form = asked.read_form(ReplayForm, started=None).begin(letters.now())
        planned, held = plan(form, letters)
        followed = sum(map(_can_be_canary, planned.letters))
        unsent = [*(letter for letter, _ in planned.finished), *planned.over_cap]
        meant = [*planned.letters, *unsent]
        unswept = sum(letter.awaits_sweep for letter in meant)
        return Fragment(
            "letters/plan.html.j2",
            {
                "fields": form.fields,
                "plan": planned,
                "groups": group_letters(planned.letters),
                "held": held,
                "max_replays": MAX_REPLAYS,
                "most_canaries": min(_MOST_CANARIES, followed),
                "unswept": unswept,
                "discardable": len(meant) - unswept,
            },
        )

    @routes.post("/letters/try")
    def try_canaries(asked: Asked) -> Fragment:
        letters = services.open(asked.event).letters
        form = asked.read_form(ReplayForm)
        planned, _ = plan(form, letters)
        canaries = choose_canaries(list(filter(_can_be_canary, planned.letters)), form.canary)
        if not canaries:
            raise InvalidRequestError("none of these can be followed, so no canary can tell")
        results = list(replay(canaries, letters))
        sent = {one.letter.key for one in results if one.ending is LetterOutcome.REPLAYED}
        return _tell_canaries(
            form.model_copy(
                update={
                    "canaries": json.dumps([one.to_json() for one in canaries if one.key in sent]),
                    "total": len(planned.letters),
                    "done": len(sent),
                }
            ),
            results,
        )

    @routes.post("/letters/watch")
    def watch_canaries(asked: Asked) -> Fragment:
        letters = services.open(asked.event).letters
        form = asked.read_form(ReplayForm)
        state = look_at_canaries(_read_canaries(form.canaries, letters), letters)
        values = {
            "fields": form.fields,
            "state": state,
            "rest": form.total - form.done,
            "form": form,
        }
        return Fragment("letters/canaries.html.j2", values, has_changed=state.is_settled)

    @routes.post("/letters/send")
    def send_round(asked: Asked) -> Fragment:
        letters = services.open(asked.event).letters
        form = asked.read_form(ReplayForm).begin(letters.now())
        planned, _ = plan(form, letters)
        results = take_round(planned.letters, letters, asked.facts.deadline)
        replayed = sum(one.ending is LetterOutcome.REPLAYED for one in results)
        done = form.done + replayed
        form = form.model_copy(
            update={"done": done, "total": form.total or form.done + len(planned.letters)}
        )
        is_over = len(results) >= len(planned.letters) or not replayed
        return Fragment(
            "letters/round.html.j2",
            {
                "fields": form.fields,
                "form": form,
                "lines": describe_outcomes(results),
                "is_over": is_over,
                "left": len(planned.letters) - len(results),
                "unswept": 0,
                "verb": "replayed",
                "action": "send",
            },
            has_changed=is_over,
        )


def take_round(
    planned: Sequence[Letter], services: LetterServices, deadline: Deadline
) -> list[LetterResult]:
    """Replay as many letters as there is time for."""
    results: list[LetterResult] = []
    with closing(replay(planned, services)) as work:
        for result in work:
            results.append(result)
            if deadline.remaining_seconds < _RESERVE_SECONDS:
                break
    return results


def _can_be_canary(letter: Letter) -> bool:
    is_small = len(letter.message.body) <= _MOST_CANARY_CHARACTERS
    return is_small and can_be_followed(letter.work)


def _tell_canaries(form: ReplayForm, results: Sequence[LetterResult]) -> Fragment:
    return Fragment(
        "letters/tried.html.j2",
        {
            "fields": form.fields,
            "form": form,
            "sent": form.done,
            "lines": describe_outcomes(results),
        },
    )


def _read_canaries(text: str, services: LetterServices) -> list[Letter]:
    """The canaries that a page gives back.

    Raises:
        InvalidRequestError: It gives back something else.
    """
    try:
        content: Any = json.loads(text)
        copies = [json.dumps(one) for one in content][:_MOST_CANARIES]
        if not copies:
            raise ValueError("there are none")
        return [read_copy(copy, "what the page gave back", services.dlqs) for copy in copies]
    except (ValueError, TypeError, RecursionError, OperatorError) as error:
        raise InvalidRequestError(f"canaries: {error}") from error
