import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import MessageDecodeError
from shared.messages.s3_notifications import decode_upload_notice
from tests.fakes.aws.aws_account import notification


def decode_one(key="a.pdf", version_id="v1", etag='"e1"', size=3, sequencer="0A"):
    body = json.dumps(notification("documents", key, version_id, etag, size, sequencer))
    (upload,) = decode_upload_notice(body).uploads
    return upload


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_key_is_read_as_it_was_written(key):
    assert decode_one(key).key == key


@pytest.mark.parametrize("key", ["år rapport+1 (final).PDF", "a%20b.pdf", "folder/æøå +%.pdf"])
def test_keys_that_are_often_decoded_wrong(key):
    assert decode_one(key).key == key


def test_the_same_version_is_the_same_document_and_another_is_not():
    assert decode_one(sequencer="0A").document_id == decode_one(sequencer="0B").document_id
    assert decode_one(version_id="v1").document_id != decode_one(version_id="v2").document_id
    assert decode_one(key="a").document_id != decode_one(key="b").document_id


def test_without_versions_the_etag_tells_documents_apart():
    first, second = decode_one(version_id=None, etag="1"), decode_one(version_id=None, etag="2")
    assert first.document_id != second.document_id


def test_sequencers_of_unlike_length_compare_as_s3_says():
    older, newer = (
        decode_one(sequencer="0055AED6DCD90281E5"),
        decode_one(sequencer="0055AED6DCD9028"),
    )
    assert newer.sequencer < older.sequencer


def test_the_test_event_announces_nothing():
    body = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "documents"})
    assert decode_upload_notice(body).uploads == ()


def decode_removal(name, version_id="v1", sequencer="0B"):
    event = notification("documents", "å b.pdf", version_id, "e", 1, sequencer)
    event["Records"][0] |= {"eventName": name, "userIdentity": {"principalId": "AWS:ADA"}}
    notice = decode_upload_notice(json.dumps(event))
    assert notice.uploads == ()
    return notice


def test_a_deleted_version_is_one_document_and_a_delete_marker_is_the_whole_key():
    version, marker = (
        decode_removal("ObjectRemoved:Delete"),
        decode_removal("ObjectRemoved:DeleteMarkerCreated"),
    )
    [removal] = version.removals
    assert (removal.key, removal.version_id, removal.by) == ("å b.pdf", "v1", "AWS:ADA")
    upload = decode_one(key="å b.pdf")
    assert [subject.id for subject in version.subjects] == [upload.document_id]
    assert removal.sequencer == decode_one(sequencer="0B").sequencer
    [removal] = marker.removals
    assert (removal.version_id, removal.document_id, marker.subjects) == (None, None, ())
    assert version.item_id != marker.item_id


def test_without_versions_a_removal_is_of_the_whole_key():
    [removal] = decode_removal("ObjectRemoved:Delete", version_id=None).removals
    assert removal.version_id is None


@pytest.mark.parametrize(
    "name", ["LifecycleExpiration:Delete", "LifecycleExpiration:DeleteMarkerCreated"]
)
def test_what_a_lifecycle_rule_removes_is_no_deletion(name):
    assert decode_removal(name).removals == ()


@pytest.mark.parametrize(
    ("key", "size", "count"),
    [
        ("a/b/", 0, 0),
        ("a%2Fb%2F", 0, 0),
        ("logs_%24folder%24", 0, 0),
        ("logs_$folder$", 0, 0),
        ("a/b.pdf", 0, 1),
        ("a/b/", 1, 1),
        ("inbound-mail/AMAZON_SES_SETUP_NOTIFICATION", 645, 0),
        ("AMAZON_SES_SETUP_NOTIFICATION", 645, 1),
    ],
)
def test_an_object_that_is_no_document_announces_nothing(key, size, count):
    event = notification("documents", "x", "v", "e", size)
    event["Records"][0]["s3"]["object"]["key"] = key
    assert len(decode_upload_notice(json.dumps(event)).uploads) == count


def test_a_message_may_announce_several_objects():
    event = notification("documents", "a", "v", "e", 1)
    event["Records"] += notification("documents", "b", "v", "e", 1)["Records"]
    assert [upload.key for upload in decode_upload_notice(json.dumps(event)).uploads] == ["a", "b"]


@given(
    st.text()
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["Records", "s3", "Event", "x"]), inner)
        ),
    ).map(json.dumps)
)
def test_anything_else_is_refused_with_the_named_error(body):
    try:
        notice = decode_upload_notice(body)
    except MessageDecodeError:
        return
    assert notice.uploads == ()


@pytest.mark.parametrize("body", ["[" * 100_000, '{"Records": [{"s3": {}}]}', "{", "", "9" * 5000])
def test_hostile_bodies_are_refused_with_the_named_error(body):
    with pytest.raises(MessageDecodeError):
        decode_upload_notice(body)


def test_a_key_that_is_not_utf8_is_refused():
    event = notification("documents", "a", "v", "e", 1)
    event["Records"][0]["s3"]["object"]["key"] = "%ff%fe"
    with pytest.raises(MessageDecodeError):
        decode_upload_notice(json.dumps(event))
