"""Results to disk: `seashore download`, and `seashore show --markdown` and `-o`."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from infra.cli.command_context import CommandContext
from infra.cli.documents.find import (
    find_documents_under,
    find_wanted_document,
    find_wanted_items,
)
from infra.cli.exit_codes import ExitCode
from infra.cli.items.versions import choose_wanted_version
from infra.cli.output import write_whole
from pipeline.documents.document_reader import REVIEW_FILE
from shared.errors import OperatorError, WrongUsageError
from shared.ledger.documents import Document
from shared.ledger.tasks import Task, find_task
from shared.printable import to_printable

_PARALLEL_DOWNLOADS = 8
_FORBIDDEN = str.maketrans(dict.fromkeys('\\:*?"<>|', "_"))


@dataclass(frozen=True)
class _Copy:
    """An object that is to become a file."""

    bucket: str
    key: str
    version_id: str | None
    path: Path


def download(
    context: CommandContext, names: Sequence[str], prefix: str | None, *, with_file: bool
) -> ExitCode:
    """Copy results into a folder, the last of the names; each file's path is written.

    Args:
        context: What the command works with.
        names: Ids or keys of documents and ids of tasks, then the folder.
        prefix: What the keys of further documents begin with; None for none.
        with_file: Whether to copy the documents themselves too.

    Returns:
        FAILED if something has no result.

    Raises:
        UnknownItemError: There is no such document or task.
        WrongUsageError: No folder is named, or nothing to copy.
        ObjectMissingError: A result is gone from the artifacts bucket.
    """
    *wanted, folder = names
    if not wanted and prefix is None:
        raise WrongUsageError(
            "Name what to download and the folder to put it into: "
            "`seashore download report.pdf results`, or `download --prefix contracts/ results`."
        )
    named, tasks = find_wanted_items(context, wanted)
    under = [] if prefix is None else find_documents_under(context, prefix)
    documents = list({one.document_id: one for one in [*named, *under]}.values())
    if not tasks and not documents:
        raise OperatorError(f"No document's key begins with {prefix!r}.")
    items: list[Task | Document] = [*tasks, *documents]
    lacking = [one for one in items if one.result_key is None]
    copies = [
        *(copy for task in tasks for copy in _plan_task(context, task, Path(folder))),
        *(
            copy
            for document in documents
            for copy in _plan_document(context, document, Path(folder), with_file=with_file)
        ),
    ]
    with ThreadPoolExecutor(_PARALLEL_DOWNLOADS) as pool, ExitStack() as at_end:
        # What one of them met, a disk that is full, the others would meet as well.
        at_end.callback(pool.shutdown, wait=False, cancel_futures=True)
        for path in pool.map(lambda copy: _download(context, copy), copies):
            context.output.write_line([path])
    if lacking:
        counts = Counter(str(one.status) for one in lacking)
        told = ", ".join(f"{count:,} {status}" for status, count in counts.most_common())
        context.output.say(f"Without a result: {told}. `seashore show` says why.")
    return ExitCode.FAILED if lacking else ExitCode.OK


def _plan_document(
    context: CommandContext, document: Document, folder: Path, *, with_file: bool
) -> Iterator[_Copy]:
    path = folder / to_safe_path(document.key)
    if with_file:
        yield _Copy(document.bucket, document.key, document.version_id, path)
    if document.result_key is not None:
        bucket = context.stack.output("ArtifactsBucket")
        for suffix in (".md", ".json"):
            key = PurePosixPath(document.result_key).with_suffix(suffix).as_posix()
            yield _Copy(bucket, key, None, path.with_name(path.name + suffix))


def _plan_task(context: CommandContext, task: Task, folder: Path) -> Iterator[_Copy]:
    """All files of a task's result: its lists lie beside it, as JSON Lines and CSV."""
    if task.result_key is None:
        return
    bucket = context.stack.output("ArtifactsBucket")
    for key in context.objects.list_keys(bucket, f"{PurePosixPath(task.result_key).parent}/"):
        if PurePosixPath(key).name == REVIEW_FILE:
            # What is not borne out is not taken along: `seashore show --review` shows it.
            continue
        yield _Copy(bucket, key, None, folder / to_safe_path(f"{task.task_id}/{Path(key).name}"))


def to_safe_path(key: str) -> Path:
    """A key as a path inside of a folder: no way out of it, and no characters to stumble over."""
    steps = [to_printable(step).translate(_FORBIDDEN) for step in key.split("/")]
    kept = [f"_{step}" if step in (".", "..") else step for step in steps if step]
    return Path(*kept) if kept else Path("_")


def _download(context: CommandContext, copy: _Copy) -> Path:
    with write_whole(copy.path) as part:
        context.objects.download(copy.bucket, copy.key, copy.version_id, part)
    return copy.path


def read_as_file(
    context: CommandContext, wanted: str, suffix: str, version: int | None = None
) -> str:
    """The result of a document or task as the text of a file.

    Args:
        context: What the command works with.
        wanted: As for `show`.
        suffix: `.md` or `.json`.
        version: A version of a document's summary; the newest if None.

    Raises:
        UnknownItemError: There is no such document or task.
        OperatorError: It has no result (yet).
        ObjectMissingError: It is gone from the artifacts bucket.
    """
    item: Task | Document | None = find_task(context.table, wanted)
    if item is None:
        item = choose_wanted_version(context, find_wanted_document(context, wanted), version)
    if item.result_key is None:
        because = f": {item.reason}" if item.reason else ""
        raise OperatorError(f"There is no result to write: it is {item.status}{because}")
    bucket = context.stack.output("ArtifactsBucket")
    key = PurePosixPath(item.result_key).with_suffix(suffix).as_posix()
    return context.objects.read_text(bucket, key)


def show_as_markdown(
    context: CommandContext, wanted: str, file: str | None, version: int | None = None
) -> None:
    """Write a result as Markdown to stdout, or to a file, as JSON if it is named so.

    Args:
        context: What the command works with.
        wanted: The document or task.
        file: The file; None for stdout.
        version: A version of a document's summary; the newest if None.

    Raises:
        As `read_as_file` and `write_whole`.
    """
    if file is None:
        text = read_as_file(context, wanted, ".md", version)
        for line in text.splitlines():
            context.output.write_line([line])
        return
    path = Path(file)
    suffix = ".json" if path.suffix.lower() == ".json" else ".md"
    text = read_as_file(context, wanted, suffix, version)
    with write_whole(path) as part:
        part.write_text(text, encoding="utf-8")
    context.output.say(f"Written to {path}")
