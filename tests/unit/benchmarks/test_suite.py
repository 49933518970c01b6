"""The benchmarks' arithmetic, and the page that they write; the measuring itself is by hand."""

import json
import sys
import textwrap
from argparse import ArgumentTypeError
from dataclasses import replace
from pathlib import Path

import pytest

import tests.benchmarks.suite.__main__ as suite
from tests.benchmarks.bench_extraction import find_documents
from tests.benchmarks.suite.__main__ import PARTS
from tests.benchmarks.suite.arguments import choose_of, read_count, read_counts, read_number
from tests.benchmarks.suite.cost import DocumentUse, price_durable_function, price_step_functions
from tests.benchmarks.suite.findings import Finding, describe_machine, keep_findings, read_kept
from tests.benchmarks.suite.peers import Peer, find_rate, run_peer

COSTS = {
    "Lambda, worker": 0.03,
    "SQS": 0.003,
    "DynamoDB": 0.04,
    "S3": 0.01,
    "CloudWatch Logs": 0.002,
}


def test_a_state_a_chunk_costs_its_transitions_instead_of_queues_and_ledger():
    few, many = (DocumentUse(10, chunks, 0.2, COSTS) for chunks in (1, 11))
    assert price_step_functions(few) == pytest.approx(0.042 + 4 * 0.025)
    assert price_step_functions(many) - price_step_functions(few) == pytest.approx(10 * 0.025)


def test_a_durable_function_is_paid_while_it_waits_for_the_model():
    short = DocumentUse(10, 1, 0.2, COSTS)
    gigabyte_seconds = (0.2 + 5.1) * 1_769 / 1_024
    operations = 4 * (8e-6 + 3_000 * 0.25e-9)
    one = gigabyte_seconds * 0.0000133334 + 0.2e-6 + operations
    assert price_durable_function(short) == pytest.approx(one * 1_000 + 0.012)
    assert price_durable_function(DocumentUse(10, 2, 0.2, COSTS)) > 1.5 * one * 1_000


def test_a_rate_is_that_of_the_first_nine_tenths():
    assert find_rate([(10.0, 0), (11.0, 50), (12.0, 90), (99.0, 100)], 100) == 45
    assert find_rate([(10.0, 0), (11.0, 50)], 100) == 0


def test_a_part_that_runs_again_takes_its_own_place_on_the_page(tmp_path):
    files = tmp_path / "b.json", tmp_path / "b.md"
    machine = describe_machine()

    def keep(part, cell):
        finding = Finding(part, f"How is {part}?", "make it", ["a", "b"], [[cell, "2"]], ["Note."])
        keep_findings([finding], machine, *files)

    keep("one", "first")
    keep("two", "second")
    keep("one", "third")
    assert list(json.loads(files[0].read_text())) == ["one", "two"]
    page = files[1].read_text()
    assert "| third | 2 |" in page
    assert "first |" not in page
    assert page.index("## One") < page.index("| third") < page.index("## Two")
    assert f"CPython {machine['python']}" in page


def test_what_is_cut_off_while_it_is_written_leaves_the_earlier_figures(tmp_path, monkeypatch):
    files = tmp_path / "b.json", tmp_path / "b.md"
    finding = Finding("one", "How?", "make it", ["a"], [["first"]])
    keep_findings([finding], describe_machine(), *files)
    before = [file.read_text() for file in files]
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        keep_findings([replace(finding, rows=[["second"]])], describe_machine(), *files)
    assert [file.read_text() for file in files] == before


def test_a_part_that_lacks_something_is_not_kept(monkeypatch, capsys):
    lacking = Finding("peers", "How?", "make it", ["a"], [["1"]], lacking=["redis-server"])
    monkeypatch.setitem(PARTS, "peers", lambda **_: lacking)
    kept = []
    monkeypatch.setattr(suite, "keep_findings", lambda findings, _: kept.extend(findings))
    monkeypatch.setattr(sys, "argv", ["suite", "peers", "--keep"])
    suite.main()
    told = capsys.readouterr()
    assert "| 1 |" in told.out
    assert "peers lacks redis-server\nThe figures in docs/benchmarks.md stay" in told.err
    assert kept == []
    monkeypatch.setitem(PARTS, "peers", lambda **_: replace(lacking, lacking=()))
    suite.main()
    assert [finding.part for finding in kept] == ["peers"]


@pytest.mark.parametrize("content", ["<<<<<<< HEAD", "[]", ""])
def test_nothing_is_measured_that_could_not_be_kept(monkeypatch, tmp_path, capsys, content):
    file = tmp_path / "benchmarks.json"
    file.write_text(content)
    monkeypatch.setattr(suite, "read_kept", lambda: read_kept(file))
    monkeypatch.setitem(PARTS, "peers", lambda **_: pytest.fail("it was measured"))
    monkeypatch.setattr(sys, "argv", ["suite", "peers", "--keep"])
    with pytest.raises(SystemExit):
        suite.main()
    assert "docs/benchmarks.json cannot be read" in capsys.readouterr().err
    assert file.read_text() == content


@pytest.mark.parametrize("wrong", ["0", "-1", "x", "1.5", "nan", "inf", "", "9" * 5_000, "²"])
def test_what_is_no_number_to_measure_by_is_refused(wrong):
    with pytest.raises(ArgumentTypeError, match="is no whole number from 1"):
        read_count(wrong)
    if wrong != "1.5":
        with pytest.raises(ArgumentTypeError, match="is no number above 0"):
            read_number(wrong)
    assert read_counts("1,200") == [1, 200]
    assert choose_of(["clean", "noisy"])("noisy") == ["noisy"]
    with pytest.raises(ArgumentTypeError, match="'nosuch' is none of clean, noisy"):
        choose_of(["clean", "noisy"])("noisy,nosuch")


APP = """
    import os, sys, time
    from pathlib import Path
    queue, what = Path(os.environ["PEER_URL"]), sys.argv[1]
    if what == "send":
        for number in range(int(sys.argv[2])):
            (queue / f"{number}.waiting").touch()
    elif what == "count":
        print(len(list(queue.glob("*.done"))))
    else:
        while True:
            for one in sorted(queue.glob("*.waiting")):
                time.sleep(0.005)
                with open(os.environ["PEER_EFFECTS"], "a") as effects:
                    effects.write(one.stem + "\\n")
                one.replace(one.with_suffix(".done")) if one.exists() else None
            time.sleep(0.01)
"""


def test_a_peer_whose_workers_die_at_once_is_told_with_their_last_words(tmp_path, monkeypatch):
    (tmp_path / "queue").mkdir()
    apps = tmp_path / "apps"
    apps.mkdir()
    (apps / "tiny.py").write_text(textwrap.dedent(APP))
    (apps / "dies.py").write_text("raise SystemExit('no such broker')")
    monkeypatch.setattr("tests.benchmarks.suite.peers._APPS", apps)
    monkeypatch.setattr("tests.benchmarks.suite.peers.TIMEOUT_SECONDS", 0)
    peer = Peer("tiny", "tiny", ("dies.py",), "none")
    with pytest.raises(RuntimeError, match="no task was done: no such broker"):
        run_peer(peer, sys.executable, str(tmp_path / "queue"), tmp_path, 5, 1.0)


def test_tasks_of_a_peer_are_counted_while_its_workers_are_killed(tmp_path, monkeypatch):
    """A peer of ten lines that may do a task twice, and loses none."""
    apps, queue = tmp_path / "apps", tmp_path / "queue"
    apps.mkdir()
    queue.mkdir()
    (apps / "tiny.py").write_text(textwrap.dedent(APP))
    monkeypatch.setattr("tests.benchmarks.suite.peers._APPS", apps)
    monkeypatch.setattr("tests.benchmarks.suite.peers.TIMEOUT_SECONDS", 0)
    monkeypatch.setattr("tests.benchmarks.suite.peers.sys.executable", sys.executable)
    peer = Peer("tiny", "tiny", ("tiny.py", "work"), "none")
    outcome = run_peer(peer, sys.executable, str(queue), tmp_path, 20, 60)
    assert outcome.lost == 0
    assert outcome.doubled >= 0
    assert outcome.results <= 20


def test_where_the_corpus_is_not_there_the_golden_set_is_read(tmp_path, capsys):
    documents = find_documents(tmp_path)
    assert len(documents) > 10
    assert all(document.is_file() for document in documents)
    assert "has no manifest.tsv" in capsys.readouterr().out
