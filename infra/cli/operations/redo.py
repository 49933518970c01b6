"""`seashore redo`: finished documents summarised once more."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from infra.cli.command_context import CommandContext
from infra.cli.documents.find import find_wanted_document
from infra.cli.exit_codes import ExitCode
from infra.cli.operations.access import open_operations
from infra.cli.operations.plan_view import may_do, say_skipped, unlimited, write_some
from pipeline.operations.redo import RedoPlan, order_redo, plan_redo
from pipeline.operations.selection import Selection, find_selected
from shared.errors import InvalidRequestError, WrongUsageError
from shared.messages.document_messages import RedoTerms
from shared.prices import MICRO_USD_PER_USD, format_usd

_SKIPPED = {
    "in_flight": "they are being worked on",
    "deleted": "their files were deleted",
    "ordered": "this order has redone them already",
}


@dataclass(frozen=True)
class RedoWish:
    """How a redo is wanted.

    Args:
        model: Who is asked; None for the model that all are asked.
        is_fresh: Whether it is asked where answers are kept.
        order: An order to go on with; None for a new one.
        is_dry_run: Only say what would be done.
        yes: Do it without asking.
    """

    model: str | None
    is_fresh: bool
    order: str | None
    is_dry_run: bool
    yes: bool


def redo_documents(
    context: CommandContext,
    names: Sequence[str],
    select: Callable[[tuple[str, ...]], Selection],
    wish: RedoWish,
) -> ExitCode:
    """Say what a redo takes at the most, ask, and order it.

    Raises:
        WrongUsageError: It is not said which documents are meant, or there is no such model.
        SeashoreError: AWS failed; the same order can be sent again.
    """
    services, output = open_operations(context), context.output
    ids = tuple(find_wanted_document(context, name).document_id for name in names)
    order = wish.order or uuid.uuid4().hex[:12]
    terms = RedoTerms(model=wish.model, is_fresh=wish.is_fresh)
    try:
        with output.talk.status("Looking for what is meant…"):
            plan = plan_redo(find_selected(select(ids), services), order, terms, services)
    except InvalidRequestError as error:
        raise WrongUsageError(str(error)) from None
    if not context.as_json:
        lines = ([one.document_id, one.key, one.status] for one in plan.documents)
        write_some(context, lines, len(plan.documents))
    output.say(_describe(plan))
    say_skipped(context, plan.skipped, _SKIPPED)
    is_done = may_do(context, "Redo", len(plan.documents), dry_run=wish.is_dry_run, yes=wish.yes)
    sent = 0
    try:
        if is_done:
            with unlimited() as deadline:
                sent = order_redo(plan, order, terms, services, deadline)
            output.say(f"{sent:,} ordered; `seashore watch` shows them.")
    finally:
        if is_done and sent < len(plan.documents):
            output.say(f"It broke off. The same command goes on with --order {order}", style="red")
        if context.as_json:
            output.write_json(_to_json(plan, order, sent, is_dry_run=not is_done))
    return ExitCode.OK


def _describe(plan: RedoPlan) -> str:
    estimate = plan.estimate
    most = estimate.most_cost_micro_usd
    again = estimate.asked_again_micro_usd
    cost = "; its price is not in ModelPrices"
    if most is not None and again is not None:
        cost = f", {format_usd(most)}; {format_usd(again)} if each has to be asked again twice"
    told = (
        f"{len(plan.documents):,} to redo by {plan.model}: about {estimate.input_tokens:,} tokens "
        f"in, {estimate.most_output_tokens:,} out at the most with one call for each answer{cost}. "
        "What is kept costs nothing."
    )
    if estimate.unread:
        are = "has no text yet and is" if estimate.unread == 1 else "have no text yet and are"
        told += f" {estimate.unread:,} {are} read anew; what that brings costs more."
    return told


def _to_json(plan: RedoPlan, order: str, sent: int, *, is_dry_run: bool) -> dict[str, object]:
    most, again = plan.estimate.most_cost_micro_usd, plan.estimate.asked_again_micro_usd
    return {
        "dry_run": is_dry_run,
        "order": order,
        "model": plan.model,
        "documents": len(plan.documents),
        "document_ids": [one.document_id for one in plan.documents],
        "skipped": dict(plan.skipped),
        "input_tokens": plan.estimate.input_tokens,
        "most_output_tokens": plan.estimate.most_output_tokens,
        "most_cost_usd": None if most is None else most / MICRO_USD_PER_USD,
        "asked_again_cost_usd": None if again is None else again / MICRO_USD_PER_USD,
        "unread": plan.estimate.unread,
        "ordered": sent,
    }
