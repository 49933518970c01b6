"""A server as a laptop runs one: slow, one call at once, and a window that cuts in silence."""

import re

from infra.project_files import PROJECT
from shared.lifecycle import DocumentStatus
from tests.fakes.model.chat_server import ChatServer
from tests.fakes.model.pacing import Pace

REPORT = PROJECT / "infra" / "demo_documents" / "tidal-energy-report.pdf"
PAGES = 12

# A model of seven billion parameters writes 5 tokens a second and reads 50; here time runs faster.
FASTER = 400
LAPTOP = Pace(tokens_per_second=5 * FASTER, read_tokens_per_second=50 * FASTER, slots=1)


def read_pages(call):
    """The pages that a call has the model read, whole or in part."""
    user = call.body["messages"][1]["content"]
    is_of_summaries = "consecutive parts" in str(call.body["messages"])
    found = re.findall(r"^BEGIN \w+ source \d+, page (\d+)$", user, re.MULTILINE)
    return set() if is_of_summaries else {int(page) for page in found}


def test_a_window_that_cuts_in_silence_costs_a_call_and_no_page(account, run_with_model, caplog):
    account.upload("report.pdf", REPORT.read_bytes())
    with ChatServer(window_tokens=4_096, pace=LAPTOP) as server:
        # Nobody has told the pipeline how small the window is.
        with run_with_model(server, context_window_tokens=32_000) as pipeline:
            pipeline.run()
            document = pipeline.document("report.pdf")
            summary = pipeline.read_artifact(document.result_key)
        calls = server.calls
    assert document.status is DocumentStatus.DONE
    assert summary["coverage"]["summarised_pages"] == f"1-{PAGES}"
    whole = [call for call in calls if not call.was_cut]
    assert set.union(*map(read_pages, whole)) == set(range(1, PAGES + 1))
    # One was cut, and its answer is of no account.
    assert len(calls) - len(whole) == 1
    found = [record for record in caplog.records if "model_window_found" in str(vars(record))]
    assert [record.window_tokens for record in found] == [4_096]
    assert document.input_tokens > 4_096
