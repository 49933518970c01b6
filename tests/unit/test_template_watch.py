"""The template's alarms, dashboard and queries keep the rules, and each rule notices a breach."""

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest

from infra.build import PROJECT
from infra.staging import TEMPLATE
from tests.unit import watch_rules as rules
from tests.unit.template_parts import Template, parse_template
from tests.unit.watch_rules import WATCH_RULES, alarms

RUNBOOK = PROJECT / "docs" / "operations.md"


@pytest.fixture(scope="module")
def template() -> Template:
    return parse_template(TEMPLATE)


@pytest.mark.parametrize("rule", WATCH_RULES, ids=lambda rule: rule.__name__)
def test_template_keeps_the_rule(rule: Callable[[Template], Any], template: Template) -> None:
    assert list(rule(template)) == []


def _properties(resource: str, **changed: Any) -> Callable[[Template], None]:
    def mutate(template: Template) -> None:
        template["Resources"][resource]["Properties"].update(changed)

    return mutate


def _drop(*resources: str) -> Callable[[Template], None]:
    def mutate(template: Template) -> None:
        for resource in resources:
            del template["Resources"][resource]

    return mutate


def _edit_dashboard(old: str, new: str) -> Callable[[Template], None]:
    def mutate(template: Template) -> None:
        body = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
        assert old in body["Fn::Sub"]
        body["Fn::Sub"] = body["Fn::Sub"].replace(old, new)

    return mutate


def _set_mapping(template: Template) -> None:
    template["Mappings"]["LongRunOf"]["30"]["Milliseconds"] = 30_000


def _share_namespace(template: Template) -> None:
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    variables["POWERTOOLS_METRICS_NAMESPACE"] = "Seashore"


BREAKS = [
    (rules.every_queue_is_watched, _drop("WorkDlqNotEmpty")),
    (rules.every_queue_is_watched, _drop("ReportsQueueOld")),
    (rules.every_function_is_watched, _drop("ApiThrottles")),
    (rules.slow_is_80_percent_of_the_time_limit, _set_mapping),
    (rules.slow_is_80_percent_of_the_time_limit, _properties("ApiSlow", Threshold=29_000)),
    (rules.slow_is_80_percent_of_the_time_limit, _properties("WorkerSlow", Threshold=96_000)),
    (rules.alarms_tell_somebody_what_to_do, _properties("WorkerErrors", AlarmActions=[])),
    (rules.alarms_tell_somebody_what_to_do, _properties("WorkerErrors", AlarmDescription="Oh")),
    (rules.alarms_tell_somebody_what_to_do, _properties("WorkerErrors", AlarmName="x")),
    (rules.missing_data_is_thought_of, _properties("ReportMissing", TreatMissingData="missing")),
    (rules.missing_data_is_thought_of, _properties("WorkerErrors", TreatMissingData="breaching")),
    (
        rules.alarms_look_back_no_further_than_allowed,
        _properties("ReportMissing", Period=300, EvaluationPeriods=300),
    ),
    (
        rules.alarms_pass_the_topics_encryption,
        _properties("AlarmTopic", KmsMasterKeyId="alias/aws/sns"),
    ),
    (rules.metrics_are_those_of_the_stack, _share_namespace),
    (rules.metrics_are_those_of_the_stack, _properties("DailyCapNear", Namespace="Seashore")),
    (rules.lost_access_is_noticed_in_every_reader, _drop("ApiModelAccessFilter")),
    (
        rules.the_dashboard_shows_the_flow_from_left_to_right,
        _edit_dashboard('"x": 5, "y": 1,', '"x": 11, "y": 1,'),
    ),
    (
        rules.the_dashboard_shows_the_flow_from_left_to_right,
        _edit_dashboard("${WorkDlq.QueueName}", "${ResultsDlq.QueueName}"),
    ),
    (rules.queries_ask_for_what_is_logged, _drop("SpendQuery")),
    (
        rules.queries_ask_for_what_is_logged,
        _properties("SlowItemsQuery", QueryString="fields @timestamp, latency"),
    ),
]


@pytest.mark.parametrize(
    ("rule", "break_template"), BREAKS, ids=[rule.__name__ for rule, _ in BREAKS]
)
def test_rule_notices_a_broken_template(
    rule: Callable[[Template], Any],
    break_template: Callable[[Template], None],
    template: Template,
) -> None:
    broken = copy.deepcopy(template)
    break_template(broken)
    assert list(rule(broken)) != []


def test_every_rule_is_proven_by_a_broken_template() -> None:
    assert {rule for rule, _ in BREAKS} == set(WATCH_RULES)


def test_the_runbook_says_what_to_do_at_each_alarm_and_at_no_other(template: Template) -> None:
    text = RUNBOOK.read_text(encoding="utf-8")
    section = text.partition("\n## Alarms\n")[2].partition("\n## ")[0]
    assert re.findall(r"^### (\w+)$", section, re.MULTILINE) == list(alarms(template))
    for part in section.split("\n### ")[1:]:
        name, _, advice = part.partition("\n")
        assert len(advice.split()) >= 20, f"{name}: too little to act on"
