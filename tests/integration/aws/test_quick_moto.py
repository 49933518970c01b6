"""What moto answers quickly is what it answers: the same requests, with and without the haste."""

from contextlib import nullcontext

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

from shared.aws.clients import Clients
from tests.fakes.aws.aws_account import BUCKETS, make_resources
from tests.fakes.aws.quick_moto.answers import answer_quickly
from tests.fakes.aws.quick_moto.transactions import copy_only_touched_rows

TABLE = "seashore-ledger"
BUCKET = BUCKETS["documents_bucket"]
# By chance, or by the clock.
OF_THE_MOMENT = {
    *("ResponseMetadata", "MessageId", "ReceiptHandle", "VersionId", "LastModified"),
    *("SentTimestamp", "ApproximateFirstReceiveTimestamp", "SenderId"),
}
ROW = {
    "pk": {"S": "D#1"},
    "sk": {"S": "DOCUMENT"},
    "count": {"N": "7"},
    "steps": {"L": [{"M": {"step": {"S": "received"}, "cost": {"N": "1.50"}}}]},
    "marks": {"SS": ["b", "a"]},
    "raw": {"B": b"\x00\xff"},
    "gone": {"NULL": True},
    "open": {"BOOL": False},
    "word": {"S": "yes"},
}
# How many of the requests below are refused, and how many answered.
REFUSED_AND_ANSWERED = (8, 23)
KEY = {name: ROW[name] for name in ("pk", "sk")}
OTHER_KEY = KEY | {"sk": {"S": "OTHER"}}


def update(expression, condition=None, key=KEY, **values):
    request = {"TableName": TABLE, "Key": key, "UpdateExpression": expression}
    if condition:
        request["ConditionExpression"] = condition
    if "#c" in expression + (condition or ""):
        request["ExpressionAttributeNames"] = {"#c": "count"}
    if values:
        named = {f":{name}": value for name, value in values.items()}
        request["ExpressionAttributeValues"] = named
    return request


ONE, STEP = {"N": "1"}, {"L": [{"M": {"step": {"S": "done"}}}]}
SET = "SET steps = list_append(steps, :step), seen = if_not_exists(seen, #c) ADD #c :one"
REQUESTS = [
    ("dynamodb", "put_item", {"TableName": TABLE, "Item": ROW}),
    *(
        ("dynamodb", "update_item", {**request, "ReturnValues": "ALL_NEW"})
        for request in (
            update(f"{SET} REMOVE gone", step=STEP, one=ONE),
            update(SET, "#c > :one AND attribute_exists(pk)", step=STEP, one=ONE),
            update(SET, "#c < :one OR attribute_not_exists(sk)", step=STEP, one=ONE),
            update("SET steps[0].cost = :one, #c = #c - :one", one=ONE),
            update("SET steps = :one, steps[0] = :one", one=ONE),
            update("SET pk = :one", one=ONE),
            update("ADD #c :one ADD seen :one", one=ONE),
            update("SET #c = :one", "marks = :one", key=OTHER_KEY, one=ONE),
        )
    ),
    *(
        (
            "dynamodb",
            "transact_write_items",
            {
                "TransactItems": [
                    {"Update": update("ADD #c :one", key=OTHER_KEY, one=ONE)},
                    {"Update": update("ADD #c :one", condition, one=ONE)},
                ]
            },
        )
        for condition in ("#c > :one", "#c < :one", "attribute_type(#c, :one)")
    ),
    *(
        (
            "dynamodb",
            "query",
            {
                "TableName": TABLE,
                "KeyConditionExpression": "pk = :pk AND begins_with(sk, :sk)",
                "FilterExpression": filter_expression,
                "ExpressionAttributeNames": {"#c": "count"},
                "ExpressionAttributeValues": {":pk": {"S": "D#1"}, ":sk": {"S": "D"}, ":n": number},
            },
        )
        for filter_expression, number in (
            ("#c >= :n", {"N": "1.0"}),
            ("#c = :n OR contains(marks, :n)", {"S": "a"}),
            ("NOT #c IN (:n)", {"N": "8e0"}),
            ("word = :n AND #c < #c", {"S": "yes"}),
            ("word = :n OR #c < #c", {"S": "no"}),
        )
    ),
    ("dynamodb", "get_item", {"TableName": TABLE, "Key": KEY, "ConsistentRead": True}),
    # What a refused transaction had done is undone.
    ("dynamodb", "scan", {"TableName": TABLE}),
    (
        "s3",
        "put_object",
        {"Bucket": BUCKET, "Key": "a b/é+%2F.txt", "Body": b"text", "Metadata": {"my_key": "x-y"}},
    ),
    ("s3", "get_object", {"Bucket": BUCKET, "Key": "a b/é+%2F.txt", "Range": "bytes=1-2"}),
    ("s3", "list_objects_v2", {"Bucket": BUCKET, "Prefix": "a b/"}),
    ("s3", "put_object", {"Bucket": BUCKET, "Key": "a b/é+%2F.txt", "Body": b"anew"}),
    ("s3", "delete_object", {"Bucket": BUCKET, "Key": "a b/é+%2F.txt"}),
    ("s3", "list_object_versions", {"Bucket": BUCKET, "Prefix": "a b/"}),
    ("s3", "list_object_versions", {"Bucket": BUCKET}),
    ("s3", "head_object", {"Bucket": BUCKET, "Key": "none"}),
    ("s3", "list_buckets", {}),
]


def ask(clients, service, operation, request):
    try:
        answer = getattr(getattr(clients, service), operation)(**request)
    except ClientError as error:
        answer = error.response
    return strip(answer)


def strip(answer):
    """An answer without what is another each time."""
    if isinstance(answer, dict):
        kept = {name: value for name, value in answer.items() if name not in OF_THE_MOMENT}
        return {
            name: type(value) if "Date" in name else strip(value) for name, value in kept.items()
        }
    if isinstance(answer, list):
        return [strip(one) for one in answer]
    return answer.read() if hasattr(answer, "read") else answer


def list_answers(before_moto, within_moto):
    with before_moto(), mock_aws(), within_moto():
        clients = Clients(boto3.Session(region_name="eu-west-1"))
        urls = make_resources(clients)
        answers = [ask(clients, *request) for request in REQUESTS]
        queue = {"QueueUrl": urls["work_queue_url"]}
        attributes = {"cause": {"DataType": "String", "StringValue": "é"}}
        send = {**queue, "MessageBody": "<a>&\n", "MessageAttributes": attributes}
        receive = {**queue, "AttributeNames": ["All"], "MessageAttributeNames": ["All"]}
        for operation, request in (
            ("send_message", send),
            ("receive_message", receive),
            ("delete_message", {**queue, "ReceiptHandle": "none"}),
        ):
            answers.append(ask(clients, "sqs", operation, request))
        return answers


def test_it_is_what_moto_answers():
    expected = list_answers(nullcontext, nullcontext)
    assert list_answers(answer_quickly, copy_only_touched_rows) == expected
    refused = sum("Error" in answer for answer in expected)
    assert (refused, len(expected) - refused) == REFUSED_AND_ANSWERED
