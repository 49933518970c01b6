"""The pauses of a stack's consumers, which hold over deployments."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from infra.deploy.stack_place import StackPlace
from pipeline.operations.pause import PauseServices, keep_pauses
from shared.aws.consumers import ConsumerMappings
from shared.aws.dynamodb_table import LedgerTable

MAPPING_OUTPUTS = {
    "ingest": "IngestMappingId",
    "convert": "ConvertMappingId",
    "recognise": "RecogniseMappingId",
    "worker": "WorkerMappingId",
    "report": "ReportMappingId",
}


def build_pause_services(
    open_client: Callable[[str], Any], outputs: Mapping[str, str]
) -> PauseServices:
    """What pausing the consumers of a stack works with.

    Args:
        open_client: Makes a client of a service.
        outputs: The outputs of the stack; of consumers without one nothing is done.
    """
    ids = {consumer: outputs[name] for consumer, name in MAPPING_OUTPUTS.items() if name in outputs}
    table = LedgerTable(open_client("dynamodb"), outputs["LedgerTable"], time.sleep)
    mappings = ConsumerMappings(lambda: open_client("lambda"), ids)
    return PauseServices(table, mappings, lambda: datetime.now(UTC))


def keep_pauses_of(place: StackPlace, outputs: Mapping[str, str]) -> None:
    """Switch off again what is paused and was switched on by a deployment, and say so.

    Raises:
        SeashoreError: AWS cannot be asked.
    """
    if not outputs.keys() & set(MAPPING_OUTPUTS.values()):
        return
    paused = keep_pauses(build_pause_services(place.client, outputs))
    if paused:
        place.report(f"{paused} consumers stay paused until `seashore resume`")
