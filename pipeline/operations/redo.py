"""Documents are redone: what that may cost, and the orders to the worker.

An order is a message for each document and names the run that it follows. It may be sent again: of
one order a document is redone once.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pipeline.ingest.chunk_text import locate_chunk, text_folder
from pipeline.operations.selection import OperationServices
from shared.deadline import Deadline
from shared.ledger.documents import Document
from shared.lifecycle import REDONE_FROM, DocumentStatus
from shared.llm.call_chain import find_most_of_answer
from shared.llm.model_choice import EXTRACTIVE, check_model
from shared.llm.model_window import MAX_CHUNK_OUTPUT_TOKENS
from shared.llm.token_estimate import TOKENS_AROUND_SOURCES
from shared.messages.document_messages import Redo, RedoTerms
from shared.messages.message import encode_message
from shared.messages.message_groups import group_of_redo
from shared.prices import compute_cost_micro_usd

# Of so many documents, evenly chosen, the sizes of their texts are looked up.
_MOST_SAMPLED = 100
# What `estimate_tokens` makes of a token of English prose.
_BYTES_PER_TOKEN = 3.5
_THREADS = 8
_MESSAGES_AT_ONCE = 10


@dataclass(frozen=True)
class RedoEstimate:
    """What a redo takes at the most; answers that are kept cost nothing.

    Args:
        input_tokens: About so much is read, with one call for each answer.
        most_output_tokens: So much is written at the most, with one call for each answer.
        most_cost_micro_usd: What both cost; None if the model has no price in the settings.
        asked_again_micro_usd: What it costs if each answer takes all the calls that it may; None
            likewise.
        unread: How many documents have no text, and are read anew first: of them nothing is known.
        sampled: Of how many documents the sizes of their texts were looked up.
    """

    input_tokens: int
    most_output_tokens: int
    most_cost_micro_usd: int | None
    asked_again_micro_usd: int | None
    unread: int
    sampled: int


@dataclass(frozen=True)
class RedoPlan:
    """What a redo would do.

    Args:
        documents: The documents that would be redone.
        skipped: How many others were meant, by why they would not be: `in_flight`, `deleted`, or
            `ordered`, by this very order.
        model: Who would be asked.
        estimate: What it would take.
    """

    documents: tuple[Document, ...]
    skipped: Mapping[str, int]
    model: str
    estimate: RedoEstimate


def plan_redo(
    documents: Iterable[Document], order: str, terms: RedoTerms, services: OperationServices
) -> RedoPlan:
    """Choose which of some documents are redone, and estimate what that takes.

    Raises:
        InvalidRequestError: The settings name no such model.
    """
    check_model(terms.model, services.models)
    chosen: list[Document] = []
    skipped: Counter[str] = Counter()
    for document in documents:
        reason = _find_hindrance(document, order)
        if reason is None:
            chosen.append(document)
        else:
            skipped[reason] += 1
    model = terms.model or next(iter(services.models))
    return RedoPlan(tuple(chosen), dict(skipped), model, estimate_redo(chosen, model, services))


def _find_hindrance(document: Document, order: str) -> str | None:
    if document.redo_order == order:
        return "ordered"
    if document.status is DocumentStatus.DELETED:
        return "deleted"
    is_over = document.status in REDONE_FROM and document.is_final
    return None if is_over else "in_flight"


def estimate_redo(
    documents: Sequence[Document], model: str, services: OperationServices
) -> RedoEstimate:
    """What it takes at the most to summarise documents once more."""
    read = [document for document in documents if document.is_read]
    if model == EXTRACTIVE:
        # Sentences are picked: nobody reads tokens or writes any.
        return RedoEstimate(0, 0, 0, 0, unread=len(documents) - len(read), sampled=0)
    sample = read[:: -(-len(read) // _MOST_SAMPLED) or 1]
    with ThreadPoolExecutor(_THREADS) as pool:
        sizes = list(pool.map(lambda one: _measure_text(one, services), sample))
    chunks = sum(len(document.chunk_plan) for document in read)
    sampled_chunks = sum(len(document.chunk_plan) for document in sample)
    text_tokens = sum(sizes) / _BYTES_PER_TOKEN * chunks / sampled_chunks if sampled_chunks else 0
    # The summaries of several chunks are combined by one more call, which reads all of them.
    combined = [len(document.chunk_plan) for document in read if len(document.chunk_plan) > 1]
    calls = chunks + len(combined)
    input_tokens = round(
        text_tokens + calls * TOKENS_AROUND_SOURCES + sum(combined) * MAX_CHUNK_OUTPUT_TOKENS / 2
    )
    most_output_tokens = calls * MAX_CHUNK_OUTPUT_TOKENS
    price = services.models[model]
    again = find_most_of_answer(math.ceil(input_tokens / max(calls, 1)), MAX_CHUNK_OUTPUT_TOKENS)

    def compute_cost(of_input: int, of_output: int) -> int | None:
        return None if price is None else compute_cost_micro_usd(price, of_input, of_output)

    return RedoEstimate(
        input_tokens=input_tokens,
        most_output_tokens=most_output_tokens,
        most_cost_micro_usd=compute_cost(input_tokens, most_output_tokens),
        asked_again_micro_usd=compute_cost(calls * again.input_tokens, calls * again.output_tokens),
        unread=len(documents) - len(read),
        sampled=len(sample),
    )


def _measure_text(document: Document, services: OperationServices) -> int:
    """The bytes of a document's text, without what else lies beside it, as pictures of pages."""
    keys = {locate_chunk(document, n) for n in range(1, len(document.chunk_plan) + 1)}
    folder = text_folder(document.text_address)
    return services.objects.measure(services.artifacts_bucket, folder, keys)


def order_redo(
    plan: RedoPlan, order: str, terms: RedoTerms, services: OperationServices, deadline: Deadline
) -> int:
    """Send the orders, as far as the time allows.

    Returns:
        How many were sent; to send all of them again is safe.

    Raises:
        DeferredError: SQS asks for patience.
    """
    bodies = [
        encode_message(
            Redo(
                document_id=document.document_id,
                run=document.run,
                order=order,
                by=services.by,
                terms=terms,
            )
        )
        for document in plan.documents
    ]
    group = group_of_redo(order)

    def send(ten: Sequence[str]) -> None:
        services.queues.send(services.work_queue_url, ten, group)

    sent = 0
    with ThreadPoolExecutor(_THREADS) as pool:
        for some in _split(bodies, _THREADS * _MESSAGES_AT_ONCE):
            if deadline.remaining_seconds <= 0:
                break
            parts = _split(some, _MESSAGES_AT_ONCE)
            list(pool.map(send, parts))
            sent += len(some)
    return sent


def _split(bodies: Sequence[str], size: int) -> list[Sequence[str]]:
    return [bodies[start : start + size] for start in range(0, len(bodies), size)]
