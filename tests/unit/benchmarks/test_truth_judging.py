"""Verdicts of `make bench-truth`, and its processes."""

import sys

import pytest

from tests.benchmarks.truth.judging import Judgement, judge_document
from tests.benchmarks.truth.processes import ReaderCommand, Reading, ReadingProcess
from tests.benchmarks.truth.readers import choose_pages
from tests.benchmarks.truth.table import make_json, sum_up, write_table, write_worst

PAGE = "Berlin 1,000 Paris 2,000"
JUDGES = {
    "mupdf": Reading({1: PAGE, 2: "Rome"}, {}, facts={1: {"rotate": 90, "table_rows": 4}}),
    "pdfminer": Reading({1: PAGE, 2: "Rome"}, {}),
}


def judge(product, judges=JUDGES):
    return judge_document("a.pdf", judges, {"product": product})


def test_page_counts_in_each_of_its_classes():
    verdict = judge(Reading({1: "Berlin 1,000Paris 2,000", 2: "Rome"}, {})).verdicts["product"]
    assert set(verdict.scores) == {"all", "/Rotate", "tables"}
    assert verdict.scores["all"].pages == 2
    assert verdict.scores["tables"].word_recall == 0.5
    assert verdict.missing == {1: ["1,000", "Paris"]}
    assert verdict.glued == {1: ["1,000 Paris"]}


def test_page_that_fails_by_name_is_counted_apart():
    judgement = judge(Reading({1: PAGE}, {2: "its fonts do not say"}))
    verdict = judgement.verdicts["product"]
    assert verdict.failed_pages == {2: "its fonts do not say"}
    assert (verdict.failed_agreed_pages, judgement.agreed_pages) == (1, 2)
    assert verdict.scores["all"].word_recall == 1
    refused = judge(Reading({}, {}, "damaged: …")).verdicts["product"]
    assert refused.failed_pages == {1: "damaged: …", 2: "damaged: …"}


def test_reader_that_hangs_fails_nothing_by_name():
    verdict = judge(Reading({}, {}, "the reader crashed", is_killed=True)).verdicts["product"]
    assert not verdict.failed_pages
    assert verdict.scores["all"].word_recall == 0


def test_marks_and_unclear_fields_are_told_by_the_judge_that_knows_them():
    text = "Rent 1,2503 Code A B"
    facts = {1: {"raised": [["Rent 1,250", "3"]], "unclear": ["AB"]}}
    judges = {"mupdf": Reading({1: text}, {}, facts=facts), "pdfminer": Reading({1: text}, {})}
    for read in ("Rent 1,250 3 Code AB", text):
        verdict = judge(Reading({1: read}, {}), judges).verdicts["product"]
        assert (verdict.scores["all"].words, verdict.missing) == (2, {})


def test_pieces_of_a_value_with_codes_that_draw_nothing_are_in_no_reference():
    facts = {1: {"unclear": ["STX\x02STX"]}}
    judges = {
        "mupdf": Reading({1: "Code STXS TX"}, {}, facts=facts),
        "poppler": Reading({1: "Code STXS TX"}, {}),
    }
    verdict = judge(Reading({1: "Code STX STX"}, {}), judges).verdicts["product"]
    assert (verdict.scores["all"].words, verdict.missing) == (1, {})


def test_pages_without_reference_words_do_not_count():
    empty = {"mupdf": Reading({1: "a"}, {}), "pdfminer": Reading({1: "b"}, {})}
    assert judge(Reading({1: "a"}, {}), empty).unjudged == "no words"


@pytest.mark.parametrize(
    ("reason", "is_killed", "word"),
    [
        ("ValueError: it does not open without its password", False, "locked"),
        ("FileDataError: no objects found", False, "damaged"),
        ("the reader took more than 1 s", True, "killed"),
    ],
)
def test_document_that_no_two_judges_read_is_counted_apart(reason, is_killed, word):
    judges = JUDGES | {"mupdf": Reading({}, {}, reason, is_killed=is_killed)}
    assert judge(Reading({1: PAGE}, {}), judges) == Judgement("a.pdf", word)


def test_table_has_means_over_documents_and_sums_over_pages():
    whole = judge(Reading({1: PAGE, 2: "Rome"}, {}))
    half = judge(Reading({1: "Berlin 1,000", 2: ""}, {}))
    [row] = [row for row in sum_up([whole, half], ["product"]) if row.name == "all"]
    assert (row.documents, row.score.pages) == (2, 4)
    assert row.mean_recall == pytest.approx((1 + 0.4) / 2)
    lines = list(write_table([whole, half, Judgement("b.pdf", "locked")], ["product"]))
    assert lines[-1] == "3 documents, 1 not judged: 1 locked"
    assert next(write_worst([whole, half], "product", 1)).startswith("a.pdf: words 0.4000 of 5")
    assert make_json([whole], ["product"])["documents"]["a.pdf"]["product"]["missing"] == {}


def test_pages_of_a_long_document_are_chosen_evenly():
    assert choose_pages(3, 40) == [1, 2, 3]
    assert choose_pages(100, 4) == [1, 26, 51, 76]
    assert len(choose_pages(10_000, 40)) == 40


READER = """
import json, os, sys, time
for line in sys.stdin:
    path, most = json.loads(line)
    if path.endswith("hangs.pdf"):
        time.sleep(60)
    if path.endswith("crashes.pdf"):
        os._exit(3)
    answer = {"pages": {"1": str(os.getpid())}, "failed": {}, "refused": None}
    print(json.dumps(answer), flush=True)
"""


@pytest.fixture
def command(tmp_path):
    package = tmp_path / "tests" / "benchmarks" / "truth"
    package.mkdir(parents=True)
    (tmp_path / "tests" / "__init__.py").touch()
    (package / "readers.py").write_text(READER)
    return ReaderCommand("any", sys.executable, [tmp_path])


@pytest.mark.parametrize(
    ("name", "seconds", "words"), [("hangs", 0.5, "took more"), ("crashes", 30, "crashed")]
)
def test_reader_that_hangs_or_crashes_is_started_anew(tmp_path, command, name, seconds, words):
    process = ReadingProcess(command, 30, tmp_path)
    first = process.read(tmp_path / "good.pdf", 40)
    process._limit_seconds = seconds
    lost = process.read(tmp_path / f"{name}.pdf", 40)
    process._limit_seconds = 30
    second = process.read(tmp_path / "good.pdf", 40)
    process.close()
    assert lost.is_killed and words in lost.refused
    assert first.pages[1] != second.pages[1]


def test_answers_are_kept_by_content_and_version(tmp_path, command):
    document = tmp_path / "good.pdf"
    document.write_bytes(b"%PDF-")

    def read(version):
        kept = ReaderCommand("any", command.python, command.search_path, version)
        process = ReadingProcess(kept, 30, tmp_path / "kept")
        try:
            return process.read(document, 40)
        finally:
            process.close()

    assert read("1") == read("1")
    assert read("1") != read("2")
    before = read("1")
    document.write_bytes(b"%PDF-1")
    assert read("1") != before
