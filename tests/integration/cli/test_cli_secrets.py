"""`seashore secrets set`, on moto."""

import io
import sys

import pytest

from infra.cli.deploy.secrets import set_model_key
from infra.cli.output import Output
from shared.aws.secrets import read_secret
from shared.errors import OperatorError
from tests.fakes.aws.cloudformation_server import serve_stack

KEY = "sk-canary-of-the-key"


@pytest.fixture(autouse=True)
def _no_stack(monkeypatch):
    with serve_stack("another", {}) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", url)
        yield


@pytest.fixture
def give(monkeypatch):
    def give(text):
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))

    return give


def run(capsys, *, stack="my-seashore", secret=None, kms_key=None):
    set_model_key(stack, secret, kms_key, "eu-west-1", None, output=Output())
    said = capsys.readouterr()
    assert KEY not in said.out + said.err
    return said


def test_a_key_is_kept_and_the_stack_is_to_be_told(account, give, capsys):
    give(f"{KEY}\n")
    said = run(capsys)
    assert said.out == "my-seashore/openai-api-key\n"
    advice = "--parameters OpenAiApiKeySecret=my-seashore/openai-api-key"
    assert advice in " ".join(said.err.split())
    assert read_secret(account.clients, "my-seashore/openai-api-key") == KEY


def test_a_key_is_replaced(account, give, capsys):
    for key in ("sk-old", KEY):
        give(key)
        said = run(capsys)
    assert read_secret(account.clients, said.out.strip()) == KEY


def test_a_parameter_of_ssm_becomes_a_secure_string(account, give, capsys):
    give(KEY)
    arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/seashore/key"
    assert run(capsys, secret=arn).out == f"{arn}\n"
    parameter = account.clients.ssm.get_parameter(Name="/seashore/key")["Parameter"]
    assert parameter["Type"] == "SecureString"
    assert read_secret(account.clients, arn) == KEY


def test_a_stack_that_reads_it_there_already_is_left_alone(account, give, capsys, monkeypatch):
    parameters = {"OpenAiApiKeySecret": "my-seashore/openai-api-key"}
    give(KEY)
    with serve_stack("my-seashore", {}, parameters) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", url)
        said = run(capsys)
    assert "within 5 minutes" in said.err
    assert "seashore deploy" not in said.err


def test_a_key_is_rotated_where_the_stack_reads_it(account, give, capsys, monkeypatch):
    arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/seashore/key"
    kms_key = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    parameters = {"OpenAiApiKeySecret": arn, "OpenAiApiKeySecretKmsKeyArn": kms_key}
    give(KEY)
    with serve_stack("my-seashore", {}, parameters) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", url)
        said = run(capsys)
    assert said.out == f"{arn}\n"
    assert "within 5 minutes" in said.err
    [described] = account.clients.ssm.describe_parameters()["Parameters"]
    assert described["KeyId"] == kms_key


def test_a_kms_key_of_ones_own_is_named_to_the_stack_too(account, give, capsys):
    arn = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    give(KEY)
    said = run(capsys, kms_key=arn)
    assert f"OpenAiApiKeySecretKmsKeyArn={arn}" in " ".join(said.err.split())
    described = account.clients.secretsmanager.describe_secret(SecretId=said.out.strip())
    assert described["KmsKeyId"] == arn


@pytest.mark.parametrize("text", ["", " \n", "sk-ключ", "sk-1\nsk-2", "sk 1"])
def test_what_is_no_key_is_refused_and_not_repeated(account, give, capsys, text):
    give(text)
    with pytest.raises(OperatorError) as caught:
        run(capsys)
    assert "sk-" not in str(caught.value)
    assert account.clients.secretsmanager.list_secrets()["SecretList"] == []


def test_the_local_stack_takes_its_key_from_the_shell(give, capsys):
    give(KEY)
    with pytest.raises(OperatorError, match="OPENAI_API_KEY"):
        run(capsys, stack="local")


def test_an_arn_of_no_secret_makes_none(account, give, capsys):
    give(KEY)
    with pytest.raises(OperatorError, match="AWS refused"):
        run(capsys, secret="arn:aws:secretsmanager:eu-west-1:123456789012:secret:x-AbCdEf")
