"""The key of the language model on the local stack: in the emulator's memory only.

The functions read it from Secrets Manager, as on AWS. The emulator saves what it holds to a file
when it stops, and the file is readable; so the secret is deleted before. The next start puts the
key there again, from the environment of whoever starts it.
"""

from contextlib import suppress

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

SECRET_NAME = "seashore/openai-api-key"  # noqa: S105 - a name, not a secret


def keep_model_key(session: boto3.session.Session, endpoint_url: str, key: str) -> None:
    """Put the key into the emulator's Secrets Manager."""
    client = session.client("secretsmanager", endpoint_url=endpoint_url)
    try:
        client.create_secret(Name=SECRET_NAME, SecretString=key)
    except client.exceptions.ResourceExistsException:
        client.put_secret_value(SecretId=SECRET_NAME, SecretString=key)


def forget_model_key(session: boto3.session.Session, endpoint_url: str) -> None:
    """Delete the key from the emulator, if both are there."""
    soon = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1})
    client = session.client("secretsmanager", endpoint_url=endpoint_url, config=soon)
    with suppress(ClientError, BotoCoreError):
        client.delete_secret(SecretId=SECRET_NAME, ForceDeleteWithoutRecovery=True)
