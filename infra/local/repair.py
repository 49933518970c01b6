"""What the emulator leaves undone after a deployment or a restart."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_apigateway.type_defs import PatchOperationTypeDef
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sesv2 import SESV2Client

API_URL = "ApiUrl"
_VALIDATOR_NAME = "body"


def repair_event_source_mappings(client: "LambdaClient") -> None:
    """Write the concurrency limit of every event source mapping again, as a number.

    ministack 1.5.33 keeps a template parameter's value as text, and its poller then stops at
    comparing text with a number.
    """
    for page in client.get_paginator("list_event_source_mappings").paginate():
        for mapping in page["EventSourceMappings"]:
            limit = mapping.get("ScalingConfig", {}).get("MaximumConcurrency")
            if limit is not None:
                client.update_event_source_mapping(
                    UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": int(limit)}
                )


def repair_request_validation(client: "APIGatewayClient", outputs: Mapping[str, str]) -> None:
    """Have the API's methods check request bodies by their models, as the template says.

    ministack 1.5.33 checks them, but its CloudFormation makes no request validator and gives none
    to a method.

    Args:
        client: A client of the emulator.
        outputs: The outputs of the stack; without an API nothing is done.
    """
    if API_URL not in outputs:
        return
    api_id = _read_api_id(outputs[API_URL])
    validators = client.get_request_validators(restApiId=api_id)["items"]
    if validators:
        validator_id = validators[0]["id"]
    else:
        validator_id = client.create_request_validator(
            restApiId=api_id, name=_VALIDATOR_NAME, validateRequestBody=True
        )["id"]
    for page in client.get_paginator("get_resources").paginate(restApiId=api_id):
        for resource in page["items"]:
            for http_method, method in resource.get("resourceMethods", {}).items():
                if method.get("requestModels"):
                    change: PatchOperationTypeDef = {
                        "op": "replace", "path": "/requestValidatorId", "value": validator_id
                    }  # fmt: skip
                    client.update_method(
                        restApiId=api_id,
                        resourceId=resource["id"],
                        httpMethod=http_method,
                        patchOperations=[change],
                    )


def verify_addresses(client: "SESV2Client", addresses: Iterable[str]) -> None:
    """Have the emulated SES take the addresses that reports are mailed from and to.

    On AWS who owns an address verifies it by a mail; here it reaches nobody.
    """
    for address in addresses:
        with suppress(client.exceptions.AlreadyExistsException):
            client.create_email_identity(EmailIdentity=address)


def repair_api_url(outputs: Mapping[str, str], endpoint_url: str) -> dict[str, str]:
    """The outputs with the API's address on this machine, where the emulator serves it by path."""
    if API_URL not in outputs:
        return dict(outputs)
    stage = urlsplit(outputs[API_URL]).path
    api_id = _read_api_id(outputs[API_URL])
    return {**outputs, API_URL: f"{endpoint_url}/_aws/execute-api/{api_id}{stage}"}


def _read_api_id(api_url: str) -> str:
    """The id in an address such as https://ID.execute-api.us-east-1.amazonaws.com/v1."""
    return urlsplit(api_url).netloc.partition(".")[0]
