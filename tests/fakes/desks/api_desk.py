"""The HTTP API on moto: sends events as API Gateway does, and reads the answers."""

import json
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from functions.api import build_api
from pipeline.ingest.chunk_text import chunk_text_key
from shared.aws.dynamodb_table import LedgerTable
from shared.ledger.document_texts import ExtractedText, record_extraction
from shared.ledger.document_versions import register_document
from shared.ledger.documents import ChunkPages
from shared.llm.chat_completions.openai_client import build_openai_client
from shared.llm.chat_completions.openai_model import OpenAIModel
from shared.llm.extractive.extractive_model import ExtractiveModel
from shared.llm.model_window import ModelWindow
from shared.messages.uploads import Upload
from tests.fakes.aws.event_source import LambdaContext
from tests.fakes.aws.kept_account import open_account
from tests.fakes.aws.role_rights import RoleWatch, WatchedFunction
from tests.fakes.model.chat_server import ChatServer


def make_event(method, path, body=None, headers=None, query=None, key_id="key-1", **context):
    """A request as API Gateway's proxy integration passes it on."""
    headers = {"Content-Type": "application/json", **(headers or {})} if body else headers or {}
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {k: [v] for k, v in query.items()} if query else None,
        "pathParameters": {"proxy": path.removeprefix("/")},
        "stageVariables": None,
        "requestContext": {
            "requestId": "gateway-request",
            "stage": "prod",
            "path": f"/prod{path}",
            "httpMethod": method,
            "identity": {"apiKeyId": key_id, "caller": None},
            **context,
        },
        "body": body if body is None or isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
    }


@dataclass
class Answer:
    status: int
    headers: dict
    body: object

    @property
    def error(self):
        return self.body["error"]


class ApiDesk:
    def __init__(self, account, api, server):
        self.account = account
        self.roles = RoleWatch(account.clients.dynamodb)
        self.api = WatchedFunction(api, "ApiFunction", self.roles)
        self.server = server
        self.table = LedgerTable(
            account.clients.dynamodb, account.settings.ledger_table, lambda seconds: None
        )
        self.conversations = LedgerTable(
            account.clients.dynamodb, account.settings.conversations_table, lambda seconds: None
        )

    @staticmethod
    def now():
        return datetime.now(UTC)

    def send(self, method, path, body=None, **event):
        return self.send_event(make_event(method, path, body, **event))

    def send_event(self, event, timeout_seconds=28.0):
        raw = self.api.answer(event, LambdaContext(timeout_seconds))
        assert isinstance(raw["body"], str)
        json.dumps(raw)
        headers = {name: values[0] for name, values in raw["multiValueHeaders"].items()}
        return Answer(raw["statusCode"], headers, json.loads(raw["body"]) if raw["body"] else None)

    def browse(self, path, body=None, query=None, **event):
        """Ask for a part of the console; its body is HTML, which is given as it is."""
        method = "GET" if body is None else "POST"
        raw = self.api.answer(
            make_event(method, path, body, query=query, **event), LambdaContext(28.0)
        )
        headers = {name: values[0] for name, values in raw["multiValueHeaders"].items()}
        return Answer(raw["statusCode"], headers, raw["body"])

    def chat(self, message, thread_id=None, **event):
        body = {"message": message} | ({"thread_id": thread_id} if thread_id else {})
        return self.send("POST", "/chat", body, **event)

    def enter_document(self, key, *pages, sequencer="0A", version="v1"):
        """A document whose text was read, as ingest leaves it."""
        settings = self.account.settings
        upload = Upload(settings.documents_bucket, key, version, "etag", 1_000, sequencer)
        document = register_document(self.table, upload, self.now)
        extraction = ExtractedText(
            text_address=document.document_id,
            next_page=len(pages) + 1,
            pages=len(pages),
            empty_pages="",
            failed_pages="",
            chunk_plan=(ChunkPages(first_page=1, last_page=len(pages)),),
        )
        record_extraction(self.table, document, extraction, self.now)
        chunk = {"pages": [{"number": n, "text": text} for n, text in enumerate(pages, start=1)]}
        self.write_artifact(chunk_text_key(document.document_id, 1), chunk)
        return document

    def write_artifact(self, key, content):
        self.account.clients.s3.put_object(
            Bucket=self.account.settings.artifacts_bucket, Key=key, Body=json.dumps(content)
        )

    def queued(self):
        """The bodies on the work queue."""
        answer = self.account.clients.sqs.receive_message(
            QueueUrl=self.account.settings.work_queue_url, MaxNumberOfMessages=10
        )
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


@contextmanager
def open_api_desk(*, with_model=True, traits=None, model=None, **settings):
    """A desk, with a fake server of a language model unless the offline one is wanted."""
    with ExitStack() as stack:
        server = None
        if with_model:
            server = stack.enter_context(ChatServer(**(traits or {})))
            settings = {"openai_base_url": server.url, "openai_model": "tiny", **settings}
        account = stack.enter_context(open_account(**settings))
        if model is None:
            model = ExtractiveModel()
            if with_model:
                client = stack.enter_context(build_openai_client(server.url))
                model = OpenAIModel(
                    client, "tiny", ModelWindow(account.settings.context_window_tokens)
                )
        desk = ApiDesk(account, build_api(account.settings, account.clients, model), server)
        stack.enter_context(desk.roles.watch())
        yield desk
