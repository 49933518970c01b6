"""What `seashore put` will do: which files go up, which do not and why, and what that costs."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from rich.filesize import decimal

from infra.cli.command_context import CommandContext
from infra.cli.output import Output, is_confirmed
from infra.cli.put.files import FileToPut, SkippedFile, collect_files
from infra.cli.put.unchanged import find_there
from shared.prices import MICRO_USD_PER_USD, format_usd

# Above any of these a person is asked first.
_MOST_FILES = 100
_MOST_BYTES = 1_000_000_000
_MOST_MICRO_USD = MICRO_USD_PER_USD

# What a document will cost is told by so many that were finished in the last week.
_MOST_LOOKED_AT = 100
_DAYS_LOOKED_AT = 7
# Of files that are left out for one reason, so many are named.
_MOST_NAMED = 3


@dataclass(frozen=True)
class PutOptions:
    """How files are put.

    Args:
        prefix: Folder in the bucket to put them into; empty for none.
        wait: Whether to wait until they are summarised.
        again: Whether to put also what is there unchanged.
        dry_run: Whether to say only what would be put.
        yes: Whether to go on without asking.
    """

    prefix: str = ""
    wait: bool = False
    again: bool = False
    dry_run: bool = False
    yes: bool = False


@dataclass
class PutPlan:
    """Which files are put, which are there already, and which are left out."""

    files: list[FileToPut] = field(default_factory=list)
    unchanged: list[FileToPut] = field(default_factory=list)
    skipped: list[SkippedFile] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out that somebody wants put."""
        return not any(one.is_failure for one in self.skipped)


def plan_put(context: CommandContext, names: Sequence[str], options: PutOptions) -> PutPlan:
    """Choose among the files behind names.

    Raises:
        OperatorError: S3 refused.
        WrongUsageError: The prefix cannot be used.
    """
    plan, found = PutPlan(), []
    for one in collect_files(names, options.prefix):
        if isinstance(one, SkippedFile):
            plan.skipped.append(one)
        else:
            found.append(one)
    if options.again:
        plan.files = found
        return plan
    bucket = context.stack.output("DocumentsBucket")
    there = find_there(context.stack.client("s3"), bucket, found) if found else {}
    for file in found:
        is_new = file.key not in there
        (plan.unchanged if there.get(file.key) else plan.files).append(replace(file, is_new=is_new))
    return plan


def say_skipped(plan: PutPlan, output: Output) -> None:
    """Say what is not put, a line for each reason."""
    if plan.unchanged:
        are = "is" if len(plan.unchanged) == 1 else "are"
        output.say(f"Skipped {_count_files(len(plan.unchanged))} that {are} there unchanged.")
    by_reason: dict[tuple[bool, str], list[str]] = defaultdict(list)
    for one in plan.skipped:
        by_reason[one.is_failure, one.reason].append(one.path)
    for (is_failure, reason), paths in by_reason.items():
        style = "red" if is_failure else ""
        if len(paths) == 1:
            output.say(f"Skipped {paths[0]}: {reason}", style)
            continue
        named = ", ".join(paths[:_MOST_NAMED])
        more = f" and {len(paths) - _MOST_NAMED:,} more" if len(paths) > _MOST_NAMED else ""
        output.say(f"Skipped {_count_files(len(paths))}: {reason} ({named}{more})", style)


def may_put(context: CommandContext, plan: PutPlan, options: PutOptions) -> bool:
    """Whether to go on: not in a dry run, and where it is much only if a person says so."""
    if not plan.files and not options.dry_run:
        return True
    count, size_bytes = len(plan.files), sum(file.size_bytes for file in plan.files)
    micro_usd = _estimate_cost(context, count)
    words = f"{_count_files(count)} with {decimal(size_bytes)}"
    if micro_usd:
        words += f", for about {format_usd(micro_usd)} by what the last documents have cost"
    if options.dry_run:
        context.output.say(f"This was a dry run: it would put {words}.")
        return False
    is_much = count > _MOST_FILES or size_bytes > _MOST_BYTES or micro_usd > _MOST_MICRO_USD
    if not is_much:
        return True
    context.output.say(f"To put: {words}.")
    return is_confirmed("Put them?", yes=options.yes, output=context.output)


def _estimate_cost(context: CommandContext, count: int) -> int:
    """What so many documents will cost if they are like the last; 0 if nothing is known."""
    if not count:
        return 0
    # Imported where it is used: where nothing is to be put it is not needed.
    from shared.ledger.document_lists import list_documents

    newest = list_documents(context.table, context.now, _DAYS_LOOKED_AT)
    finished = [one for one in islice(newest, _MOST_LOOKED_AT) if one.status.is_final]
    if not finished:
        return 0
    return round(count * sum(one.cost_micro_usd for one in finished) / len(finished))


def _count_files(count: int) -> str:
    return f"{count:,} {'file' if count == 1 else 'files'}"
