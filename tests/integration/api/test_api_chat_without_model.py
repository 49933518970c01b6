"""Chat over the API without a language model: which documents it looks through, and quotes."""

import json

import pytest

from pipeline.chat.extractive_chat import choose_documents
from pipeline.documents.document_reader import DocumentReader
from shared.ledger.documents import ChunkPages, write_chunk_plan
from tests.fakes.aws.ledger_rows import force
from tests.fakes.desks.api_desk import open_api_desk

PAGES = ("The harbour of Skagen opened in 1907.", "The pier was built of granite.")


def test_without_a_model_it_answers_with_sentences_and_their_pages():
    with open_api_desk(with_model=False) as desk:
        empty = desk.chat("When did the harbour open?")
        assert "no documents with text yet" in empty.body["message"]
        desk.enter_document("skagen.pdf", *PAGES)
        said = desk.chat("When did the harbour open?", empty.body["thread_id"])
        assert "- The harbour of Skagen opened in 1907. (skagen.pdf, p. 1)" in said.body["message"]
        assert "\n\nNo language model is configured" in said.body["message"]
        assert said.body["usage"]["model"] == "extractive"
        assert said.body["sources"][0]["key"] == "skagen.pdf"
        (step,) = said.body["steps"]
        assert step["tool"] == "search_pages"
        assert json.loads(step["arguments"]) == {"words": "When did the harbour open?"}
        nothing = desk.chat("xyzzy?")
        assert "No sentence of the documents has a word in common" in nothing.body["message"]
        assert "- skagen.pdf" in nothing.body["message"]


def test_without_a_model_the_document_that_answers_is_found_behind_newer_ones(monkeypatch):
    monkeypatch.setattr("pipeline.chat.extractive_chat._MAX_DOCUMENTS", 2)
    with open_api_desk(with_model=False) as desk:
        desk.enter_document("skagen.pdf", *PAGES)
        for number in range(3):
            desk.enter_document(f"boat-{number}.pdf", f"The boat {number} paid.")
        said = desk.chat("When did the harbour of Skagen open?")
        assert "- The harbour of Skagen opened in 1907. (skagen.pdf, p. 1)" in said.body["message"]
        assert "Not all documents were looked through, but 2" in said.body["message"]
        hidden = desk.chat("When did the harbour open?").body["message"]
        assert "No sentence of the documents has a word in common" in hidden
        assert "Not all documents were looked through, but 2" in hidden


def test_without_a_model_a_long_document_hides_no_short_ones(monkeypatch):
    monkeypatch.setattr("pipeline.chat.extractive_chat._MAX_PAGES", len(PAGES))
    with open_api_desk(with_model=False) as desk:
        desk.enter_document("skagen.pdf", *PAGES)
        desk.enter_document("long.pdf", *["The boat paid."] * (len(PAGES) + 1))
        said = desk.chat("When did the harbour open?")
        assert "- The harbour of Skagen opened in 1907." in said.body["message"]


@pytest.mark.parametrize("others", [0, 1])
def test_without_a_model_a_document_that_is_too_long_is_cut_if_it_is_named_or_the_only_one(
    monkeypatch, others
):
    monkeypatch.setattr("pipeline.chat.extractive_chat._MAX_PAGES", len(PAGES) - 1)
    with open_api_desk(with_model=False) as desk:
        desk.enter_document("skagen.pdf", *PAGES)
        for _ in range(others):
            desk.enter_document("boat.pdf", "The boat paid.")
        where = " of Skagen" * others
        said = desk.chat(f"When did the harbour{where} open?").body["message"]
        assert "- The harbour of Skagen opened in 1907. (skagen.pdf, p. 1)" in said
        bound = f"No more than {len(PAGES) - 1} page"
        assert bound in said
        assert "of skagen.pdf were looked through, and no other document" in said


def test_without_a_model_no_more_of_a_long_document_is_read_than_can_be():
    plan = tuple(ChunkPages(first_page=n, last_page=n + 99) for n in range(1, 5_000, 100))
    with open_api_desk(with_model=False) as desk:
        entered = desk.enter_document("long.pdf", *["The boat paid."] * 5_000)
        reader = DocumentReader(desk.table, None, entered.bucket, "", desk.now)
        force(desk.table, entered, chunk_plan=write_chunk_plan(plan))
        choice = choose_documents(reader, "boat")
        assert not choice.is_all
        assert choice.documents[0].chunk_plan == plan[:10]


def test_without_a_model_no_list_of_documents_is_empty(monkeypatch):
    monkeypatch.setattr("pipeline.chat.extractive_chat._MAX_LISTED", 0)
    with open_api_desk(with_model=False) as desk:
        desk.enter_document("skagen.pdf", *PAGES)
        said = desk.chat("When did the harbour open?").body["message"]
        assert said.startswith("None of the newest 0 documents has text")
        assert "The newest are" not in said
