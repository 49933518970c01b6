"""The console with both functions behind it: what is read, and what operators do."""

import html
import json
import re
from contextlib import contextmanager

from functions.operator import build_operator
from shared.ledger.tasks import fail_task, find_task, register_task
from shared.lifecycle import DocumentStatus
from shared.messages.tasks import TASK
from tests.fakes.aws.event_source import LambdaContext
from tests.fakes.aws.role_rights import WatchedFunction
from tests.fakes.dead_letter_boxes import chunk_body, make_state, put_letters, to_attributes
from tests.fakes.desks.api_desk import Answer, make_event, open_api_desk
from tests.fakes.entered_documents import Ledger
from tests.fakes.swept_ledger import find_empty_ledger_whole

OPERATOR = "operators-key"
# What strangers put into names, bodies and answers to have a page do something.
HOSTILE = "x\"><img src=x onerror=alert(1)><script>alert(2)</script>{{9*99991}}'"


class ConsoleDesk:
    def __init__(self, api):
        self.api = api
        self.account = api.account
        self.table = api.table
        self.ledger = Ledger(self.account)
        self.sqs = self.account.clients.sqs
        changed = {"operator_api_key_id": OPERATOR}
        settings = self.account.settings.model_copy(update=changed)
        operator = build_operator(settings, self.account.clients)
        self.operator = WatchedFunction(operator, "OperatorFunction", api.roles)

    def read(self, place, **query):
        """A part of a page, with its status."""
        return self.api.browse(f"/console/parts/{place}", query=query or None)

    def act(self, action, key_id=OPERATOR, key=None, **form):
        """What an operator does; the fields of the form are sent as the script sends them."""
        headers = {"Idempotency-Key": key} if key else None
        event = make_event("POST", f"/console/actions/{action}", form, headers, key_id=key_id)
        raw = self.operator.answer(event, LambdaContext(29.0))
        headers = {name: values[0] for name, values in raw["multiValueHeaders"].items()}
        return Answer(raw["statusCode"], headers, raw["body"])

    def go_on(self, answer, form_number=0, **changes):
        """Send a form of an answer to where it goes."""
        action, fields = find_forms(answer.body)[form_number]
        return self.act(action, **{**fields, **changes})

    def give_up_task(self, task_id, question="What is the rent?", reason="no such model", **state):
        """A task that was given up, with its letter in the DLQ."""
        body = json.dumps(
            {"v": 1, "kind": "ask", "id": task_id, "question": question, "documents": ["a.pdf"]}
        )
        order = TASK.validate_json(body)
        now = self.api.now
        register_task(
            self.table,
            task_id=task_id,
            kind="ask",
            about=order.about,
            digest=order.digest,
            callback=None,
            now=now,
        )
        fail_task(self.table, find_task(self.table, task_id), reason, now)
        self.put_letter(body, f"letter-of-{task_id}", cause=reason, **state)

    def give_up_document(self, key, reason="the model declines", chunks=1):
        """A document of which no chunk could be summarised, with their letters in the DLQ."""
        document = self.ledger.enter(key)
        self.ledger.move(document, DocumentStatus.EXTRACTED, pages=chunks, chunks_total=chunks)
        self.ledger.move(document, DocumentStatus.SUMMARIZING)
        self.ledger.move(
            document,
            DocumentStatus.FAILED,
            reason_code="not_summarised",
            reason="no part could be summarised",
            chunk_reason=reason,
            chunks_failed=chunks,
        )
        for number in range(1, chunks + 1):
            body = chunk_body(document.document_id, number)
            self.put_letter(body, f"{key}-{number}", cause=reason)
        return document

    def put_letter(self, body, message_id, cause="no", **state):
        attributes = to_attributes(make_state(message_id, cause=cause, **state))
        put_letters(self.sqs, self.account.settings.work_dlq_url, [(body, attributes)])

    def count(self, queue):
        return self.account.count_messages(getattr(self.account.settings, f"{queue}_url"))


def find_forms(body):
    """The forms of a page that act: where each goes, and its hidden fields."""
    forms = []
    for head, content in re.findall(r"<form([^>]*)>(.*?)</form>", body, re.DOTALL):
        action = re.search(r'hx-post="console/actions/([^"]*)"', head)
        if action:
            hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', content)
            forms.append((action[1], {name: html.unescape(value) for name, value in hidden}))
    return forms


def assert_harmless(answer):
    """Nothing of what strangers wrote is markup, a template, or an attribute."""
    assert answer.status == 200, answer.body
    assert "<img" not in answer.body
    assert "<script" not in answer.body
    assert "899919" not in answer.body
    assert not re.search(r"<[^>]*\son\w+=", re.sub(r'"[^"]*"', '""', answer.body))


# A model by the settings alone, for desks on which nobody is asked.
MODEL_SETTINGS = {"openai_base_url": "http://127.0.0.1:9/v1", "openai_model": "tiny"}


@contextmanager
def open_console_desk(**settings):
    with open_api_desk(with_model=False, **settings) as api:
        desk = ConsoleDesk(api)
        find_empty_ledger_whole(desk.table, api.now)
        yield desk
