"""What ingest touches of the ledger, held to what its role may do there: no emulator does that."""

from fnmatch import fnmatchcase

import pytest

from infra.project_files import TEMPLATE
from shared.lifecycle import DocumentStatus
from tests.fakes.desks.running_pipeline import run_pipeline
from tests.fakes.pdf.nesting_pdf_files import make_portfolio
from tests.fakes.pdf.pdf_files import make_marker_pdf
from tests.unit.template.template_parts import functions, parse_template, statements


@pytest.fixture(scope="module")
def leading_keys():
    """The partitions of the ledger that ingest's role reaches."""
    template = parse_template(TEMPLATE)
    ingest = dict(functions(template))["IngestFunction"]
    [statement] = [s for s in statements(template, ingest) if s["Sid"] == "KeepLedger"]
    return statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]


def find_partitions(request):
    """The partition keys of a request to DynamoDB, those in its transactions too."""
    for write in request.get("TransactItems", []):
        [part] = write.values()
        yield (part.get("Key") or part["Item"])["pk"]
    for row in (request.get("Key"), request.get("Item")):
        if row is not None:
            yield row["pk"]
    if "KeyConditionExpression" in request:
        yield request["ExpressionAttributeValues"][":pk"]


def test_ingest_touches_only_rows_that_its_role_reaches(account, leading_keys):
    touched = set()

    def note(params, **_):
        if account.settings.ledger_table in str(params):
            assert "RequestItems" not in params
            assert "IndexName" not in params
            touched.update(map(read_text, find_partitions(params)))

    with run_pipeline(account) as pipeline:
        events = account.clients.dynamodb.meta.events
        events.register("provide-client-params.dynamodb", note)
        portfolio = make_portfolio([("inside.pdf", make_marker_pdf(1))])
        put = {
            "good.pdf": make_marker_pdf(3),
            "bad.pdf": b"%PDF-1.7 nothing",
            "portfolio.pdf": portfolio,
        }
        for key, content in put.items():
            for _ in range(2):
                account.upload(key, content)
        account.announce_deletion("good.pdf")
        account.announce_deletion("portfolio.pdf", sequencer="0B")
        while pipeline.ingest.poll():
            pass
        events.unregister("provide-client-params.dynamodb", note)
        assert pipeline.document("good.pdf").status is DocumentStatus.SUMMARIZING
        assert pipeline.document("portfolio.pdf").status is DocumentStatus.DELETED
        assert pipeline.document("bad.pdf").status is DocumentStatus.REJECTED
    assert {partition.partition("#")[0] for partition in touched} == {"DOC", "KEY", "TEXT"}
    assert [p for p in touched if not any(fnmatchcase(p, key) for key in leading_keys)] == []


def read_text(value):
    """The text of a key, as the client takes it or as DynamoDB does."""
    return value["S"] if isinstance(value, dict) else value
