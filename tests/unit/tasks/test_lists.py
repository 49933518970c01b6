"""Lists of any length: every row, once, in order, with the page that it stands on."""

import json
from datetime import UTC, datetime

import pytest

from pipeline.metering.answer_services import AnswerServices
from pipeline.metering.metered_calls import MeteredCalls
from pipeline.tasks.extract.extract import build_result
from pipeline.tasks.extract.field_finding import ReadingServices, find_fields
from pipeline.tasks.extract.field_lists import part_schema
from pipeline.tasks.extract.field_schema import read_field_schema
from pipeline.tasks.extract.list_files import build_extract_files
from pipeline.tasks.task_markdown import render_fields
from shared.deadline import Deadline
from shared.errors import (
    AnswerCutError,
    DeadlineError,
    ModelAnswerError,
    ModelUnavailableError,
    TaskCapError,
)
from shared.llm.model import ModelAnswer, Source, Usage
from shared.llm.model_window import ModelWindow
from tests.benchmarks.lists.statement_run import read_statement, score_statement
from tests.fakes.model.list_reader import IBAN, ListReader

FACTS = {
    **{"task_id": "t", "kind": "extract", "model": "m", "input_tokens": 0, "output_tokens": 0},
    **{"cost_usd": 0.0, "document_id": None, "document_key": None},
}


class ScriptedModel:
    """Answers by what stands in the sources: the function gets their texts."""

    name = "scripted"

    def __init__(self, answer):
        self._answer = answer
        self.asked = []

    def answer(self, request, deadline):
        texts = [source.text for source in request.sources]
        self.asked.append(texts)
        text = json.dumps(self._answer(texts))
        return ModelAnswer(request.answer_type.model_validate_json(text), self.name, Usage(1))


def extract(answer, pages, schema, window_tokens=8_000, calls_at_once=1, deadline=None):
    model = ScriptedModel(answer)
    calls = MeteredCalls(AnswerServices(model, None, None, lambda: datetime.now(UTC)), payer=None)
    checked = read_field_schema(schema)
    parts = part_schema(checked)
    sources = [Source(number, number, text) for number, text in enumerate(pages, start=1)]
    reading = ReadingServices(
        calls, ModelWindow(window_tokens), calls_at_once, deadline or Deadline.after(60)
    )
    return build_result(find_fields(sources, parts, reading), checked, parts, FACTS), model


def rows_of(**properties):
    row = {"type": "object", "properties": properties}
    return {"type": "object", "properties": {"lines": {"type": "array", "items": row}}}


LINES = rows_of(item={"type": "string"}, fee={"type": "number"})


def read_lines(texts, keep=lambda line: True):
    """Every line `ITEM FEE` of the sources, as a perfect model gives it."""
    found = []
    for number, text in enumerate(texts, start=1):
        rows = [line.rsplit(" ", 1) for line in text.splitlines() if " " in line and keep(line)]
        values = [{"item": item, "fee": float(fee)} for item, fee in rows]
        found.append({"source": number, "rows": values})
    return {"lines": found}


@pytest.mark.parametrize("window_tokens", [8_000, 32_000, 128_000])
@pytest.mark.parametrize("count", [49, 480])
def test_a_perfect_model_loses_nothing_and_no_page_is_named(count, window_tokens):
    result = read_statement(count, window_tokens, ListReader())
    score = score_statement(count, result)
    assert (score.recall, score.precision, score.right_page) == (1, 1, 1)
    assert score.is_in_order
    assert (score.silent_losses, score.false_alarms) == (0, 0)
    assert result.is_complete
    assert result.fields["iban"] == IBAN
    assert result.shortfall is None


def test_an_answer_that_is_cut_off_is_read_in_halves_until_it_fits():
    model = ListReader(cuts_at_tokens=400)
    result = read_statement(300, 32_000, model)
    score = score_statement(300, result)
    assert model.cuts > 0
    assert (score.recall, score.precision, score.right_page) == (1, 1, 1)
    assert result.is_complete


@pytest.mark.parametrize(("window_tokens", "drops_every"), [(32_000, 50), (8_000, 50), (8_000, 7)])
def test_each_page_with_a_row_that_was_left_out_is_named(window_tokens, drops_every):
    model = ListReader(drops_every=drops_every)
    result = read_statement(480, window_tokens, model)
    score = score_statement(480, result)
    assert score.pages_named == score.pages_with_losses > 0
    assert score.recall < 1
    assert (score.precision, score.silent_losses, score.false_alarms) == (1, 0, 0)
    assert not result.is_complete
    assert result.shortfall.startswith("rows may have been left out on pages ")


def test_rows_that_are_truly_equal_stay_and_one_that_is_given_twice_does_not():
    pages = ["Mooring 12.50\nMooring 12.50\nCrane 99.00"]
    result, _ = extract(read_lines, pages, LINES)
    assert [row["item"] for row in result.fields["lines"]] == ["Mooring", "Mooring", "Crane"]

    def stutter(texts):
        answer = read_lines(texts)
        answer["lines"][0]["rows"] *= 2
        return answer

    again, _ = extract(stutter, pages, LINES)
    assert again.fields["lines"] == result.fields["lines"]


def test_a_row_that_goes_on_after_a_border_is_one_row():
    filler = [f"Berth {number} {number}.00" for number in range(100, 140)]
    pages = ["\n".join([*filler, "Repair of the northern"]), "\n".join(["lock 77.50", *filler])]

    def read(texts):
        answer = read_lines(texts, lambda line: line.startswith("Berth"))
        for number, text in enumerate(texts, start=1):
            if text.endswith("Repair of the northern"):
                whole = len(texts) > number
                row = {"item": "Repair of the northern", "fee": None}
                if whole:
                    row = {"item": "Repair of the northern lock", "fee": 77.5}
                answer["lines"][number - 1]["rows"].append(row)
        return answer

    result, model = extract(read, pages, LINES, 6_000)
    assert len(model.asked) == 2
    repairs = [row for row in result.fields["lines"] if row["item"].startswith("Repair")]
    assert repairs == [{"item": "Repair of the northern lock", "fee": 77.5}]
    assert len(result.fields["lines"]) == 81
    evidence = result.rows["lines"][40]
    assert (evidence.page, evidence.words) == (1, "Repair of the northern\nlock 77.50")


def test_a_value_of_a_row_that_its_page_does_not_bear_out_is_null_and_a_made_up_row_is_dropped():
    def invent(texts):
        rows = [{"item": "Mooring", "fee": 13.0}, {"item": "Fireworks", "fee": 1.0}]
        return {"lines": [{"source": 1, "rows": rows}]}

    schema = rows_of(item={"type": "string"}, fee={"type": "number"})
    schema["properties"]["lines"]["items"]["required"] = ["fee"]
    result, _ = extract(invent, ["Mooring 12.50"], schema)
    assert result.fields["lines"] == [{"item": "Mooring", "fee": None}]
    assert result.missing == ["lines[0].fee"]
    assert result.dropped_rows == {"lines": 1}
    assert not result.is_complete
    assert [(one.path, one.value, one.pages) for one in result.candidates] == [
        ("lines", {"item": "Fireworks", "fee": 1.0}, [1]),
        ("lines[0].fee", 13.0, [1]),
    ]
    assert result.not_borne_out == 2
    review = list(build_extract_files(result))[-1]
    assert review.name == "review.json"
    assert "Fireworks" not in result.model_dump_json()


def test_how_each_value_is_borne_out_is_told():
    properties = {
        "name": {"type": "string"},
        "fee": {"type": "number"},
        "tax": {"type": "number"},
        "day": {"type": "string", "format": "date"},
        "paid": {"type": "boolean"},
        "kind": {"enum": ["bill", "note"]},
        "to": {"type": "object", "properties": {"town": {"type": "string"}}},
    }
    values = {
        **{"name": "Ada", "fee": 12.5, "tax": 1.5, "day": "2026-03-01", "paid": True},
        **{"kind": "bill", "to": {"town": "Skagen"}},
    }

    def read(texts):
        return {name: {"value": value, "source": 1} for name, value in values.items()}

    text = "Ada of Skagen: 12,50 and 1.5 on 1 March 2026"
    result, _ = extract(read, [text], {"type": "object", "properties": properties})
    assert result.fields == values
    assert result.levels == {
        **{"name": "word_for_word", "fee": "other_form", "tax": "word_for_word"},
        **{"day": "other_form", "paid": "judgement", "kind": "judgement"},
        "to.town": "word_for_word",
    }


def test_a_list_within_an_object_is_joined_too_and_rows_keep_what_is_nested_in_them():
    line = {
        "type": "object",
        "properties": {
            "item": {"type": "string"},
            "sum": {"type": "object", "properties": {"net": {"type": "number"}}},
            "marks": {"type": "array", "items": {"type": "string"}},
        },
    }
    bill = {
        "type": "object",
        "properties": {"number": {"type": "string"}, "lines": {"type": "array", "items": line}},
    }
    schema = {"type": "object", "properties": {"bill": bill}, "required": ["bill"]}

    def read(texts):
        rows = [{"item": "Rope", "sum": {"net": 5.5}, "marks": ["A", "B"]}]
        bill = {"value": {"number": "R-17"}, "source": 1}
        return {"bill": bill, "bill.lines": [{"source": 1, "rows": rows}]}

    result, _ = extract(read, ["Bill R-17\nRope 5.50 A B"], schema)
    wanted = [{"item": "Rope", "sum": {"net": 5.5}, "marks": ["A", "B"]}]
    assert result.fields == {"bill": {"number": "R-17", "lines": wanted}}
    assert result.pages == {"bill": 1, "bill.lines": 1}
    lines, table = build_extract_files(result)
    assert json.loads(lines.text) == {"page": 1, "row": wanted[0], "words": "Rope 5.50 A B"}
    assert table.text.splitlines() == [
        "page,item,sum.net,marks,words",
        '1,Rope,5.5,"[""A"", ""B""]",Rope 5.50 A B',
    ]


def test_pages_that_say_different_things_are_named_and_one_reading_of_them_decides():
    schema = {"type": "object", "properties": {"total": {"type": "number"}}}
    filler = "\n".join(["words about nothing in particular and still more of them"] * 60)
    pages = [f"Total: 10\n{filler}", filler, f"Total: 12\n{filler}"]

    def read(texts):
        totals = [10 if "10" in text else 12 if "12" in text else None for text in texts]
        number = next((n for n in reversed(range(len(totals))) if totals[n]), None)
        if number is None:
            return {"total": {"value": None, "source": None}}
        return {"total": {"value": totals[number], "source": number + 1}}

    result, model = extract(read, pages, schema, 6_000)
    assert len(model.asked) > 2
    assert result.fields == {"total": 12}
    assert result.pages == {"total": 3}
    said = [(one.value, one.pages) for one in result.conflicts["total"]]
    assert said == [(12, [3]), (10, [1])]
    assert result.levels == {"total": "second_reading"}


def test_pages_of_one_part_that_say_different_things_are_named_without_another_reading():
    schema = {"type": "object", "properties": {"total": {"type": "number"}}}
    said = [("Total: 10", 10), ("Total: 10 again", 10), ("Total: 12", 12), ("Nothing", 14)]

    def read(texts):
        given = [{"value": value, "source": n} for n, (_, value) in enumerate(said, start=1)]
        unfit = {"value": "ten", "source": 1}
        return {"total": {**given[0], "others": [*given[1:], unfit]}}

    result, model = extract(read, [text for text, _ in said], schema)
    assert len(model.asked) == 1
    assert result.fields == {"total": 10}
    told = [(one.value, one.pages) for one in result.conflicts["total"]]
    assert told == [(10, [1, 2]), (12, [3])]


def test_a_part_that_fails_is_named_with_its_pages_and_the_others_stay():
    pages = [f"Page {number}\nRow{number} {number}.50\n" + "x y\n" * 300 for number in range(1, 5)]

    def read(texts):
        if any("Row3" in text for text in texts):
            raise ModelAnswerError("The answer does not fit")
        return read_lines(texts, lambda line: line.startswith("Row"))

    result, _ = extract(read, pages, LINES, 4_200)
    assert [row["item"] for row in result.fields["lines"]] == ["Row1", "Row2", "Row4"]
    assert [(part.pages, part.reason) for part in result.unread] == [
        ("3", "The answer does not fit")
    ]
    assert result.shortfall == "page 3 could not be read (The answer does not fit)"
    assert not result.is_complete
    of_sheets = result.model_copy(update={"unit": "sheet"})
    assert of_sheets.shortfall == "sheet 3 could not be read (The answer does not fit)"
    assert "| field | value | sheet |" in "\n".join(map(str, render_fields(of_sheets)))


@pytest.mark.parametrize(
    "error",
    [
        ModelAnswerError("The answer does not fit"),
        AnswerCutError("The answer is cut off"),
        TaskCapError("the task has cost $1.00"),
        ModelUnavailableError("down", delay_seconds=5, reason="model_unavailable"),
    ],
)
def test_where_nothing_could_be_read_the_task_fails_or_waits_as_it_would(error):
    def read(texts):
        raise error

    with pytest.raises(type(error)):
        extract(read, ["Mooring 12.50\nCrane 99.00"], LINES)


def test_no_part_is_begun_that_cannot_end_in_time():
    now = [0.0]
    pages = [f"Row{number} {number}.50\n" + "x y\n" * 300 for number in range(1, 5)]

    def read(texts):
        now[0] += 40
        return read_lines(texts, lambda line: line.startswith("Row"))

    deadline = Deadline(100.0, lambda: now[0])
    with pytest.raises(DeadlineError):
        extract(read, pages, LINES, 4_000, deadline=deadline)
    assert now[0] == 80
