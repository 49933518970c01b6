"""What tests of replays do: read letters, replay them, let the pipeline run."""

import time

from pipeline.dead_letters.finished_work import find_finished
from pipeline.dead_letters.replay import plan_replay, replay
from shared.dead_letters.reading import read_letters
from shared.ledger.documents import document_pk
from shared.ledger.timeline import read_timeline
from shared.llm.extractive.extractive_model import ExtractiveModel
from tests.fakes.dead_letter_boxes import chunk_body, make_state, put_letters, to_attributes


class MoodyModel(ExtractiveModel):
    """Extractive, but raises what it is told to for sources that hold certain words."""

    def __init__(self):
        super().__init__()
        self.moods = {}
        self.calls = 0

    def answer(self, request, deadline):
        self.calls += 1
        text = " ".join(source.text for source in request.sources)
        for words, error in self.moods.items():
            if words in text or words == request.purpose:
                raise error
        return super().answer(request, deadline)


def run_until(pipeline, key, status):
    """Poll until a document has a status; what comes back with a delay is waited for."""
    until = time.monotonic() + 30
    pipeline.run()
    while pipeline.document(key).status is not status:
        assert time.monotonic() < until, pipeline.document(key)
        time.sleep(0.1)
        pipeline.run()
    return pipeline.document(key)


def list_steps(pipeline, document):
    return [e.step for e in read_timeline(pipeline.table, document_pk(document.document_id))]


def read(services):
    return read_letters(services.queues, services.dlqs, services.pace, services.stopwatch)


def replay_all(services, **options):
    letters = read(services)
    plan = plan_replay(letters, find_finished(services.table, letters), max_replays=3, **options)
    return plan, list(replay(plan.letters, services))


def count(account, name):
    return account.count_messages(getattr(account.settings, f"{name}_url"))


def put_chunk_letters(account, count_, *, error="ModelRequestError", start=0, **state):
    put_letters(
        account.clients.sqs,
        account.settings.work_dlq_url,
        [
            (
                chunk_body(f"d{n}"),
                to_attributes(make_state(f"{error}-{n}", error, minutes=n, **state), mine=str(n)),
            )
            for n in range(start, start + count_)
        ],
    )
