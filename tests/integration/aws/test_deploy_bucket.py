"""The deploy bucket as AWS would have it: over TLS only."""

import json

import boto3
import pytest
from moto import mock_aws

from infra.deploy.deploy_bucket import ensure_deploy_bucket, upload_file_once

ACCOUNT = "123456789012"


@mock_aws
def test_deploy_bucket_refuses_plain_http_and_is_made_once():
    s3 = boto3.client("s3", region_name="eu-west-1")
    bucket = ensure_deploy_bucket(s3, ACCOUNT, "eu-west-1")
    assert bucket == f"seashore-deploy-{ACCOUNT}-eu-west-1"
    [statement] = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    s3.delete_bucket_policy(Bucket=bucket)
    ensure_deploy_bucket(s3, ACCOUNT, "eu-west-1")
    assert len(s3.list_buckets()["Buckets"]) == 1


@mock_aws
def test_deploy_bucket_whose_making_was_broken_off_is_completed(monkeypatch):
    s3 = boto3.client("s3", region_name="us-east-1")
    monkeypatch.setattr(s3, "put_bucket_encryption", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ensure_deploy_bucket(s3, ACCOUNT, "us-east-1")
    monkeypatch.undo()
    bucket = ensure_deploy_bucket(s3, ACCOUNT, "us-east-1")
    assert "OnlyOverTls" in s3.get_bucket_policy(Bucket=bucket)["Policy"]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"


def interrupt(**arguments):
    raise KeyboardInterrupt


@mock_aws
def test_same_content_is_uploaded_once(tmp_path):
    s3 = boto3.client("s3", region_name="us-east-1")
    bucket = ensure_deploy_bucket(s3, ACCOUNT, "us-east-1")
    s3.delete_bucket_policy(Bucket=bucket)  # moto denies whatever the condition says
    file = tmp_path / "package.zip"
    file.write_bytes(b"content")
    assert upload_file_once(s3, bucket, ACCOUNT, "key", file)
    assert not upload_file_once(s3, bucket, ACCOUNT, "key", file)
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"content"
