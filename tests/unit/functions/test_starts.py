"""What functions leave out when they start, since few of their containers need it."""

import pytest

from tests.fakes.own_python import run_python

LEFT_OUT = {
    # Tasks, which many stacks never get; a tick, a picture, a redo, a report's dead letter, a text
    # that is gone.
    "worker": (
        *("pipeline.tasks.carry_out", "pipeline.tasks.extract", "pipeline.tasks.agent"),
        *("pipeline.dead_letters", "pipeline.recognition", "pipeline.operations"),
        *("pipeline.report", "shared.messages.reading_messages"),
    ),
    # Mails, which few stacks take; messages of other queues; what tries again what seldom fails.
    "ingest": (
        "pipeline.inbound_mail",
        "shared.messages.tasks",
        "shared.messages.work_items",
        "shared.llm.model",
        "tenacity",
    ),
    "report": (
        *("shared.messages.tasks", "shared.messages.work_items", "shared.messages.uploads"),
        *("shared.llm.prompt_rendering", "tenacity"),
    ),
    # A redo counts what a summary takes, and makes none.
    "operator": ("pipeline.summaries", "shared.llm.extractive", "tenacity"),
    "pages": ("shared.messages.work_items", "shared.messages.s3_notifications", "tenacity"),
    # It answers from documents, and summarises none.
    "api": ("pipeline.summaries.summarize_document", "shared.messages.s3_notifications"),
}


@pytest.mark.parametrize("function", LEFT_OUT)
def test_a_function_starts_without_what_few_of_its_containers_need(function):
    loaded = run_python(f"import sys, functions.{function}; print(*sys.modules)").split()
    assert "shared.settings" in loaded
    left_out = LEFT_OUT[function]
    assert [
        name
        for name in loaded
        if name in left_out or name.startswith(tuple(f"{part}." for part in left_out))
    ] == []


def test_models_of_requests_are_built_when_one_comes():
    program = """
import functions.operator
from functions.http.models import UploadRequest
from functions.http.operation_models import RedoRequest
print(UploadRequest.__pydantic_complete__, RedoRequest.__pydantic_complete__)
print(RedoRequest(all=True).all, RedoRequest.__pydantic_complete__)
"""
    assert run_python(program) == "False False\nTrue True\n"


def test_classes_are_made_as_ever_where_the_build_has_compiled_none_of_their_methods():
    program = """
import dataclasses, os
os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand"
import functions
print("exec" in vars(dataclasses), dataclasses.make_dataclass("Place", ["x"])(1))
"""
    assert run_python(program) == "False Place(x=1)\n"


def test_large_patterns_are_compiled_when_they_are_used():
    program = """
import functions.worker, shared.llm.chat_completions.openai_model
from shared.llm.chat_completions.server_errors import error_words
from shared.llm.extractive.date_finding import _compile_forms
from shared.llm.extractive.sentences import _compile_spaceless
words = [word for word in vars(error_words).values() if isinstance(word, error_words._Words)]
print(len(words) > 10, [word for word in words if "_compiled" in vars(word)])
print(_compile_forms.cache_info().currsize, _compile_spaceless.cache_info().currsize)
"""
    assert run_python(program) == "True []\n0 0\n"
