"""The catalogue of queues beside the template, the settings and the functions."""

from pathlib import PurePath

import pytest

from infra.project_files import PROJECT, TEMPLATE
from shared.errors import SettingsError
from shared.queue_catalogue import QUEUES, RESULTS, SWEPT_QUEUES, UPLOADS, name_queue
from shared.settings import Settings
from tests.unit.template.template_parts import parse_template, source_queues

_REQUIRED = {name: name for name, field in Settings.model_fields.items() if field.is_required()}


def test_the_template_has_these_queues_and_no_others():
    template = parse_template(TEMPLATE)
    names = {name for name, _ in source_queues(template)}
    assert names == {f"{queue.name.capitalize()}Queue" for queue in QUEUES}
    assert {output for queue in QUEUES for output in queue.outputs} <= set(template["Outputs"])


def test_every_queue_has_a_consumer_of_its_stage():
    functions = {PurePath(path).stem for path in (PROJECT / "functions").glob("*.py")}
    assert {queue.stage for queue in QUEUES} <= functions


@pytest.mark.parametrize("queue", SWEPT_QUEUES)
def test_the_settings_name_a_queue_and_its_dlq(queue):
    urls = queue.find_urls(Settings(**_REQUIRED))
    assert urls == (f"{queue.name}_queue_url", f"{queue.name}_dlq_url")


def test_a_queue_that_the_settings_do_not_name_is_missed_by_its_variables():
    with pytest.raises(SettingsError, match="RESULTS_QUEUE_URL and RESULTS_DLQ_URL"):
        RESULTS.find_urls(Settings(**_REQUIRED))


def test_a_queue_is_named_by_the_end_of_its_url():
    assert name_queue(f"https://sqs/123456789012/my-{UPLOADS.name}") == "my-uploads"
