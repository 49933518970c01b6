"""What operators do with single letters: open them, mend their bodies and send them."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, StrictStr

from functions.console.action_services import ActionServices
from functions.console.fragment_routes import Asked, Fragment, FragmentRoutes
from functions.console.letters.selection import (
    LetterForm,
    choose_letters,
    count_held,
    is_listed,
)
from functions.console.timeline_view import read_steps
from pipeline.dead_letters.edited_replay import edit_letter, replay_edited
from pipeline.dead_letters.finished_work import find_finished
from pipeline.dead_letters.hold import LetterServices, message_pk
from pipeline.dead_letters.outcome_words import describe_outcomes
from shared.dead_letters.letters import Letter, group_letters
from shared.dead_letters.reading import read_letters
from shared.errors import (
    InvalidRequestError,
    MessageDecodeError,
    NothingFoundError,
    OperatorError,
)
from shared.messages.delivery_state import ATTRIBUTE_NAME
from shared.messages.result_notices import ResultNotice

_MOST_LETTERS = 20
_MOST_OTHERS = 100
_PLACES = {"document": "documents", "task": "tasks", "report": "reports"}


class EditForm(BaseModel):
    """A letter with another body."""

    letter: str
    body: StrictStr
    only_check: bool = False


def add_routes(routes: FragmentRoutes, services: ActionServices) -> None:
    """Add what is done with single letters."""

    @routes.post("/letters/open")
    def open_letters(asked: Asked) -> Fragment:
        letters = services.open(asked.event).letters
        found = choose_letters(asked.read_form(LetterForm), letters)
        finished = find_finished(letters.table, found)
        return Fragment(
            "letters/opened.html.j2",
            {
                "letters": [_view_letter(one, letters) for one in found[:_MOST_LETTERS]],
                "finished": finished,
                "more": len(found[_MOST_LETTERS:]),
                "held": count_held(found, letters),
            },
        )

    @routes.post("/letters/look")
    def look_into_queues(asked: Asked) -> Fragment:
        letters = services.open(asked.event).letters
        found = read_letters(letters.queues, letters.dlqs, letters.pace, letters.stopwatch)
        others = [one for one in found if not is_listed(one)]
        return Fragment(
            "letters/looked.html.j2",
            {
                "groups": group_letters(found),
                "count": len(found),
                "others": others[:_MOST_OTHERS],
                "links": {one.key: list(_link_subjects(one)) for one in others[:_MOST_OTHERS]},
                "more_others": len(others[_MOST_OTHERS:]),
                "held": count_held(found, letters),
            },
        )

    @routes.post("/letters/edit")
    def send_edited(asked: Asked) -> Fragment:
        form = asked.read_form(EditForm)
        letters = services.open(asked.event).letters
        found = choose_letters(LetterForm(letter=form.letter), letters)
        if not found:
            raise NothingFoundError(
                "the letter is not there any more, or somebody else holds it for half a minute"
            )
        letter = found[-1]
        if form.body == letter.message.body:
            raise InvalidRequestError("nothing was changed, so nothing is sent: replay it as it is")
        try:
            edited = edit_letter(letter, form.body, letters.table)
        except (MessageDecodeError, OperatorError) as error:
            raise InvalidRequestError(f"this cannot be sent: {error}") from error
        lines = (
            [] if form.only_check else describe_outcomes([replay_edited(letter, edited, letters)])
        )
        values = {"work": edited.work, "lines": lines, "edited": edited}
        return Fragment("letters/edited.html.j2", values, has_changed=not form.only_check)


def _link_subjects(letter: Letter) -> Iterator[tuple[str, str]]:
    """What a letter is about, in words, and the place in the console that shows it."""
    for one in letter.work.subjects:
        yield f"its {one.kind}", f"{_PLACES[one.kind]}/{quote(one.id, safe='')}"
    message = letter.work.message
    if isinstance(message, ResultNotice):
        for result in message.objects:
            # `results/<document>/…` or `results/tasks/<task>/…`
            _, folder, item_id, *_ = [*result.key.split("/"), "", ""]
            place = f"tasks/{item_id}" if folder == "tasks" else f"documents/{folder}"
            yield result.key, quote(place)


def _view_letter(letter: Letter, services: LetterServices) -> dict[str, Any]:
    attributes = {
        name: value.get("stringValue") or value.get("binaryValue") or ""
        for name, value in letter.message.attributes.items()
        if name != ATTRIBUTE_NAME
    }
    # What is about nothing in the ledger has a timeline of its own.
    told = {} if letter.work.subjects else read_steps(services.table, message_pk(letter.letter_id))
    return {"letter": letter, "attributes": attributes, **({"timeline": None, "steps": []} | told)}
