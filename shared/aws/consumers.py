"""The edge to Lambda's event source mappings, through which consumers take messages."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.aws.errors import translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient


@dataclass(frozen=True)
class ConsumerMappings:
    """The event source mappings of a stack's consumers.

    Args:
        client: Makes a Lambda client, when it is first needed.
        ids: The id of each consumer's mapping, by the consumer.
    """

    client: Callable[[], "LambdaClient"]
    ids: dict[str, str]

    def switch(self, consumer: str, *, on: bool) -> None:
        """Have a consumer take messages, or take no more; what it works on it goes on with.

        Nothing is done where that is so. Lambda takes up to a minute for it (AWS Lambda Developer
        Guide, "Event source mapping": its state is then `Disabling` or `Enabling`).

        Raises:
            ServiceError: The mapping is being changed just now.
            AccessDeniedError: The caller may not do this.
        """
        mapping_id = self.ids[consumer]
        with translate_aws_errors(f"switch the consumer {consumer}"):
            client = self.client()
            state = client.get_event_source_mapping(UUID=mapping_id)["State"]
            if state.startswith("En" if on else "Dis"):
                return
            client.update_event_source_mapping(UUID=mapping_id, Enabled=on)
