"""Read secrets from where an operator keeps them: Secrets Manager, or Parameter Store of SSM."""

import json

from shared.aws.clients import Clients
from shared.aws.errors import translate_aws_errors
from shared.errors import ObjectMissingError, PermanentError, ServiceError

# A secret that is not there, or cannot be decrypted, is mended by a person.
_SET_UP_DELAY_SECONDS = 60.0


def read_secret(clients: Clients, reference: str) -> str:
    """Read a secret as it is now.

    Args:
        clients: The clients of AWS.
        reference: A secret of Secrets Manager by its name or ARN, or a parameter of SSM by its
            ARN. A secret may be a JSON object with one value, which is how the console of Secrets
            Manager writes them.

    Raises:
        ServiceError: The service failed, or there is no such secret.
        AccessDeniedError: The role may not read it, or not use the key that it is encrypted with.
    """
    try:
        with translate_aws_errors(f"read the secret {reference}"):
            return _unwrap(_fetch(clients, reference))
    except (PermanentError, ObjectMissingError) as error:
        # Whatever the reason is: no message is to blame for it, so none may be dead-lettered.
        raise ServiceError(
            str(error), delay_seconds=_SET_UP_DELAY_SECONDS, reason="set_up_wrongly"
        ) from error


def is_ssm_parameter(reference: str) -> bool:
    """Whether a reference to a secret is the ARN of a parameter of SSM."""
    parts = reference.split(":")
    return parts[0] == "arn" and parts[2:3] == ["ssm"]


def _fetch(clients: Clients, reference: str) -> str:
    if is_ssm_parameter(reference):
        answer = clients.ssm.get_parameter(Name=reference, WithDecryption=True)
        return answer["Parameter"].get("Value", "")
    return clients.secretsmanager.get_secret_value(SecretId=reference).get("SecretString", "")


def _unwrap(text: str) -> str:
    try:
        content = json.loads(text)
    except ValueError:
        return text.strip()
    values = list(content.values()) if isinstance(content, dict) else []
    match values:
        case [str(value)]:
            return value.strip()
    return text.strip()
