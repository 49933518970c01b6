import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.messages.delivery_state import (
    ATTRIBUTE_NAME,
    CauseOfDeath,
    DeliveryState,
    read_delivery_state,
)

SENT_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
FRESH = DeliveryState(message_id="m", first_enqueued_at=SENT_AT)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
TIMES = st.datetimes(timezones=st.just(UTC))
STATES = st.builds(
    DeliveryState,
    message_id=TEXT,
    first_enqueued_at=TIMES,
    deferrals=st.integers(0, 1000),
    attempts=st.integers(0, 1000),
    not_before=st.none() | TIMES,
    failure=st.none()
    | st.builds(
        CauseOfDeath,
        error_type=TEXT,
        message=TEXT,
        stage=TEXT,
        failed_at=TIMES,
        attempts=st.integers(0, 1000),
        request_id=TEXT,
        source_queue=TEXT,
    ),
)


def read(attributes):
    return read_delivery_state(attributes, message_id="m", sent_at=SENT_AT)


@given(STATES)
@pytest.mark.parametrize("field", ["stringValue", "StringValue"])
def test_a_past_survives_the_attribute_as_lambda_and_as_the_sdk_write_it(field, state):
    text = json.dumps(state.model_dump(mode="json", exclude_none=True))
    assert read({ATTRIBUTE_NAME: {field: text}, "other": {field: "x"}}) == state


def test_a_message_without_a_past_begins_with_itself():
    assert read({}) == FRESH


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_what_is_not_ours_counts_as_absent(text):
    assert read({ATTRIBUTE_NAME: {"stringValue": text}}) == FRESH


@pytest.mark.parametrize(
    "attribute", [None, {}, {"binaryValue": "AAAA"}, {"stringValue": None}, {"stringValue": ""}]
)
def test_an_attribute_without_text_counts_as_absent(attribute):
    assert read({ATTRIBUTE_NAME: attribute}) == FRESH


@pytest.mark.parametrize("field", ["first_enqueued_at", "not_before"])
def test_a_time_without_a_zone_is_not_ours(field):
    content = {"message_id": "x", "first_enqueued_at": "2026-01-01T00:00:00Z"}
    assert read({ATTRIBUTE_NAME: {"stringValue": json.dumps(content)}}).message_id == "x"
    content[field] = "2026-01-01T00:00:00"
    assert read({ATTRIBUTE_NAME: {"stringValue": json.dumps(content)}}) == FRESH
