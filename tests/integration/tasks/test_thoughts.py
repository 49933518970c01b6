"""What a model thinks before it answers reaches nobody, however it marks it."""

import pytest

from shared.lifecycle import DocumentStatus, TaskStatus
from tests.fakes.aws.ledger_rows import scan_rows
from tests.fakes.desks.api_desk import open_api_desk
from tests.fakes.desks.task_desk import HARBOUR_PAGES, HARBOUR_SCHEMA, open_task_desk
from tests.fakes.model.thinking import SECRET, SPELLINGS
from tests.fakes.pdf.pdf_files import make_text_pdf

pytestmark = pytest.mark.parametrize("spelling", SPELLINGS)


def read_all_artifacts(account):
    s3, bucket = account.clients.s3, account.settings.artifacts_bucket
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    return b"".join(s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys).decode(
        "utf-8", "replace"
    )


def test_no_result_holds_a_thought(spelling):
    with open_task_desk(traits={"thinking": spelling}) as desk:
        document = desk.put("skagen.pdf", make_text_pdf(*HARBOUR_PAGES))
        assert document.status is DocumentStatus.DONE
        tasks = [
            desk.do("ask", id="q", question="When did it open?", documents=["skagen.pdf"]),
            desk.do("extract", id="e", document="skagen.pdf", schema=HARBOUR_SCHEMA),
            desk.do("summarize", id="s", text="The harbour opened in 1907."),
            desk.do("agent", id="a", prompt="What is there?"),
        ]
        assert [task.status for task in tasks] == [TaskStatus.DONE] * 4
        everything = str([desk.result(task) for task in tasks]) + str(scan_rows(desk.table))
        everything += read_all_artifacts(desk.account)
    assert "Skagen" in everything
    assert SECRET not in everything


def test_no_user_of_the_chat_sees_a_thought(spelling):
    with open_api_desk(traits={"thinking": spelling}) as desk:
        desk.enter_document("skagen.pdf", "The harbour of Skagen opened in 1907.")
        said = desk.chat("What is there?")
        assert said.status == 200
        assert said.body["message"]
        thread = desk.send("GET", f"/threads/{said.body['thread_id']}")
    assert SECRET not in str(said.body)
    assert SECRET not in str(thread.body)
