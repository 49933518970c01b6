import openai
import pytest
from pydantic import ValidationError

from shared.aws.clients import Clients
from shared.errors import SettingsError
from shared.llm.base_address import read_base_address
from shared.llm.build import build_fallback_model, build_language_model
from shared.llm.chat_completions.openai_client import (
    OPENAI_BASE_URL,
    build_openai_client,
    call_timeout,
)
from shared.llm.chat_completions.server_errors.error_translation import (
    ServerFailure,
    classify_failure,
)
from shared.llm.extractive.extractive_model import ExtractiveModel
from shared.settings import Settings
from tests.fakes.model.chat_server import ChatServer
from tests.fakes.own_python import run_python


def settings(**more):
    needed = {name: "x" for name, field in Settings.model_fields.items() if field.is_required()}
    return Settings(**needed | more)


def client_of(model):
    return model._caller._sender._client


@pytest.fixture
def build():
    models = []

    def build_one(**more):
        models.append(build_language_model(settings(**more), Clients()))
        return models[-1]

    yield build_one
    for model in models:
        if not isinstance(model, ExtractiveModel):
            client_of(model).close()


def test_offline_is_the_default(build):
    assert build().name == "extractive"


@pytest.mark.parametrize(
    ("more", "address", "has_key"),
    [
        ({}, "http://127.0.0.1:1/v1/", True),
        ({"fallback_base_url": "http://127.0.0.1:2/v1"}, "http://127.0.0.1:2/v1/", False),
        (
            {"fallback_base_url": "http://127.0.0.1:2/v1", "fallback_api_key_secret": "b"},
            "http://127.0.0.1:2/v1/",
            True,
        ),
    ],
)
def test_a_fallback_is_of_the_same_server_unless_it_has_an_address(more, address, has_key):
    first = {
        "openai_base_url": "http://127.0.0.1:1/v1",
        "openai_api_key_secret": "a",
        "openai_extra_body": {"provider": {"only": ["x"]}},
    }
    assert build_fallback_model(settings(**first), Clients()) is None
    assert build_fallback_model(settings(fallback_model="spare"), Clients()) is None
    model = build_fallback_model(settings(fallback_model="spare", **first, **more), Clients())
    with client_of(model) as client:
        assert (model.name, str(client.base_url)) == ("spare", address)
        assert (model._caller._key is not None) == has_key
        sent = model._caller._dialect.write_parameters([], 100)
        assert ("extra_body" in sent) == (not more)


def test_a_secret_means_openai_and_is_not_read_before_the_first_call(build):
    # No secret is there: reading it here would fail.
    model = build(openai_api_key_secret="no/such/secret", openai_model="gpt-5-mini")
    assert model.name == "gpt-5-mini"
    client = client_of(model)
    assert str(client.base_url).rstrip("/") == OPENAI_BASE_URL
    assert client.max_retries == 0


def test_an_address_means_a_compatible_server_and_needs_no_key(build):
    model = build(openai_base_url="http://127.0.0.1:11434/v1", openai_model="qwen3")
    assert model.name == "qwen3"
    assert str(client_of(model).base_url) == "http://127.0.0.1:11434/v1/"


def test_the_sdk_reads_no_environment_of_its_own(build, monkeypatch):
    # A template has no way to leave a variable out of its map: it sets an empty one.
    monkeypatch.setenv("OPENAI_BASE_URL", "")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    client = client_of(build(openai_api_key_secret="a-secret"))
    assert str(client.base_url).rstrip("/") == OPENAI_BASE_URL
    assert "environment" not in client.api_key
    local = client_of(build(openai_base_url="http://127.0.0.1:1/v1"))
    assert "environment" not in local.api_key


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1:8080", "localhost", "ftp://127.0.0.1/v1", "http:///v1"),
        *("http://[::1", "http://127.0.0.1:port/v1", "http://127.0.0.1/v1#chat"),
    ],
)
def test_an_address_of_no_use_is_named(address):
    with pytest.raises(SettingsError, match="OPENAI_BASE_URL"):
        build_openai_client(address)


@pytest.mark.parametrize(
    ("setting", "url", "query"),
    [
        ("http://127.0.0.1:8080/v1/chat/completions", "http://127.0.0.1:8080/v1", {}),
        ("http://127.0.0.1:8080/v1/chat/completions/", "http://127.0.0.1:8080/v1", {}),
        (" http://127.0.0.1:8080/v1/ ", "http://127.0.0.1:8080/v1", {}),
        (
            "https://a.example/openai/deployments/m/chat/completions?api-version=2024-10-21",
            "https://a.example/openai/deployments/m",
            {"api-version": "2024-10-21"},
        ),
    ],
)
def test_an_address_is_taken_as_people_copy_it(setting, url, query):
    assert read_base_address(setting) == (url, query)


def test_a_query_goes_along_with_each_request():
    with ChatServer() as server:
        client = build_openai_client(f"{server.url}/chat/completions?api-version=1")
        with client:
            messages = [{"role": role, "content": "x"} for role in ("system", "user")]
            client.chat.completions.create(model="m", messages=messages)
        assert [call.path for call in server.calls] == ["/v1/chat/completions?api-version=1"]


@pytest.mark.parametrize(
    ("setting", "url"),
    [
        (None, "https://bedrock-runtime.eu-north-1.amazonaws.com/openai/v1/"),
        *(
            (f"{url}/chat/completions", f"{url}/")
            for url in (
                "https://bedrock-mantle.eu-north-1.api.aws/v1",
                "https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1",
            )
        ),
    ],
)
def test_bedrock_is_asked_in_the_region_that_its_address_names(build, monkeypatch, setting, url):
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    # It would go before the role.
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "bedrock-environment")
    client = client_of(build(model_auth="iam", openai_base_url=setting))
    assert str(client.base_url) == url
    assert client.max_retries == 0


def test_requests_are_signed_by_the_functions_role(monkeypatch):
    for name, value in {
        "AWS_REGION": "eu-north-1",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
    }.items():
        monkeypatch.setenv(name, value)
    with ChatServer() as server, build_openai_client(server.url, by_iam=True) as client:
        messages = [{"role": role, "content": "x"} for role in ("system", "user")]
        client.chat.completions.create(model="m", messages=messages)
    (call,) = server.calls
    assert call.key.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-north-1/bedrock" in call.key


def test_a_role_without_credentials_waits(monkeypatch):
    monkeypatch.setattr("botocore.session.Session.get_credentials", lambda self: None)
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    with (
        build_openai_client("http://127.0.0.1:1/v1", by_iam=True) as client,
        pytest.raises(openai.OpenAIError, match="credentials") as caught,
    ):
        client.chat.completions.create(model="m", messages=[])
    assert classify_failure(caught.value) is ServerFailure.ACCESS


@pytest.mark.parametrize(("is_urgent", "sent"), [(False, {"service_tier": "flex"}), (True, {})])
def test_who_is_waited_for_asks_for_no_slow_tier(is_urgent, sent):
    model = build_language_model(
        settings(
            openai_base_url="http://127.0.0.1:1/v1",
            openai_extra_body='{"temperature": 0, "service_tier": "flex"}',
        ),
        Clients(),
        is_urgent=is_urgent,
    )
    with client_of(model):
        parameters = model._caller._dialect.write_parameters([], 100)
    assert parameters["extra_body"] == {"temperature": 0, **sent}


@pytest.mark.parametrize("extra", ['{"model": "x"}', '{"stream": true, "messages": []}', "[]", "{"])
def test_what_a_call_writes_itself_cannot_be_set(extra):
    with pytest.raises(ValidationError):
        settings(openai_extra_body=extra)


def test_the_connection_has_a_short_limit_of_its_own():
    assert call_timeout(300, 60).as_dict() == {"connect": 5, "read": 60, "write": 60, "pool": 300}
    assert call_timeout(2, 2).connect == 2


BUILD_OFFLINE = """
from shared.aws.clients import Clients
from shared.llm.build import build_fallback_model, build_language_model
from shared.settings import Settings
needed = {name: "x" for name, field in Settings.model_fields.items() if field.is_required()}
assert build_language_model(Settings(**needed), Clients()).name == "extractive"
"""


@pytest.mark.parametrize(
    "code",
    [
        "import shared.llm.model, shared.llm.build",
        "import shared.llm.extractive.extractive_model",
        "import shared.llm.answer_key, shared.llm.token_estimate",
        BUILD_OFFLINE,
    ],
)
def test_the_sdk_is_imported_only_where_it_is_used(code):
    check = "import sys; assert not {'openai', 'httpx2', 'tenacity'} & set(sys.modules)"
    run_python(f"{code}\n{check}")
