"""A running pipeline to which tasks are sent, with a language model's server or without."""

import json
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

from moto.core import DEFAULT_ACCOUNT_ID
from moto.sqs.models import sqs_backends

from shared.aws.dynamodb_table import Update
from shared.ledger.tasks import find_task, task_pk, task_row_key
from shared.ledger.timeline import read_timeline
from shared.llm.chat_completions.openai_client import build_openai_client
from shared.llm.chat_completions.openai_model import OpenAIModel
from shared.llm.extractive.extractive_model import ExtractiveModel
from shared.llm.model_window import ModelWindow
from tests.fakes.aws.kept_account import open_account
from tests.fakes.desks.running_pipeline import run_pipeline
from tests.fakes.model.chat_server import ChatServer

HARBOUR_PAGES = (
    "The harbour of Skagen opened in 1907.\nIt is the northernmost of the country.",
    "The tide at the pier rises by thirty centimetres.\nThe pier was built of granite.",
    "Fishing boats land herring and mackerel.\nThe auction begins at six in the morning.",
)

# The fields to ask those pages for.
HARBOUR_SCHEMA = {
    "type": "object",
    "properties": {
        "opened": {"type": "string", "description": "The year of its opening"},
        "depth_m": {"type": "number", "minimum": 1},
        "owner": {"type": "string"},
    },
    "required": ["owner"],
}


class TaskDesk:
    """Sends tasks and reads what became of them."""

    def __init__(self, account, pipeline, server):
        self.account = account
        self.pipeline = pipeline
        self.server = server
        self.table = pipeline.table

    def send(self, kind, **content):
        """Send a task; its id is that of the message unless it has one of its own."""
        body = json.dumps({"kind": kind, "v": 1, **content})
        sent = self.account.clients.sqs.send_message(
            QueueUrl=self.account.settings.work_queue_url, MessageBody=body
        )
        return content.get("id", sent["MessageId"])

    def do(self, kind, **content):
        """Send a task, let the pipeline run, and read the task."""
        task_id = self.send(kind, **content)
        self.pipeline.run()
        return self.task(task_id)

    def task(self, task_id):
        return find_task(self.table, task_id)

    def result(self, task):
        return self.pipeline.read_artifact(task.result_key)

    def markdown(self, task):
        key = task.result_key.replace("result.json", "result.md")
        answer = self.account.clients.s3.get_object(
            Bucket=self.account.settings.artifacts_bucket, Key=key
        )
        return answer["Body"].read().decode()

    def steps(self, task_id):
        return [event.step for event in read_timeline(self.table, task_pk(task_id))]

    def letters(self):
        """The bodies in the DLQ with their causes."""
        answer = self.account.clients.sqs.receive_message(
            QueueUrl=self.account.settings.work_dlq_url,
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
        )
        return [
            (
                json.loads(letter["Body"]),
                json.loads(letter["MessageAttributes"]["seashore"]["StringValue"])["failure"],
            )
            for letter in answer.get("Messages", [])
        ]

    def make_waits_end(self):
        """Let waiting messages be worked on at once."""
        for message in self.make_copies_come():
            attribute = message.message_attributes.get("seashore")
            if attribute is not None:
                state = json.loads(attribute["StringValue"]) | {"not_before": None}
                attribute["StringValue"] = json.dumps(state)

    def make_copies_come(self):
        """Let the messages that SQS delays be received, though they may have longer to wait."""
        queues = sqs_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"].queues
        messages = [*queues["seashore-work"]._messages, *queues["seashore-uploads"]._messages]
        for message in messages:
            message.delayed_until = 0.0
        return messages

    def drain_work_queue(self):
        """Lose all messages that wait."""
        self.account.clients.sqs.purge_queue(QueueUrl=self.account.settings.work_queue_url)

    def age_task(self, task_id, **age):
        """Let a task have arrived earlier."""
        pk, sk = task_row_key(task_id)
        at = (datetime.now(UTC) - timedelta(**age)).isoformat(timespec="milliseconds")
        self.table.update_row(Update(pk, sk, assign={"received_at": at}))

    def put(self, key, body):
        """Put a document, let the pipeline run, and read the document."""
        self.account.upload(key, body)
        self.pipeline.run()
        return self.pipeline.document(key)


@contextmanager
def open_task_desk(*, with_model=True, timeout_seconds=60.0, traits=None, **settings):
    """A desk, with a fake server of a language model unless the offline one is wanted."""
    with ExitStack() as stack:
        server = stack.enter_context(ChatServer(**(traits or {})))
        if with_model:
            settings = {"openai_base_url": server.url, "openai_model": "tiny", **settings}
        account = stack.enter_context(open_account(**settings))
        model = ExtractiveModel()
        if with_model:
            client = stack.enter_context(build_openai_client(server.url))
            model = OpenAIModel(client, "tiny", ModelWindow(account.settings.context_window_tokens))
        pipeline = stack.enter_context(
            run_pipeline(account, model=model, timeout_seconds=timeout_seconds)
        )
        yield TaskDesk(account, pipeline, server)
