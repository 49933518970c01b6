"""What is read for a question is what a reader of all the text at once would choose."""

from weakref import ref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.documents.page_search import (
    TextRanking,
    choose_best,
    rank_scores,
    score_texts,
    split_terms,
)
from pipeline.documents.passage_choice import choose_passages, find_sentences
from pipeline.documents.passages import Passage
from pipeline.documents.telling_words import choose_telling_terms
from shared.deadline import Deadline
from shared.errors import DeadlineError
from shared.ledger.documents import ChunkPages, Document
from shared.llm.extractive.sentences import split_sentences
from tests.fakes.lasting_deadline import DEADLINE


class Shelf:
    """Documents whose chunks of text are made anew at each reading.

    Args:
        texts: The texts of passages, by document and chunk.
    """

    def __init__(self, texts):
        self.texts = texts
        self.documents = [
            Document(
                document_id=f"d{number}",
                bucket="b",
                key=f"{number}.pdf",
                status="DONE",
                received_at="",
                updated_at="",
                chunk_plan=tuple(ChunkPages(first_page=1, last_page=1) for _ in chunks),
            )
            for number, chunks in enumerate(texts)
        ]
        # By reference: the passages of a document with maps in its row have no hash.
        self.alive = []
        self.most_alive = 0

    def stream_chunks(self, places):
        for place in places:
            document = self.documents.index(place.document)
            texts = self.texts[document][place.number - 1]
            passages = [
                Passage(place.document, 100 * place.number + at, text)
                for at, text in enumerate(texts)
            ]
            self.alive = [one for one in [*self.alive, *map(ref, passages)] if one() is not None]
            self.most_alive = max(self.most_alive, len(self.alive))
            yield place, passages

    def read_all(self):
        return [
            Passage(document, 100 * number + at, text)
            for document, chunks in zip(self.documents, self.texts, strict=True)
            for number, texts in enumerate(chunks, start=1)
            for at, text in enumerate(texts)
        ]


WORDS = st.sampled_from(["tide", "tides", "pier", "boat", "a.", "B.", "東京", "x"])
TEXT = st.lists(WORDS, max_size=8).map(" ".join)
SHELVES = st.lists(st.lists(st.lists(TEXT, max_size=3), max_size=3), max_size=3)
QUESTIONS = st.sampled_from(["tide", "the tides of the pier", "東京", "", "zebra"])


@given(QUESTIONS, SHELVES, st.integers(-5, 120))
def test_passages_are_chosen_as_from_all_of_them(question, texts, room):
    shelf = Shelf(texts)
    reading = choose_passages(
        question, shelf.documents, shelf, lambda one: f"{one.text}!", len, room, DEADLINE
    )
    everything = shelf.read_all()
    written = [f"{one.text}!" for one in everything]
    sizes = [len(text) for text in written]
    if sum(sizes) <= room:
        assert reading.is_all
        assert reading.passages == everything
    else:
        best = choose_best(score_texts(question, written), sizes, room)
        assert reading.passages == [everything[index] for index in best]
        assert not reading.is_all


@given(QUESTIONS, SHELVES)
def test_sentences_are_found_as_from_all_of_them(question, texts):
    shelf = Shelf(texts)
    search = find_sentences(question, shelf.documents, shelf, 2, 0.4, DEADLINE)
    found = [
        (one, sentence.text) for one in shelf.read_all() for sentence in split_sentences(one.text)
    ]
    ranking = TextRanking(choose_telling_terms(split_terms(question)))
    matches = [ranking.add(text) for _, text in found]
    scores = [ranking.score(one) if ranking.tells_apart(one) else 0 for one in matches]
    best = max(scores, default=0)
    picked = {}
    for index in rank_scores(scores):
        if len(picked) < 2 and scores[index] > 0 and scores[index] >= best * 0.4:
            picked.setdefault(found[index][1], index)
    assert [(one.passage, one.text) for one in search.sentences] == [
        found[index] for index in sorted(picked.values())
    ]
    pages = {document.document_id: set() for document in shelf.documents}
    for one in shelf.read_all():
        pages[one.document.document_id].add(one.page)
    assert search.pages == pages


def test_no_more_than_a_few_chunks_and_the_window_are_held():
    shelf = Shelf([[[f"The tide of {page}."] * 5 for page in range(40)] for _ in range(20)])
    reading = choose_passages(
        "tide", shelf.documents, shelf, lambda one: one.text, len, 100, DEADLINE
    )
    assert 0 < len(reading.passages) < 10
    assert shelf.most_alive < 40
    del reading
    find_sentences("tide", shelf.documents, shelf, 4, 0.4, DEADLINE)
    assert shelf.most_alive < 40


def test_the_time_is_looked_at_while_the_text_goes_by():
    shelf = Shelf([[["The tide."]] * 3])
    over = Deadline.after(0)
    with pytest.raises(DeadlineError):
        choose_passages("tide", shelf.documents, shelf, str, len, 100, over)
    with pytest.raises(DeadlineError):
        find_sentences("tide", shelf.documents, shelf, 4, 0.4, over)
