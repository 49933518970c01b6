"""Objects on moto: what goes in comes out, and what is missing is said to be missing."""

import io

import pytest
from botocore.exceptions import ResponseStreamingError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from shared.aws.objects import ObjectStore
from shared.errors import AccessDeniedError, ObjectMissingError, ServiceError
from tests.fakes.aws.kept_account import open_account


@pytest.fixture
def account():
    with open_account() as account:
        yield account


@pytest.fixture
def s3(account):
    return account.clients.s3


@pytest.fixture
def store(s3):
    return ObjectStore(s3)


@pytest.fixture
def bucket(account):
    return account.settings.documents_bucket


KEYS = ["plain.pdf", "år rapport+1 (final).PDF", "a/b c/100%.pdf", "line\nend", "☃/𝄞.pdf"]


@pytest.mark.parametrize("key", KEYS)
def test_json_comes_back_as_it_was(store, s3, bucket, key):
    value = {"å": ["☃", 1, 1.5, None, True, {"deep": "\u2028"}]}
    store.write_json(bucket, key, value)
    assert store.read_json(bucket, key) == value
    assert s3.head_object(Bucket=bucket, Key=key)["ContentType"] == "application/json"


def test_text_is_written_as_utf8_with_its_type(store, s3, bucket):
    store.write_text(bucket, "a.md", "# åäö ☃\n", "text/markdown; charset=utf-8")
    there = s3.get_object(Bucket=bucket, Key="a.md")
    assert there["Body"].read() == "# åäö ☃\n".encode()
    assert there["ContentType"] == "text/markdown; charset=utf-8"


def test_each_version_is_read_by_itself(store, s3, bucket, tmp_path):
    bodies = [b"first", b"the second one"]
    versions = [
        s3.put_object(Bucket=bucket, Key="a.pdf", Body=body)["VersionId"] for body in bodies
    ]
    path = tmp_path / "a.pdf"
    for version, body in [*zip(versions, bodies, strict=True), (None, bodies[-1])]:
        assert store.download(bucket, "a.pdf", version, path) == len(body)
        assert path.read_bytes() == body


def test_a_large_object_arrives_whole(store, s3, bucket, tmp_path):
    body = bytes(range(256)) * 10_000 + b"end"
    s3.put_object(Bucket=bucket, Key="large", Body=body)
    store.download(bucket, "large", None, tmp_path / "large")
    assert (tmp_path / "large").read_bytes() == body


def test_an_object_that_is_too_large_is_measured_and_not_read(store, s3, bucket, tmp_path):
    s3.put_object(Bucket=bucket, Key="large", Body=b"x" * 11)
    assert store.download(bucket, "large", None, tmp_path / "x", max_bytes=10) == 11
    assert not (tmp_path / "x").exists()
    assert store.download(bucket, "large", None, tmp_path / "x", max_bytes=11) == 11
    assert (tmp_path / "x").read_bytes() == b"x" * 11


def test_what_is_missing_is_said_to_be_missing(store, s3, bucket, tmp_path):
    version = s3.put_object(Bucket=bucket, Key="a.pdf", Body=b"x")["VersionId"]
    s3.delete_object(Bucket=bucket, Key="a.pdf")
    for key, there in (("none.pdf", None), ("a.pdf", None)):
        with pytest.raises(ObjectMissingError):
            store.download(bucket, key, there, tmp_path / "x")
        with pytest.raises(ObjectMissingError):
            store.read_json(bucket, key)
    # A delete marker hides the object, not its versions.
    assert store.download(bucket, "a.pdf", version, tmp_path / "x") == 1


def test_a_bucket_that_is_missing_is_a_fault_of_the_set_up(store):
    with pytest.raises(ServiceError) as caught:
        store.read_json("no-such-bucket", "a.pdf")
    assert caught.value.reason == "set_up_wrongly"


def test_a_role_without_rights_is_told_apart(store, s3, bucket, tmp_path):
    with Stubber(s3) as stubber:
        stubber.add_client_error("get_object", "AccessDenied", http_status_code=403)
        with pytest.raises(AccessDeniedError):
            store.download(bucket, "a.pdf", None, tmp_path / "x")


class CutOff(io.BytesIO):
    def read(self, *size):
        raise ResponseStreamingError(error="connection lost")


@pytest.mark.parametrize("way", ["download", "read_json"])
def test_a_connection_that_breaks_within_an_object_is_waited_for(store, s3, bucket, tmp_path, way):
    with Stubber(s3) as stubber:
        stubber.add_response("get_object", {"Body": StreamingBody(CutOff(), 10)})
        with pytest.raises(ServiceError) as caught:
            if way == "download":
                store.download(bucket, "a.pdf", None, tmp_path / "x")
            else:
                store.read_json(bucket, "a.pdf")
        assert caught.value.reason == "aws_unreachable"
