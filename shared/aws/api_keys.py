"""Keys of API Gateway, whose values the gateway does not tell a function on the emulator.

A short module: reading one key is all that is needed.
"""

from typing import TYPE_CHECKING

from shared.aws.errors import translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_apigateway.client import APIGatewayClient


def read_api_key(client: "APIGatewayClient", key_id: str) -> str:
    """The value of an API key.

    Raises:
        AccessDeniedError: The role may not read it.
    """
    with translate_aws_errors(f"read the API key {key_id}"):
        return client.get_api_key(apiKey=key_id, includeValue=True)["value"]
