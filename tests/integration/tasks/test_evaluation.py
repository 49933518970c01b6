"""Documents of the golden set through the pipeline, with the model that knows the answers."""

import pytest

from infra.evaluation.cases import Outcome, read_cases
from infra.evaluation.scores import Scores
from infra.evaluation.scoring import score_case
from infra.evaluation.stand_in import MODEL, StandIn, serve
from shared.errors import WrongUsageError
from shared.llm.chat_completions.openai_client import build_openai_client
from shared.llm.chat_completions.openai_model import OpenAIModel
from shared.llm.model_window import ModelWindow
from tests.fakes.aws.kept_account import open_account
from tests.fakes.desks.running_pipeline import run_pipeline
from tests.fakes.desks.task_desk import TaskDesk
from tests.golden.make_golden_set import HERE

NAMES = {"contract-en.pdf", "form-cs.pdf", "invoice-de.pdf", "report-ja.pdf", "statement-ru.pdf"}


@pytest.fixture(scope="module")
def cases():
    return [case for case in read_cases(HERE) if case.document in NAMES]


def evaluate(cases, stand_in):
    window_tokens = 16_000
    with (
        serve(stand_in) as address,
        build_openai_client(address) as client,
        open_account(openai_base_url=address, context_window_tokens=window_tokens) as account,
        run_pipeline(
            account, model=OpenAIModel(client, MODEL, ModelWindow(window_tokens))
        ) as pipeline,
    ):
        desk = TaskDesk(account, pipeline, None)
        return [work_on(desk, case) for case in cases]


def work_on(desk, case):
    document = desk.put(case.document, (HERE / case.document).read_bytes())
    asked = [desk.do("ask", question=q.question, documents=[case.document]) for q in case.questions]
    found = [
        desk.do("extract", schema=e.fields_schema, document=case.document) for e in case.extract
    ]
    return Outcome(
        document.status,
        desk.pipeline.read_artifact(document.result_key),
        answers=[desk.result(task) for task in asked],
        extracts=[desk.result(task) for task in found],
    )


def test_the_pipeline_loses_nothing_of_what_a_perfect_model_gives(cases):
    scores = Scores().add(map(score_case, cases, evaluate(cases, StandIn(cases))))
    assert scores.misses == []
    assert scores.shares["rows_recall"].of > 150
    assert scores.shares["conflicts_named"].of == 1
    assert scores.shares["answers_right"].of == 5
    assert scores.shares["fields_page"].of > 5


def test_nothing_that_a_careless_model_has_altered_is_in_a_result(cases):
    stand_in = StandIn(cases, alters_every=3)
    outcomes = evaluate(cases, stand_in)
    assert len(stand_in.altered) > 50
    assert stand_in.count_survivors(outcomes) == 0
    scores = Scores().add(map(score_case, cases, outcomes))
    assert {miss.score for miss in scores.misses} >= {"quotes_kept", "rows_recall"}
    quotes = scores.shares["quotes_on_page"]
    assert quotes.true == quotes.of > 0
    # A model that writes none of it is seen to.
    assert StandIn(cases, altered=["Skagen"]).count_survivors(
        [Outcome("DONE", None, extracts=[{"fields": {"a": [{"b": "Skagen"}]}}])]
    )


def test_a_stand_in_needs_the_texts(cases):
    with pytest.raises(WrongUsageError, match="needs to know the text of"):
        StandIn([cases[0].model_copy(update={"text": []})])
