"""The buckets, queues and tables of the template, made on moto."""

import json
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote_plus

from infra.deploy.template_file import parse_template
from infra.project_files import TEMPLATE
from shared.aws.clients import Clients
from shared.settings import Settings

TABLES = {
    "seashore-idempotency": "IdempotencyTable",
    "seashore-conversations": "ConversationsTable",
    "seashore-ledger": "LedgerTable",
}
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
    return describe_account(clients, make_resources(clients), **settings)


def describe_account(clients, urls, **settings):
    """The account that `make_resources` has made."""
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


def make_resources(clients):
    """Make the buckets, queues and tables; the addresses of the queues, by their setting."""
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
    for name, resource in TABLES.items():
        _create_table(clients.dynamodb, name, resource)
    return urls


def _create_table(dynamodb, name, resource):
    """Make a table as the template has it: keys, and indexes with what they project."""
    names = ("KeySchema", "AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes")
    properties = _read_tables()[resource]
    wanted = {name: properties[name] for name in names if name in properties}
    if "GlobalSecondaryIndexes" in wanted:
        # Without the one that only a stack of an earlier release has for a while.
        wanted["GlobalSecondaryIndexes"] = list(filter(None, wanted["GlobalSecondaryIndexes"]))
    dynamodb.create_table(TableName=name, **wanted)


@cache
def _read_tables():
    resources = parse_template(TEMPLATE.read_text(encoding="utf-8"))["Resources"]
    return {name: resources[name]["Properties"] for name in TABLES.values()}
