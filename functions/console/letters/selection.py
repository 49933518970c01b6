"""Which letters a form means: one, those of a document or task, of a cause, or of the filter."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from pipeline.dead_letters.given_up import GivenUpFilter, list_given_up
from pipeline.dead_letters.hold import LetterServices
from shared.dead_letters.letters import Letter, LetterFilter
from shared.dead_letters.reading import read_letters
from shared.errors import InvalidRequestError
from shared.queue_catalogue import QUEUES, REPORTS, RESULTS

Word = Annotated[str, StringConstraints(max_length=1024, strip_whitespace=True)]

_KINDS = ("document", "task")

# Queues of whose letters no row of a document or task tells: they are found by looking.
UNLISTED = frozenset({REPORTS, RESULTS})


class LetterForm(BaseModel):
    """The fields by which every form says which letters are meant; those that fit all of them.

    Attributes:
        letter: The id of a letter.
        subject: The id of a document or task.
        error: What they died of, with `stage`.
        words: As the filter of the page has it, like `kind`, `queue`, `group` and `discarded`.
        started: Only those that died before; so that what dies again is not sent again.
    """

    model_config = ConfigDict(extra="ignore")

    letter: Word | None = None
    subject: Word | None = None
    error: Word | None = None
    stage: Word | None = None
    words: Word | None = None
    kind: Word | None = None
    queue: Word | None = None
    group: Word | None = None
    discarded: Word | None = None
    started: AwareDatetime | None = None

    @property
    def fields(self) -> dict[str, str]:
        """What the next form of the same letters says."""
        return {name: str(value) for name, value in self.model_dump(exclude_none=True).items()}

    @property
    def unlisted(self) -> str | None:
        """The queue whose letters are meant, if no row tells of these."""
        is_meant = self.is_of_filter and self.queue in {one.name for one in UNLISTED}
        return self.queue if is_meant else None

    @property
    def is_of_filter(self) -> bool:
        """Whether the filter of the page says which are meant."""
        return not (self.letter or self.subject or self.error)

    def begin(self, now: datetime) -> Self:
        """The same, of letters that have died by now; its beginning stays as it is."""
        return self if self.started else self.model_copy(update={"started": now})


def read_filter(fields: Mapping[str, str | None]) -> GivenUpFilter:
    """The filter of the page, from its fields.

    Raises:
        InvalidRequestError: A field says nothing that is known.
    """
    kind, queue = fields.get("kind"), fields.get("queue")
    if kind is not None and kind not in _KINDS:
        raise InvalidRequestError(f"kind: choose from {', '.join(_KINDS)}")
    names = [one.name for one in QUEUES]
    if queue is not None and queue not in names:
        raise InvalidRequestError(f"queue: choose from {', '.join(names)}")
    return GivenUpFilter(
        kind=kind,
        queue=queue,
        group_id=fields.get("group"),
        words=fields.get("words"),
        with_discarded=bool(fields.get("discarded")),
    )


def choose_letters(form: LetterForm, services: LetterServices) -> list[Letter]:
    """Receive the letters that a form means, the oldest first; they are visible again at once.

    Raises:
        InvalidRequestError: A field says nothing that is known.
        SeashoreError: A queue or the ledger cannot be read.
    """
    wanted = LetterFilter(ids=(form.letter,) if form.letter else (), before=form.started)
    subjects = None
    if form.subject:
        subjects = {form.subject}
    elif form.is_of_filter and form.unlisted is None:
        chosen = read_filter(form.model_dump(exclude={"started"}))
        given_up = list_given_up(services.table, services.now())
        subjects = {one.end.item_id for one in given_up if chosen.fits(one)}
        if not subjects:
            return []
    letters = read_letters(services.queues, services.dlqs, services.pace, services.stopwatch)
    return [
        letter
        for letter in letters
        if wanted.fits(letter)
        and (subjects is None or any(one.id in subjects for one in letter.work.subjects))
        and (form.unlisted is None or _is_of_queue(letter, form))
        and form.error in (None, letter.error_type)
        and form.stage in (None, letter.stage)
    ]


def is_listed(letter: Letter) -> bool:
    """Whether the row of a document or task tells of a letter."""
    is_about = any(one.kind in _KINDS for one in letter.work.subjects)
    return is_about and letter.queue.kind not in UNLISTED


def _is_of_queue(letter: Letter, form: LetterForm) -> bool:
    """Whether a letter is of the queue that is meant, and has the words that are."""
    told = "\n".join((letter.letter_id, letter.cause, letter.message.body)).casefold()
    has_words = all(word in told for word in (form.words or "").casefold().split())
    is_of_kind = form.kind is None or any(one.kind == form.kind for one in letter.work.subjects)
    return letter.queue.name == form.unlisted and has_words and is_of_kind


def count_held(letters: Sequence[Letter], services: LetterServices) -> int:
    """About how many letters somebody else holds just now; none if letters were found.

    Raises:
        SeashoreError: A queue cannot be read.
    """
    if letters:
        return 0
    return sum(services.queues.count_all_messages(dlq.dlq_url) for dlq in services.dlqs)
