"""A server that repeats the key of the request, in an error or in its answer: nobody reads it."""

import json
import logging
from base64 import b64encode
from urllib.parse import quote

import pytest

from shared.errors import ModelAnswerError, SeashoreError
from tests.fakes.model.chat_behaviours import saying, sending
from tests.fakes.model.openai_requests import answer

# It looks like no key.
KEY = "7f3a9c51.plain.words.0042"

FORMS = {
    "whole": KEY,
    "cut": f"{KEY[:-4]}…",
    "header": f"Authorization: Bearer {KEY}",
    "address": quote(f"Bearer {KEY}", safe=""),
    "base64": b64encode(f"Bearer {KEY}".encode()).decode(),
    "json": json.dumps({"headers": {"authorization": f"Bearer {KEY}"}}),
}


# Each of which is rejected by another way through the code.
STATUSES = (400, 401, 404, 429, 500)


def error_in_answer(words):
    return sending(200, {"id": "x", "object": "chat.completion", "error": {"message": words}})


@pytest.mark.parametrize("form", FORMS)
def test_no_error_and_no_log_holds_the_key(build, server, caplog, form):
    echo = FORMS[form]
    behaviours = [
        sending(status, {"error": {"message": f"no: {echo}", "code": echo}}, x_request_id="r-1")
        for status in STATUSES
    ]
    with caplog.at_level(logging.DEBUG, "seashore"):
        for behaviour in [*behaviours, error_in_answer(f"no: {echo}")]:
            server.script(*[behaviour] * 9)
            with pytest.raises(SeashoreError) as caught:
                answer(build(key=KEY))
            assert_free_of_key(str(caught.value), echo)
            server.forget()
    records = [record for record in caplog.records if record.name.startswith("seashore")]
    assert len(records) >= 2
    for record in records:
        assert_free_of_key(str(vars(record)), echo)


def assert_free_of_key(text, echo):
    assert KEY not in text
    assert KEY[4:12] not in text
    assert echo not in text


def test_an_answer_that_holds_the_key_is_of_no_use(build, server):
    content = {"title": "T", "abstract": f"Sent was {KEY}.", "key_points": []}
    server.script(*[saying(json.dumps(content))] * 9)
    with pytest.raises(ModelAnswerError) as caught:
        answer(build(key=KEY))
    assert KEY not in str(caught.value)
    assert caught.value.has_cost
