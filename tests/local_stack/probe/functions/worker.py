"""Does what a message says, and leaves a result under the message's own words."""

import hashlib
import os
import time

import boto3
from botocore.exceptions import ClientError

s3 = boto3.client("s3")
secrets = boto3.client("secretsmanager")

VERSION = "first"


def handler(event, context):
    failed = []
    for record in event["Records"]:
        match record["body"].split():
            case ["hang", *_]:
                time.sleep(600)
            case ["fail", *_]:
                failed.append({"itemIdentifier": record["messageId"]})
            case ["read", bucket, key]:
                _keep(record["body"], _try_to_read(bucket, key))
            case ["secret", name, *_]:
                _keep(record["body"], _fingerprint(name))
            case ["environment", *_]:
                _keep(record["body"], " ".join(f"{k}={v}" for k, v in sorted(os.environ.items())))
            case _:
                _keep(record["body"], VERSION)
    return {"batchItemFailures": failed}


def _keep(words, result):
    key = f"results/{words.replace(' ', '-').replace('/', '-')}"
    s3.put_object(Bucket=os.environ["ARTIFACTS_BUCKET"], Key=key, Body=result.encode())


def _try_to_read(bucket, key):
    try:
        s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "allowed"


def _fingerprint(name):
    """The digest of a secret: the test looks for the secret itself in every file of the stack."""
    try:
        text = secrets.get_secret_value(SecretId=name)["SecretString"]
    except ClientError as error:
        return error.response["Error"]["Code"].removesuffix("Exception")
    return hashlib.sha256(text.encode()).hexdigest()
