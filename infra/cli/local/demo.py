"""`seashore demo`: the whole pipeline on this machine, from nothing to summaries."""

import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.rule import Rule
from rich.text import Text

from infra.cli.command_context import open_ledger, open_objects
from infra.cli.documents.progress_view import show_progress
from infra.cli.documents.table import style_status
from infra.cli.exit_codes import ExitCode
from infra.cli.items.show import StoredSummary, describe_pages, read_result, write_summary
from infra.cli.listing import describe_usage
from infra.cli.local.language_model import describe_model, read_openai_server
from infra.cli.local.throwaway_stack import open_throwaway_stack
from infra.cli.output import Output, show_step
from infra.cli.progress.follow_documents import Followed, follow_documents
from infra.cli.put.files import FileToPut
from infra.cli.put.upload import PutDocument, put_files
from infra.cli.report.report import LocalReport, make_local_report, open_reports
from infra.cli.times import describe_duration, read_clock
from infra.deploy.language_files import can_read_scans
from infra.file_lock import FileLockedError, hold_file_lock
from infra.local.record import LocalFolder
from infra.local.stack import LocalSetup, OpenAiServer
from infra.project_files import PROJECT, find_state_folder
from infra.signals import interrupt_on_signals
from infra.stacks import Stack
from pipeline.documents.standing_words import describe_status
from shared.calendar import find_day
from shared.errors import OperatorError
from shared.lifecycle import DocumentStatus

DEMO_DOCUMENTS = PROJECT / "infra" / "demo_documents"

# What the demo puts, and how each has to end.
EXPECTED = {
    "harbour-note.pdf": DocumentStatus.DONE,
    "tidal-energy-report.pdf": DocumentStatus.DONE,
    "scanned-letter.pdf": DocumentStatus.DONE if can_read_scans() else DocumentStatus.FAILED,
}

_PATIENCE_OFFLINE_SECONDS = 180.0
_PATIENCE_WITH_MODEL_SECONDS = 1800.0
_MOST_KEY_POINTS = 4

# Where the summaries and the report stay, in the demo's folder.
RESULTS = "results"
_REPORT_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class DemoResult:
    """How one document of the demo ended.

    Args:
        followed: The document as it was last seen.
        result: Its summary, if there is one.
        files: The files that the summary was copied to.
    """

    followed: Followed
    result: StoredSummary | None
    files: tuple[Path, ...]

    @property
    def is_as_expected(self) -> bool:
        """Whether it ended as the demo wants it to."""
        return self.followed.status == EXPECTED[self.followed.key]


def open_demo_folder() -> LocalFolder:
    """The files of the demo's own stack, none of them the local stack's.

    Raises:
        WrongUsageError: This is no checkout.
    """
    return LocalFolder(find_state_folder() / "demo")


def run_demo(output: Output) -> ExitCode:
    """Start a stack, put three PDFs, stop the stack, and write what came of it.

    Returns:
        OK if every document ended as it should.

    Raises:
        OperatorError: A demo is running already, or the stack cannot be started.
    """
    folder = open_demo_folder()
    server = read_openai_server(os.environ)
    began = time.monotonic()
    try:
        with hold_file_lock(folder.root / "demo.lock", wait_seconds=0), interrupt_on_signals():
            endings, report = _run(folder, server, output)
    except FileLockedError:
        raise OperatorError("A demo is running already, in another terminal.") from None
    for ending in endings:
        _write_ending(ending, output)
    all_well = all(ending.is_as_expected for ending in endings)
    _write_verdict(folder, all_well, time.monotonic() - began, output)
    _write_report(report, output)
    _write_outlook(server, output)
    return ExitCode.OK if all_well else ExitCode.FAILED


def _run(
    folder: LocalFolder, server: OpenAiServer | None, output: Output
) -> tuple[list[DemoResult], LocalReport]:
    files = _find_documents()
    shutil.rmtree(folder.root / RESULTS, ignore_errors=True)
    setup = LocalSetup(openai=server, cache=folder.root.parent)
    with open_throwaway_stack(folder, setup, output) as stack:
        day = find_day(read_clock(), ZoneInfo(stack.output("TimeZone")))
        with show_step(f"Put {len(files)} PDFs into the documents bucket", output):
            documents = _put(stack, files)
        with show_step(f"Summarise them, language model: {describe_model(server)}", output):
            followed = _follow(stack, documents, server, output)
            endings = [_collect(stack, document, folder) for document in followed]
        with show_step("Make the report of the day", output):
            services = open_reports(stack, read_clock)
            results = folder.root / RESULTS
            daily = make_local_report(day, services, results, _REPORT_PATIENCE_SECONDS)
    return endings, daily


def _find_documents() -> list[FileToPut]:
    paths = [DEMO_DOCUMENTS / name for name in EXPECTED]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise OperatorError(f"The demo lacks {', '.join(missing)} in {_relative(DEMO_DOCUMENTS)}.")
    return [FileToPut(path, path.name, path.stat().st_size) for path in paths]


def _put(stack: Stack, files: Sequence[FileToPut]) -> list[PutDocument]:
    results = put_files(
        stack.client("s3"), stack.output("DocumentsBucket"), files, lambda count: None
    )
    documents = [result for result in results if isinstance(result, PutDocument)]
    if len(documents) < len(files):
        raise OperatorError("The demo's PDFs cannot be read: check their permissions.")
    return documents


def _follow(
    stack: Stack, documents: Sequence[PutDocument], server: OpenAiServer | None, output: Output
) -> tuple[Followed, ...]:
    """Wait for the documents, but not for ever."""
    patience = _PATIENCE_OFFLINE_SECONDS if server is None else _PATIENCE_WITH_MODEL_SECONDS
    began = time.monotonic()
    wanted = [Followed(document.document_id, document.key) for document in documents]
    followed = tuple(wanted)
    with show_progress(output.talk) as show:
        for followed in follow_documents(open_ledger(stack), wanted):
            show(followed)
            if time.monotonic() - began > patience:
                break
    return followed


def _collect(stack: Stack, followed: Followed, folder: LocalFolder) -> DemoResult:
    """Read a document's summary and copy its files, before the stack is gone."""
    result = None if followed.document is None else read_result(stack, followed.document)
    if result is None or followed.document is None or followed.document.result_key is None:
        return DemoResult(followed, None, ())
    results = folder.root / RESULTS
    results.mkdir(parents=True, exist_ok=True)
    bucket, stem = stack.output("ArtifactsBucket"), Path(followed.key).stem
    copies: list[Path] = []
    for suffix in (".md", ".json"):
        copy = results / f"{stem}{suffix}"
        key = Path(followed.document.result_key).with_suffix(suffix).as_posix()
        open_objects(stack).download(bucket, key, None, copy)
        copies.append(copy)
    return DemoResult(followed, result, tuple(copies))


def _write_ending(ending: DemoResult, output: Output) -> None:
    document = ending.followed.document
    output.write()
    heading = Text.assemble(f"{ending.followed.key}  ", style_status(ending.followed.status))
    output.write(Rule(heading, align="left", style="dim"))
    if document is None or ending.result is None:
        output.write_prose(
            "Nothing has been heard of it." if document is None else describe_status(document)
        )
        return
    write_summary(ending.result, output, most_key_points=_MOST_KEY_POINTS)
    pages = describe_pages(document, ending.result)
    cost = f" {document.model}: {describe_usage(document)}." if document.input_tokens else ""
    count = len(ending.result.summary.key_points)
    place = _relative(ending.files[0])
    output.write_prose(f"Pages: {pages}.{cost} All {count} key points: {place}", style="dim")


def _write_verdict(
    folder: LocalFolder, all_well: bool, spent_seconds: float, output: Output
) -> None:
    output.write()
    if all_well:
        text = f"All three ended as they should, in {describe_duration(spent_seconds)}."
        output.write(Text(text, style="bold green"))
        if can_read_scans():
            output.write("The scanned letter is a picture: its text was recognised.")
        return
    expected = ", ".join(f"{name} {status}" for name, status in EXPECTED.items())
    output.write(Text("Not every document ended as it should.", style="bold red"))
    output.write(f"Expected: {expected}.")
    output.write(f"What the functions said is in {_relative(folder.log)}")


def _write_report(report: LocalReport, output: Output) -> None:
    output.write()
    output.write(f"The report of the day: {report.written.report.verdict}.")
    output.write(f"  {_relative(report.page)}", whole_lines=True)
    output.write()


def _write_outlook(server: OpenAiServer | None, output: Output) -> None:
    seashore = _own_command()
    if server is None:
        output.write_prose(
            "The extractive model only picks sentences that stand in the document. To have a "
            "language model write, set OPENAI_API_KEY, or OPENAI_BASE_URL for any server that "
            "speaks its API (Ollama, vLLM, llama.cpp), and OPENAI_MODEL."
        )
    output.write()
    output.write("Next, with documents of your own:")
    for arguments, purpose in (
        ("local up --detach", "keep a pipeline running"),
        ("put FILE --wait", "put a document, several, or a folder"),
        ("documents", "list what has arrived"),
        ("show FILE.pdf", "read a summary"),
        ("report --date today --open", "read the report of the day"),
        ("local down", "stop it; the documents stay"),
    ):
        output.write(f"  {seashore} {arguments:<30} {purpose}", whole_lines=True)


def _own_command() -> str:
    """How the reader can call this program from where they are."""
    if shutil.which("seashore"):
        return "seashore"
    return _relative(Path(sys.argv[0]).absolute())


def _relative(path: Path) -> str:
    """A path as one would type it from here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
