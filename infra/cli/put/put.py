"""`seashore put`: files into the documents bucket, and their summaries if asked to wait."""

from collections.abc import Sequence
from dataclasses import asdict

from rich.progress import DownloadColumn

from infra.cli.command_context import CommandContext, open_ledger
from infra.cli.documents.progress_view import show_progress
from infra.cli.documents.table import style_status, write_document_table
from infra.cli.exit_codes import ExitCode
from infra.cli.items.show import list_facts, read_result, write_summary
from infra.cli.output import Output
from infra.cli.progress.follow_documents import Followed, follow_documents, is_all_done
from infra.cli.put.files import FileToPut, SkippedFile
from infra.cli.put.plan import PutOptions, PutPlan, may_put, plan_put, say_skipped
from infra.cli.put.upload import PutDocument, put_files
from infra.stacks import Stack
from pipeline.documents.standing_words import describe_status
from pipeline.summaries.coverage import describe_children
from shared.errors import OperatorError
from shared.ledger.document_versions import find_current_document_ids


def put(context: CommandContext, names: Sequence[str], options: PutOptions) -> ExitCode:
    """Put files into the documents bucket, and wait until they are summarised if asked to.

    What is there unchanged is left as it is; with `wait`, its document is waited for too.

    Returns:
        FAILED if a file that somebody named was not put or, with `wait`, a document is not DONE.

    Raises:
        OperatorError: There is nothing to put, or AWS refused.
        WrongUsageError: The prefix cannot be used.
    """
    output = context.output
    plan = plan_put(context, names, options)
    say_skipped(plan, output)
    if not plan.files and not plan.unchanged:
        raise OperatorError("Nothing was put: there is no file left to put.")
    if not may_put(context, plan, options):
        _write_plan(plan, context)
        return ExitCode.OK if options.dry_run and plan.is_whole else ExitCode.FAILED
    documents = _put_and_tell(context, plan.files, write_lines=not options.wait)
    all_well = plan.is_whole and len(documents) == len(plan.files)
    if options.wait:
        wanted = [*_find_there(context, plan), *_to_followed(documents)]
        followed = wait_for_documents(context.stack, wanted, output)
        _write_endings(context, followed)
        all_well = all_well and is_all_done(followed)
    elif context.as_json:
        output.write_json([asdict(document) for document in documents])
    return ExitCode.OK if all_well else ExitCode.FAILED


def _write_plan(plan: PutPlan, context: CommandContext) -> None:
    """Write what would be put: a line with the path and the key of each file."""
    if context.as_json:
        context.output.write_json([{"path": str(f.path), "key": f.key} for f in plan.files])
        return
    for file in plan.files:
        context.output.write_line([file.path, file.key])


def _find_there(context: CommandContext, plan: PutPlan) -> list[Followed]:
    """The documents of the files that are there unchanged, as far as the ledger knows them."""
    bucket = context.stack.output("DocumentsBucket")
    keys = [file.key for file in plan.unchanged]
    ids = find_current_document_ids(context.table, bucket, keys)
    return [Followed(document_id, key) for key, document_id in ids.items()]


def _to_followed(documents: Sequence[PutDocument]) -> list[Followed]:
    return [Followed(document.document_id, document.key) for document in documents]


def _put_and_tell(
    context: CommandContext, files: Sequence[FileToPut], *, write_lines: bool
) -> list[PutDocument]:
    """Put files into the documents bucket, show how far it is, and say what could not be put.

    Raises:
        OperatorError: S3 refused, or cannot be reached.
        OSError: The output takes nothing more.
        KeyboardInterrupt: The operator has had enough; what is up and how to go on is said.
    """
    if not files:
        return []
    output, bucket = context.output, context.stack.output("DocumentsBucket")
    count_up = 0

    def tell(result: PutDocument | SkippedFile) -> None:
        nonlocal count_up
        if isinstance(result, SkippedFile):
            output.say(f"Not put: {result.path}: {result.reason}", "red")
            return
        count_up += 1
        if write_lines and not context.as_json:
            output.write_line([result.document_id, result.key])
            output.results.file.flush()

    total_bytes = sum(file.size_bytes for file in files)
    counted = f"{len(files):,} {'file' if len(files) == 1 else 'files'}"
    try:
        with output.show_bar("Putting", total_bytes, DownloadColumn()) as count_bytes:
            results = put_files(context.stack.client("s3"), bucket, files, count_bytes, tell)
    except (KeyboardInterrupt, OperatorError, OSError) as error:
        if isinstance(error, KeyboardInterrupt) or count_up:
            output.say(
                f"Broken off: {count_up:,} of {counted} are up. The same command puts the others, "
                "and skips what is there."
            )
        raise
    put_of = "" if count_up == len(files) else f"{count_up:,} of "
    output.say(f"Put {put_of}{counted} into s3://{bucket}")
    return [result for result in results if isinstance(result, PutDocument)]


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


def wait_for_documents(
    stack: Stack, wanted: Sequence[Followed], output: Output
) -> tuple[Followed, ...]:
    """Wait until documents are final, and show how they fare.

    Raises:
        KeyboardInterrupt: The operator does not want to wait any longer.
    """
    followed: tuple[Followed, ...] = ()
    try:
        with show_progress(output.talk) as show:
            for followed in follow_documents(open_ledger(stack), wanted):
                show(followed)
    except KeyboardInterrupt:
        output.say("The documents go on without this command: `seashore watch` looks on.")
        raise
    return followed
