"""`seashore eval`: what it writes, and how it ends."""

import json
from contextlib import nullcontext

import pytest
from typer.testing import CliRunner

from infra.cli.app import app
from infra.cli.evaluation import evaluate
from infra.evaluation.cases import Outcome
from infra.evaluation.stand_in import StandIn
from tests.golden.make_golden_set import HERE
from tests.unit.evaluation.test_scoring import summary

ALTERED = "The pierqzx of Skagen"
QUOTE = {"page": 1, "quote": "The pier of Skagen"}
ANSWERED = {"answer": "Skagen", "answered": True, "citations": [QUOTE]}
COST = {"cost_usd": 0.5, "input_tokens": 10, "output_tokens": 1}


@pytest.fixture
def folder(tmp_path):
    case = {
        "document": "a.pdf",
        "status": "DONE",
        "text": ["The pier of Skagen\nwas opened on 3 May 1907. It cost 1,234.50", "Nothing"],
        "questions": [{"question": "Where?", "answers": ["Skagen"]}],
    }
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "a.answers.json").write_text(json.dumps(case), encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(folder, monkeypatch, tmp_path):
    """Runs the command with what a stack would make of the document, run by run."""

    def run_with(*arguments, answers=(ANSWERED,)):
        made = iter(answers)
        monkeypatch.setattr(evaluate, "find_state_folder", lambda: tmp_path / "state")
        monkeypatch.setattr(evaluate, "_open_stack", lambda *_: nullcontext())
        monkeypatch.setattr(
            evaluate,
            "run_on_stack",
            lambda *_, **__: [
                Outcome(
                    "DONE",
                    summary(**COST),
                    answers=[{**next(made), **COST}],
                    failures=["ask: gone"],
                )
            ],
        )
        for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
            monkeypatch.delenv(name, raising=False)
        return CliRunner().invoke(app, ["eval", str(folder), *map(str, arguments)])

    return run_with


def test_scores_misses_and_costs_are_written(run, tmp_path):
    page = tmp_path / "page" / "eval.html"
    done = run("--page", page, "--runs", 2, answers=[ANSWERED, {**ANSWERED, "answer": "Bergen"}])
    assert done.exit_code == 0
    assert "answers_right\t0.500\t1 of 2\t0.000\t1.000\t\n" in done.stdout
    assert "extractive: " in done.stderr
    assert "$1.0000, 20 tokens read, 2 written" in done.stderr
    assert "2 tasks have no result (ask: gone)." in done.stderr
    assert "Bergen" in page.read_text(encoding="utf-8")


def test_worse_than_the_baseline_is_a_failure(run, tmp_path):
    file = tmp_path / "baseline.json"
    assert run("--write-baseline", file).exit_code == 0
    assert run("--baseline", file).exit_code == 0
    worse = run("--baseline", file, answers=[{**ANSWERED, "answer": "Bergen"}])
    assert worse.exit_code == 1
    assert "answers_right is worse: 0.000, and the baseline has 1.000." in worse.stderr


def test_as_json_all_is_there(run):
    written = json.loads(run("--json", answers=[{**ANSWERED, "answer": "Bergen"}]).stdout)
    assert written["model"] == "extractive"
    assert written["scores"]["answers_right"]["share"] == 0
    assert written["runs"][0]["cost_usd"] == 1
    assert written["runs"][0]["misses"][0]["score"] == "answers_right"


@pytest.mark.parametrize(("quote", "survived"), [(ALTERED, 1), (QUOTE["quote"], 0)])
def test_what_was_altered_and_survives_is_a_failure(run, monkeypatch, quote, survived):
    def build_stand_in(cases, alters_every):
        return StandIn(cases, alters_every, given=2, altered=[ALTERED])

    monkeypatch.setattr(evaluate, "StandIn", build_stand_in)
    quoted = {**ANSWERED, "citations": [{"page": 1, "quote": quote}]}
    done = run("--stand-in", "--alters", 2, answers=[quoted])
    assert done.exit_code == survived
    assert f"it altered 1: {survived} of these are in a result" in done.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--alters", "2"], "--alters is for --stand-in"),
        (["--stand-in", "--stack", "x"], "--stand-in needs a stack of its own"),
        (["--baseline", "none.json"], "none.json cannot be read"),
    ],
)
def test_options_that_do_not_go_together_are_refused(run, options, words):
    done = run(*options)
    assert done.exit_code == 2
    assert words in done.stderr


def test_the_kept_baseline_is_one_of_the_offline_model():
    kept = json.loads((HERE / "baseline.json").read_text(encoding="utf-8"))
    assert kept["model"] == "extractive"
    assert kept["shares"]["quotes_on_page"] == 1
