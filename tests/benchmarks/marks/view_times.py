"""How long somebody waits for a page: a reader's first, a page's first view, and any after that."""

import json
import logging
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from functions.pages import Pages, build_page_extractor, build_pages
from tests.fakes.aws.event_source import LambdaContext
from tests.fakes.aws.kept_account import open_account
from tests.fakes.desks.api_desk import make_event
from tests.fakes.desks.running_pipeline import run_pipeline

_ROUNDS = 5
_PAGES = 6


def time_views(documents: Sequence[Path]) -> Iterator[str]:
    """Lines of a table: milliseconds by the clock, medians, with moto in place of AWS."""
    # The lines of the functions would stand between those of the table.
    logging.disable(logging.INFO)
    os.environ["POWERTOOLS_METRICS_DISABLED"] = "true"
    yield f"{'':24}{'pages':>7}{'first':>9}{'new page':>10}{'seen page':>11}   ms"
    for path in documents:
        with open_account() as account:
            account.upload(path.name, path.read_bytes())
            with run_pipeline(account) as pipeline:
                pipeline.run()
                document = pipeline.document(path.name)
            first, new, seen = [], [], []
            for number in range(_ROUNDS):
                with build_page_extractor(account.settings) as extractor:
                    pages = build_pages(account.settings, account.clients, extractor)
                    last = document.pages - number * _PAGES
                    chosen = range(last, max(0, last - _PAGES), -1)
                    for place, page in enumerate(chosen):
                        route = f"/documents/{document.document_id}/pages/{page}"
                        (new if place else first).append(time_answer(pages, route))
                        seen.append(time_answer(pages, route))
        medians = [statistics.median(some) if some else 0 for some in (first, new, seen)]
        yield (
            f"{path.name[:23]:24}{document.pages:7}{medians[0]:9.0f}{medians[1]:10.0f}"
            f"{medians[2]:11.0f}"
        )


def time_answer(pages: Pages, route: str) -> float:
    """How many milliseconds an answer takes, which has to be a good one."""
    event = make_event("GET", route, query={"quote": "the harbour"})
    started = time.monotonic()
    answer = pages.answer(event, LambdaContext(29.0))
    took = (time.monotonic() - started) * 1000
    assert answer["statusCode"] == 200, json.loads(answer["body"])
    return took
