"""Dollars of AWS for 1,000 documents, beside Step Functions and beside durable functions.

Ours is measured and priced as by `make bench-costs`. The two others are arithmetic upon it: the
same functions doing the same work, with their state where those services keep it.
"""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass

from tests.benchmarks import bench_costs
from tests.benchmarks.suite.findings import Finding

# AWS Step Functions Pricing, standard workflows, us-east-1: a state transition.
STATE_TRANSITION = 25e-6
# AWS Lambda Pricing, durable functions, us-east-1: an operation, a gigabyte written.
DURABLE_OPERATION = 8e-6
DURABLE_GB = 0.25
# What the result of a step comes to, as the ledger keeps it.
STEP_BYTES = 3_000

# Documents of so many pages: enough of them that most batches are full.
PAGES = {1: 10, 10: 10, 100: 5}
# As with a batching window, where as many chunks arrive within it.
RECORDS = 10


@dataclass(frozen=True)
class DocumentUse:
    """What a document uses: pages, chunks, seconds of both functions, dollars by part."""

    pages: int
    chunks: int
    ingest_seconds: float
    dollars: Mapping[str, float]

    @property
    def ours(self) -> float:
        """Dollars of AWS for 1,000 of them, the model left out."""
        return sum(self.dollars.values())

    @property
    def rounds(self) -> int:
        """How often the model is waited for, where all chunks are asked about at once."""
        return 1 if self.chunks == 1 else 2


def price_step_functions(use: DocumentUse) -> float:
    """Dollars for 1,000 documents as a state a chunk, and one each to read, map and combine.

    The functions are ours, without queues and ledger: what an execution knows is in its states.
    """
    transitions = use.chunks + 3
    kept = sum(dollars for name, dollars in use.dollars.items() if _is_kept(name))
    return kept + transitions * STATE_TRANSITION * 1_000


def price_durable_function(use: DocumentUse) -> float:
    """Dollars for 1,000 documents as one durable function each, a step a chunk.

    It has ingest's memory, as it parses; and it is billed while it waits for the model, once for
    all chunks and once for their combination.
    """
    operations = use.chunks + 3
    seconds = use.ingest_seconds + use.rounds * (bench_costs.MODEL_CALL_SECONDS + 0.1)
    gigabyte_seconds = seconds * bench_costs.MEMORY_MB["ingest"] / 1_024
    one = (
        gigabyte_seconds * bench_costs.LAMBDA_GB_SECOND_ARM64
        + bench_costs.LAMBDA_REQUEST
        + operations * (DURABLE_OPERATION + STEP_BYTES / 1e9 * DURABLE_GB)
    )
    kept = sum(use.dollars.get(name, 0.0) for name in ("S3", "CloudWatch Logs"))
    return one * 1_000 + kept


def _is_kept(part: str) -> bool:
    return part.startswith("Lambda") or part in ("S3", "CloudWatch Logs")


def use_of(pages: int, documents: int, records: int = 1) -> DocumentUse:
    """Measure documents of so many pages, where the worker takes so many messages at once."""
    usages, model_calls, input_tokens = bench_costs.run(documents, pages, records)
    rows = bench_costs.price(usages, model_calls, input_tokens, documents)
    ingest = usages["ingest"]
    calls = model_calls / documents
    return DocumentUse(
        pages=pages,
        # Where a document has several chunks, one call more combines them.
        chunks=1 if calls <= 1 else math.floor(calls) - 1,
        ingest_seconds=ingest.estimate_seconds("ingest") / documents,
        dollars={name: dollars for name, _, dollars in rows[:-1]},
    )


def measure_cost(*, small: bool) -> Finding:
    """The part *cost*."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    rows, figures = [], {}
    for pages, documents in ({1: 1} if small else PAGES).items():
        use = use_of(pages, documents)
        batched = use_of(pages, documents, RECORDS)
        others = {
            "step_functions": price_step_functions(use),
            "durable": price_durable_function(use),
        }
        figures[str(pages)] = {
            "ours": use.ours,
            "ours_batched": batched.ours,
            **others,
            "parts": dict(use.dollars),
        }
        dynamodb, lambdas = use.dollars["DynamoDB"], _add_lambda(use)
        rows.append(
            [
                f"{pages}",
                f"{use.chunks}",
                f"{use.ours:.3f}",
                f"{batched.ours:.3f}",
                f"{lambdas:.3f}",
                f"{dynamodb:.3f}",
                *(f"{dollars:.3f} ({dollars / use.ours:.1f} times)" for dollars in others.values()),
            ]
        )
    return Finding(
        part="cost",
        question="What do 1,000 documents cost of AWS, without the model, a message an invocation?",
        command="make bench-cost",
        columns=[
            "pages",
            "chunks",
            "this pipeline, $",
            "ten messages at once, $",
            "of the first Lambda",
            "of it DynamoDB",
            "a state a chunk, $",
            "a durable function a document, $",
        ],
        rows=rows,
        notes=[
            "On-demand prices of us-east-1 without the free tier, as of November 2026: those of "
            "`tests/benchmarks/bench_costs.py`; a state transition $25 a million (AWS Step "
            "Functions Pricing, standard workflows); a durable operation $8 a million and $0.25 a "
            "gigabyte written (AWS Lambda Pricing, durable functions, as announced with them in "
            "December 2025: look it up before you decide by it).",
            "What is taken: a call of the model lasts 5 s, one of AWS 10 ms. The two others have "
            "no spending limit, no kept answers, no dead letters and no list of documents; with "
            "these they need a table too. A durable function is billed while it waits for the "
            "model, in the memory that parsing needs.",
        ],
        figures=figures,
    )


def _add_lambda(use: DocumentUse) -> float:
    return sum(dollars for name, dollars in use.dollars.items() if name.startswith("Lambda"))
