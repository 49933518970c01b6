"""What the actions work with. Apart and short, as the table of actions and each of them need it."""

from dataclasses import dataclass

from functions.http.operation_routes import OperationParts
from functions.http.operator_right import find_actor
from functions.http.requests import Event
from pipeline.erasure.erasure_types import ErasureServices
from pipeline.operations.selection import OperationServices


@dataclass(frozen=True)
class ActionServices:
    """What the actions work with.

    Args:
        erasures: What erases documents.
        operations: What redoes, retries, cancels and pauses, and tells an operator.
    """

    erasures: ErasureServices
    operations: OperationParts

    def open(self, event: Event) -> OperationServices:
        """What whoever asks works with: what is done is noted under their name."""
        return self.operations.open(find_actor(event))
