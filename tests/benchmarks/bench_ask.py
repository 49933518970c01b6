"""Peak memory of a question over long documents, beside an earlier commit.

Run by hand: `python -m tests.benchmarks.bench_ask [--documents N] [--pages N] [--commit SHA]`.
Each question is asked in a fresh process, as in a function of its own, whose memory is measured.
The documents' text is made up as it is read, in chunks of usual size; a model's answer costs
nothing.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
from types import SimpleNamespace

COMMIT = "e2f80e9"
LIMIT_MB = 512
WINDOW_TOKENS = 100_000
PAGES_PER_CHUNK = 40
WORDS_PER_PAGE = 500


class MadeUpTexts:
    """An object store whose chunks of text are made when they are read, the same each time."""

    def __init__(self, plan):
        self._plan = plan

    def read_json(self, _bucket, key):
        _, address, name = key.split("/")
        chunk = self._plan[int(name.partition(".")[0]) - 1]
        pages = [
            {"number": page, "text": make_page(f"{address} {page}")}
            for page in range(chunk.first_page, chunk.last_page + 1)
        ]
        return json.loads(json.dumps({"pages": pages}))


def make_page(seed):
    """About 500 words, of which few are those of the question."""
    chance = random.Random(seed)
    words = [f"word{chance.randrange(20_000)}" for _ in range(WORDS_PER_PAGE)]
    words[chance.randrange(WORDS_PER_PAGE)] = "harbour"
    lines = [" ".join(words[start : start + 12]) for start in range(0, len(words), 12)]
    return ".\n".join(lines).capitalize() + "."


def ask(documents, pages, model):
    """Ask in this process; print what it took as JSON."""
    from pipeline.documents.document_reader import DocumentReader
    from pipeline.tasks.ask import Answer, answer_question
    from shared.deadline import Deadline
    from shared.ledger.documents import ChunkPages, Document
    from shared.llm.model_window import ModelWindow

    plan = tuple(
        ChunkPages(first_page=first, last_page=min(first + PAGES_PER_CHUNK - 1, pages))
        for first in range(1, pages + 1, PAGES_PER_CHUNK)
    )
    named = [
        Document(
            document_id=f"d{number:020}", bucket="b", key=f"{number}.pdf", status="DONE",
            received_at="", updated_at="", pages=pages, chunk_plan=plan,
            text_address=f"{number:064}-1-1", chunks_total=len(plan),
        )
        for number in range(documents)
    ]  # fmt: skip
    reader = DocumentReader(None, MadeUpTexts(plan), "b", "a", None)
    answer = SimpleNamespace(value=Answer(answer="x", answered=True, citations=[]))
    calls = SimpleNamespace(is_extractive=model == "offline", ask=lambda request, deadline: answer)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    found = answer_question(
        "When was the harbour opened?", named, reader, calls, ModelWindow(WINDOW_TOKENS),
        Deadline.after(3_600),
    )  # fmt: skip
    figures = {
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "idle_mb": before / 1024,
        "cpu_seconds": time.process_time() - began,
        "found": [found.answer, [read.pages for read in found.pages_read]],
    }
    print(json.dumps(figures))


def measure(product, documents, pages, model):
    """Ask in a process of its own, with the product's code in a folder."""
    arguments = [sys.executable, __file__, "--model", model]
    arguments += ["--documents", str(documents), "--pages", str(pages)]
    done = subprocess.run(  # noqa: S603 - our own script
        arguments,
        env=os.environ | {"PYTHONPATH": str(product)},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--documents", type=int, default=20)
    arguments.add_argument("--pages", type=int, default=5_000, help="of each document")
    arguments.add_argument("--commit", default=COMMIT, help="the code that it is compared with")
    arguments.add_argument("--model", choices=("offline", "language"), help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.model:
        return ask(given.documents, given.pages, given.model)

    from tests.benchmarks.checkouts import CHECKOUT, check_out_base

    print(f"{given.documents} documents of {given.pages} pages, a window of {WINDOW_TOKENS} tokens")
    too_much = False
    with check_out_base(given.commit) as base:
        for model in ("offline", "language"):
            found = {}
            for name, product in ((given.commit, base), ("now", CHECKOUT)):
                if product is None:
                    continue
                figures = measure(product, given.documents, given.pages, model)
                found[name] = figures.pop("found")
                print(
                    f"{model:10}{name:10}" + "  ".join(f"{k} {v:,.0f}" for k, v in figures.items())
                )
            same = len({json.dumps(one) for one in found.values()}) == 1
            if len(found) > 1:
                print(f"{model:10}{'the same is found' if same else 'NOT THE SAME IS FOUND'}")
            too_much |= figures["peak_mb"] > LIMIT_MB or not same
    return int(too_much)


if __name__ == "__main__":
    sys.exit(main())
