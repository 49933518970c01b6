"""The offline language model: it picks sentences of the sources and never writes one itself."""

from collections.abc import Sequence

from pydantic import ValidationError

from shared.deadline import Deadline
from shared.errors import ModelRequestError
from shared.llm.extractive.candidate_sentences import (
    Candidate,
    collect_candidates,
    find_inexact,
    score_candidates,
)
from shared.llm.extractive.language_detection import detect_language
from shared.llm.extractive.mentions import pick_dates, pick_entities
from shared.llm.extractive.sentence_ranking import pick_diverse, weigh_terms
from shared.llm.extractive.title_finding import find_title
from shared.llm.model import AnswerT, ModelAnswer, ModelRequest, Purpose, Usage
from shared.llm.model_choice import EXTRACTIVE

MAX_ABSTRACT_SENTENCES = 3
MAX_KEY_POINTS = 8
_MIN_KEY_POINTS = 3
_SENTENCES_PER_PICK = 4
_SECTIONS = 8
# What scores less than this share of the best is no statement of the text.
_FLOOR = 0.25


class ExtractiveModel:
    """Answers from the sources' own sentences; needs no network, no key and no money.

    It fills the shape of a summary (`title`, `abstract`, `key_points` with `text` and `pages`,
    `language`; of a chunk also `entities` and `dates`). Equal requests get equal answers. The size
    of an answer is bounded by its counts, so `max_output_tokens` is not looked at. A key point
    cites the page of its source; sentences that only a wide page range is known of go into the
    abstract, which cites none.
    """

    name = EXTRACTIVE

    def answer(self, request: ModelRequest[AnswerT], deadline: Deadline) -> ModelAnswer[AnswerT]:
        """Pick the sentences that carry most of the sources.

        Raises:
            DeadlineError: The time is up.
            ModelRequestError: The sources hold no text, or the answer's shape is not a summary's.
        """
        deadline.check()
        candidates = collect_candidates(request.sources)
        if not candidates:
            raise ModelRequestError("The sources hold no text to pick sentences from")
        abstract, key_points = pick_sentences(candidates)
        summary = {
            "title": find_title(request.sources),
            "abstract": " ".join(candidate.text for candidate in abstract),
            "key_points": [
                {"text": candidate.text, "pages": list(candidate.pages)} for candidate in key_points
            ],
            "language": detect_language("\n".join(source.text for source in request.sources)),
        }
        if request.purpose == Purpose.SUMMARIZE_CHUNK:
            summary |= {
                "entities": pick_entities(request.sources),
                "dates": pick_dates(request.sources),
            }
        try:
            value = request.answer_type.model_validate(summary)
        except ValidationError as error:
            raise ModelRequestError(
                f"The extractive model only fills summaries, not {request.answer_type.__name__}"
            ) from error
        return ModelAnswer(value, self.name, Usage())


def pick_sentences(
    candidates: Sequence[Candidate],
) -> tuple[list[Candidate], list[Candidate]]:
    """The sentences of the abstract and those of the key points, each in text order.

    The two have no sentence in common, unless the text is too short for that.
    """
    vectors = weigh_terms([candidate.text for candidate in candidates])
    scores = score_candidates(candidates, vectors)
    sections = [int(candidate.position * _SECTIONS) for candidate in candidates]
    enough = sum(1 for candidate in candidates if candidate.is_prose) // _SENTENCES_PER_PICK
    abstract = pick_diverse(
        _drop_weak(scores), vectors, sections, min(MAX_ABSTRACT_SENTENCES, max(1, enough))
    )
    taken = {*abstract, *find_inexact(candidates)}
    left = [0.0 if index in taken else score for index, score in enumerate(scores)]
    key_points = pick_diverse(
        _drop_weak(left if any(left) else scores),
        vectors,
        sections,
        min(MAX_KEY_POINTS, max(_MIN_KEY_POINTS, enough)),
    )
    return (
        [candidates[index] for index in sorted(abstract)],
        [candidates[index] for index in sorted(key_points)],
    )


def _drop_weak(scores: Sequence[float]) -> list[float]:
    floor = _FLOOR * max(scores)
    return [score if score >= floor else 0.0 for score in scores]
