"""The command line as a program: real processes against the real template and functions."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra.cli.chat.api_client import open_api
from infra.cli.exit_codes import ExitCode
from infra.cli.local.demo import DEMO_DOCUMENTS, EXPECTED, RESULTS, open_demo_folder
from infra.cli.local.local_stack import bring_up, write_status
from infra.cli.output import Output
from infra.local.record import is_running
from infra.local.stack import STACK_NAME
from infra.project_files import PROJECT
from infra.stacks import resolve_local_stack
from shared.errors import LocalStackError
from shared.lifecycle import DocumentStatus
from tests.fakes.office.packages import docx_parts, make_package
from tests.fakes.pdf.nesting_pdf_files import make_portfolio
from tests.fakes.pdf.pdf_files import make_marker_pdf
from tests.fakes.waiting import wait_for

SEASHORE = [sys.executable, "-c", "import infra.cli; infra.cli.main()"]


def clean_environment(**more):
    """The caller's environment without any stack, account or model of theirs."""
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "OPENAI_", "SEASHORE_"))
    }
    return {**own, **more}


@pytest.fixture
def seashore(local_stack):
    """Runs `seashore` with arguments; the emulator stands in for AWS, so any endpoint is its."""
    credentials = local_stack.session.get_credentials()
    environment = clean_environment(
        AWS_ENDPOINT_URL=local_stack.endpoint_url,
        AWS_DEFAULT_REGION=local_stack.region,
        AWS_ACCESS_KEY_ID=credentials.access_key,
        AWS_SECRET_ACCESS_KEY=credentials.secret_key,
        SEASHORE_STACK=STACK_NAME,
    )

    def run(*arguments):
        return subprocess.run(  # noqa: S603 - our own Python
            [*SEASHORE, *map(str, arguments)],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    return run


def test_a_folder_is_put_summarised_listed_and_shown(seashore, tmp_path):
    name = "år rapport+1 (final).PDF"
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / name).write_bytes(make_marker_pdf(3))
    put = seashore("put", tmp_path, "--prefix", "command-line", "--wait", "--json")
    assert put.returncode == 0, put.stderr
    (document,) = json.loads(put.stdout)
    assert (document["status"], document["pages"]) == ("DONE", 3)
    key = f"command-line/{tmp_path.name}/sub/{name}"
    assert document["key"] == key

    listed = seashore("documents", "--status", "done").stdout
    assert f"{document['document_id']}\t{key}\tDONE\t3\t" in listed
    shown = seashore("show", key)
    assert shown.returncode == 0
    assert "3 of 3 covered" in shown.stdout
    assert "\x1b" not in shown.stdout + shown.stderr
    assert seashore("watch", document["document_id"]).returncode == 0


def test_a_pdf_inside_of_a_pdf_becomes_a_document_of_its_own(seashore, tmp_path):
    """The role may put a child, the bucket announces it once, and it is done like any other."""
    path = tmp_path / "board.pdf"
    path.write_bytes(make_portfolio([("../\u65e5 pier.pdf", make_marker_pdf(2))]))
    put = seashore("put", path, "--prefix", "portfolio", "--wait", "--json")
    assert put.returncode == 0, put.stderr
    assert "1 file inside is a document of its own" in put.stderr
    (parent,) = json.loads(put.stdout)
    child_id = parent["embedded_files"][0]["document_id"]

    def show_done():
        shown = seashore("show", child_id, "--json")
        told = json.loads(shown.stdout) if shown.returncode == 0 else None
        return told if told and told["document"]["status"] == "DONE" else None

    told = wait_for(show_done)
    assert (told["document"]["status"], told["document"]["pages"]) == ("DONE", 2)
    assert told["document"]["parent"] == parent["document_id"]
    assert told["document"]["key"].endswith("/\u65e5 pier.pdf")


def test_a_word_document_is_read_by_convert_and_cited_by_section(seashore, tmp_path):
    document = tmp_path / "minutes.docx"
    sentence = "The harbour board has approved the budget of the new pier in March."
    document.write_bytes(make_package(docx_parts([("Budget", sentence), ("Next", "June.")])))
    assert seashore("put", document, "--wait").returncode == 0
    shown = seashore("show", "minutes.docx").stdout
    assert "DONE" in shown
    assert "2 of 2 covered" in shown
    assert "section 1" in shown
    asked = seashore("enqueue", "ask", "Who approved the budget of the pier?", "--document",
                     "minutes.docx", "--wait")  # fmt: skip
    assert "minutes.docx, section 1" in asked.stdout


def test_the_id_that_put_writes_is_the_one_of_the_ledger(seashore, tmp_path):
    (tmp_path / "100% new & old.pdf").write_bytes(make_marker_pdf(1))
    put = seashore("put", tmp_path / "100% new & old.pdf")
    document_id, key = put.stdout.rstrip("\n").split("\t")
    deadline = time.monotonic() + 300
    while (shown := seashore("show", document_id, "--json")).returncode:
        assert time.monotonic() < deadline, shown.stderr
    assert json.loads(shown.stdout)["document"]["key"] == key


def test_waiting_for_a_refused_document_fails_and_says_why(seashore, tmp_path):
    (tmp_path / "damaged.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    put = seashore("put", tmp_path / "damaged.pdf", "--wait")
    assert put.returncode == ExitCode.FAILED
    assert "\tdamaged.pdf\tREJECTED\t" in put.stdout
    assert "The document is damaged" in put.stderr
    assert "Traceback" not in put.stderr


def test_the_status_says_how_to_reach_the_stack(local_stack, local_stack_root, tmp_path, capsys):
    assert write_status(local_stack_root, as_json=False, output=Output()) is ExitCode.OK
    told = capsys.readouterr().out
    assert f"AWS_ENDPOINT_URL={local_stack.endpoint_url} " in told
    key = open_api(resolve_local_stack(local_stack_root)).key
    assert f"curl -H 'X-Api-Key: {key}' {local_stack.outputs['ApiUrl']}/documents" in told
    assert write_status(tmp_path, as_json=True, output=Output()) is ExitCode.UNKNOWN_STACK
    assert json.loads(capsys.readouterr().out) == {"running": False}


def test_a_running_stack_does_not_move_to_another_port(local_stack, local_stack_root):
    with pytest.raises(LocalStackError, match="leave --port out"):
        bring_up(local_stack_root, 1025, {}, detach=True, output=Output())


# ---- the demo ------------------------------------------------------------------------------------


@pytest.fixture
def start_demo():
    """Starts `seashore demo`; it is interrupted at the end of the test if it still runs."""
    started = []

    def start():
        process = subprocess.Popen(  # noqa: S603 - our own Python
            [*SEASHORE, "demo"],
            cwd=PROJECT,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Whoever runs the tests in the background may have switched it off for all of them.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=300)


def is_demo_stack_running():
    return is_running(open_demo_folder())


def test_the_demo_summarises_what_has_text_and_nothing_else(start_demo):
    demo = start_demo()
    out, err = demo.communicate(timeout=600)
    assert demo.returncode == 0, out + err
    assert "All three ended as they should" in out
    for name in EXPECTED:
        assert (DEMO_DOCUMENTS / name).is_file()
        assert name in out
    results = open_demo_folder().root / RESULTS
    done = [Path(name).stem for name, end in EXPECTED.items() if end is DocumentStatus.DONE]
    assert {path.name for path in results.iterdir()} == {
        *(f"{stem}{suffix}" for stem in done for suffix in (".json", ".md")),
        *("report.html", "report.json", "report.md", "documents.csv"),
    }
    assert str(Path(".seashore", "demo", "results", "harbour-note.md")) in out
    assert f"The report of the day: {len(done)} done" in out
    assert str(Path(".seashore", "demo", "results", "report.html")) in out
    assert not is_demo_stack_running()


def test_an_interrupted_demo_stops_its_stack(start_demo):
    demo = start_demo()
    deadline = time.monotonic() + 600
    while not is_demo_stack_running():
        assert demo.poll() is None, demo.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    demo.send_signal(signal.SIGINT)
    _, err = demo.communicate(timeout=300)
    assert demo.returncode == ExitCode.INTERRUPTED, err
    assert "Traceback" not in err
    assert not is_demo_stack_running()
