"""A bucket goes with everything in it."""

import boto3
from moto import mock_aws

from infra.deploy.bucket_removal import remove_bucket

ACCOUNT = "123456789012"


@mock_aws
def test_versions_markers_and_unfinished_uploads_go_with_the_bucket():
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="data")
    s3.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"2", b"3"):
        s3.put_object(Bucket="data", Key="results/x", Body=body)
    s3.delete_object(Bucket="data", Key="results/x")
    s3.create_multipart_upload(Bucket="data", Key="unfinished")

    assert remove_bucket(s3, "data", ACCOUNT, lambda line: None) == 4
    assert s3.list_buckets()["Buckets"] == []
    assert remove_bucket(s3, "data", ACCOUNT, lambda line: None) == 0
