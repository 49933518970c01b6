"""Lists of hundreds of rows through the real worker on moto: time, money, and the files."""

import csv
import io
import json
from contextlib import ExitStack, contextmanager

import pytest

from shared.lifecycle import TaskStatus
from tests.fakes.aws.kept_account import open_account
from tests.fakes.desks.running_pipeline import run_pipeline
from tests.fakes.desks.task_desk import TaskDesk
from tests.fakes.model.list_reader import STATEMENT_SCHEMA, ListReader, make_statement


@contextmanager
def open_list_desk(model, **settings):
    """A desk whose model reads statements; its price is that of the default model."""
    with ExitStack() as stack:
        account = stack.enter_context(
            open_account(openai_base_url="http://127.0.0.1:1/v1", **settings)
        )
        pipeline = stack.enter_context(run_pipeline(account, model=model))
        yield TaskDesk(account, pipeline, None)


@pytest.fixture
def text():
    pages, _ = make_statement(300)
    return "\n".join(page.text for page in pages)


def read_file(desk, task, name):
    key = task.result_key.replace("result.json", name)
    bucket = desk.account.settings.artifacts_bucket
    return desk.account.clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()


def test_a_list_over_many_parts_is_whole_and_lies_beside_the_result_as_files(text):
    model = ListReader()
    with open_list_desk(model) as desk:
        task = desk.do("extract", text=text, schema=STATEMENT_SCHEMA)
        result = desk.result(task)
        _, rows = make_statement(300)
        wanted = [row.value for row in rows]
        assert task.status is TaskStatus.DONE
        assert result["fields"]["rows"] == wanted
        lines = read_file(desk, task, f"{result['files']['rows']}.jsonl").splitlines()
        assert [json.loads(line)["row"] for line in lines] == wanted
        table = list(csv.reader(io.StringIO(read_file(desk, task, "list-1-rows.csv"))))
        assert table[0] == ["page", "date", "text", "amount", "words"]
        assert [float(row[3]) for row in table[1:]] == [row.amount for row in rows]
        assert "rows: 300 rows" in desk.markdown(task)
        # What each part has cost is on the task's row, however many were read at once.
        assert len(model.usages) > 1
        assert task.output_tokens == sum(usage.output_tokens for usage in model.usages)


def test_a_task_that_reaches_its_limit_is_partial_with_the_pages_that_were_not_read(text):
    with open_list_desk(ListReader(), document_cap_usd=0.02) as desk:
        task = desk.do("extract", text=text, schema=STATEMENT_SCHEMA, id="small")
        result = desk.result(task)
        assert task.status is TaskStatus.PARTIAL
        assert task.cost_micro_usd <= 20_000
        assert 0 < len(result["fields"]["rows"]) < 300
        assert result["is_complete"] is False
        assert "its limit is $0.0200" in result["unread"][0]["reason"]
        assert "could not be read" in task.reason
