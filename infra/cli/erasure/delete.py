"""`seashore delete`: documents erased with all that was made of them."""

import time
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from infra.cli.command_context import CommandContext
from infra.cli.dead_letters.access import find_actor, list_dlqs
from infra.cli.documents.find import find_wanted_document
from infra.cli.exit_codes import ExitCode
from infra.cli.output import is_confirmed
from infra.signals import interrupt_on_signals
from pipeline.erasure.erase_document import erase_document
from pipeline.erasure.erasure_types import ErasureServices
from pipeline.erasure.targets import (
    WantedDocument,
    find_inside,
    find_under_prefix,
    find_versions_of_key,
)
from shared.aws.queues import Queues
from shared.errors import WrongUsageError

WHAT_STAYS = (
    "What stays: backups and point-in-time recovery of the tables (35 days), log lines (ids, no "
    "text), reports that were written or mailed, conversations (ConversationDays), what callbacks "
    "told."
)


def delete_documents(
    context: CommandContext,
    names: Sequence[str],
    prefix: str | None,
    days: int,
    *,
    dry_run: bool,
    yes: bool,
) -> ExitCode:
    """Show which documents would be erased, ask, and erase them one after the other.

    Args:
        context: What the command works with.
        names: Ids or their beginnings, each one version; or object keys, with all their versions.
        prefix: What the keys begin with of further documents; None for none.
        days: How many days back the ledger is looked through for those whose objects are gone.
        dry_run: Only show them.
        yes: Do it without asking.

    Raises:
        SeashoreError: AWS failed; what is said to be erased is. The same command goes on.
        WrongUsageError: Neither names nor a prefix are given.
    """
    if not names and not prefix:
        raise WrongUsageError(
            "Name documents by id or key, or give --prefix. "
            "Examples: `seashore delete report.pdf`, `seashore delete --prefix 2026/`"
        )
    services, output = _open_erasure(context), context.output
    found: dict[str, WantedDocument] = {}
    for name in names:
        wanted = list(find_versions_of_key(name, services))
        if not wanted:
            document = find_wanted_document(context, name)
            wanted = [WantedDocument(document.document_id, document.key, document.status)]
        found |= {one.document_id: one for one in wanted}
    if prefix:
        found |= {one.document_id: one for one in find_under_prefix(prefix, days, services)}
    insiders: set[str] = set()
    for document_id in list(found):
        for one in find_inside(document_id, services):
            # One that is named too goes behind what it is inside of.
            found.pop(one.document_id, None)
            found[one.document_id] = one
            insiders.add(one.document_id)
    if not context.as_json:
        for one in found.values():
            output.write_line([one.document_id, one.key, one.status])
    inside = f", {len(insiders):,} of them files inside" * bool(insiders)
    output.say(f"{len(found):,} to delete{inside}, with all that was made of them. {WHAT_STAYS}")
    question = f"Delete {len(found):,} for good?"
    is_done = bool(found) and is_confirmed(question, yes=yes, dry_run=dry_run, output=output)
    ends: dict[str, str] = {}
    try:
        if is_done:
            by = find_actor(context.stack)
            with interrupt_on_signals():
                # What is inside first: it would go unsaid with what it is inside of.
                for document_id in reversed(found):
                    ends[document_id] = erase_document(document_id, by, services).value
            output.say(f"{len(ends):,} deleted. What runs now may write on for minutes; "
                       "that is deleted within the hour.")  # fmt: skip
    finally:
        if context.as_json:
            output.write_json(
                {
                    "dry_run": not is_done,
                    "to_delete": [vars(one) for one in found.values()],
                    "results": ends,
                    "what_stays": WHAT_STAYS,
                }
            )
    return ExitCode.OK


def _open_erasure(context: CommandContext) -> ErasureServices:
    stack = context.stack
    return ErasureServices(
        table=context.table,
        objects=context.objects,
        queues=Queues(stack.client("sqs")),
        documents_bucket=stack.output("DocumentsBucket"),
        artifacts_bucket=stack.output("ArtifactsBucket"),
        dlqs=list_dlqs(stack),
        zone=ZoneInfo(stack.output("TimeZone")),
        now=context.now,
        stopwatch=time.monotonic,
    )
