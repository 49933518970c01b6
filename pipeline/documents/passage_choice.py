"""Choose what to read of documents for a question, without ever holding all of their text.

The text goes by once, chunk by chunk: of each passage only what its rank hangs on is kept. Then the
chunks that hold the best ones are read again. So the memory that is needed grows with the model's
window, and hardly with the documents.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from pipeline.documents.document_reader import DocumentReader
from pipeline.documents.page_search import Match, TextRanking, choose_best, split_terms
from pipeline.documents.passages import ChunkPlace, Passage, list_chunks
from pipeline.documents.telling_words import choose_telling_terms
from shared.deadline import Deadline
from shared.ledger.documents import Document
from shared.llm.extractive.sentences import split_sentences


@dataclass(frozen=True)
class Reading:
    """The passages that are read, and whether they are all there are."""

    passages: list[Passage]
    is_all: bool


class _Place(NamedTuple):
    """Where a passage is found: its chunk, and its place in the chunk from 0."""

    chunk: ChunkPlace
    position: int


def choose_passages(
    question: str,
    documents: Sequence[Document],
    reader: DocumentReader,
    write: Callable[[Passage], str],
    weigh: Callable[[str], int],
    room: int,
    deadline: Deadline,
) -> Reading:
    """All passages of documents if they fit, else those that match the question best.

    Args:
        question: What is looked for.
        documents: The documents.
        reader: Reads them.
        write: A passage as it will be read.
        weigh: What that takes up.
        room: What all may take up together.
        deadline: The end of the time.

    Raises:
        DeadlineError: The text is not gone through in time.
        ObjectMissingError: Text of a document is gone from the artifacts bucket.
    """
    places: list[_Place] = []
    sizes: list[int] = []
    matches: list[Match] = []
    ranking = TextRanking(split_terms(question))
    # All that has gone by, as long as it fits; nothing is ranked before it does not.
    held: list[Passage] = []
    room_left = room
    for place, passage in _stream_places(reader, documents, deadline):
        fitted = room_left >= 0
        text = write(passage)
        places.append(place)
        sizes.append(weigh(text))
        room_left -= sizes[-1]
        if room_left >= 0:
            held.append(passage)
            continue
        if fitted:
            matches.extend(ranking.add(write(one)) for one in held)
            held.clear()
        matches.append(ranking.add(text))
    if room_left >= 0:
        return Reading(held, True)
    chosen = choose_best([ranking.score(match) for match in matches], sizes, room)
    return Reading(_read_places(reader, [places[index] for index in chosen]), False)


@dataclass(frozen=True)
class FoundSentence:
    """A sentence, and the passage that it stands in."""

    text: str
    passage: Passage


@dataclass(frozen=True)
class SentenceSearch:
    """The sentences of documents that match a question best, and which pages were looked through.

    Attributes:
        sentences: The sentences, in the order of the text.
        pages: The pages with text, by the document's id.
    """

    sentences: list[FoundSentence]
    pages: Mapping[str, set[int]]


def find_sentences(
    question: str,
    documents: Sequence[Document],
    reader: DocumentReader,
    most: int,
    floor: float,
    deadline: Deadline,
) -> SentenceSearch:
    """The sentences of documents that match a question best, by its telling words alone.

    Of the sentences that match alike only the first few are kept: the others would come after them.

    Args:
        question: What is looked for.
        documents: The documents.
        reader: Reads them.
        most: The most sentences to find; each text counts once.
        floor: What a sentence has to score at the least, as a share of the best one's score.
        deadline: The end of the time.

    Raises:
        DeadlineError: The text is not gone through in time.
        ObjectMissingError: Text of a document is gone from the artifacts bucket.
    """
    ranking = TextRanking(choose_telling_terms(split_terms(question)))
    alike: dict[Match, dict[str, tuple[int, _Place]]] = {}
    pages: dict[str, set[int]] = {document.document_id: set() for document in documents}
    number = 0
    for place, passage in _stream_places(reader, documents, deadline):
        pages[passage.document.document_id].add(passage.page)
        for sentence in split_sentences(passage.text):
            number += 1
            match = ranking.add(sentence.text)
            if match.found:
                kept = alike.setdefault(match, {})
                if len(kept) < most:
                    kept.setdefault(sentence.text, (number, place))
    found = sorted(
        (-ranking.score(match), number, text, place)
        for match, kept in alike.items()
        if ranking.tells_apart(match)
        for text, (number, place) in kept.items()
    )[:most]
    best = [one for one in found if one[0] <= found[0][0] * floor]
    in_order = sorted(best, key=lambda one: one[1])
    passages = _read_places(reader, [place for *_, place in in_order])
    return SentenceSearch(
        [FoundSentence(one[2], passage) for one, passage in zip(in_order, passages, strict=True)],
        pages,
    )


def _stream_places(
    reader: DocumentReader, documents: Sequence[Document], deadline: Deadline
) -> Iterator[tuple[_Place, Passage]]:
    for chunk, passages in reader.stream_chunks(list_chunks(documents)):
        deadline.check()
        for position, passage in enumerate(passages):
            yield _Place(chunk, position), passage


def _read_places(reader: DocumentReader, places: Sequence[_Place]) -> list[Passage]:
    """The passages of places that are in the order of the text."""
    wanted = [(chunk, list(group)) for chunk, group in groupby(places, lambda place: place.chunk)]
    chunks = reader.stream_chunks(chunk for chunk, _ in wanted)
    return [
        passages[place.position]
        for (_, group), (_, passages) in zip(wanted, chunks, strict=True)
        for place in group
    ]
