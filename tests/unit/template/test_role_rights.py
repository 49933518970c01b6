"""The judge of what roles may do with rows, which other tests hold the functions to."""

from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.stub import Stubber

from tests.fakes.aws.role_rights import RoleWatch, find_denied

LEDGER = "seashore-ledger"
KEPT_ITEM = {"seashore-idempotency": [{"PutRequest": {"Item": {"id": {"S": "a"}}}}]}


def key(pk):
    return {"TableName": LEDGER, "Key": {"pk": {"S": pk}, "sk": {"S": "x"}}}


@pytest.mark.parametrize(
    ("function", "operation", "params", "denied"),
    [
        ("RecogniseFunction", "GetItem", key("DOC#1"), []),
        ("RecogniseFunction", "GetItem", key("KEY#b/a.pdf"), ["GetItem", "KEY#b/a.pdf"]),
        ("PagesFunction", "PutItem", {"TableName": LEDGER, "Item": {"pk": {"S": "DOC#1"}}}, "all"),
        (
            "PagesFunction",
            "TransactWriteItems",
            {"TransactItems": [{"ConditionCheck": key("DOC#1")}]},
            ["ConditionCheckItem", "DOC#1"],
        ),
        (
            "PagesFunction",
            "BatchGetItem",
            {"RequestItems": {LEDGER: {"Keys": [key("DOC#1")["Key"]]}}},
            "all",
        ),
        (
            "ReportFunction",
            "Query",
            {**key("x"), "Key": None, "IndexName": "arrivals", "ExpressionAttributeValues": {}},
            [],
        ),
        (
            "ReportFunction",
            "Query",
            {**key("x"), "Key": None, "IndexName": "in_flight", "ExpressionAttributeValues": {}},
            ["index/in_flight"],
        ),
        ("IngestFunction", "BatchWriteItem", {"RequestItems": KEPT_ITEM}, []),
    ],
)
def test_what_a_role_does_not_allow_is_named(function, operation, params, denied):
    found = find_denied(function, operation, params)
    assert bool(found) == bool(denied)
    for words in denied if denied != "all" else [operation]:
        assert words in found[0]


def test_what_a_test_asks_while_a_browser_is_answered_is_no_functions():
    client = boto3.client("dynamodb")
    watch = RoleWatch(client)
    row = {"TableName": LEDGER, "Item": {"pk": {"S": "DOC#1"}, "sk": {"S": "x"}}}

    def answer_a_browser(pool):
        """A function that asks in a thread of its own, and then itself."""
        with watch.act_as("PagesFunction"):
            pool.submit(client.put_item, **row).result()
            yield
            client.put_item(**row)

    with Stubber(client) as stubber, ThreadPoolExecutor(1) as pool, ThreadPoolExecutor(1) as other:
        for _ in range(3):
            stubber.add_response("put_item", {})
        with pytest.raises(AssertionError), watch.watch():
            steps = answer_a_browser(other)
            pool.submit(next, steps).result()
            client.put_item(**row)
            pool.submit(next, steps, None).result()
    assert len(watch.denied) == 2
