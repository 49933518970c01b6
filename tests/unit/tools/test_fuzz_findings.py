"""What `make fuzz` has found, and a quick look with a fixed seed at all that it watches."""

import gc
import importlib.util
import json
import subprocess
import sys
import time
import tracemalloc
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from pydantic_core import from_json

from functions.delivery.batch import process_batch
from functions.delivery.consumer import Consumer
from shared.errors import MessageDecodeError
from shared.messages.delivery_state import ATTRIBUTE_NAME, DeliveryState, read_delivery_state
from shared.messages.reading_messages import decode_ingest_item
from shared.messages.s3_notifications import decode_upload_notice
from shared.messages.work_items import decode_work_item
from tests.fakes.aws.aws_account import notification
from tests.fakes.aws.batches import NOW, QUEUE, make_record, make_runtime
from tests.fakes.aws.event_source import LambdaContext, check_response
from tests.fakes.aws.recording_sqs import RecordingSqs
from tests.fuzz.__main__ import EXTRACTION, read_guided_log, run_target
from tests.fuzz.decoders import DECODERS, MAX_BODY_BYTES, DecoderTarget
from tests.fuzz.extraction import ExtractionTarget
from tests.fuzz.findings import make_folder
from tests.fuzz.pdf_mutations import list_seeds, mutate_pdf
from tests.fuzz.unguided import run_round
from tests.project_files import PROJECT

# Begins with the groups, as it takes longer than other modules: as one of the last, it kept all of
# the processes but its own waiting.
pytestmark = pytest.mark.xdist_group("fuzz_findings")

HALF_A_PAIR = "\ud800"

needs_atheris = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="atheris has no wheel for this Python or platform",
)


@pytest.mark.parametrize("field", ["key", "versionId", "eTag", "sequencer"])
def test_half_a_surrogate_pair_in_a_notice_is_refused_by_name(field):
    body = notification("documents", "a.pdf", "v-1", "e1", 1)
    body["Records"][0]["s3"]["object"][field] = HALF_A_PAIR
    with pytest.raises(MessageDecodeError):
        decode_upload_notice(json.dumps(body))


@pytest.mark.parametrize("decode", [decode_upload_notice, decode_ingest_item])
def test_a_body_that_is_no_utf_8_is_refused_by_name(decode):
    with pytest.raises(MessageDecodeError):
        decode(HALF_A_PAIR)


def test_a_long_name_of_an_unknown_field_is_not_repeated_in_full():
    body = json.dumps({"kind": "sweep", "k" * 100_000: 1})
    with pytest.raises(MessageDecodeError, match="it is not known here") as caught:
        decode_work_item(body, "m-1")
    assert len(str(caught.value)) < 1_000


@pytest.mark.parametrize(
    ("decode", "start", "end"),
    [
        (decode_upload_notice, '{"Records":[', "]}"),
        (decode_ingest_item, '{"Records":[', "]}"),
        (
            lambda body: decode_work_item(body, "m-1"),
            '{"kind":"ask","question":"?","documents":[',
            "]}",
        ),
    ],
    ids=["upload notice", "ingest item", "work item"],
)
def test_half_a_million_wrong_values_cost_little_memory(decode, start, end):
    # With every problem noted this took 750 MiB, more than a function has.
    body = start + ",".join(["1"] * (MAX_BODY_BYTES // 2 - 100)) + end
    tracemalloc.start()
    try:
        with pytest.raises(MessageDecodeError):
            decode(body)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 64 * MAX_BODY_BYTES


def test_a_deeply_nested_body_costs_little_more_than_to_read_it():
    # It took twelve times as long, and more than a second.
    branch = '{"a": [' * 90 + "0" + "]}" * 90
    body = f'{{"a": [{", ".join([branch] * (MAX_BODY_BYTES // 4 // len(branch)))}]}}'
    seconds = {decode_ingest_item: 0.0, from_json: 0.0}
    # What the tests before have left is not gone through at each collection.
    gc.collect()
    gc.freeze()
    try:
        for _ in range(8):
            for read in seconds:
                started = time.process_time()
                with suppress(MessageDecodeError):
                    read(body)
                seconds[read] += time.process_time() - started
    finally:
        gc.unfreeze()
    assert seconds[decode_ingest_item] <= 6 * seconds[from_json]


@pytest.mark.parametrize("name", ["attempts", "deferrals", "replays"])
@pytest.mark.parametrize("count", ["-1", "1" + "0" * 4_000])
def test_a_count_that_no_message_can_have_makes_its_past_unreadable(name, count):
    start = f'{{"message_id": "m-0", "first_enqueued_at": "{NOW.isoformat()}", "{name}": '
    assert _read_state(start + "3}").message_id == "m-0"
    assert _read_state(start + count + "}") == _read_state("")


def _read_state(text):
    attributes = {ATTRIBUTE_NAME: {"stringValue": text}}
    return read_delivery_state(attributes, message_id="m-1", sent_at=NOW)


def test_a_wait_until_the_end_of_time_goes_on():
    state = DeliveryState(
        message_id="m-0",
        first_enqueued_at=NOW,
        not_before=datetime.max.replace(tzinfo=UTC),
    )
    attribute = {"DataType": "String", "StringValue": state.model_dump_json()}
    sqs = RecordingSqs()
    runtime, _ = make_runtime(sqs)
    consumer = Consumer(
        name="work",
        queue_url=QUEUE,
        dlq_url=QUEUE + "-dlq",
        decode=lambda body, message_id, sent_at: decode_work_item(body, message_id),
        handle=lambda item, deadline: pytest.fail("it is handled before its time"),
        give_up=lambda item, end: None,
        note_delay=lambda item, wait: None,
    )
    record = make_record("m-1", '{"kind": "sweep"}', attributes={ATTRIBUTE_NAME: attribute})
    response = process_batch({"Records": [record]}, LambdaContext(), consumer, runtime)
    assert check_response(response, [record]) == set()
    (copy,) = sqs.sent_to(QUEUE)
    assert copy["DelaySeconds"] == 900


@pytest.mark.parametrize("name", DECODERS)
def test_every_good_body_is_decoded(name):
    for data in DECODERS[name].seeds:
        DECODERS[name].decode(data.decode())


@pytest.mark.parametrize("name", DECODERS)
def test_no_message_breaks_its_decoder(name):
    result = run_round(DECODERS[name], seed=1, examples=400)
    assert result.traceback is None, result.data
    assert result.executions >= 300


def _break_on_a_long_name(body):
    content = json.loads(body)
    assert max(map(len, content), default=0) < 30


BROKEN = DecoderTarget(_break_on_a_long_name, (b'{"name": 1}',))


def test_a_decoder_that_breaks_is_found():
    result = run_round(BROKEN, seed=1, examples=400)
    assert result.traceback is not None
    with pytest.raises((AssertionError, ValueError)):
        BROKEN.check(result.data)


@needs_atheris
def test_a_decoder_that_breaks_is_found_by_coverage(tmp_path):
    code = (
        "from tests.fuzz import guided\nfrom tests.unit.tools.test_fuzz_findings import BROKEN\n"
        "guided.DECODERS['work-item'] = BROKEN\nguided.main()"
    )
    folder = _make_folder(tmp_path)
    run = subprocess.run(  # noqa: S603  # every argument is our own
        [sys.executable, "-c", code, "work-item", str(folder), "20", "1"],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        timeout=120,
    )
    assert run.returncode != 0
    report = read_guided_log(run.stderr)
    assert report.executions > 0
    assert [Path(path).parent for path in report.findings] == [folder / "findings"]


@needs_atheris
def test_a_run_by_coverage_that_finds_nothing_counts_what_it_tried(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.fuzz.__main__.make_folder", lambda name: _make_folder(tmp_path))
    report = run_target("work-item", 1, 1)
    assert report.problem is None
    assert report.findings == []
    assert report.executions > 100


def _make_folder(folder):
    return make_folder("target", folder)


def test_no_pdf_breaks_the_extractor(tmp_path):
    # Without the corpus, which is not there everywhere and would change what the seed gives.
    seeds = list_seeds(folders=())
    target = ExtractionTarget("extraction", tmp_path)
    try:
        outcomes = {target.check(mutate_pdf(seeds, Random(f"1/{number}"))) for number in range(40)}
    finally:
        target.close()
    assert {"read", "damaged"} <= outcomes


def test_an_extractor_that_dies_leaves_the_document_that_ended_it(tmp_path, monkeypatch):
    folder = _make_folder(tmp_path)
    monkeypatch.setattr("tests.fuzz.__main__.make_folder", lambda name: folder)

    def die(command, **_):
        (folder / "current.pdf").write_bytes(b"%PDF-deadly")
        return subprocess.CompletedProcess(command, -11)

    monkeypatch.setattr("tests.fuzz.__main__.subprocess.run", die)
    report = run_target(EXTRACTION, 1, 1)
    assert "code -11" in report.problem
    assert [Path(path).read_bytes() for path in report.findings] == [b"%PDF-deadly"]
