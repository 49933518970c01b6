"""Conversations: one DynamoDB table apart from the ledger, whose users may delete what is theirs.

| pk | sk | what |
|---|---|---|
| `OWNER#<owner>` | `THREAD#<thread id>` | a thread's head: how many turns, and which one runs now |
| `THREAD#<owner>#<thread id>` | `TURN#<number>` | one turn: what was asked and answered |

Keys are strings: partition key `pk`, sort key `sk`, no index. The TTL attribute is `expires_at`, in
seconds since 1970. A turn's number has six digits, so that the order of keys is that of time.

A turn claims its thread before it runs, by a conditional write on the head, and is entered together
with the end of that claim: so two turns of a thread never run at the same time, and a turn follows
the very history that it was answered from. The claim of a process that dies runs out by itself. It
names the request that it is for, so that the same request, when it comes again, knows its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from boto3.dynamodb.conditions import Attr
from pydantic import BaseModel, ConfigDict

from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import Delete, LedgerTable, Put, Update
from shared.errors import ConversationBusyError, LedgerConflictError, SeashoreError

# Longer than API Gateway lets a request run (Amazon API Gateway Developer Guide, "Quotas for
# configuring and running a REST API in API Gateway": integration timeout 29 seconds).
_CLAIM_LASTS = timedelta(seconds=40)

_UNCLAIMED = {"claimed_by": None, "claimed_for": None, "claimed_until": None}

_MAX_TITLE_CHARACTERS = 80
_MAX_THREADS_READ = 2_000
_ROWS_PER_TRANSACTION = 25


class Thread(BaseModel):
    """A conversation's head. Times are ISO 8601 in UTC; `expires_at` is in seconds since 1970."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    thread_id: str
    title: str = ""
    turns: int = 0
    created_at: str = ""
    updated_at: str = ""
    expires_at: int


class ConversationTurn(BaseModel):
    """What was asked and answered.

    Attributes:
        number: Its place in the thread, from 1.
        at: When it was answered, ISO 8601 in UTC.
        request_id: The request that asked for it.
        request_key: What a client names a request by, so that a repeated one is not a further turn.
        message: What was asked.
        answer: What was answered.
        details: How the answer came about, as the chat describes it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int
    at: str
    request_id: str
    request_key: str | None = None
    message: str
    answer: str
    details: dict[str, Any] = {}


@dataclass(frozen=True)
class Claim:
    """The right to add the next turn to a thread, for a short time.

    Args:
        thread: The thread as it was claimed; one without turns is new.
        holder: Who holds the claim: an id that nobody else has.
    """

    thread: Thread
    holder: str


@dataclass(frozen=True)
class Conversations:
    """The conversations of one owner.

    Args:
        table: The table of all conversations.
        owner: Whose they are; nobody else's can be reached.
        keep_days: How many days a turn is kept, and a thread after its last turn.
        now: The clock.
    """

    table: LedgerTable
    owner: str
    keep_days: int
    now: Callable[[], datetime]

    def claim(
        self,
        thread_id: str,
        holder: str,
        *,
        request: str | None = None,
        lasts: timedelta = _CLAIM_LASTS,
    ) -> Claim:
        """Claim a thread for its next turn; one that is not there is begun.

        Args:
            thread_id: The thread.
            holder: Who claims it: an id that nobody else has.
            request: What the turn is for, the same when the same is asked again.
            lasts: How long the claim holds at the most.

        Raises:
            ConversationBusyError: Another turn runs, or the thread is being deleted.
            ServiceError: The table cannot be reached.
        """
        now = self.now()
        condition = Attr("claimed_until").not_exists() | Attr("claimed_until").lt(_epoch(now))
        try:
            before = self.table.update_row(
                Update(
                    *self._head_key(thread_id),
                    assign={
                        "thread_id": thread_id,
                        "claimed_by": holder,
                        "claimed_for": request,
                        "claimed_until": _epoch(now + lasts),
                        "expires_at": self._expiry(now),
                    },
                    condition=condition,
                )
            )
        except LedgerConflictError as conflict:
            raise ConversationBusyError(
                f"another message of the conversation {thread_id} is being answered"
            ) from conflict
        return Claim(self._read_head(before, now) or self._begin(thread_id, before, now), holder)

    def find_running(self, thread_id: str) -> str | None:
        """The request that the claim of a thread is for; empty if it has none, None if none holds.

        Raises:
            ServiceError: The table cannot be reached.
        """
        row = self.table.read_row(*self._head_key(thread_id))
        if not row or (row.get("claimed_until") or 0) < _epoch(self.now()):
            return None
        return row.get("claimed_for") or ""

    def _begin(self, thread_id: str, before: Row, now: datetime) -> Thread:
        # The numbers of a thread that has expired go on: some of its turns may still lie there.
        return Thread(
            thread_id=thread_id,
            turns=int(before.get("turns", 0)),
            expires_at=self._expiry(now),
        )

    def add_turn(self, claim: Claim, turn: ConversationTurn) -> None:
        """Enter a turn, and end the claim with it.

        Raises:
            ConversationBusyError: The claim has run out, and another turn came first.
            ServiceError: The table cannot be reached.
        """
        now, thread = self.now(), claim.thread
        expires_at = self._expiry(now)
        row = {
            "pk": self._turns_pk(thread.thread_id),
            "sk": _turn_sk(turn.number),
            "expires_at": expires_at,
            **turn.model_dump(),
        }
        head = {
            "turns": turn.number,
            "title": thread.title or " ".join(turn.message.split())[:_MAX_TITLE_CHARACTERS],
            "created_at": thread.created_at or turn.at,
            "updated_at": turn.at,
            "expires_at": expires_at,
            **_UNCLAIMED,
        }
        key = self._head_key(thread.thread_id)
        holds = Attr("claimed_by").eq(claim.holder)
        try:
            self.table.transact([Put(row), Update(*key, assign=head, condition=holds)])
        except LedgerConflictError as conflict:
            raise ConversationBusyError(
                f"the conversation {thread.thread_id} has moved on before the answer was there"
            ) from conflict

    def release(self, claim: Claim) -> None:
        """End a claim without a turn."""
        key = self._head_key(claim.thread.thread_id)
        holds = Attr("claimed_by").eq(claim.holder)
        try:
            if claim.thread.created_at:
                self.table.update_row(Update(*key, assign=_UNCLAIMED, condition=holds))
            else:
                self.table.transact([Delete(*key, condition=holds)])
        except LedgerConflictError:
            # It has run out, and another has taken its place.
            return

    def read_turns(self, thread: Thread, newest: int) -> list[ConversationTurn]:
        """The newest turns of a thread, oldest first; those that have expired are left out."""
        if not thread.turns:
            return []
        rows = self.table.query_rows(
            self._turns_pk(thread.thread_id),
            _turn_sk(max(1, thread.turns - newest + 1)),
            _turn_sk(thread.turns),
        )
        now = _epoch(self.now())
        return [ConversationTurn.model_validate(row) for row in rows if row["expires_at"] > now]

    def find(self, thread_id: str) -> Thread | None:
        """A thread that has at least one turn, or None."""
        return self._read_head(self.table.read_row(*self._head_key(thread_id)), self.now())

    def list_threads(self, limit: int) -> list[Thread]:
        """The threads, the one with the newest turn first."""
        now = self.now()
        rows = self.table.query_rows(f"OWNER#{self.owner}", "THREAD#", "THREAD#~")
        threads = (self._read_head(row, now) for row in islice(rows, _MAX_THREADS_READ))
        known = [thread for thread in threads if thread is not None]
        return sorted(known, key=lambda thread: thread.updated_at, reverse=True)[:limit]

    def delete(self, thread_id: str, holder: str) -> bool:
        """Delete a thread with all its turns.

        Returns:
            Whether there was one.

        Raises:
            ConversationBusyError: A turn of it runs, or came in between.
            ServiceError: The table cannot be reached; some turns may be gone, try again.
        """
        if self.find(thread_id) is None:
            return False
        claim = self.claim(thread_id, holder)
        try:
            self._delete_claimed(claim)
        except SeashoreError:
            self.release(claim)
            raise
        return True

    def _delete_claimed(self, claim: Claim) -> None:
        thread_id = claim.thread.thread_id
        pk, head = self._turns_pk(thread_id), self._head_key(thread_id)
        holds = Attr("claimed_by").eq(claim.holder)
        rows = self.table.query_rows(pk, _turn_sk(0), "TURN#~")
        try:
            while keys := [row["sk"] for row in islice(rows, _ROWS_PER_TRANSACTION)]:
                # A process may be frozen here for minutes, and go on when there are newer turns.
                until = {"claimed_until": _epoch(self.now() + _CLAIM_LASTS)}
                renewed = Update(*head, assign=until, condition=holds)
                self.table.transact([renewed, *(Delete(pk, sk) for sk in keys)])
            # The head goes last: should this process die before, the thread can still be found.
            self.table.transact([Delete(*head, condition=holds)])
        except LedgerConflictError as conflict:
            raise ConversationBusyError(
                f"the conversation {thread_id} has moved on before it was deleted"
            ) from conflict

    def _read_head(self, row: Row | None, now: datetime) -> Thread | None:
        """A thread from its head, unless it has expired or its first turn is yet to come."""
        if not row or not row.get("updated_at") or row["expires_at"] <= _epoch(now):
            return None
        return Thread.model_validate(row)

    def _head_key(self, thread_id: str) -> tuple[str, str]:
        return f"OWNER#{self.owner}", f"THREAD#{thread_id}"

    def _turns_pk(self, thread_id: str) -> str:
        return f"THREAD#{self.owner}#{thread_id}"

    def _expiry(self, now: datetime) -> int:
        return _epoch(now + timedelta(days=self.keep_days))


def _turn_sk(number: int) -> str:
    return f"TURN#{number:06d}"


def _epoch(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp())
