"""From a file that is dropped to its summary, on an idle and on a busy local stack."""

import json
import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

from shared.aws.dynamodb_table import LedgerTable
from shared.ledger.document_versions import find_current_document_id
from shared.ledger.documents import document_pk, find_document
from shared.ledger.timeline import read_timeline
from tests.benchmarks.suite.findings import Finding
from tests.benchmarks.suite.stacks import MeasuredStack, open_own_stack, wait_until
from tests.fakes.pdf.pdf_files import make_text_pdf

DROPS = 15
# How many tasks lie in the work queue while documents are dropped.
BUSY_TASKS = 150
_LONGEST_SECONDS = 300.0


def drop(stack: MeasuredStack, key: str) -> tuple[float, dict[str, float]]:
    """Drop a document of two pages: seconds until it is final, and until each of its steps."""
    table = LedgerTable(stack.client("dynamodb"), stack.outputs["LedgerTable"], time.sleep)
    bucket = stack.outputs["DocumentsBucket"]
    found: list[Any] = []

    def is_final() -> bool:
        document_id = find_current_document_id(table, bucket, key)
        document = find_document(table, document_id) if document_id else None
        found[:] = [document]
        return document is not None and document.status.is_final

    started, started_at = time.monotonic(), time.time()
    stack.client("s3").put_object(
        Bucket=bucket, Key=key, Body=make_text_pdf(f"The tide of {key}.", "It went out again.")
    )
    wait_until(is_final, _LONGEST_SECONDS)
    seconds = time.monotonic() - started
    steps = {
        event.step: datetime.fromisoformat(event.at).timestamp() - started_at
        for event in read_timeline(table, document_pk(found[0].document_id))
    }
    return seconds, steps


def drop_several(stack: MeasuredStack, drops: int, tag: str, busy_tasks: int) -> list[Any]:
    """Drop documents one after the other, each beside so many tasks if wanted."""
    results = []
    for number in range(drops):
        missing = busy_tasks - stack.count_waiting() if busy_tasks else 0
        if missing > 0:
            stack.send(
                [
                    json.dumps({"kind": "summarize", "text": f"{tag} {number} {n}: the tide."})
                    for n in range(missing)
                ]
            )
        results.append(drop(stack, f"{tag}/{number}.pdf"))
    return results


def tell_steps(results: Iterable[tuple[float, dict[str, float]]]) -> dict[str, float]:
    """The median seconds after the drop at which each step was done, in their order."""
    times: dict[str, list[float]] = defaultdict(list)
    for _, steps in results:
        for step, seconds in steps.items():
            times[step].append(seconds)
    return dict(
        sorted(((step, median(found)) for step, found in times.items()), key=lambda it: it[1])
    )


def measure_latency(*, small: bool) -> Finding:
    """The part *latency*."""
    drops = 2 if small else DROPS
    with TemporaryDirectory() as name, open_own_stack(Path(name)) as stack:
        drop(stack, "warm/first.pdf")
        found = {
            "idle": drop_several(stack, drops, "idle", 0),
            "busy": drop_several(stack, drops, "busy", 20 if small else BUSY_TASKS),
        }
    rows, figures = [], {}
    for state, results in found.items():
        times = sorted(seconds for seconds, _ in results)
        p95 = quantiles(times, n=20, method="inclusive")[-1]
        steps = tell_steps(results)
        figures[state] = {"p50": median(times), "p95": p95, "steps": steps}
        told = ", ".join(f"{step} {seconds:.2f}" for step, seconds in steps.items())
        rows.append([state, f"{median(times):.2f} s", f"{p95:.2f} s", told])
    return Finding(
        part="latency",
        question="How long does it take from a file that is dropped to its summary?",
        command="make bench-latency",
        columns=["stack", "p50", "p95", "where the time goes: seconds after the drop, by step"],
        rows=rows,
        notes=[
            f"{drops} documents of two pages, one after the other, without a model. A busy stack "
            f"has {BUSY_TASKS} tasks in its work queue, which the emulator hands out in turn: it "
            "has no fair queues, so what a busy stack adds is what those of AWS take away "
            "([scale.md](scale.md#fair-shares)).",
        ],
        figures=figures,
    )
