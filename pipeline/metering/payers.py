"""Who pays for calls of a model: a document or a task, each up to its own limit."""

from dataclasses import dataclass

from shared.aws.dynamodb_items import Row
from shared.errors import DocumentCapError, TaskCapError
from shared.ledger.documents import document_row_key
from shared.ledger.tasks import task_row_key
from shared.prices import format_usd


@dataclass(frozen=True)
class Payer:
    """Whose spending limit a call counts against.

    Args:
        row_key: The row in the ledger that holds what was spent.
        noun: What it is, a document or a task.
        error_type: Raised where the limit does not allow a call.
    """

    row_key: tuple[str, str]
    noun: str
    error_type: type[DocumentCapError | TaskCapError]

    def check_cap(self, row: Row | None, cost: int, cap: int | None) -> None:
        """Pass if a call may cost so much.

        Args:
            row: The payer's row as it was read.
            cost: What the call is expected to cost, in millionths of a dollar.
            cap: The limit; None if there is none.

        Raises:
            DocumentCapError, TaskCapError: The limit is reached.
        """
        # Each run of a document that an operator has redone may cost as much anew.
        before = 0 if row is None else row.get("cost_before_micro_usd", 0)
        spent = 0 if row is None else row.get("cost_micro_usd", 0) - before
        if cap is None or row is None or spent + cost <= cap:
            return
        raise self.error_type(
            f"the {self.noun} has cost {format_usd(spent)} and its limit is {format_usd(cap)}; "
            "raise DocumentCapUsd, then replay, or redo it where a page is named with this"
        )


def pay_by_document(document_id: str) -> Payer:
    """Count calls against a document's limit."""
    return Payer(document_row_key(document_id), "document", DocumentCapError)


def pay_by_task(task_id: str) -> Payer:
    """Count calls against a task's limit, which is as high as that of a document."""
    return Payer(task_row_key(task_id), "task", TaskCapError)
