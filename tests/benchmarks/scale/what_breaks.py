"""What breaks first as more documents come in a minute, computed from AWS's limits.

`python -m tests.benchmarks.scale.what_breaks` writes the tables of `docs/scale.md`.

A document has ten pages, one chunk and so one call of the model. What is taken of it, from
`make bench-costs`: the seconds of ingest and worker, the write units, the tokens. What AWS can do
is named with its page; the pages are those of November 2026.
"""

from collections.abc import Iterator
from dataclasses import dataclass

RATES = (10, 1_000, 100_000)

# Of a document, as docs/costs.md has them; where many wait its notification takes ingest twice.
INGEST_SECONDS = 0.17
CALL_SECONDS = 5.0
WORKER_SECONDS = 5.5
WRITE_UNITS = 27.4
TOKENS_READ = 7_200
# Both indexes hold keys alone: it comes to `arrivals` once, and to `in_flight` and off it again.
ARRIVALS_UNITS = 1
IN_FLIGHT_UNITS = 2
# A chunk's completion writes its document's row of 2 KB twice over, as it is part of a transaction.
ROW_UNITS_OF_A_CHUNK = 4
# A lease of the spending limit is opened and closed for twenty calls, in transactions.
TOTAL_UNITS_OF_A_CALL = 2 * 2 * 2 / 20
# Texts and results that are put under one prefix.
PUTS_OF_A_PREFIX = 2

BATCH = 10
# The template's defaults.
INGEST_CONCURRENCY, WORKER_CONCURRENCY = 5, 10
# AWS Lambda Developer Guide, "Configuring scaling behavior for SQS event source mappings".
FIRST_INVOCATIONS, INVOCATIONS_A_MINUTE, MOST_INVOCATIONS = 5, 300, 1_000
# AWS Lambda Developer Guide, "Lambda quotas" and "Lambda scaling behavior".
ACCOUNT_CONCURRENCY = 1_000
# Amazon DynamoDB Developer Guide, "Understanding DynamoDB warm throughput in different scenarios",
# "DynamoDB on-demand capacity mode" and "Quotas in Amazon DynamoDB".
PARTITION_WRITES, NEW_TABLE_WRITES, TABLE_WRITES = 1_000, 4_000, 40_000
# Amazon S3 User Guide, "Best practices design patterns: optimizing Amazon S3 performance".
PREFIX_PUTS = 3_500
# Amazon SQS Developer Guide, "Amazon SQS message quotas".
IN_FLIGHT_MESSAGES = 120_000


@dataclass(frozen=True)
class Limit:
    """A limit: how many documents a minute it lets through, and what is set to raise it."""

    name: str
    documents_a_minute: float
    remedy: str


def list_limits() -> list[Limit]:
    """The limits of a stack with the default settings, the narrowest first."""
    limits = [
        Limit(
            "worker, ten invocations of ten messages",
            WORKER_CONCURRENCY * BATCH / WORKER_SECONDS * 60,
            "`WorkerMaximumConcurrency`, up to 1,000",
        ),
        Limit(
            "ingest, five processors",
            INGEST_CONCURRENCY / INGEST_SECONDS * 60,
            "`IngestMaximumConcurrency`, up to 1,000",
        ),
        Limit(
            "a new table, 4,000 write units a second",
            NEW_TABLE_WRITES / WRITE_UNITS * 60,
            "nothing: it doubles within half an hour; or warm throughput beforehand",
        ),
        Limit(
            "the index `arrivals`, one partition a day",
            PARTITION_WRITES / ARRIVALS_UNITS * 60,
            "nothing yet, as above",
        ),
        Limit(
            "the index `in_flight`, one partition",
            PARTITION_WRITES / IN_FLIGHT_UNITS * 60,
            "nothing yet: stacks side by side, each with a table",
        ),
        Limit(
            "the account's concurrency, 1,000 by default",
            ACCOUNT_CONCURRENCY / (INGEST_SECONDS + WORKER_SECONDS / BATCH) * 60,
            "Service Quotas: concurrent executions",
        ),
        Limit(
            "a table's quota, 40,000 write units a second",
            TABLE_WRITES / WRITE_UNITS * 60,
            "Service Quotas, for the table",
        ),
        Limit(
            "texts and results under a prefix, 3,500 a second",
            PREFIX_PUTS / PUTS_OF_A_PREFIX * 60,
            "nothing: S3 divides prefixes that stay busy",
        ),
        Limit(
            "worker at its greatest, 1,000 invocations",
            MOST_INVOCATIONS * BATCH / WORKER_SECONDS * 60,
            "a larger batch with a window, or a second stack",
        ),
        Limit(
            "the day's spending, one row",
            PARTITION_WRITES / TOTAL_UNITS_OF_A_CALL * 60,
            "nothing: a lease serves twenty calls",
        ),
        Limit(
            "messages in flight on a queue, 120,000",
            IN_FLIGHT_MESSAGES / WORKER_SECONDS * 60,
            "nothing",
        ),
    ]
    return sorted(limits, key=lambda limit: limit.documents_a_minute)


@dataclass(frozen=True)
class Needs:
    """What a rate of documents needs."""

    ingest_invocations: float
    worker_invocations: float
    calls_at_once: float
    tokens_a_minute: float
    writes_a_second: float


def find_needs(documents_a_minute: float) -> Needs:
    """What so many documents a minute keep busy."""
    a_second = documents_a_minute / 60
    return Needs(
        ingest_invocations=a_second * INGEST_SECONDS,
        worker_invocations=a_second * WORKER_SECONDS / BATCH,
        calls_at_once=a_second * CALL_SECONDS,
        tokens_a_minute=documents_a_minute * TOKENS_READ,
        writes_a_second=a_second * WRITE_UNITS,
    )


def list_broken(documents_a_minute: float) -> list[Limit]:
    """The limits that such a rate breaks, in the order in which they break."""
    return [one for one in list_limits() if one.documents_a_minute < documents_a_minute]


@dataclass(frozen=True)
class RampUp:
    """How a queue gets over the beginning: the longest wait in it, and when it is empty."""

    longest_wait_seconds: float
    caught_up_after_seconds: float | None


def simulate_ramp(documents_a_minute: float, concurrency: int, seconds: int = 3_600) -> RampUp:
    """A rate that begins all at once, while Lambda adds invocations of the worker.

    Lambda begins with five and adds 300 a minute, which is less than the 1,000 in ten seconds that
    a function may grow by.
    """
    backlog = longest = 0.0
    caught_up: float | None = 0.0
    for second in range(seconds):
        invocations = min(concurrency, FIRST_INVOCATIONS + INVOCATIONS_A_MINUTE / 60 * second)
        done_a_second = invocations * BATCH / WORKER_SECONDS
        backlog = max(0.0, backlog + documents_a_minute / 60 - done_a_second)
        longest = max(longest, backlog / done_a_second)
        if backlog > 0:
            caught_up = None
        elif caught_up is None:
            caught_up = second
    return RampUp(longest, caught_up)


def write_tables() -> Iterator[str]:
    """The tables of docs/scale.md."""
    yield "| limit | documents a minute | what raises it |"
    yield "|---|---|---|"
    for limit in list_limits():
        yield f"| {limit.name} | {limit.documents_a_minute:,.0f} | {limit.remedy} |"
    yield ""
    yield (
        "| documents a minute | calls of the model at once | tokens read a minute "
        "| worker invocations | ingest invocations | write units a second | breaks |"
    )
    yield "|---|---|---|---|---|---|---|"
    for rate in RATES:
        needs = find_needs(rate)
        broken = len(list_broken(rate))
        yield (
            f"| {rate:,} | {needs.calls_at_once:,.0f} | {needs.tokens_a_minute:,.0f} "
            f"| {needs.worker_invocations:,.1f} | {needs.ingest_invocations:,.1f} "
            f"| {needs.writes_a_second:,.0f} | {broken or 'nothing'} |"
        )
    yield ""
    yield "| documents a minute, at once | `WorkerMaximumConcurrency` | longest wait | caught up |"
    yield "|---|---|---|---|"
    for rate, concurrency in ((1_000, 10), (1_500, 10), (10_000, 100), (100_000, 1_000)):
        ramp = simulate_ramp(rate, concurrency)
        over = ramp.caught_up_after_seconds
        yield (
            f"| {rate:,} | {concurrency:,} | {ramp.longest_wait_seconds:,.0f} s "
            f"| {'never' if over is None else f'after {over:,.0f} s'} |"
        )
    yield ""
    hot = PARTITION_WRITES / ROW_UNITS_OF_A_CHUNK
    yield f"One document: {hot:,.0f} chunks a second, {hot * BATCH:,.0f} pages."


if __name__ == "__main__":
    print(*write_tables(), sep="\n")
