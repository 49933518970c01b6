"""From a stack to what redo, retry, cancel and pause work with."""

from collections.abc import Mapping

from infra.aws import aws_errors_as
from infra.cli.command_context import CommandContext
from infra.cli.dead_letters.access import open_letters
from infra.deploy.kept_pauses import MAPPING_OUTPUTS, build_pause_services
from infra.stacks import Stack
from pipeline.operations.pause import PauseServices
from pipeline.operations.selection import OperationServices
from shared.errors import OperatorError
from shared.llm.model_choice import list_models
from shared.prices import ModelPrice
from shared.settings import read_settings


def open_operations(context: CommandContext) -> OperationServices:
    """What redo, retry and cancel work with.

    Raises:
        UnknownStackError: The stack is older than this command.
        OperatorError: AWS cannot be asked.
    """
    stack = context.stack
    letters = open_letters(stack)
    return OperationServices(
        table=context.table,
        objects=context.objects,
        queues=letters.queues,
        documents_bucket=stack.output("DocumentsBucket"),
        artifacts_bucket=stack.output("ArtifactsBucket"),
        uploads_queue_url=stack.output("UploadsQueueUrl"),
        work_queue_url=stack.output("WorkQueueUrl"),
        models=_read_models(stack),
        letters=letters,
        by=letters.actor,
        now=context.now,
    )


def _read_models(stack: Stack) -> Mapping[str, ModelPrice | None]:
    """The models of the worker's settings, which it has in its environment."""
    client = stack.client("lambda")
    with aws_errors_as(OperatorError):
        mapping = client.get_event_source_mapping(UUID=stack.output(MAPPING_OUTPUTS["worker"]))
        found = client.get_function_configuration(FunctionName=mapping["FunctionArn"])
    return list_models(read_settings(found["Environment"]["Variables"]))


def open_pauses(context: CommandContext) -> PauseServices:
    """What pausing works with.

    Raises:
        UnknownStackError: The stack is older than this command.
    """
    for name in MAPPING_OUTPUTS.values():
        context.stack.output(name)
    return build_pause_services(context.stack.client, context.stack.outputs)
