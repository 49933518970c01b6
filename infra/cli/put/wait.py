"""What `seashore put --wait` does once the files are up: it waits, and writes how each ended."""

from collections.abc import Sequence

from infra.cli.command_context import CommandContext
from infra.cli.documents.progress_view import show_progress
from infra.cli.documents.table import style_status, write_document_table
from infra.cli.items.show import list_facts, read_result, write_summary
from infra.cli.operations.pause import say_pauses
from infra.cli.output import Output
from infra.cli.progress.follow_documents import Followed, follow_documents, is_all_done
from infra.cli.put.files import FileToPut
from infra.cli.put.upload import PutDocument
from pipeline.documents.standing_words import describe_status
from pipeline.summaries.coverage import describe_children
from shared.ledger.document_versions import find_current_document_ids
from shared.ledger.pauses import read_pauses


def wait_for_documents(
    context: CommandContext, unchanged: Sequence[FileToPut], documents: Sequence[PutDocument]
) -> bool:
    """Wait until documents are final, show how they fare, and write how they ended.

    Args:
        context: The stack, and where to write.
        unchanged: Files that were there already: their documents are waited for too, as far as the
            ledger knows them.
        documents: The documents that were put.

    Returns:
        Whether all are DONE.

    Raises:
        KeyboardInterrupt: The operator does not want to wait any longer.
    """
    wanted = [*_find_there(context, unchanged), *_to_followed(documents)]
    followed: tuple[Followed, ...] = ()
    say_pauses(read_pauses(context.table), context.output)
    try:
        with show_progress(context.output.talk) as show:
            for followed in follow_documents(context.table, wanted):
                show(followed)
    except KeyboardInterrupt:
        context.output.say("The documents go on without this command: `seashore watch` looks on.")
        raise
    _write_endings(context, followed)
    return is_all_done(followed)


def _find_there(context: CommandContext, unchanged: Sequence[FileToPut]) -> list[Followed]:
    bucket = context.stack.output("DocumentsBucket")
    ids = find_current_document_ids(context.table, bucket, [file.key for file in unchanged])
    return [Followed(document_id, key) for key, document_id in ids.items()]


def _to_followed(documents: Sequence[PutDocument]) -> list[Followed]:
    return [Followed(document.document_id, document.key) for document in documents]


def _write_endings(context: CommandContext, followed: Sequence[Followed]) -> None:
    """Write how documents ended: the summary of a single one, else a table."""
    there = [f.document for f in followed if f.document]
    result = None if context.as_json or len(there) != 1 else read_result(context.stack, there[0])
    if result is None:
        write_document_table(there, context)
    else:
        write_summary(result, context.output)
        context.output.write_facts([("Status", style_status(there[0].status))])
        context.output.write_facts(list_facts(there[0], result))
    _explain_endings(followed, context.output)


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
