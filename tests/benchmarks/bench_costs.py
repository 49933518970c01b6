"""What a thousand documents cost, part by part: counted and measured here, priced by AWS's list.

    python -m tests.benchmarks.bench_costs [documents] [pages] [messages an invocation]

Both functions work on real PDFs, against the bare emulator and a Chat
Completions server of the tests', through the real SDKs. Requests are counted as they are made. CPU
time is measured; what a function waits for is not, since the emulator is no measure of AWS: a call
of AWS is taken to last `AWS_CALL_SECONDS`, one of the model `MODEL_CALL_SECONDS`.
"""

import argparse
import json
import logging
import random
import resource
import time
from collections import Counter
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from functions.delivery.batch import process_batch
from functions.ingest import build_ingest
from functions.worker import build_worker
from pipeline.extraction.extractor import Extractor
from shared.llm.build import build_language_model
from shared.prices import ModelPrice
from tests.benchmarks.suite.arguments import read_count
from tests.chaos.harness.emulator import EmulatorSession, open_account, running_emulator
from tests.fakes.aws.event_source import EventSource
from tests.fakes.aws.unit_meter import UnitMeter
from tests.fakes.model.chat_server import ChatServer
from tests.fakes.pdf.pdf_files import make_text_pdf

DOCUMENTS = 20
PAGES = 10
RECORDS = 1
AWS_CALL_SECONDS = 0.010
MODEL_CALL_SECONDS = 5.0

# Memory in the template; a function has a whole CPU at 1,769 MB, and a share of it below (AWS
# Lambda Developer Guide, "Configure Lambda function memory").
MEMORY_MB = {"ingest": 1769, "worker": 512}
MB_OF_ONE_CPU = 1769

# Dollars, in us-east-1, from AWS's pricing pages; on-demand, without the free tier.
LAMBDA_GB_SECOND_ARM64 = 0.0000133334
LAMBDA_REQUEST = 0.20e-6
SQS_REQUEST = 0.40e-6
DYNAMODB_WRITE_UNIT = 0.625e-6
DYNAMODB_READ_UNIT = 0.125e-6
S3_WRITE = 5e-6
S3_READ = 0.4e-6
LOGS_GB = 0.50
LOG_BYTES_OF_LAMBDA = 600
MODEL = "gpt-5-mini"
MODEL_PRICE = ModelPrice(input=0.25, output=2.0)
# What a model writes for a chunk of text, and reads for it beside the text, is not the fake
# server's to say: so are the tokens of an answer taken.
ANSWER_TOKENS = 700
CHARACTERS_OF_A_TOKEN = 4

WORDS = [
    "harbour",
    "tide",
    "pier",
    "ledger",
    "winch",
    "sluice",
    "mooring",
    "lantern",
    "the",
    "of",
    "and",
    "to",
    "in",
    "was",
]
S3_WRITES = frozenset({"PutObject", "ListObjectsV2"})


@dataclass
class Usage:
    """What one function has used."""

    invocations: int = 0
    cpu_seconds: float = 0.0
    # The records of an invocation wait side by side, for AWS and for the model.
    wait_seconds: float = 0.0
    log_bytes: int = 0
    calls: Counter = field(default_factory=Counter)
    write_units: float = 0.0
    read_units: float = 0.0

    def estimate_seconds(self, function: str) -> float:
        share = min(1.0, MEMORY_MB[function] / MB_OF_ONE_CPU)
        return self.cpu_seconds / share + self.wait_seconds


class Meter:
    """Counts the calls of AWS that are made while it is told of a function."""

    def __init__(self, clients, reader):
        self.usage = None
        self.units = UnitMeter(clients.dynamodb, reader)
        for client in (clients.dynamodb, clients.s3, clients.sqs):
            client.meta.events.register("before-parameter-build.*", self._count)

    def _count(self, model, **_):
        if self.usage is not None:
            self.usage.calls[model.service_model.service_name, model.name] += 1

    @contextmanager
    def of(self, usage, records, server):
        """Count for a function while it handles so many records."""
        calls_before, asked_before = usage.calls.total(), len(server.calls)
        cpu_before, started = self.units.cpu_seconds, time.process_time()
        self.usage = usage
        try:
            with self.units.listening():
                yield
        finally:
            self.usage = None
            usage.cpu_seconds += time.process_time() - started
            usage.cpu_seconds -= self.units.cpu_seconds - cpu_before
            calls = usage.calls.total() - calls_before
            usage.wait_seconds += calls / records * AWS_CALL_SECONDS
            usage.wait_seconds += MODEL_CALL_SECONDS * (len(server.calls) > asked_before)
            usage.invocations += 1
            for call in self.units.take():
                usage.write_units += call.write_units
                usage.read_units += call.read_units


def run(documents, pages, records):
    usages = {"ingest": Usage(), "worker": Usage()}
    with TemporaryDirectory() as name, running_emulator(Path(name)) as url, ChatServer() as server:
        account = open_account(
            url,
            visibility_seconds=60,
            max_receive_count=5,
            openai_base_url=f"{server.url}",
            openai_model=MODEL,
        )
        settings, clients = account.settings, account.clients
        meter = Meter(clients, EmulatorSession(url).client("dynamodb"))
        extractor = Extractor()
        model = build_language_model(settings, clients)
        ingest = _Drain(account, meter, usages["ingest"], server)
        consumer, runtime = build_ingest(settings, clients, extractor)
        for number in range(documents):
            # One by one: a notification that has waited for seconds would go back with its group,
            # and how many have depends on the machine.
            account.upload(f"{number}.pdf", _make_document(number, pages))
            ingest.run(consumer, runtime, 1)
        before = _children_seconds()
        extractor.close()
        usages["ingest"].cpu_seconds += _children_seconds() - before
        worker = _Drain(account, meter, usages["worker"], server)
        worker.run(*build_worker(settings, clients, model), records)
        model._caller._sender._client.close()
        calls = server.calls
        characters = sum(len(json.dumps(call.body["messages"])) for call in calls)
    return usages, len(calls), characters / CHARACTERS_OF_A_TOKEN


def _make_document(number, pages):
    """A document of full pages that no other has: the same text would cost nothing again."""
    chance = random.Random(number)
    return make_text_pdf(
        *(
            "\n".join(" ".join(chance.choices(WORDS, k=12)) + "." for _ in range(40))
            for _ in range(pages)
        )
    )


@dataclass(frozen=True)
class _Drain:
    """Has a function handle all that its queue holds."""

    account: object
    meter: Meter
    usage: Usage
    server: ChatServer

    def run(self, consumer, runtime, most_records):
        def handle(event, context):
            # Metrics are lines on standard output.
            with (
                self.meter.of(self.usage, len(event["Records"]), self.server),
                redirect_stdout(_Counted(self.usage)),
            ):
                return process_batch(event, context, consumer, runtime)

        handler = logging.StreamHandler(_Counted(self.usage))
        handler.setFormatter(runtime.logger.handlers[0].formatter)
        runtime.logger.handlers[:] = [handler]
        sqs = self.account.clients.sqs
        source = EventSource(sqs, consumer.queue_url, handle, batch_size=most_records)
        while self.account.count_messages(consumer.queue_url):
            source.poll()


class _Counted:
    def __init__(self, usage):
        self._usage = usage

    def write(self, text):
        self._usage.log_bytes += len(text)

    def flush(self):
        pass


def _children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def price(usages, model_calls, input_tokens, documents):
    """Dollars for a thousand documents, by part."""
    scale = 1000 / documents
    rows = []
    for function, usage in usages.items():
        seconds = usage.estimate_seconds(function)
        gigabyte_seconds = seconds * MEMORY_MB[function] / 1024 * scale
        rows.append(
            (
                f"Lambda, {function}",
                f"{usage.invocations * scale:,.0f} runs of {seconds / usage.invocations:.2f} s, "
                f"{gigabyte_seconds:,.0f} GB-s",
                gigabyte_seconds * LAMBDA_GB_SECOND_ARM64
                + usage.invocations * scale * LAMBDA_REQUEST,
            )
        )
    # For each message, beside what the functions call: Lambda's own receive and delete.
    polls = 2 * sum(usage.invocations for usage in usages.values())
    sqs = (polls + _count(usages, "sqs")) * scale
    rows.append(("SQS", f"{sqs:,.0f} requests", sqs * SQS_REQUEST))
    writes = sum(usage.write_units for usage in usages.values()) * scale
    reads = sum(usage.read_units for usage in usages.values()) * scale
    rows.append(
        (
            "DynamoDB",
            f"{writes:,.0f} write units, {reads:,.0f} read units",
            writes * DYNAMODB_WRITE_UNIT + reads * DYNAMODB_READ_UNIT,
        )
    )
    puts = _count(usages, "s3", S3_WRITES) * scale
    gets = _count(usages, "s3") * scale - puts
    rows.append(("S3", f"{puts:,.0f} writes, {gets:,.0f} reads", puts * S3_WRITE + gets * S3_READ))
    logged = sum(u.log_bytes + u.invocations * LOG_BYTES_OF_LAMBDA for u in usages.values())
    gigabytes = logged * scale / 1e9
    rows.append(("CloudWatch Logs", f"{gigabytes * 1000:.1f} MB", gigabytes * LOGS_GB))
    tokens_in, tokens_out = input_tokens * scale, model_calls * ANSWER_TOKENS * scale
    rows.append(
        (
            f"Model ({MODEL})",
            f"{model_calls * scale:,.0f} calls, {tokens_in / 1e6:.2f} M tokens in, "
            f"{tokens_out / 1e6:.2f} M out",
            tokens_in / 1e6 * MODEL_PRICE.input + tokens_out / 1e6 * MODEL_PRICE.output,
        )
    )
    return rows


def _count(usages, service, names=None):
    return sum(
        count
        for usage in usages.values()
        for (called, name), count in usage.calls.items()
        if called == service and (names is None or name in names)
    )


def main(documents, pages, records):
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    rows = price(*run(documents, pages, records), documents)
    print(
        f"1,000 documents of {pages} pages, {records} messages an invocation of the worker at the "
        f"most, from {documents} that were measured\n"
    )
    for part, amount, dollars in rows:
        print(f"{part:20} {amount:62} ${dollars:8.4f}")
    aws = sum(dollars for _, _, dollars in rows[:-1])
    print(f"{'AWS in all':20} {'':62} ${aws:8.4f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("documents", type=read_count, nargs="?", default=DOCUMENTS)
    parser.add_argument("pages", type=read_count, nargs="?", default=PAGES)
    parser.add_argument("records", type=read_count, nargs="?", default=RECORDS)
    main(**vars(parser.parse_args()))
