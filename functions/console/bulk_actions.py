"""What operators do with all documents that fit a filter: redo, retry, delete.

A dry run says what that would be and names the documents; what is confirmed is done with these and
no others, as far as they still fit. A request has less than half a minute: each round does as much
as it has time for, and its answer holds the form that asks for the next.
"""

import base64
import uuid
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from functions.console.action_services import ActionServices
from functions.console.fragment_routes import Asked, Fragment, FragmentRoutes
from functions.http.models import DAY_PATTERN
from functions.http.operator_right import find_actor
from functions.http.route_parts import check_day
from pipeline.day_listing import DAYS_BACK
from pipeline.erasure.erase_document import erase_document
from pipeline.operations.redo import RedoEstimate, estimate_redo, order_redo, plan_redo
from pipeline.operations.retry import plan_retry, retry
from pipeline.operations.selection import OperationServices, Selection, find_selected
from shared.deadline import Deadline
from shared.errors import InvalidRequestError, SeashoreError
from shared.ledger.documents import Document, document_row_key, is_erased, to_document
from shared.lifecycle import DocumentStatus
from shared.messages.document_messages import RedoTerms

# What is kept of a request's time to answer; to erase one more document takes some seconds.
_RESERVE_SECONDS = 6.0
_MOST_EXAMPLES = 5
# So many are looked at in a round, whatever else is in the ledger.
_MOST_A_ROUND = 5_000
# So many letters are replayed in some seconds; one document may have more.
_MOST_LETTERS_A_ROUND = 500
# So many ids fit into the body of a request.
_MOST_DOCUMENTS = 50_000
# An id is a letter and twenty hexadecimal digits.
_ID_BYTES = 10

What = Literal["redo", "retry", "delete"]
Word = Annotated[str, StringConstraints(max_length=1024, strip_whitespace=True)]


class BulkForm(BaseModel):
    """The filter of the page, and what is to be done with all that fits it.

    Attributes:
        what: What is done.
        fresh: A redo asks the model again where answers are kept.
        chosen: The documents that a dry run has named and that are left.
        order: Names a redo: under the same name a document is redone once.
        done: How many were done in earlier rounds.
        missed: How many were left out in them, as they did not fit any more.
        total: How many the dry run has named.
    """

    model_config = ConfigDict(extra="ignore")

    what: What
    status: DocumentStatus | None = None
    day: Annotated[str, StringConstraints(pattern=DAY_PATTERN)] | None = None
    prefix: Word | None = None
    words: Word | None = None
    fresh: bool = False
    chosen: str = ""
    order: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")] = Field(
        default_factory=lambda: uuid.uuid4().hex
    )
    done: int = Field(default=0, ge=0)
    missed: int = Field(default=0, ge=0)
    total: int = Field(default=0, ge=0)

    @property
    def fields(self) -> dict[str, str]:
        """What the next form of the same documents says."""
        return {name: str(value) for name, value in self.model_dump(exclude_none=True).items()}

    @property
    def selection(self) -> Selection:
        """Which documents fit; of what is deleted, older versions too."""
        return Selection(
            prefix=self.prefix,
            statuses=frozenset({self.status} if self.status else ()),
            is_all=True,
            days=DAYS_BACK,
            day=self.day,
            words=self.words,
            has_versions=self.what == "delete",
        )

    def choose(self, document_ids: Sequence[str]) -> Self:
        """The same form for these documents and no others."""
        ids = b"".join(bytes.fromhex(one[1:]) for one in document_ids)
        return self.model_copy(update={"chosen": base64.urlsafe_b64encode(ids).decode()})

    def read_chosen(self) -> list[str]:
        """The ids of the documents that the form is bound to.

        Raises:
            InvalidRequestError: It is bound to none.
        """
        try:
            ids = base64.b64decode(self.chosen.encode(), altchars=b"-_", validate=True)
        except ValueError as error:
            raise InvalidRequestError("chosen: no dry run has given this") from error
        if not ids or len(ids) % _ID_BYTES:
            raise InvalidRequestError("chosen: no dry run has given this")
        starts = range(0, len(ids), _ID_BYTES)
        return list(dict.fromkeys(f"d{ids[start : start + _ID_BYTES].hex()}" for start in starts))


@dataclass(frozen=True)
class BulkPlan:
    """What a dry run tells.

    Args:
        documents: What it would be done with.
        skipped: How many others fit, by why it would not be done with them.
        letters: How many dead letters would be replayed.
        model: Who would be asked; empty where nobody is.
        estimate: What that takes at the most; None where nobody is asked.
    """

    documents: Sequence[Document]
    skipped: Mapping[str, int]
    letters: int = 0
    model: str = ""
    estimate: RedoEstimate | None = None


@dataclass(frozen=True)
class Round:
    """What a round has done.

    Args:
        done: With how many documents.
        left: The documents that are left, as the time was up.
        refused: How many letters SQS did not take.
    """

    done: int
    left: Sequence[Document]
    refused: int = 0


def add_routes(routes: FragmentRoutes, services: ActionServices) -> None:
    """Add what is done with all that fits."""

    @routes.post("/bulk/plan")
    def tell_plan(asked: Asked) -> Fragment:
        operations = services.open(asked.event)
        form = asked.read_form(BulkForm, chosen="", done=0, missed=0)
        if form.day is not None:
            check_day(form.day)
        plan = _plan(form, list(find_selected(form.selection, operations)), operations)
        if len(plan.documents) > _MOST_DOCUMENTS:
            raise InvalidRequestError(
                f"{len(plan.documents):,} documents fit, and {_MOST_DOCUMENTS:,} are the most that "
                "are worked on at once: narrow the filter down"
            )
        ids = [one.document_id for one in plan.documents]
        form = form.model_copy(update={"total": len(ids)}).choose(ids)
        return Fragment(
            "bulk_plan.html.j2",
            {"form": form, "plan": plan, "examples": plan.documents[:_MOST_EXAMPLES]},
        )

    @routes.post("/bulk/do")
    def do_round(asked: Asked) -> Fragment:
        operations = services.open(asked.event)
        form = asked.read_form(BulkForm)
        chosen = form.read_chosen()
        looked_at, later = chosen[:_MOST_A_ROUND], chosen[_MOST_A_ROUND:]
        found = _find_fitting(looked_at, form.selection, operations)
        facts = asked.facts
        deadline = Deadline(facts.deadline.at_seconds - _RESERVE_SECONDS, facts.deadline.clock)
        if form.what == "delete":
            result = _delete(found, find_actor(asked.event), services, deadline)
        else:
            result = _carry_out(form, found, operations, deadline)
        # What was chosen and is neither done nor left has moved on by itself.
        missed = len(looked_at) - result.done - len(result.left)
        left = [*(one.document_id for one in result.left), *later]
        form = form.model_copy(
            update={"done": form.done + result.done, "missed": form.missed + missed}
        ).choose(left)
        is_stuck = bool(result.left) and not result.done
        is_over = not left or is_stuck
        values = {
            "form": form, "is_over": is_over, "left": len(left), "refused": result.refused,
        }  # fmt: skip
        return Fragment("bulk_round.html.j2", values, has_changed=is_over)


def _find_fitting(
    ids: Sequence[str], selection: Selection, operations: OperationServices
) -> list[Document]:
    """Those of some documents that are there and fit, as they stand now."""
    keys = [{"pk": pk, "sk": sk} for pk, sk in map(document_row_key, ids)]
    rows = operations.table.read_indexed(keys, "pk")
    there = [to_document(row) for row in rows if row is not None and not is_erased(row)]
    return [one for one in there if selection.fits(one)]


def _plan(form: BulkForm, documents: Sequence[Document], operations: OperationServices) -> BulkPlan:
    if form.what == "redo":
        redo = plan_redo(documents, form.order, RedoTerms(is_fresh=form.fresh), operations)
        return BulkPlan(redo.documents, redo.skipped, 0, redo.model, redo.estimate)
    if form.what == "retry":
        again = plan_retry(documents, (), operations)
        model = next(iter(operations.models))
        estimate = estimate_redo(again.documents, model, operations)
        return BulkPlan(again.documents, again.skipped, len(again.letters), model, estimate)
    there = [one for one in documents if one.status is not DocumentStatus.DELETED]
    gone = len(documents) - len(there)
    return BulkPlan(there, {"deleted": gone} if gone else {})


def _carry_out(
    form: BulkForm,
    documents: Sequence[Document],
    operations: OperationServices,
    deadline: Deadline,
) -> Round:
    """Redo or retry as many as there is time for."""
    if form.what == "redo":
        terms = RedoTerms(is_fresh=form.fresh)
        plan = plan_redo(documents, form.order, terms, operations)
        sent = order_redo(plan, form.order, terms, operations, deadline)
        return Round(sent, plan.documents[sent:])
    again = plan_retry(documents, (), operations)
    counts = Counter(subject.id for one in again.letters for subject in one.work.subjects)
    lettered = [one for one in again.documents if counts[one.document_id]]
    # A document's letters go in one round: after it the document is not failed any more.
    ends = list(accumulate(counts[one.document_id] for one in lettered))
    fitting = max(1, bisect_right(ends, _MOST_LETTERS_A_ROUND))
    without = [one for one in again.documents if not counts[one.document_id]]
    ids = {one.document_id for one in lettered[:fitting]}
    now = replace(
        again,
        documents=(*lettered[:fitting], *without),
        letters=tuple(
            letter
            for letter in again.letters
            if any(subject.id in ids for subject in letter.work.subjects)
        ),
    )
    done = retry(now, operations, deadline)
    left = [*lettered[fitting:], *without[done.resumed :]]
    return Round(len(again.documents) - len(left), left, done.refused)


def _delete(
    documents: Sequence[Document], by: str, services: ActionServices, deadline: Deadline
) -> Round:
    """Erase as many as there is time for; what fails is left, after those not looked at yet.

    Raises:
        SeashoreError: As the first that failed did, where none was erased.
    """
    done = looked_at = 0
    failures: list[tuple[Document, SeashoreError]] = []
    for document in documents:
        if deadline.remaining_seconds <= 0:
            break
        looked_at += 1
        try:
            erase_document(document.document_id, by, services.erasures)
        except SeashoreError as error:
            failures.append((document, error))
        else:
            done += 1
    if failures and not done:
        raise failures[0][1]
    return Round(done, [*documents[looked_at:], *(document for document, _ in failures)])
