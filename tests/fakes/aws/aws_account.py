"""The buckets, queues and tables of the template, made on moto."""

import json
from dataclasses import dataclass
from urllib.parse import quote_plus

from shared.aws.clients import Clients
from shared.settings import Settings

BUCKETS = {"documents_bucket": "seashore-documents", "artifacts_bucket": "seashore-artifacts"}


@dataclass
class AwsAccount:
    clients: Clients
    settings: Settings

    def upload(self, key, body):
        """Put a document and announce it on the uploads queue as S3 does."""
        put = self.clients.s3.put_object(Bucket=self.settings.documents_bucket, Key=key, Body=body)
        self.announce(key, put["VersionId"], put["ETag"], len(body))
        return put["VersionId"]

    def announce(self, key, version_id, etag, size, sequencer="0A"):
        self.clients.sqs.send_message(
            QueueUrl=self.settings.uploads_queue_url,
            MessageBody=json.dumps(
                notification(self.settings.documents_bucket, key, version_id, etag, size, sequencer)
            ),
        )

    def announce_deletion(self, key, version_id=None, sequencer="0A"):
        """Say as S3 does that an object was deleted, or one version of it."""
        bucket = self.settings.documents_bucket
        event = notification(bucket, key, version_id or "marker", "", 0, sequencer)
        action = "Delete" if version_id else "DeleteMarkerCreated"
        event["Records"][0] |= {
            "eventName": f"ObjectRemoved:{action}",
            "userIdentity": {"principalId": "AWS:ADA"},
        }
        self.clients.sqs.send_message(
            QueueUrl=self.settings.uploads_queue_url, MessageBody=json.dumps(event)
        )

    def count_messages(self, queue_url):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
                 "ApproximateNumberOfMessagesDelayed"]  # fmt: skip
        attributes = self.clients.sqs.get_queue_attributes(
            QueueUrl=queue_url, AttributeNames=names
        )["Attributes"]
        return sum(int(attributes[name]) for name in names)


def notification(bucket, key, version_id, etag, size, sequencer="0A"):
    """An S3 event notification with one record."""
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": "eu-west-1",
                "eventTime": "2026-01-01T00:00:00.000Z",
                "eventName": "ObjectCreated:Put",
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
                    "object": {
                        "key": quote_plus(key, safe="/"),
                        "size": size,
                        "eTag": etag.strip('"'),
                        **({"versionId": version_id} if version_id else {}),
                        "sequencer": sequencer,
                    },
                },
            }
        ]
    }


def build_account(clients=None, **settings):
    """Make everything in moto's account, or where `clients` lead; `settings` override defaults."""
    clients = clients or Clients()
    urls = {}
    for name in ("uploads", "conversions", "recognition", "work", "reports"):
        dlq = clients.sqs.create_queue(QueueName=f"seashore-{name}-dlq")["QueueUrl"]
        arn = clients.sqs.get_queue_attributes(QueueUrl=dlq, AttributeNames=["QueueArn"])
        policy = {
            "deadLetterTargetArn": arn["Attributes"]["QueueArn"],
            "maxReceiveCount": 5,
        }
        queue = clients.sqs.create_queue(
            QueueName=f"seashore-{name}",
            Attributes={"VisibilityTimeout": "30", "RedrivePolicy": json.dumps(policy)},
        )["QueueUrl"]
        urls |= {f"{name}_dlq_url": dlq, f"{name}_queue_url": queue}
    for bucket in BUCKETS.values():
        clients.s3.create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        clients.s3.put_bucket_versioning(
            Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
        )
    _create_table(clients.dynamodb, "seashore-idempotency", {"id": "HASH"})
    _create_table(clients.dynamodb, "seashore-conversations", {"pk": "HASH", "sk": "RANGE"})
    _create_table(
        clients.dynamodb,
        "seashore-ledger",
        {"pk": "HASH", "sk": "RANGE"},
        indexes={
            "by_day": {"day": "HASH", "received_at": "RANGE"},
            "in_flight": {"in_flight": "HASH", "received_at": "RANGE"},
        },
    )
    return AwsAccount(
        clients,
        Settings(
            **BUCKETS,
            **urls,
            ledger_table="seashore-ledger",
            idempotency_table="seashore-idempotency",
            conversations_table="seashore-conversations",
            # What is tested without an engine says of pictures that they are not read.
            **{"ocr_engine": (), **settings},
        ),
    )


def _create_table(dynamodb, name, keys, indexes=None):
    def schema(attributes):
        return [{"AttributeName": n, "KeyType": kind} for n, kind in attributes.items()]

    indexes = indexes or {}
    attributes = {**keys}.keys() | {n for index in indexes.values() for n in index}
    secondary = [
        {
            "IndexName": index,
            "KeySchema": schema(attributes),
            "Projection": {"ProjectionType": "ALL"},
        }
        for index, attributes in indexes.items()
    ]
    dynamodb.create_table(
        TableName=name,
        KeySchema=schema(keys),
        AttributeDefinitions=[
            {"AttributeName": n, "AttributeType": "S"} for n in sorted(attributes)
        ],
        BillingMode="PAY_PER_REQUEST",
        **({"GlobalSecondaryIndexes": secondary} if secondary else {}),
    )
