"""The ledger that the benchmark of the report reads answers what the report asks."""

from datetime import timedelta

from pipeline.report.figures import DOCUMENT_ATTRIBUTES
from shared.aws.dynamodb_table import LedgerTable
from shared.ledger.arrivals import (
    DOCUMENTS,
    list_arrived_documents,
    read_arrivals,
    read_arrived_documents,
)
from tests.benchmarks import ledger_pages
from tests.benchmarks.bench_report import BEGINS, DAY, make_items
from tests.benchmarks.ledger_pages import LedgerPages
from tests.chaos.harness.emulator import EmulatorSession

WINDOW = (BEGINS, BEGINS + timedelta(days=1))


def test_all_that_arrived_is_read_page_by_page(monkeypatch):
    monkeypatch.setattr(ledger_pages, "PAGE_BYTES", 5_000)
    with LedgerPages(DAY, make_items(120)) as server:
        table = LedgerTable(
            EmulatorSession(server.url).client("dynamodb"), "ledger", lambda seconds: None
        )
        pages = list(read_arrivals(table, DOCUMENTS, WINDOW, DOCUMENT_ATTRIBUTES))
        rows = [row for page in pages for row in page.rows]
        assert len(pages) > 1
        assert len({row["pk"] for row in rows}) == 120
        assert all(set(row) <= {*DOCUMENT_ATTRIBUTES, "pk", "sk", "day"} for row in rows)
        ((day, pks), *_) = list_arrived_documents(table, WINDOW)
        assert len(list(read_arrived_documents(table, day, pks, ["title"]))) == len(pks)
