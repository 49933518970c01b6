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


def test_a_change_loses_nothing_that_others_write_meanwhile(store, bucket):
    store.write_text(bucket, "list.csv", "one,two", "text/csv; charset=utf-8")
    others = iter(["one,two,three", "one,two,three,four"])

    def without_one(text):
        for written in others:
            store.write_text(bucket, "list.csv", written, "text/csv; charset=utf-8")
            break
        return text.replace("one,", "")

    store.change_text(bucket, "list.csv", without_one)
    assert store.read_text(bucket, "list.csv") == "two,three,four"


def test_a_text_that_is_always_written_by_others_is_given_up_for_now(store, bucket):
    store.write_text(bucket, "list.csv", "0", "text/csv")

    def write_too(text):
        store.write_text(bucket, "list.csv", f"{text}+", "text/csv")
        return f"{text}-"

    with pytest.raises(ServiceError, match="others keep writing"):
        store.change_text(bucket, "list.csv", write_too)


def test_one_object_is_listed_without_the_others_that_begin_so(store, s3, bucket):
    for key in ("a", "a", "a.pdf", "a/b"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    s3.delete_object(Bucket=bucket, Key="a")
    versions = store.list_versions_of(bucket, "a")
    assert [(one.key, one.is_marker) for one in versions] == [("a", False)] * 2 + [("a", True)]
    assert len(store.list_versions(bucket, "a")) == 5


def test_a_long_list_of_others_is_not_read_to_its_end(store, s3, bucket):
    pages = [
        {"Versions": [{"Key": "a", "VersionId": "1", "ETag": '"e"'}], "IsTruncated": True,
         "NextKeyMarker": "a", "NextVersionIdMarker": "1"},
        {"Versions": [{"Key": "a.pdf", "VersionId": "2", "ETag": '"e"'}], "IsTruncated": True,
         "NextKeyMarker": "a.pdf", "NextVersionIdMarker": "2"},
    ]  # fmt: skip
    with Stubber(s3) as stubber:
        for page in pages:
            stubber.add_response("list_object_versions", page)
        assert [one.version_id for one in store.list_versions_of(bucket, "a")] == ["1"]
        stubber.assert_no_pending_responses()
