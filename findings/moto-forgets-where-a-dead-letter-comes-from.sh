#!/bin/sh
# A message that a redrive policy has moved does not say so in moto, as it does on AWS.
#
# The usual guess: a test on moto's SQS can tell a message that SQS has moved to a dead-letter queue
# from one that somebody has sent there, by the attribute DeadLetterQueueSourceArn of a receive.
# What is seen: moto moves the message, and its attributes are those of any message. Code that goes by
# the attribute takes each dead letter for one that was sent by hand, and is never wrong in a test.
#
# Versions: moto 5.2.5 and boto3 1.44.5 from PyPI.
# Seen on 2026-11-28. Source: Amazon SQS API Reference, ReceiveMessage, "MessageSystemAttributeNames".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "moto[sqs]==5.2.5" boto3==1.44.5
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import json
import sys

import boto3
from moto import mock_aws

with mock_aws():
    sqs = boto3.client(
        "sqs", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    dlq = sqs.create_queue(QueueName="dlq")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dlq, AttributeNames=["QueueArn"])["Attributes"]
    policy = {"deadLetterTargetArn": arn["QueueArn"], "maxReceiveCount": 1}
    given = {"VisibilityTimeout": "0", "RedrivePolicy": json.dumps(policy)}
    work = sqs.create_queue(QueueName="work", Attributes=given)["QueueUrl"]
    sqs.send_message(QueueUrl=work, MessageBody="a task")
    for _ in range(2):
        sqs.receive_message(QueueUrl=work)
    (moved,) = sqs.receive_message(QueueUrl=dlq, MessageSystemAttributeNames=["All"])["Messages"]
print("moved:", moved["Body"], sorted(moved["Attributes"]))
if "DeadLetterQueueSourceArn" in moved["Attributes"]:
    sys.exit("this has changed")
PYTHON
