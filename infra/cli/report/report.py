"""`seashore report`: the report of a day by hand, made by the code that makes it every morning."""

import time
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from infra.cli.command_context import CommandContext, open_ledger, open_objects
from infra.cli.dead_letters.access import list_dlqs
from infra.cli.report.spend import NO_LIMIT
from infra.cli.times import choose_day
from infra.project_files import find_reports_folder, find_state_folder
from infra.stacks import Stack
from pipeline.report.daily_report import WrittenReport, choose_summaries, write_report
from pipeline.report.day_report import ReportServices
from pipeline.report.digest import collect_digest, order_digest
from pipeline.report.files import DocumentList
from pipeline.report.report_types import Digest
from shared.aws.queues import Queues
from shared.calendar import find_day
from shared.errors import DeferredError, WrongUsageError
from shared.ledger.documents import Clock
from shared.ledger.reports import ReportRow, ReportStatus
from shared.messages.reports import DailyReportOrder, encode_report_order
from shared.prices import MICRO_USD_PER_USD

DIGEST_PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class LocalReport:
    """A report as it was written, and its copies on this machine."""

    written: WrittenReport
    paths: dict[str, Path]

    @property
    def page(self) -> Path:
        """The page to look at."""
        return self.paths["report.html"]


def report_by_hand(
    context: CommandContext, wanted_day: str | None, *, send: bool, show: bool
) -> None:
    """Make a day's report, write it into the bucket and to a folder here, and write its path.

    Args:
        context: What the command works with.
        wanted_day: `YYYY-MM-DD`, `today` or `yesterday`; None for the last day that is over.
        send: Whether the function is to mail it, again if need be.
        show: Whether to open it in the browser.

    Raises:
        WrongUsageError: The day is none, has not come yet, or is not over and yet to be sent.
    """
    stack, output, now = context.stack, context.output, context.now()
    services = open_reports(stack, context.now)
    day = choose_day(wanted_day, now, services.zone)
    is_over = day < find_day(now, services.zone)
    if send and not is_over:
        raise WrongUsageError(
            f"{day} is not over yet in {services.zone.key}: its report is sent when it is. "
            "Without --send you see how it stands."
        )
    folder = find_reports_folder(find_state_folder(), stack.name) / day
    with output.talk.status(f"Making the report of {day}…"):
        local = make_local_report(day, services, folder, DIGEST_PATIENCE_SECONDS)
    report = local.written.report
    if context.as_json:
        output.write_json(report.model_dump(mode="json"))
    else:
        output.write(str(local.page), whole_lines=True)
    output.say(f"{day} ({report.zone}){'' if is_over else ', so far'}: {report.verdict}")
    output.say(f"Also in s3://{report.artifacts_bucket}/{report.report_prefix}")
    if send:
        body = encode_report_order(DailyReportOrder(day=day, resend=True))
        services.queues.send(stack.output("ReportsQueueUrl"), [body])
        output.say(
            "The report function was asked to send it again; it does so if the stack's ReportFrom "
            f"and ReportTo are set. `seashore explain {day}` tells how it went."
        )
    if show and not webbrowser.open(local.page.resolve().as_uri()):
        output.say("No browser was found here: open that page in one yourself.")


def open_reports(stack: Stack, now: Clock) -> ReportServices:
    """What the reports of a stack are made with."""
    cap = stack.output("DailyCapUsd")
    return ReportServices(
        table=open_ledger(stack),
        objects=open_objects(stack),
        queues=Queues(stack.client("sqs")),
        artifacts_bucket=stack.output("ArtifactsBucket"),
        work_queue_url=stack.output("WorkQueueUrl"),
        dlqs=tuple((dlq.name, dlq.dlq_url) for dlq in list_dlqs(stack)),
        zone=ZoneInfo(stack.output("TimeZone")),
        stack=stack.name,
        daily_cap_micro_usd=None if cap == NO_LIMIT else round(float(cap) * MICRO_USD_PER_USD),
        now=now,
    )


def make_local_report(
    day: str,
    services: ReportServices,
    folder: Path,
    patience_seconds: float,
    sleep: Callable[[float], None] = time.sleep,
) -> LocalReport:
    """Make a day's report, and copy its files to a folder.

    Args:
        day: The day.
        services: What it is made with.
        folder: Where to copy it to.
        patience_seconds: How long the worker has to write the digest.
        sleep: Waits the given seconds.
    """
    digest = _wait_for_digest(day, services, patience_seconds, sleep)
    written = write_report(day, digest, services)
    folder.mkdir(parents=True, exist_ok=True)
    paths = {file.name: folder / file.name for file in written.files}
    for file in written.files:
        paths[file.name].write_text(file.content, encoding="utf-8", errors="replace")
    paths[DocumentList.NAME] = folder / DocumentList.NAME
    services.objects.download(
        services.artifacts_bucket,
        f"{written.report.report_prefix}{DocumentList.NAME}",
        None,
        paths[DocumentList.NAME],
    )
    return LocalReport(written, paths)


def _wait_for_digest(
    day: str,
    services: ReportServices,
    patience_seconds: float,
    sleep: Callable[[float], None],
) -> Digest:
    asked_at = services.now()
    row = _ask_for_digest(day, services)
    while True:
        try:
            return collect_digest(row, services, services.now())
        except DeferredError:
            if services.now() - asked_at >= timedelta(seconds=patience_seconds):
                return Digest(
                    note=f"It was not written within {patience_seconds:.0f} seconds; make the "
                    "report again in a while.",
                    documents_with_summary=row.digest_of,
                )
        sleep(_POLL_SECONDS)


def _ask_for_digest(day: str, services: ReportServices) -> ReportRow:
    """A row for this occasion alone, with the task that writes the digest.

    Not the one of the morning's report: documents have been finished since. Where none has, it is
    the same task, and its answer is there.
    """
    keys, of = choose_summaries(day, services)
    order = order_digest(day, keys, of, services)
    now = services.now().isoformat()
    return ReportRow(
        day=day,
        status=ReportStatus.WAITING,
        updated_at=now,
        digest_asked_at=now,
        digest_task_id=order.task.task_id if order.task else None,
        digest_read=order.read,
        digest_of=order.of,
    )
