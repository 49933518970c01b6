"""The judge of what roles may do with rows, which other tests hold the functions to."""

import pytest

from tests.fakes.aws.role_rights import find_denied

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
