import subprocess
import sys

import pytest

from shared.errors import SettingsError
from shared.llm.build import build_language_model
from shared.llm.extractive_model import ExtractiveModel
from shared.llm.openai_client import OPENAI_BASE_URL, build_openai_client, call_timeout
from shared.settings import Settings


def settings(**more):
    needed = {name: "x" for name, field in Settings.model_fields.items() if field.is_required()}
    return Settings(**needed | more)


def client_of(model):
    return model._caller._client


@pytest.fixture
def build():
    models = []

    def build_one(**more):
        models.append(build_language_model(settings(**more)))
        return models[-1]

    yield build_one
    for model in models:
        if not isinstance(model, ExtractiveModel):
            client_of(model).close()


def test_offline_is_the_default(build):
    assert build().name == "extractive"


def test_a_key_means_openai(build):
    model = build(openai_api_key="sk-1", openai_model="gpt-5-mini")
    assert model.name == "gpt-5-mini"
    client = client_of(model)
    assert str(client.base_url).rstrip("/") == OPENAI_BASE_URL
    assert client.api_key == "sk-1"
    assert client.max_retries == 0


def test_an_address_means_a_compatible_server_and_needs_no_key(build):
    model = build(openai_base_url="http://127.0.0.1:11434/v1", openai_model="qwen3")
    assert model.name == "qwen3"
    assert str(client_of(model).base_url) == "http://127.0.0.1:11434/v1/"


def test_the_sdk_reads_no_environment_of_its_own(build, monkeypatch):
    # A template has no way to leave a variable out of its map: it sets an empty one.
    monkeypatch.setenv("OPENAI_BASE_URL", "")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    client = client_of(build(openai_api_key="sk-1"))
    assert str(client.base_url).rstrip("/") == OPENAI_BASE_URL
    assert client.api_key == "sk-1"
    local = client_of(build(openai_base_url="http://127.0.0.1:1/v1"))
    assert "environment" not in local.api_key


@pytest.mark.parametrize("key", ["sk-1\n", "  sk-1 "])
def test_space_around_a_pasted_key_is_dropped(key):
    with build_openai_client(key) as client:
        assert client.api_key == "sk-1"


@pytest.mark.parametrize(
    ("key", "address", "variable"),
    [
        ("sk-ключ", None, "OPENAI_API_KEY"),
        ("sk-1\nsk-2", None, "OPENAI_API_KEY"),
        (None, "127.0.0.1:8080", "OPENAI_BASE_URL"),
        (None, "localhost", "OPENAI_BASE_URL"),
        (None, "ftp://127.0.0.1/v1", "OPENAI_BASE_URL"),
        (None, "http:///v1", "OPENAI_BASE_URL"),
    ],
)
def test_what_cannot_be_used_is_named(key, address, variable):
    with pytest.raises(SettingsError, match=variable) as caught:
        build_openai_client(key, address)
    assert "sk-" not in str(caught.value)


def test_the_connection_has_a_short_limit_of_its_own():
    assert call_timeout(60).as_dict() == {"connect": 5, "read": 60, "write": 60, "pool": 60}
    assert call_timeout(2).connect == 2


BUILD_OFFLINE = """
from shared.llm.build import build_language_model
from shared.settings import Settings
needed = {name: "x" for name, field in Settings.model_fields.items() if field.is_required()}
assert build_language_model(Settings(**needed)).name == "extractive"
"""


@pytest.mark.parametrize(
    "code",
    [
        "import shared.llm.model, shared.llm.build",
        "import shared.llm.extractive_model",
        "import shared.llm.answer_key, shared.llm.token_estimate",
        BUILD_OFFLINE,
    ],
)
def test_the_sdk_is_imported_only_where_it_is_used(code):
    check = "import sys; assert not {'openai', 'httpx2', 'tenacity'} & set(sys.modules)"
    command = [sys.executable, "-c", f"{code}\n{check}"]
    subprocess.run(command, check=True, timeout=60)  # noqa: S603 - the code stands above
