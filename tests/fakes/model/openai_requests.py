"""Requests to a model behind a fake server, and what the server received."""

from pipeline.summaries.summary_types import Summary
from shared.deadline import Deadline
from shared.llm.model import ModelRequest, Purpose, Source

SECRET_TEXT = "The heron of Pelworm waits for the tide. It never hurries."
SECRET_KEY = "sk-test-0123456789"


def request_for(*texts, max_output_tokens=500):
    sources = tuple(Source(page, page, text) for page, text in enumerate(texts, start=3))
    return ModelRequest(
        Purpose.SUMMARIZE_CHUNK, "Summarise the text.", sources, Summary, max_output_tokens
    )


REQUEST = request_for("Seals\nSeals rest on sand. They dive.", SECRET_TEXT)


def answer(model, request=REQUEST, seconds=30):
    return model.answer(request, Deadline.after(seconds))


def formats(server):
    """How each call asked for the shape of its answer."""
    return [call.response_format for call in server.calls]
