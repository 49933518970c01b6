"""A reader as a process: how it starts, what it is given, how it ends, and what its exit means."""

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from pipeline import extraction
from pipeline.extraction.extractor import Extractor
from pipeline.extraction.reader_process import LossCause, build_environment, describe_exit
from shared.errors import ExtractorError
from tests.fakes.pdf.hostile_pdf_files import make_slow_pdf
from tests.fakes.pdf.pdf_files import MARKER, make_marker_pdf
from tests.fakes.pdf.pdf_readers import find_reader, read, wait_until_gone
from tests.project_files import PROJECT


@pytest.fixture
def extractor():
    with Extractor() as extractor:
        yield extractor


@pytest.fixture
def short(tmp_path):
    path = tmp_path / "short.pdf"
    path.write_bytes(make_marker_pdf(3))
    return path


def test_a_reader_gets_neither_keys_nor_credentials():
    environment = {
        "AWS_SECRET_ACCESS_KEY": "secret",
        "OPENAI_API_KEY": "secret",
        "PYTHONSTARTUP": "x",
        "LD_PRELOAD": "x",
        "LD_LIBRARY_PATH": "/var/lang/lib",
        "PATH": "/bin",
    }
    assert build_environment(environment, ["/code", ""]) == {
        "LD_LIBRARY_PATH": "/var/lang/lib",
        "PYTHONPATH": f"/code:{Path.cwd()}",
        "PYTHONUTF8": "1",
        "MALLOC_ARENA_MAX": "1",
    }


@pytest.mark.skipif(sys.platform != "linux", reason="the environment is read from /proc")
def test_a_running_reader_has_only_that_environment(extractor, short, monkeypatch):
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
    process = find_reader(extractor, short)
    variables = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    names = {variable.partition(b"=")[0] for variable in variables if variable}
    assert names <= {b"PYTHONPATH", b"PYTHONUTF8", b"MALLOC_ARENA_MAX", b"LD_LIBRARY_PATH"}


PARENT = """
    import sys
    sys.path.insert(0, sys.argv[1])
    from pathlib import Path
    from pipeline.extraction.extractor import Extractor
    from shared.deadline import Deadline

    with Extractor() as extractor:
        with extractor.open(Path(sys.argv[2]), Deadline.after(60)) as document:
            print(document._reader.process_id, flush=True)
            for page in document.pages():
                print(page.text, flush=True)
"""


@pytest.fixture
def start_parent(tmp_path):
    """Start a program that reads a document and has the project only on its `sys.path`."""
    script = tmp_path / "elsewhere" / "_worker.py"
    script.parent.mkdir()
    script.write_text(textwrap.dedent(PARENT))
    parents = []

    def start(path):
        parents.append(
            subprocess.Popen(  # noqa: S603  # a program of this file
                [sys.executable, str(script), str(PROJECT), str(path)],
                cwd=script.parent,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        return parents[-1]

    yield start
    for parent in parents:
        parent.kill()
        parent.wait()
        parent.stdout.close()


def test_a_reader_starts_wherever_the_code_was_put(start_parent, short):
    parent = start_parent(short)
    assert parent.stdout.read().split()[1:] == [MARKER.format(number) for number in (1, 2, 3)]
    assert parent.wait() == 0


def test_a_reader_ends_with_its_parent_even_in_the_middle_of_a_page(start_parent, tmp_path):
    path = tmp_path / "slow.pdf"
    path.write_bytes(make_slow_pdf())
    parent = start_parent(path)
    process = int(parent.stdout.readline())
    time.sleep(0.5)
    parent.kill()
    parent.wait()
    assert wait_until_gone(process, seconds=3)


@pytest.mark.parametrize("answers", ["exit 3", "printf 'not a frame at all'; sleep 9"])
def test_a_reader_that_does_not_start_is_not_the_documents_fault(
    monkeypatch, tmp_path, short, answers
):
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{answers}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    with Extractor() as extractor, pytest.raises(ExtractorError, match="does not start"):
        read(extractor, short)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
    with Extractor() as extractor, pytest.raises(ExtractorError, match="cannot start"):
        read(extractor, short)


@pytest.mark.parametrize(
    ("code", "cause", "words"),
    [
        (-signal.SIGSEGV, LossCause.CRASH, "SIGSEGV"),
        (-signal.SIGBUS, LossCause.CRASH, "SIGBUS"),
        (-signal.SIGABRT, LossCause.MEMORY, "more memory"),
        (-signal.SIGTRAP, LossCause.MEMORY, "more memory"),
        (-signal.SIGKILL, LossCause.MEMORY, "lack of memory"),
        (-signal.SIGXCPU, LossCause.CPU_TIME, "CPU time"),
        (-250, LossCause.CRASH, "signal 250"),
        (1, LossCause.CRASH, "code 1"),
    ],
)
def test_what_an_exit_code_means(code, cause, words):
    loss = describe_exit(code)
    assert loss.cause is cause
    assert words in loss.reason


NOT_NEEDED = (
    "dataclasses",
    "inspect",
    "pipeline.extraction.document",
    "pipeline.extraction.extractor",
    "pipeline.extraction.reader_process",
    "pipeline.extraction.shown_text.annotations",
    "pipeline.extraction.shown_text.clustered_scripts",
    "pipeline.extraction.shown_text.form_fields",
    "pipeline.extraction.shown_text.note_places",
    "pipeline.extraction.shown_text.right_to_left",
    "pypdf",
    "pypdfium2",
)


def test_a_reader_starts_without_what_its_parent_and_few_documents_need():
    code = "import sys, pipeline.extraction.child; print(*sys.modules)"
    loaded = subprocess.run(  # noqa: S603 - a fixed command
        [sys.executable, "-P", "-c", code],
        env=build_environment({}, sys.path),
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split()
    assert "pipeline.extraction.pdfium_document" in loaded
    assert not set(NOT_NEEDED).intersection(loaded)


def test_the_package_has_no_names_but_those_of_its_modules():
    """Each would load a module, or a table of them, in a reader too."""
    named = {name for name in vars(extraction) if not name.startswith("__")}
    assert all(f"pipeline.extraction.{name}" in sys.modules for name in named)
