"""The digest of a day on moto: the worker writes it, and without it the report still goes."""

import pytest

from pipeline.report.digest import LOOK_AGAIN_SECONDS, PATIENCE
from shared.errors import DeferredError
from shared.ledger.reports import ReportStatus
from shared.ledger.tasks import fail_task, find_task, register_task
from tests.fakes.aws.ledger_rows import Clock
from tests.fakes.desks.report_desk import Desk
from tests.fakes.desks.running_pipeline import run_pipeline


@pytest.fixture
def desk(account):
    return Desk(account)


def test_the_worker_writes_the_digest_and_the_report_says_who(desk):
    desk.put_summary("a", "Tides", "Tidal energy comes from the moon. It is predictable.")
    desk.put_summary("b", "Harbour", "The harbour opened in 1901. It is deep.")
    with pytest.raises(DeferredError) as waiting:
        desk.order()
    assert waiting.value.delay_seconds == LOOK_AGAIN_SECONDS
    with run_pipeline(desk.account) as pipeline:
        pipeline.run()
    desk.order()
    digest = desk.report["digest"]
    assert digest["origin"] == digest["model"] == "extractive"
    assert "harbour" in digest["text"].lower() or "tidal" in digest["text"].lower()
    assert (digest["documents_read"], digest["documents_with_summary"]) == (2, 2)
    assert desk.report["tasks"]["received"] == 0
    # Time from drop to summary.
    assert desk.report["durations"]["median_seconds"] == pytest.approx(89, abs=2)


@pytest.mark.parametrize("end", ["failed", "late"])
def test_without_a_digest_the_report_goes_with_a_note(desk, end):
    desk.put_summary("a", "Tides", "Tidal energy comes from the moon.")
    with pytest.raises(DeferredError):
        desk.order()
    if end == "failed":
        task_id = desk.row.digest_task_id
        register_task(
            desk.table, task_id=task_id, kind="summarize", about="", digest="d", callback=None,
            now=Clock(),
        )  # fmt: skip
        fail_task(desk.table, find_task(desk.table, task_id), "the model refuses", Clock())
    else:
        desk.at += PATIENCE
    desk.order()
    digest = desk.report["digest"]
    assert (digest["origin"], digest["text"]) == ("none", "")
    assert ("the model refuses" if end == "failed" else "15 minutes") in digest["note"]
    assert desk.row.status is ReportStatus.KEPT


def test_the_digest_is_asked_for_once_though_documents_finish_meanwhile(desk):
    desk.put_summary("a", "Tides", "Tidal energy comes from the moon.")
    for name in "bc":
        with pytest.raises(DeferredError):
            desk.order()
        desk.put_summary(name, "More", "More is known now.")
    assert desk.account.count_messages(desk.account.settings.work_queue_url) == 1
