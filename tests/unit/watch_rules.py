"""What must hold for alarms, dashboard and queries. Each rule yields the template's violations."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.unit.template_parts import (
    Template,
    dlq_names,
    functions,
    resources,
    source_queues,
    text_of,
)

# CloudWatch, PutMetricAlarm: a period of an hour and more may be looked back upon for seven days,
# a shorter one for a day.
SHORT_PERIOD_SECONDS = 3_600
LONGEST_LOOK_BACK_SECONDS = {False: 86_400, True: 604_800}
# What stands in the functions' log lines, and what CloudWatch adds.
LOG_FIELDS = {
    "@timestamp", "@message", "stage", "action", "item_id", "reason", "cause", "duration_ms",
    "level", "exception", "error_type", "model", "input_tokens", "output_tokens",
}  # fmt: skip


def alarms(template: Template) -> dict[str, dict[str, Any]]:
    return dict(resources(template, "AWS::CloudWatch::Alarm"))


def _watched(template: Template, metric: str) -> set[str]:
    """What the alarms on a metric watch."""
    return {
        text_of(dimension["Value"]).removesuffix(".QueueName}").removeprefix("${").removesuffix("}")
        for alarm in alarms(template).values()
        if alarm["MetricName"] == metric
        for dimension in alarm.get("Dimensions", [])
        if dimension["Name"] in ("QueueName", "FunctionName")
    }


def every_queue_is_watched(template: Template) -> Iterator[str]:
    old = _watched(template, "ApproximateAgeOfOldestMessage")
    full = _watched(template, "ApproximateNumberOfMessagesVisible")
    for name, _ in source_queues(template):
        if name not in old:
            yield f"{name}: nobody notices that it is stuck"
    for name in sorted(dlq_names(template) - full):
        yield f"{name}: nobody notices its letters"


def every_function_is_watched(template: Template) -> Iterator[str]:
    for metric in ("Errors", "Throttles", "Duration"):
        watched = _watched(template, metric)
        for name, _ in functions(template):
            if name not in watched:
                yield f"{name}: nobody notices its {metric}"


def slow_is_80_percent_of_the_time_limit(template: Template) -> Iterator[str]:
    limits = {name: function["Timeout"] for name, function in functions(template)}
    for seconds, row in template["Mappings"]["LongRunOf"].items():
        if row["Milliseconds"] != 800 * int(seconds):
            yield f"LongRunOf: {row} is not 80% of {seconds} s"
    for name, alarm in alarms(template).items():
        if alarm["MetricName"] != "Duration":
            continue
        limit = limits[text_of(alarm["Dimensions"][0]["Value"])[2:-1]]
        follows = {"Fn::FindInMap": ["LongRunOf", limit, "Milliseconds"]}
        wanted = 800 * limit if isinstance(limit, int) else follows
        if alarm["Threshold"] != wanted:
            yield f"{name}: does not follow the function's time limit"


def alarms_tell_somebody_what_to_do(template: Template) -> Iterator[str]:
    for name, alarm in alarms(template).items():
        if alarm.get("AlarmActions") != [{"Ref": "AlarmTopic"}]:
            yield f"{name}: nobody is told"
        if not alarm["AlarmDescription"].rstrip().endswith(f"docs/operations.md#{name.lower()}"):
            yield f"{name}: does not say where it stands what to do"
        if text_of(alarm["AlarmName"]) != f"${{AWS::StackName}}-{name}":
            yield f"{name}: has another name in the console"


def missing_data_is_thought_of(template: Template) -> Iterator[str]:
    for name, alarm in alarms(template).items():
        wanted = "breaching" if name == "ReportMissing" else ("notBreaching", "ignore")
        if alarm["TreatMissingData"] not in wanted:
            yield f"{name}: {alarm['TreatMissingData']} is not what silence means here"


def alarms_look_back_no_further_than_allowed(template: Template) -> Iterator[str]:
    for name, alarm in alarms(template).items():
        is_long = alarm["Period"] >= SHORT_PERIOD_SECONDS
        if alarm["Period"] * alarm["EvaluationPeriods"] > LONGEST_LOOK_BACK_SECONDS[is_long]:
            yield f"{name}: CloudWatch refuses to look back so far"


def alarms_pass_the_topics_encryption(template: Template) -> Iterator[str]:
    topic = template["Resources"]["AlarmTopic"]["Properties"]
    if topic.get("KmsMasterKeyId") != {"Ref": "AlarmKey"}:
        yield "AlarmTopic: not encrypted with a key that alarms may use"
    key = template["Resources"]["AlarmKey"]["Properties"]
    allowed = {
        statement["Principal"].get("Service"): set(statement["Action"])
        for statement in key["KeyPolicy"]["Statement"]
    }
    # CloudWatch, "Using Amazon CloudWatch alarms": an encrypted topic's key has to allow both.
    if not {"kms:Decrypt", "kms:GenerateDataKey"} <= allowed.get("cloudwatch.amazonaws.com", set()):
        yield "AlarmKey: alarms may not use it"
    if key.get("EnableKeyRotation") is not True:
        yield "AlarmKey: is never rotated"


def metrics_are_those_of_the_stack(template: Template) -> Iterator[str]:
    own = {"Fn::Sub": "Seashore/${AWS::StackName}"}
    for name, function in functions(template):
        if function["Environment"]["Variables"].get("POWERTOOLS_METRICS_NAMESPACE") != own:
            yield f"{name}: its metrics mix with those of other stacks"
    for name, alarm in alarms(template).items():
        if not str(alarm["Namespace"]).startswith("AWS/") and alarm["Namespace"] != own:
            yield f"{name}: watches another stack"
    for name, metric_filter in resources(template, "AWS::Logs::MetricFilter"):
        for transformation in metric_filter["MetricTransformations"]:
            if transformation["MetricNamespace"] != own:
                yield f"{name}: counts for another stack"


def lost_access_is_noticed_in_every_reader(template: Template) -> Iterator[str]:
    filtered = {
        metric_filter["LogGroupName"]["Ref"]
        for _, metric_filter in resources(template, "AWS::Logs::MetricFilter")
        if "model_access_lost" in metric_filter["FilterPattern"]
        and "model_key_unreadable" in metric_filter["FilterPattern"]
    }
    for name, function in functions(template):
        has_key = "OPENAI_API_KEY_SECRET" in function["Environment"]["Variables"]
        if has_key and function["LoggingConfig"]["LogGroup"]["Ref"] not in filtered:
            yield f"{name}: nobody notices that its key is rejected"


def the_dashboard_shows_the_flow_from_left_to_right(template: Template) -> Iterator[str]:
    body = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    widgets = json.loads(body)["widgets"]
    steps = [w for w in widgets if re.match(r"\d ", w["properties"].get("title", ""))]
    ordered = sorted(steps, key=lambda widget: widget["x"])
    if [w["properties"]["title"][0] for w in ordered] != list("12345"):
        yield "the steps do not stand in their order"
    if len({widget["y"] for widget in steps}) != 1:
        yield "the steps do not stand in one row"
    taken: set[tuple[int, int]] = set()
    for widget in widgets:
        cells = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        if cells & taken or max(x for x, _ in cells) > 23:
            yield f"{widget['properties']}: lies over another, or beyond the edge"
        taken |= cells
    always = {
        name
        for name, resource in template["Resources"].items()
        if resource.get("Condition") in (None, "IsWatched")
    }
    for name in re.findall(r"\$\{(\w+)[.}]", body):
        if name not in always:
            yield f"the dashboard names {name}, which may not be there"


def queries_ask_for_what_is_logged(template: Template) -> Iterator[str]:
    names = [
        text_of(query["Name"]) for _, query in resources(template, "AWS::Logs::QueryDefinition")
    ]
    for word in ("document", "errors", "slow", "dead letters", "tokens"):
        if not any(word in name for name in names):
            yield f"no query about {word}"
    for name, query in resources(template, "AWS::Logs::QueryDefinition"):
        for line in query["QueryString"].splitlines():
            words = re.fullmatch(r"(?:\| )?fields (.*)", line.strip())
            for field in words[1].split(", ") if words else []:
                if field not in LOG_FIELDS:
                    yield f"{name}: no line has {field}"


WATCH_RULES = [
    every_queue_is_watched,
    every_function_is_watched,
    slow_is_80_percent_of_the_time_limit,
    alarms_tell_somebody_what_to_do,
    missing_data_is_thought_of,
    alarms_look_back_no_further_than_allowed,
    alarms_pass_the_topics_encryption,
    metrics_are_those_of_the_stack,
    lost_access_is_noticed_in_every_reader,
    the_dashboard_shows_the_flow_from_left_to_right,
    queries_ask_for_what_is_logged,
]
