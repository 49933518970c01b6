"""Copies an uploaded object's text to the artifacts bucket, and tries what ingest may not do."""

import json
import os
from urllib.parse import unquote_plus

import boto3
from botocore.exceptions import ClientError

s3 = boto3.client("s3")
sqs = boto3.client("sqs")
dynamodb = boto3.client("dynamodb")


def handler(event, context):
    for record in event["Records"]:
        for upload in json.loads(record["body"]).get("Records", []):
            _ingest(unquote_plus(upload["s3"]["object"]["key"]), upload["s3"]["object"])
    return {"batchItemFailures": []}


def _ingest(key, uploaded):
    documents, artifacts = os.environ["DOCUMENTS_BUCKET"], os.environ["ARTIFACTS_BUCKET"]
    answer = s3.get_object(Bucket=documents, Key=key, VersionId=uploaded["versionId"])
    report = {
        "text": answer["Body"].read().decode(),
        "environment": sorted(os.environ),
        "forbidden": {
            "write a document": _try(s3.put_object, Bucket=documents, Key="x", Body=b"x"),
            "write a result": _try(s3.put_object, Bucket=artifacts, Key="results/x", Body=b"x"),
            "delete a text": _try(s3.delete_object, Bucket=artifacts, Key="text/x"),
            "read another bucket": _try(
                s3.get_object, Bucket="seashore-deploy-000000000000-us-east-1", Key="x"
            ),
            "read the work queue": _try(sqs.receive_message, QueueUrl=os.environ["WORK_QUEUE_URL"]),
            "write the work DLQ": _try(
                sqs.send_message, QueueUrl=os.environ["WORK_DLQ_URL"], MessageBody="x"
            ),
            "scan the ledger": _try(dynamodb.scan, TableName=os.environ["LEDGER_TABLE"]),
        },
        "missing": {
            "document": _try(s3.get_object, Bucket=documents, Key="missing"),
            "text": _try(s3.get_object, Bucket=artifacts, Key="text/missing"),
        },
    }
    s3.put_object(Bucket=artifacts, Key=f"text/{key}", Body=json.dumps(report).encode())


def _try(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "allowed"
