"""How long the console's list of dead letters takes.

`python -m tests.benchmarks.scale.console_letters`

200 of 1,000 documents were given up, unless other numbers are given. The ledger is moto, in the
same process: it goes through its whole table for each query, and the list asks for each of 30 days
twice, so its figures say more of moto than of DynamoDB, and grow with the square of the documents.
"""

import argparse
import contextlib
import io
import statistics
import time
from datetime import UTC, datetime, timedelta
from functools import partial

from shared.aws.dynamodb_items import to_item
from shared.ledger.timeline import write_time
from tests.fakes.desks.console_desk import open_console_desk

_ROWS_AT_ONCE = 25


def fill(desk, documents, given_up):
    """Documents of the last ten days, some of which were given up for one of five causes."""
    start = datetime.now(UTC)
    rows = []
    for number in range(documents):
        at = start - timedelta(days=10) * (number / documents)
        document_id = f"d{number:020x}"
        is_given_up = number * given_up % documents < given_up
        row = {
            "pk": f"DOC#{document_id}",
            "sk": "DOC",
            "document_id": document_id,
            "bucket": desk.account.settings.documents_bucket,
            "key": f"folder/{number}.pdf",
            "status": "FAILED" if is_given_up else "DONE",
            "day": f"{at:%Y-%m-%d}",
            "received_at": write_time(at),
            "updated_at": write_time(at),
            "finished_at": write_time(at),
            "chunk_plan": "[[1,9]]",
            "excerpt": "What the document says, in a sentence or two. " * 3,
        }
        if is_given_up:
            cause = f"cause {'abcde'[number % 5]} of request {number}"
            row |= {"reason_code": "not_summarised", "chunk_reason": cause, "chunks_failed": 1}
        rows.append(row)
    for begin in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[begin : begin + _ROWS_AT_ONCE]
        requests = [{"PutRequest": {"Item": to_item(row)}} for row in some]
        desk.account.clients.dynamodb.batch_write_item(RequestItems={desk.table.name: requests})


def measure(read, rounds):
    """The median seconds of some rounds after one that is not counted."""
    times = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            answer = read()
        times.append(time.perf_counter() - started)
        assert answer.status == 200
    return statistics.median(times[1:])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--documents", type=int, default=1_000)
    parser.add_argument("--given-up", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with open_console_desk() as desk:
        fill(desk, options.documents, options.given_up)
        for name, query in (
            ("list", {}),
            ("filter by words", {"words": "cause b"}),
            ("JSON route GET /documents?status=FAILED", None),
        ):
            if query is None:
                wanted = {"status": "FAILED", "limit": "50"}
                read = partial(desk.api.send, "GET", "/documents", query=wanted)
            else:
                read = partial(desk.read, "dead-letters/rows", **query)
            print(f"{name}: {measure(read, options.rounds) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
