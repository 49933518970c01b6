"""A model behind the real SDK, and a server that fails in every way."""

from contextlib import ExitStack, contextmanager

import pytest

from shared.llm.build import build_fallback_model, build_language_model
from shared.llm.chat_completions.openai_client import build_openai_client
from shared.llm.chat_completions.openai_model import OpenAIModel
from shared.llm.model_window import ModelWindow
from tests.fakes.desks.running_pipeline import run_pipeline
from tests.fakes.model.chat_server import ChatServer
from tests.fakes.model.model_keys import CANARY_KEY, fixed_key
from tests.fakes.model.openai_requests import SECRET_KEY

_SECRET = "seashore/key"  # the name, not the key


class Waits:
    """Sleeps for no time, and knows for how long it was asked to."""

    def __init__(self):
        self.seconds = []

    def __call__(self, seconds):
        self.seconds.append(seconds)


def model_of(client, waits, window=32_000, key=SECRET_KEY, **arguments):
    """A model that knows nothing yet of its server, and waits for no time."""
    given = {"key": fixed_key(key), "sleep": waits, **arguments}
    return OpenAIModel(client, "test-model", ModelWindow(window), **given)


@pytest.fixture(scope="session")
def lasting_server():
    """A server for all the rows of a table: to start and stop one for each takes longer than they.

    A test that uses it begins with `forget`.
    """
    with ChatServer() as running:
        yield running


@pytest.fixture(scope="session")
def lasting_client(lasting_server):
    """A client of it, whose certificates are loaded once."""
    with build_openai_client(lasting_server.url) as client:
        yield client


@pytest.fixture
def server():
    with ChatServer() as running:
        yield running


@pytest.fixture
def waits():
    return Waits()


@pytest.fixture
def build(server, waits):
    clients = []

    def build_model(window=32_000, key=SECRET_KEY, url=None, **arguments):
        clients.append(build_openai_client(url or server.url))
        return model_of(clients[-1], waits, window, key, **arguments)

    yield build_model
    for client in clients:
        client.close()


@pytest.fixture
def model(build):
    return build()


@pytest.fixture
def run_with_model(account):
    """Run a pipeline against a server, with some settings."""

    @contextmanager
    def run(server, *, timeout_seconds=60.0, **settings):
        account.settings = account.settings.model_copy(
            update={
                "openai_base_url": server.url,
                "openai_model": "fake",
                "openai_api_key_secret": _SECRET,
                **settings,
            }
        )
        account.clients.secretsmanager.create_secret(Name=_SECRET, SecretString=CANARY_KEY)
        model = build_language_model(account.settings, account.clients)
        fallback = build_fallback_model(account.settings, account.clients)
        with ExitStack() as stack:
            for one in filter(None, (model, fallback)):
                stack.callback(one._caller._sender._client.close)
            options = {"timeout_seconds": timeout_seconds, "fallback": fallback}
            yield stack.enter_context(run_pipeline(account, model=model, **options))

    return run
