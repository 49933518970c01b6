"""`seashore put`: files into the documents bucket, and their summaries if asked to wait."""

from collections.abc import Sequence
from dataclasses import asdict

from rich.progress import DownloadColumn

from infra.cli.command_context import CommandContext, open_ledger
from infra.cli.documents.files import FileToPut, SkippedFile, collect_files
from infra.cli.documents.progress_view import show_progress
from infra.cli.documents.table import describe_status, write_document_table
from infra.cli.documents.upload import PutDocument, put_files
from infra.cli.exit_codes import ExitCode
from infra.cli.output import Output
from infra.cli.progress.follow_documents import Followed, follow_documents, is_all_done
from infra.stacks import Stack
from pipeline.summaries.coverage import describe_children
from shared.errors import OperatorError


def put(context: CommandContext, names: Sequence[str], prefix: str, *, wait: bool) -> ExitCode:
    """Put files into the documents bucket, and wait until they are summarised if asked to.

    Returns:
        FAILED if a file that somebody named was not put or, with `wait`, a document is not DONE.

    Raises:
        OperatorError: There is nothing to put, or AWS refused.
    """
    stack, output = context.stack, context.output
    files, none_missing = _choose_files(names, prefix, output)
    if not files:
        raise OperatorError("Nothing was put: there is no file left to put.")
    documents = put_with_progress(stack, files, output)
    all_well = none_missing and len(documents) == len(files)
    if wait:
        followed = wait_for_documents(stack, documents, output)
        write_document_table([f.document for f in followed if f.document], context)
        _explain_endings(followed, output)
        all_well = all_well and is_all_done(followed)
    elif context.as_json:
        output.write_json([asdict(document) for document in documents])
    else:
        for document in documents:
            output.write_line([document.document_id, document.key])
    return ExitCode.OK if all_well else ExitCode.FAILED


def _choose_files(
    names: Sequence[str], prefix: str, output: Output
) -> tuple[list[FileToPut], bool]:
    files: list[FileToPut] = []
    none_missing = True
    for found in collect_files(names, prefix):
        if isinstance(found, SkippedFile):
            output.say(f"Skipped {found.path}: {found.reason}")
            none_missing = none_missing and not found.is_failure
        else:
            files.append(found)
    return files, none_missing


def put_with_progress(
    stack: Stack, files: Sequence[FileToPut], output: Output
) -> list[PutDocument]:
    """Put files into the documents bucket, show how far it is, and say what could not be put.

    Raises:
        OperatorError: S3 refused, or cannot be reached.
    """
    bucket = stack.output("DocumentsBucket")
    total_bytes = sum(file.size_bytes for file in files)
    with output.show_bar("Putting", total_bytes, DownloadColumn()) as count_bytes:
        results = put_files(stack.client("s3"), bucket, files, count_bytes)
    documents = [result for result in results if isinstance(result, PutDocument)]
    for result in results:
        if isinstance(result, SkippedFile):
            output.say(f"Not put: {result.path}: {result.reason}")
    count = len(documents)
    output.say(f"Put {count} {'file' if count == 1 else 'files'} into s3://{bucket}")
    return documents


def _explain_endings(followed: Sequence[Followed], output: Output) -> None:
    """Say in full why documents are not DONE; on a terminal, since else each change was said.

    And that what came out of them goes on.
    """
    for document in followed:
        children = describe_children(document.document.embedded_files) if document.document else ""
        if children:
            output.say(f"{document.key}: {children}. `seashore documents` says how each ends.")
    if output.talk.is_terminal:
        for document in followed:
            if document.document is not None and not is_all_done([document]):
                output.say(f"{document.key}: {describe_status(document.document)}")


def wait_for_documents(
    stack: Stack, documents: Sequence[PutDocument], output: Output
) -> tuple[Followed, ...]:
    """Wait until documents are final, and show how they fare.

    Raises:
        KeyboardInterrupt: The operator does not want to wait any longer.
    """
    wanted = [Followed(document.document_id, document.key) for document in documents]
    followed: tuple[Followed, ...] = ()
    try:
        with show_progress(output.talk) as show:
            for followed in follow_documents(open_ledger(stack), wanted):
                show(followed)
    except KeyboardInterrupt:
        output.say("The documents go on without this command: `seashore documents` lists them.")
        raise
    return followed
