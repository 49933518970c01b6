"""Cases are read as docs/eval.md describes them, and what is wrong with one is said."""

import json

import pytest

from infra.evaluation.cases import read_cases
from shared.errors import WrongUsageError
from tests.golden.make_golden_set import HERE, write_golden_set
from tests.project_files import PROJECT


def write(folder, **content):
    (folder / "a.pdf").write_bytes(b"%PDF-1.7")
    content = {"document": "a.pdf", **content}
    (folder / "a.answers.json").write_text(json.dumps(content), encoding="utf-8")


def test_the_golden_set_is_what_its_script_makes(tmp_path):
    write_golden_set(tmp_path)
    made = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    kept = {
        file.name: file.read_bytes()
        for file in HERE.iterdir()
        if file.name.endswith((".pdf", ".answers.json")) and not file.name.startswith("scan-")
    }
    assert made == kept
    cases = read_cases(HERE)
    assert {case.document for case in cases if "scan" in case.tags} == {
        *("scan-letter-en.pdf", "scan-invoice-en.tiff", "scan-form-en.png"),
    }
    assert len(cases) >= 30
    assert len({case.language for case in cases}) >= 12
    assert max(len(rows) for case in cases for e in case.extract for rows in e.rows.values()) == 480


def test_the_example_of_the_documentation_is_a_case(tmp_path):
    page = (PROJECT / "docs" / "eval.md").read_text(encoding="utf-8")
    example = json.loads(page.partition("```json\n")[2].partition("```")[0])
    write(tmp_path, **{**example, "document": "a.pdf"})
    (case,) = read_cases(tmp_path)
    assert case.extract[0].rows["lines"] == [1, 1, 2]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"document": "b.pdf"}, "is about b.pdf, which is not beside it"),
        ({"document": "../a.pdf"}, "is about ../a.pdf, which is not beside it"),
        ({"answer": []}, "answer: "),
        ({"questions": [{"question": "Why?"}]}, "questions.0.answers: "),
        ({"questions": [{"question": "y" * 8_001, "answers": []}]}, "questions.0.question: "),
        (
            {"extract": [{"schema": {"title": "x" * 20_000}, "fields": {}}]},
            "the schema has 20013 characters and 20000 are the most",
        ),
        (
            {"extract": [{"schema": {"type": "array"}, "fields": {}}]},
            "the schema has an array without items",
        ),
    ],
)
def test_what_is_wrong_with_a_case_is_said(tmp_path, content, words):
    write(tmp_path, **content)
    with pytest.raises(WrongUsageError) as raised:
        read_cases(tmp_path)
    assert "a.answers.json" in str(raised.value)
    assert words in str(raised.value)


def test_a_folder_without_cases_and_a_file_that_is_no_json_are_refused(tmp_path):
    with pytest.raises(WrongUsageError, match=r"holds no file that ends in \.answers\.json"):
        read_cases(tmp_path)
    with pytest.raises(WrongUsageError, match=r"There is no folder .*nosuch"):
        read_cases(tmp_path / "nosuch")
    (tmp_path / "a.answers.json").write_text("{", encoding="utf-8")
    with pytest.raises(WrongUsageError, match="is not JSON in UTF-8"):
        read_cases(tmp_path)
