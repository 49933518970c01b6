"""What the emulator leaves undone after a deployment or a restart."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


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
