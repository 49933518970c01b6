"""Secrets as they are read from Secrets Manager and SSM, and a key that is rotated, on moto."""

from dataclasses import replace

import pytest

from pipeline.summaries.summary_types import Summary
from shared.aws.secrets import is_ssm_parameter, read_secret
from shared.deadline import Deadline
from shared.errors import ModelAccessError, ServiceError
from shared.llm.build import build_language_model
from shared.llm.model import ModelRequest, Purpose, Source
from tests.fakes.model.chat_server import ChatServer

NAME = "seashore/openai-api-key"


@pytest.fixture
def secret(account):
    """The ARN of a secret."""
    return account.clients.secretsmanager.create_secret(Name=NAME, SecretString=" sk-1\n")["ARN"]


def test_a_secret_is_read_by_name_and_by_arn(account, secret):
    assert read_secret(account.clients, NAME) == "sk-1"
    assert read_secret(account.clients, secret) == "sk-1"


def test_a_secure_string_is_read_by_arn(account):
    ssm = account.clients.ssm
    ssm.put_parameter(Name="/seashore/key", Value="sk-1", Type="SecureString")
    arn = ssm.get_parameter(Name="/seashore/key")["Parameter"]["ARN"]
    assert is_ssm_parameter(arn)
    assert read_secret(account.clients, arn) == "sk-1"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('{"api_key": "sk-1"}', "sk-1"),
        ('{"a": "sk-1", "b": "sk-2"}', '{"a": "sk-1", "b": "sk-2"}'),
        ('{"a": 1}', '{"a": 1}'),
        ("12345", "12345"),
        ('"sk-1"', '"sk-1"'),
    ],
)
def test_the_consoles_way_to_write_a_secret_is_understood(account, secret, text, key):
    account.clients.secretsmanager.put_secret_value(SecretId=NAME, SecretString=text)
    assert read_secret(account.clients, NAME) == key


@pytest.mark.parametrize(
    "reference",
    ["no/such/secret", "arn:aws:ssm:eu-west-1:123456789012:parameter/no-such-parameter"],
)
def test_a_secret_that_is_not_there_is_waited_for(account, reference):
    with pytest.raises(ServiceError) as caught:
        read_secret(account.clients, reference)
    assert (caught.value.reason, caught.value.delay_seconds) == ("set_up_wrongly", 60)


def test_a_deleted_secret_is_waited_for(account, secret):
    account.clients.secretsmanager.delete_secret(SecretId=NAME)
    with pytest.raises(ServiceError):
        read_secret(account.clients, NAME)


@pytest.fixture
def model_at(account, secret):
    """Builds the model behind a server, with its key in the secret."""
    models = []

    def build(server):
        settings = account.settings.model_copy(
            update={"openai_base_url": server.url, "openai_api_key_secret": NAME}
        )
        models.append(build_language_model(settings, account.clients))
        return models[-1]

    yield build
    for model in models:
        model._caller._sender._client.close()


REQUEST = ModelRequest(
    Purpose.SUMMARIZE_CHUNK, "Summarise.", (Source(1, 1, "Seals rest on sand."),), Summary, 300
)


def answer(model):
    return model.answer(REQUEST, Deadline.after(20))


def test_a_rotated_key_is_fetched_again_and_work_goes_on(account, model_at, caplog):
    with ChatServer(accepted_key="sk-1") as server:
        model = model_at(server)
        answer(model)
        account.clients.secretsmanager.put_secret_value(SecretId=NAME, SecretString="sk-2")
        server.traits = replace(server.traits, accepted_key="sk-2")
        answer(model)
        answer(model)
        assert [call.key for call in server.calls] == ["sk-1", "sk-1", "sk-2", "sk-2"]
    actions = [getattr(record, "action", "") for record in caplog.records]
    assert "model_access_lost" not in actions
    assert "sk-" not in caplog.text


def test_a_key_that_stays_rejected_opens_the_breaker_after_one_call(account, model_at, caplog):
    with ChatServer(accepted_key="another") as server:
        model = model_at(server)
        for _ in range(3):
            with pytest.raises(ModelAccessError) as caught:
                answer(model)
            assert "sk-1" not in str(caught.value)
        assert len(server.calls) == 1
    assert [r.action for r in caplog.records if r.levelname == "ERROR"] == ["model_access_lost"]


def test_a_secret_that_holds_no_key_makes_work_wait_and_calls_nobody(account, model_at):
    account.clients.secretsmanager.put_secret_value(SecretId=NAME, SecretString="not a key")
    with ChatServer() as server:
        with pytest.raises(ModelAccessError, match="seashore secrets set") as caught:
            answer(model_at(server))
        assert server.calls == []
    assert "not a key" not in str(caught.value)
