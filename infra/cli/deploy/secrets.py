"""`seashore secrets set`: keep the key of the model's provider in a secret."""

import getpass
import sys

import boto3
from botocore.exceptions import ClientError

from infra.aws import DENIED_CODES, QUICK, aws_errors_as, name_command, open_session
from infra.cli.output import Output
from infra.deploy.stack_operation import read_kept_parameters
from infra.stacks import LOCAL_STACK, check_stack_name
from shared.aws.secrets import is_ssm_parameter
from shared.errors import OperatorError
from shared.llm.model_key import LIFETIME_SECONDS

PARAMETER = "OpenAiApiKeySecret"
KMS_PARAMETER = "OpenAiApiKeySecretKmsKeyArn"

# The keys that AWS takes where none is named, and that every reader of a secret may use.
_KMS_KEY_OF_SECRETS_MANAGER = "alias/aws/secretsmanager"
_KMS_KEY_OF_SSM = "alias/aws/ssm"


def set_model_key(
    stack_name: str,
    secret: str | None,
    kms_key: str | None,
    region: str | None,
    profile: str | None,
    *,
    output: Output,
) -> None:
    """Read a key, keep it in a secret, and say what the stack has to be told.

    Args:
        stack_name: The stack that is to use it; it need not exist yet.
        secret: Name or ARN of a secret, or ARN of an SSM parameter; None for the one that the
            stack reads, or is to read if it reads none.
        kms_key: ARN of the KMS key to encrypt it with; None for the one that it has, else that of
            the service.
        region: AWS region instead of the configured one.
        profile: AWS profile instead of the configured one.
        output: Where to write: the reference to standard output, the rest beside it.

    Raises:
        OperatorError: No key was given, or AWS refuses to keep it.
    """
    if stack_name == LOCAL_STACK:
        raise OperatorError(
            "The local stack takes the key from OPENAI_API_KEY in the shell of `seashore local up`."
        )
    check_stack_name(stack_name)
    session = open_session(region, profile)
    current = _read_stack_parameters(session, stack_name)
    reference = secret or current.get(PARAMETER) or f"{stack_name}/openai-api-key"
    if kms_key is None and reference == current.get(PARAMETER):
        kms_key = current.get(KMS_PARAMETER) or None
    key = read_key()
    with aws_errors_as(OperatorError):
        keep_secret(session, reference, key, kms_key)
    output.say(f"The key is kept in {reference}.")
    wanted = {PARAMETER: reference, **({KMS_PARAMETER: kms_key} if kms_key else {})}
    if wanted.items() <= current.items():
        output.say(
            f"The stack {stack_name} reads it there: its functions use the new key within "
            f"{LIFETIME_SECONDS / 60:.0f} minutes, and at once when the old one is rejected."
        )
    else:
        options = " ".join(f"--parameters {name}={value}" for name, value in wanted.items())
        following = name_command(f"deploy --stack {stack_name} {options}")
        output.say(f"Now tell the stack: {following}")
    output.write(reference, whole_lines=True)


def read_key() -> str:
    """Read a key from a prompt that does not show it, or from standard input.

    Raises:
        OperatorError: What was given cannot be a key; it is not repeated.
    """
    if sys.stdin.isatty():
        key = getpass.getpass("Key of the model's provider (not shown): ").strip()
    else:
        key = sys.stdin.read().strip()
    if not key:
        raise OperatorError("No key was given: type it at the prompt, or pipe it in.")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise OperatorError("What was given has characters that no key has; paste it again.")
    return key


def keep_secret(
    session: boto3.session.Session, reference: str, text: str, kms_key: str | None
) -> None:
    """Make a secret or a SecureString, or replace what is in it.

    Raises:
        ClientError: AWS refuses to.
    """
    if is_ssm_parameter(reference):
        session.client("ssm").put_parameter(
            Name=_read_parameter_name(reference),
            Value=text,
            Type="SecureString",
            Overwrite=True,
            KeyId=kms_key or _KMS_KEY_OF_SSM,
        )
        return
    client = session.client("secretsmanager")
    try:
        if kms_key is None:
            client.put_secret_value(SecretId=reference, SecretString=text)
        else:
            client.update_secret(SecretId=reference, SecretString=text, KmsKeyId=kms_key)
    except client.exceptions.ResourceNotFoundException:
        if reference.startswith("arn:"):
            raise
        client.create_secret(
            Name=reference,
            SecretString=text,
            Description="Key of the language model's provider; seashore's functions read it.",
            KmsKeyId=kms_key or _KMS_KEY_OF_SECRETS_MANAGER,
        )


def _read_parameter_name(arn: str) -> str:
    """The name of an SSM parameter: only one in a hierarchy begins with a slash."""
    name = arn.partition(":parameter/")[2]
    return f"/{name}" if "/" in name else name


def _read_stack_parameters(session: boto3.session.Session, stack_name: str) -> dict[str, str]:
    """The parameters of a stack by name; none if it does not exist or may not be looked at."""
    with aws_errors_as(OperatorError):
        client = session.client("cloudformation", config=QUICK)
        try:
            return read_kept_parameters(client, stack_name)
        except ClientError as error:
            # Else nothing would come of the key that is asked for next.
            if error.response["Error"]["Code"] not in DENIED_CODES:
                raise
    return {}
