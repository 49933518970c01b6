"""The versions of a document's summary, for `seashore show --version` and `--diff`."""

from infra.cli.command_context import CommandContext
from infra.cli.documents.find import find_wanted_document
from pipeline.summaries.results import DocumentSummary
from pipeline.summaries.versions import (
    SummaryVersion,
    choose_version,
    compare_summaries,
    list_versions_of_summary,
)
from shared.errors import NothingFoundError, UnknownItemError
from shared.ledger.documents import Document


def list_versions(context: CommandContext, document: Document) -> list[SummaryVersion]:
    """The versions of a document's summary, the oldest first."""
    bucket = context.stack.output("ArtifactsBucket")
    return list_versions_of_summary(document.document_id, context.objects, bucket)


def choose_wanted_version(
    context: CommandContext, document: Document, number: int | None
) -> Document:
    """The document with one version of its summary in place of the newest; None for that.

    Raises:
        UnknownItemError: There is no such version.
    """
    if number is None:
        return document
    bucket = context.stack.output("ArtifactsBucket")
    try:
        return choose_version(document, number, context.objects, bucket)
    except NothingFoundError as error:
        raise UnknownItemError(f"{document.called}: {error}.") from error


def describe_versions(context: CommandContext, document: Document) -> list[tuple[str, str]]:
    """The versions as a fact of a document that was redone; nothing of any other."""
    if document.run == 1:
        return []
    versions = list_versions(context, document)
    numbers = ", ".join(str(one.number) for one in versions)
    return [("Versions", f"{numbers}; --version shows one, --diff compares")] if versions else []


def show_difference(context: CommandContext, wanted: str, old: int, new: int | None) -> None:
    """Write what is different between two versions of a document's summary.

    Args:
        context: What the command works with.
        wanted: The document.
        old: The version to compare with.
        new: The one that is compared; the newest if None.

    Raises:
        UnknownItemError: There is no such document or version.
        ObjectMissingError: A version is gone from the artifacts bucket.
    """
    document, output = find_wanted_document(context, wanted), context.output
    before = _read(context, choose_wanted_version(context, document, old))
    after = _read(context, choose_wanted_version(context, document, new))
    differences = compare_summaries(before, after)
    if context.as_json:
        output.write_json([vars(one) for one in differences])
        return
    output.write_prose(document.called, style="bold")
    for one in differences:
        output.write()
        output.write_prose(one.part)
        for line in one.removed:
            output.write_prose(f"- {line}", indent=2, hang=2, style="red")
        for line in one.added:
            output.write_prose(f"+ {line}", indent=2, hang=2, style="green")
    if not differences:
        output.say("Both say the same.")


def _read(context: CommandContext, document: Document) -> DocumentSummary:
    if document.result_key is None:
        raise UnknownItemError(f"{document.called} has no summary yet.")
    bucket = context.stack.output("ArtifactsBucket")
    return DocumentSummary.model_validate(context.objects.read_json(bucket, document.result_key))
