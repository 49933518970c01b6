"""`seashore put`: files into the documents bucket, and their summaries if asked to wait."""

from collections.abc import Sequence
from dataclasses import asdict

from rich.progress import DownloadColumn

from infra.cli.command_context import CommandContext
from infra.cli.exit_codes import ExitCode
from infra.cli.put.files import FileToPut, SkippedFile
from infra.cli.put.plan import PutOptions, PutPlan, may_put, plan_put, say_skipped
from infra.cli.put.upload import PutDocument, put_files
from shared.errors import OperatorError


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
        # Imported where it is used: without --wait a folder that is there already is told at once.
        from infra.cli.put.wait import wait_for_documents

        all_well = wait_for_documents(context, plan.unchanged, documents) and all_well
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
