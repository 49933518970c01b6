"""Tasks end to end: the command line, the real queue, the real worker, with IAM enforced."""

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from infra.cli.command_context import CommandContext
from infra.cli.exit_codes import ExitCode
from infra.cli.output import Output
from infra.cli.put.files import FileToPut
from infra.cli.put.upload import put_files
from infra.cli.tasks.enqueue import enqueue_task
from infra.project_files import PROJECT
from shared.errors import WrongUsageError
from tests.fakes.model.chat_behaviours import calling, saying
from tests.fakes.model.chat_server import ChatServer
from tests.fakes.waiting import wait_for
from tests.local_stack.probe_stack import other_environment
from tests.local_stack.stack_fixtures import TOLD_QUEUE

REPORT = PROJECT / "infra" / "demo_documents" / "tidal-energy-report.pdf"


class Written(Output):
    """What a command writes, kept."""

    def __init__(self):
        self.results = Console(file=io.StringIO(), markup=False, emoji=False, highlight=False)
        self.talk = Console(file=io.StringIO(), markup=False, emoji=False, highlight=False)

    @property
    def json(self):
        return json.loads(self.results.file.getvalue())


def test_a_question_about_a_demo_document_is_answered_and_its_sender_told(local_stack):
    sqs = local_stack.client("sqs")
    told_url = sqs.create_queue(QueueName=TOLD_QUEUE)["QueueUrl"]
    file = FileToPut(REPORT, REPORT.name, REPORT.stat().st_size)
    bucket = local_stack.output("DocumentsBucket")
    put_files(local_stack.client("s3"), bucket, [file], lambda count: None)
    written = Written()
    # The document was just put: the task waits until its text is read.
    code = enqueue_task(
        CommandContext(local_stack, written, as_json=True),
        {
            "kind": "ask",
            "id": "tidal-question",
            "question": "Which turbines are used in tidal energy?",
            "documents": [REPORT.name],
            "callback": told_url,
        },
        wait=True,
    )
    assert code is ExitCode.OK, written.talk.file.getvalue()
    result = written.json["result"]
    assert result["answered"] is True
    assert result["pages_read"][0]["pages"].startswith("1")
    assert all(citation["quote"] for citation in result["citations"])
    told = wait_for(lambda: sqs.receive_message(QueueUrl=told_url).get("Messages"))
    assert json.loads(told[0]["Body"])["result_key"] == written.json["task"]["result_key"]


def test_the_worker_may_tell_no_other_queue(local_stack):
    other_url = local_stack.client("sqs").create_queue(QueueName="other")["QueueUrl"]
    written = Written()
    task = {"kind": "summarize", "text": "A text.", "callback": other_url}
    with pytest.raises(WrongUsageError, match="is not allowed"):
        enqueue_task(CommandContext(local_stack, written, as_json=True), task, wait=True)
    # Of a stack that does not say which are allowed it is the worker that finds out.
    outputs = {name: of for name, of in local_stack.outputs.items() if name != "CallbackArns"}
    unsaid = CommandContext(replace(local_stack, outputs=outputs), written, as_json=True)
    assert enqueue_task(unsaid, task, wait=True) is ExitCode.FAILED
    assert "is not allowed" in written.json["task"]["reason"]


def test_the_agent_reads_with_the_rights_that_the_worker_has(local_stack):
    file = FileToPut(REPORT, REPORT.name, REPORT.stat().st_size)
    bucket = local_stack.output("DocumentsBucket")
    put_files(local_stack.client("s3"), bucket, [file], lambda count: None)
    summarised = {"kind": "summarize", "document": REPORT.name}
    context = CommandContext(local_stack, Written(), as_json=True)
    assert enqueue_task(context, summarised, wait=True) is ExitCode.OK
    # No other item is to get the answers that are meant for the agent.
    wait_for(lambda: count_messages(local_stack) == 0)
    with (
        ChatServer() as server,
        other_environment(local_stack, "worker", OPENAI_BASE_URL=server.url, OPENAI_MODEL="tiny"),
    ):
        server.script(
            calling(("list_documents", {}), ("get_summary", {"document": REPORT.name})),
            calling(
                ("read_pages", {"document": REPORT.name, "first_page": 1, "last_page": 2}),
                ("search_pages", {"words": "turbine", "documents": [REPORT.name]}),
            ),
            saying("It is about tides."),
        )
        written = Written()
        task = {"kind": "agent", "prompt": "What is the report about?"}
        # The stack itself has no model, and says so.
        with pytest.raises(WrongUsageError, match="agent needs a language model"):
            enqueue_task(CommandContext(local_stack, written, as_json=True), task, wait=True)
        told = replace(local_stack, outputs={**local_stack.outputs, "HasModel": "true"})
        code = enqueue_task(CommandContext(told, written, as_json=True), task, wait=True)
    assert code is ExitCode.OK, written.results.file.getvalue()
    result = written.json["result"]
    assert result["answer"] == "It is about tides."
    assert len(result["steps"]) == 4
    assert [step for step in result["steps"] if step["is_error"]] == []
    # Those that were read, and those that the search has shown sentences of.
    assert result["pages_read"][0]["pages"] == "1-2,4-9,11-12"


def count_messages(stack):
    """The messages on the work queue, visible or not."""
    names = [f"ApproximateNumberOfMessages{state}" for state in ("", "NotVisible", "Delayed")]
    answer = stack.client("sqs").get_queue_attributes(
        QueueUrl=stack.output("WorkQueueUrl"), AttributeNames=names
    )
    return sum(int(answer["Attributes"][name]) for name in names)
