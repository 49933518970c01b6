"""A document is redone by other models of one server: from the terminal, and over HTTP."""

import json
from collections import Counter

import pytest

from infra.cli.chat.api_client import open_api
from infra.cli.command_context import CommandContext
from infra.cli.exit_codes import ExitCode
from infra.cli.operations.redo import RedoWish, redo_documents
from pipeline.operations.selection import Selection
from tests.fakes.model.chat_server import ChatServer
from tests.fakes.pdf.pdf_files import make_text_pdf
from tests.fakes.waiting import wait_for
from tests.local_stack.probe_stack import other_environment
from tests.local_stack.test_tasks import Written, count_messages

KEY = "redone-by-others.pdf"
PRICES = {name: {"input": 1.0, "output": 2.0} for name in ("second", "third")}


@pytest.fixture
def server(local_stack):
    """A server of three models, which the worker's settings name; the operator's do too."""
    # No other item is to be answered by it.
    wait_for(lambda: count_messages(local_stack) == 0)
    with ChatServer() as server:
        named = {"OPENAI_MODEL": "first", "MODEL_PRICES": json.dumps(PRICES)}
        asked = {**named, "OPENAI_BASE_URL": server.url}
        with (
            other_environment(local_stack, "worker", **asked),
            other_environment(local_stack, "operator", **named, HAS_MODEL="true"),
        ):
            yield server


def test_a_document_is_redone_by_other_models_and_keeps_what_each_has_written(local_stack, server):
    api = open_api(local_stack, {})
    operators = open_api(local_stack, {}, key_output="OperatorApiKeyId")

    def find_version(count):
        (document,) = api.send("GET", f"/documents?key={KEY}")["documents"] or [{}]
        if document.get("status") != "DONE":
            return None
        route = f"/documents/{document['document_id']}"
        numbers = [one["version"] for one in api.send("GET", f"{route}/versions")["versions"]]
        return route if numbers == list(range(1, count + 1)) else None

    local_stack.client("s3").put_object(
        Bucket=local_stack.output("DocumentsBucket"),
        Key=KEY,
        Body=make_text_pdf("The pier was opened in May."),
    )
    wait_for(lambda: find_version(1))
    written = Written()
    wish = RedoWish("second", False, None, False, True)
    code = redo_documents(
        CommandContext(local_stack, written, as_json=True), [KEY], Selection, wish
    )
    assert code is ExitCode.OK, written.talk.file.getvalue()
    wait_for(lambda: find_version(2))
    assert [one["name"] for one in operators.send("GET", "/operations")["models"]] == [
        "first",
        *PRICES,
    ]
    order = {"documents": [KEY], "model": "third"}
    assert operators.send("POST", "/operations/redo", order)["ordered"] == 1
    route = wait_for(lambda: find_version(3))
    models = [api.send("GET", f"{route}/summary?version={number}")["model"] for number in (1, 2, 3)]
    assert models == ["first", "second", "third"]
    assert api.send("GET", f"{route}/summary")["model"] == "third"
    asked = Counter(call.body["model"] for call in server.calls)
    assert set(asked) == {"first", "second", "third"}
    assert len(set(asked.values())) == 1
