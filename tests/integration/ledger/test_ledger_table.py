"""The edge to DynamoDB: values, conditions, and what its answers are translated to."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest
from boto3.dynamodb.conditions import Attr
from botocore.stub import Stubber

from shared.aws.dynamodb_table import LedgerTable, Put, Update
from shared.deadline import Deadline, sleep_in_time
from shared.errors import LedgerConflictError, PermanentError, ServiceError
from shared.llm.answer_memory import AnswerRow
from tests.fakes.aws.kept_account import open_account
from tests.fakes.aws.ledger_rows import scan_rows

KEY = {"pk": "P", "sk": "S"}
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Naps:
    """Keeps what it is asked to sleep, and does not."""

    def __init__(self):
        self.seconds = []

    def __call__(self, seconds):
        self.seconds.append(seconds)


@pytest.fixture
def table():
    with open_account() as account:
        yield LedgerTable(account.clients.dynamodb, account.settings.ledger_table, Naps())


@pytest.fixture
def stub(table):
    """Answers in the place of moto, in the order in which they are added."""
    with Stubber(table.client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def cancel(stub, *reasons, code="TransactionCanceledException"):
    stub.add_client_error(
        "transact_write_items",
        code,
        http_status_code=400,
        modeled_fields={"CancellationReasons": list(reasons)} if reasons else None,
    )


NOTHING = {"Code": "None"}
BUSY = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
WRITE = Put({**KEY, "value": 1})


def test_values_come_back_as_they_went(table):
    row = {
        **KEY,
        "text": "å ☃",
        "empty": "",
        "whole": 12,
        "large": 10**30,
        "part": 0.125,
        "yes": True,
        "list": [1, "two", None, [0.5]],
        "map": {"inner": {"deep": 1, "none": None}},
    }
    table.put_row(Put({**row, "left_out": None}))
    assert table.read_row("P", "S") == row
    whole = table.read_row("P", "S")["whole"]
    assert isinstance(whole, int)


def test_a_row_that_is_not_there_is_none(table):
    assert table.read_row("P", "S") is None
    table.put_row(WRITE)
    assert table.read_rows([("P", "other"), ("P", "S")]) == [None, {**KEY, "value": 1}]


def test_rows_that_were_not_read_are_not_taken_for_missing(table, stub):
    keys = {"Keys": [{"pk": {"S": "P"}, "sk": {"S": "S"}}]}
    for _ in range(6):
        stub.add_response(
            "batch_get_item",
            {"Responses": {table.name: []}, "UnprocessedKeys": {table.name: keys}},
        )
    with pytest.raises(ServiceError):
        table.read_rows([("P", "S")])
    assert len(table.sleep.seconds) == 5
    assert sum(table.sleep.seconds) < 2


@pytest.mark.parametrize("is_consistent", [True, False])
def test_rows_that_were_not_given_at_once_are_asked_for_again(table, stub, is_consistent):
    """As where 100 rows are more than 16 MB, or a partition is busy: those alone that lack."""
    one, two = ({"pk": {"S": "P"}, "sk": {"S": sk}} for sk in ("S", "T"))

    def expect(asked, given, left):
        how = {"ConsistentRead": is_consistent}
        stub.add_response(
            "batch_get_item",
            {
                "Responses": {table.name: given},
                "UnprocessedKeys": {table.name: {"Keys": left, **how}} if left else {},
            },
            {"RequestItems": {table.name: {"Keys": asked, **how}}},
        )

    expect([one, two], [{**two, "value": {"N": "2"}}], [one])
    expect([one], [{**one, "value": {"N": "1"}}], [])
    rows = table.read_rows([("P", "S"), ("P", "T")], is_consistent=is_consistent)
    assert [row["value"] for row in rows] == [1, 2]


def test_a_row_that_several_ask_for_together_is_in_the_request_once(table, stub):
    keys = [
        {name: {"S": value} for name, value in key.items()} for key in (KEY, {**KEY, "sk": "T"})
    ]
    request = {table.name: {"Keys": keys, "ConsistentRead": True}}
    answer = {"Responses": {table.name: [{**keys[0], "value": {"N": "1"}}]}}
    stub.add_response("batch_get_item", answer, {"RequestItems": request})
    row = {**KEY, "value": 1}
    # DynamoDB refuses a request that names a row twice, and each would have to ask alone.
    assert table._read_each([[("P", "S")], [("P", "T"), ("P", "S")]]) == [[row], [None, row]]


def test_no_request_asks_for_more_rows_than_dynamodb_takes(table, stub):
    found = [{**KEY, "sk": f"{number:03}", "day": "d"} for number in range(101)]
    for some in (found[:100], found[100:]):
        keys = [{"pk": {"S": "P"}, "sk": {"S": one["sk"]}} for one in some]
        rows = [{**key, "day": {"S": "d"}} for key in keys]
        answer = {"Responses": {table.name: rows}}
        stub.add_response("batch_get_item", answer, {"RequestItems": {table.name: {"Keys": keys}}})
    assert list(table.read_indexed(found, "day")) == found


def test_a_range_of_rows_is_read_whole_and_in_order(table):
    # More than a megabyte, the size of a page (Amazon DynamoDB API Reference, "Query").
    for number in (3, 1, 2, 4):
        table.put_row(Put({"pk": "P", "sk": f"C#{number}", "text": "x" * 390_000}))
    table.put_row(Put({"pk": "P", "sk": "D#1"}))
    table.put_row(Put({"pk": "Q", "sk": "C#1"}))
    rows = list(table.query_rows("P", "C#1", "C#3"))
    assert [row["sk"] for row in rows] == ["C#1", "C#2", "C#3"]
    assert [row["sk"] for row in table.query_rows("P", "C#", "D#1")][-1] == "D#1"


def test_an_update_sets_adds_and_removes_and_gives_the_row_before(table):
    assert table.update_row(Update("P", "S", assign={"a": 1, "gone": 1}, add={"n": 2})) == {}
    before = table.update_row(Update("P", "S", assign={"a": "x", "gone": None}, add={"n": -5}))
    assert before == {**KEY, "a": 1, "gone": 1, "n": 2}
    assert table.read_row("P", "S") == {**KEY, "a": "x", "n": -3}


def test_names_that_dynamodb_keeps_for_itself_may_be_used(table):
    names = ["status", "key", "values", "size", "index", "in_flight", "day"]
    table.update_row(Update("P", "S", assign=dict.fromkeys(names, "x")))
    condition = Attr("status").eq("x") & Attr("size").eq("x")
    table.update_row(Update("P", "S", assign={"status": None}, condition=condition))
    assert "status" not in table.read_row("P", "S")


@pytest.mark.parametrize("way", ["put", "update", "transact"])
def test_a_condition_that_does_not_hold_carries_the_row_that_is_there(table, way):
    def write(condition):
        put = Put({**KEY, "value": 2}, condition)
        update = Update("P", "S", assign={"value": 2}, condition=condition)
        if way == "put":
            table.put_row(put)
        elif way == "update":
            table.update_row(update)
        else:
            table.transact([Put({"pk": "other", "sk": "S"}), update])

    with pytest.raises(LedgerConflictError) as conflict:
        write(Attr("pk").exists())
    assert conflict.value.row is None
    table.put_row(WRITE)
    with pytest.raises(LedgerConflictError) as conflict:
        write(Attr("value").eq(2))
    assert conflict.value.row == {**KEY, "value": 1}
    assert scan_rows(table) == {("P", "S"): {**KEY, "value": 1}}
    if way == "transact":
        with pytest.raises(LedgerConflictError):
            refused = Update("other", "S", condition=Attr("pk").exists(), add={"value": 1})
            table.transact([Update("P", "S", add={"value": 1}), refused])
        assert scan_rows(table) == {("P", "S"): {**KEY, "value": 1}}
    write(Attr("value").eq(1))
    assert table.read_row("P", "S")["value"] == 2


def test_a_transaction_that_met_another_one_tries_again(table, stub):
    cancel(stub, NOTHING, BUSY)
    cancel(stub, BUSY, NOTHING)
    cancel(stub, code="TransactionInProgressException")
    cancel(stub, {"Code": "ThrottlingError"})
    stub.add_response("transact_write_items", {})
    table.transact([WRITE, Put({"pk": "Q", "sk": "S"})])
    assert len(table.sleep.seconds) == 4
    assert all(0 <= seconds <= 1 for seconds in table.sleep.seconds)


def test_a_transaction_that_is_under_way_is_not_carried_out_twice(table, stub):
    """Its answer was lost, and the client's own tries found it at work: it may yet succeed."""
    tokens = []
    table.client.meta.events.register(
        "provide-client-params.dynamodb.TransactWriteItems",
        lambda params, **_: tokens.append(params["ClientRequestToken"]),
    )
    cancel(stub, BUSY)
    cancel(stub, code="TransactionInProgressException")
    cancel(stub, code="TransactionInProgressException")
    stub.add_response("transact_write_items", {})
    table.transact([Update("P", "S", add={"spent": 1})])
    # DynamoDB knows by the token what it has done already.
    first, *others = tokens
    assert len(set(others)) == 1
    assert first not in others


def test_a_transaction_gives_way_in_the_end(table, stub):
    for _ in range(12):
        cancel(stub, BUSY)
    with pytest.raises(ServiceError) as busy:
        table.transact([WRITE])
    assert busy.value.reason == "ledger_busy"
    assert len(table.sleep.seconds) == 11


def test_nothing_is_tried_longer_than_there_is_time(table, stub):
    slept = []
    keys = {"Keys": [{"pk": {"S": "P"}, "sk": {"S": "S"}}]}
    in_haste = replace(table, sleep=partial(sleep_in_time, sleep=slept.append))
    for _ in range(2):
        cancel(stub, BUSY)
    stub.add_client_error("update_item", "TransactionConflictException", http_status_code=400)
    left = {"Responses": {table.name: []}, "UnprocessedKeys": {table.name: keys}}
    stub.add_response("batch_get_item", left)
    with pytest.raises(ServiceError) as busy, _ending_after_a_wait(slept).apply():
        in_haste.transact([WRITE])
    assert busy.value.reason == "ledger_busy"
    with Deadline.after(0).apply():
        with pytest.raises(ServiceError):
            in_haste.update_row(Update("P", "S", add={"n": 1}))
        with pytest.raises(ServiceError):
            in_haste.read_rows([("P", "S")])
    assert len(slept) == 1


def _ending_after_a_wait(slept):
    return Deadline(1.0, lambda: float(len(slept)))


def test_a_table_that_is_throttled_is_told_from_a_row_that_is_busy(table, stub):
    for _ in range(12):
        cancel(stub, NOTHING, {"Code": "ThrottlingError"})
    with pytest.raises(ServiceError, match="more often than DynamoDB allows"):
        table.transact([WRITE, Put({"pk": "Q", "sk": "S"})])


def test_a_condition_decides_over_a_conflict_and_is_not_tried_again(table, stub):
    item = {"pk": {"S": "P"}, "sk": {"S": "S"}, "value": {"N": "1"}}
    cancel(stub, BUSY, {"Code": "ConditionalCheckFailed", "Item": item})
    with pytest.raises(LedgerConflictError) as conflict:
        table.transact([WRITE])
    assert conflict.value.row == {**KEY, "value": 1}
    assert table.sleep.seconds == []


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("ValidationError", PermanentError), ("ItemCollectionSizeLimitExceeded", PermanentError)],
)
def test_a_transaction_that_is_refused_is_not_tried_again(table, stub, reason, expected):
    cancel(stub, {"Code": reason, "Message": "no"})
    with pytest.raises(expected):
        table.transact([WRITE])
    assert table.sleep.seconds == []


@pytest.mark.parametrize("code", ["ProvisionedThroughputExceededException", "InternalServerError"])
def test_a_service_that_fails_is_left_to_the_delivery_policy(table, stub, code):
    status = 500 if code == "InternalServerError" else 400
    for call in ("transact_write_items", "put_item", "update_item", "get_item", "query"):
        stub.add_client_error(call, code, http_status_code=status)
    with pytest.raises(ServiceError):
        table.transact([WRITE])
    with pytest.raises(ServiceError):
        table.put_row(WRITE)
    with pytest.raises(ServiceError):
        table.update_row(Update("P", "S", assign={"a": 1}))
    with pytest.raises(ServiceError):
        table.read_row("P", "S")
    with pytest.raises(ServiceError):
        list(table.query_rows("P", "A", "B"))


def test_that_a_model_has_answered_is_known_to_other_containers(table):
    def row(model):
        return AnswerRow(lambda: table, "http://127.0.0.1:1/v1", model, lambda: NOW)

    assert not row("m").recall()
    row("m").note()
    assert row("m").recall()
    assert not row("other").recall()
    (kept,) = scan_rows(table).values()
    assert kept["expires_at"] == int(NOW.timestamp()) + 365 * 24 * 3600


def test_what_is_appended_goes_to_the_end_of_a_list_that_need_not_be_there(table):
    for number in (1, 2):
        table.update_row(Update("P", "S", append={"steps": [{"number": number}]}))
    assert table.read_row("P", "S") == {**KEY, "steps": [{"number": 1}, {"number": 2}]}


def test_a_change_of_one_row_waits_for_a_transaction_that_holds_it(table, stub):
    for _ in range(2):
        stub.add_client_error("update_item", "TransactionConflictException", http_status_code=400)
    stub.add_response("update_item", {"Attributes": {"n": {"N": "1"}}})
    assert table.update_row(Update("P", "S", add={"n": 1})) == {"n": 1}


def test_a_row_is_put_once_the_transaction_that_holds_it_is_over(table, stub):
    for _ in range(2):
        stub.add_client_error("put_item", "TransactionConflictException", http_status_code=400)
    stub.add_response("put_item", {})
    table.put_row(WRITE)
    assert len(table.sleep.seconds) == 2


@pytest.mark.parametrize("ours", [True, False])
def test_a_change_whose_answer_was_lost_is_known_by_what_it_has_appended(table, ours):
    table.put_row(Put({**KEY, "steps": [{"step": "first"}], "open": True}))
    change = Update(
        "P",
        "S",
        assign={"open": None},
        append={"steps": [{"step": "last", "count": 1}]},
        condition=Attr("open").exists(),
    )
    steps = [{"step": "first"}, {"step": "last", "count": 1 if ours else 2}]
    # As it is when the client sends the request for the second time.
    table.put_row(Put({**KEY, "steps": steps}))
    if ours:
        assert table.update_row(change) == {}
    else:
        with pytest.raises(LedgerConflictError):
            table.update_row(change)
    assert table.read_row("P", "S")["steps"] == steps


def test_a_row_that_transactions_keep_busy_is_a_wait(table, stub):
    for _ in range(12):
        stub.add_client_error("update_item", "TransactionConflictException", http_status_code=400)
    with pytest.raises(ServiceError) as caught:
        table.update_row(Update("P", "S", add={"n": 1}))
    assert caught.value.reason == "ledger_busy"
