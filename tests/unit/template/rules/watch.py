"""What must hold for alarms, dashboard and saved queries."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.unit.template.template_changes import Break, Change, drop_part, set_part
from tests.unit.template.template_parts import (
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


def alarms_on_the_same_metric_are_alike(template: Template) -> Iterator[str]:
    """They are written out one by one: docs/decisions.md, "The template is written out"."""
    # A function's time limit, and so what is slow, is its own.
    own = {"AlarmName", "AlarmDescription", "Dimensions"}
    own_of = {"Duration": own | {"Threshold"}}
    shapes: dict[str, dict[str, Any]] = {}
    for name, alarm in alarms(template).items():
        metric = alarm["MetricName"]
        if alarm["Namespace"] not in ("AWS/SQS", "AWS/Lambda"):
            continue
        shape = {key: alarm[key] for key in alarm.keys() - own_of.get(metric, own)}
        if shapes.setdefault(metric, shape) != shape:
            yield f"{name}: differs from the other alarms on {metric}"


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
    chosen = {"Fn::If": ["AlarmsAreEncrypted", {"Ref": "AlarmKey"}, {"Ref": "AWS::NoValue"}]}
    if topic.get("KmsMasterKeyId") != chosen:
        yield "AlarmTopic: not encrypted with a key that alarms may use"
    if template["Parameters"]["EncryptAlarms"]["Default"] != "true":
        yield "EncryptAlarms: is not the default"
    if template["Resources"]["AlarmKey"]["Condition"] != "AlarmsAreEncrypted":
        yield "AlarmKey: is paid for where it is not used"
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


def no_log_level_hides_metrics(template: Template) -> Iterator[str]:
    """AWS Lambda, "Log-level filtering": a line of JSON without a level counts as INFO."""
    for name, function in functions(template):
        logging = function["LoggingConfig"]
        if logging.get("LogFormat") != "Text" or "ApplicationLogLevel" in logging:
            yield f"{name}: at LogLevel WARN its metrics would be dropped"


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
    text, parts = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    yield from _names_what_may_be_missing(template, text, {None, "IsWatched"}, frozenset(parts))
    with_all = without = text
    for name, part in parts.items():
        condition, there, missing = part["Fn::If"]
        # Inside of a dashboard, `HasDatabase` means that its alarms are there too.
        given = {"HasDatabase": {"HasDatabase", "DatabaseIsWatched"}}.get(condition, {condition})
        yield from _names_what_may_be_missing(
            template, there["Fn::Sub"], {None, "IsWatched", *given}
        )
        with_all = with_all.replace(f"${{{name}}}", there["Fn::Sub"])
        without = without.replace(f"${{{name}}}", missing)
    yield from _stands_in_order(without)
    yield from _stands_in_order(with_all)
    for name in [*alarms(template), *dict(functions(template))]:
        if name != "BillHigh" and not re.search(rf"\$\{{{name}[.}}]", with_all):
            yield f"{name}: is not on the dashboard"


def _names_what_may_be_missing(
    template: Template, text: str, given: set[str | None], parts: frozenset[str] = frozenset()
) -> Iterator[str]:
    for name in set(re.findall(r"\$\{(\w+)[.}]", text)) - parts:
        if template["Resources"][name].get("Condition") not in given:
            yield f"the dashboard names {name}, which may not be there"


def _stands_in_order(body: str) -> Iterator[str]:
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


# ---- What each rule has to notice


def _edit_dashboard(old: str, new: str) -> Change:
    def change(template: Template) -> None:
        body = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
        assert old in body["Fn::Sub"][0]
        body["Fn::Sub"][0] = body["Fn::Sub"][0].replace(old, new)

    return change


BREAKS: list[Break] = [
    (every_queue_is_watched, drop_part("Resources/WorkDlqNotEmpty")),
    (every_queue_is_watched, drop_part("Resources/ReportsQueueOld")),
    (every_function_is_watched, drop_part("Resources/ApiThrottles")),
    (
        alarms_on_the_same_metric_are_alike,
        set_part("Resources/WorkerThrottles/Properties/EvaluationPeriods", 2),
    ),
    (
        alarms_on_the_same_metric_are_alike,
        drop_part("Resources/ResultsQueueOld/Properties/OKActions"),
    ),
    (slow_is_80_percent_of_the_time_limit, set_part("Mappings/LongRunOf/30/Milliseconds", 30_000)),
    (
        slow_is_80_percent_of_the_time_limit,
        set_part("Resources/ApiSlow/Properties/Threshold", 29_000),
    ),
    (
        slow_is_80_percent_of_the_time_limit,
        set_part("Resources/WorkerSlow/Properties/Threshold", 96_000),
    ),
    (
        alarms_tell_somebody_what_to_do,
        set_part("Resources/WorkerErrors/Properties/AlarmActions", []),
    ),
    (
        alarms_tell_somebody_what_to_do,
        set_part("Resources/WorkerErrors/Properties/AlarmDescription", "Oh"),
    ),
    (alarms_tell_somebody_what_to_do, set_part("Resources/WorkerErrors/Properties/AlarmName", "x")),
    (
        missing_data_is_thought_of,
        set_part("Resources/ReportMissing/Properties/TreatMissingData", "missing"),
    ),
    (
        missing_data_is_thought_of,
        set_part("Resources/WorkerErrors/Properties/TreatMissingData", "breaching"),
    ),
    (
        alarms_look_back_no_further_than_allowed,
        set_part("Resources/WorkerErrors/Properties/EvaluationPeriods", 300),
    ),
    (
        alarms_pass_the_topics_encryption,
        set_part("Resources/AlarmTopic/Properties/KmsMasterKeyId", "alias/aws/sns"),
    ),
    (
        alarms_pass_the_topics_encryption,
        set_part("Parameters/EncryptAlarms/Default", "false"),
    ),
    (
        alarms_pass_the_topics_encryption,
        set_part("Resources/AlarmKey/Condition", "IsWatched"),
    ),
    (
        metrics_are_those_of_the_stack,
        set_part("Globals/Function/Environment/Variables/POWERTOOLS_METRICS_NAMESPACE", "Seashore"),
    ),
    (
        metrics_are_those_of_the_stack,
        set_part("Resources/DailyCapNear/Properties/Namespace", "Seashore"),
    ),
    (
        no_log_level_hides_metrics,
        set_part("Globals/Function/LoggingConfig/LogFormat", "JSON"),
    ),
    (lost_access_is_noticed_in_every_reader, drop_part("Resources/ApiModelAccessFilter")),
    (
        the_dashboard_shows_the_flow_from_left_to_right,
        _edit_dashboard('"x": 5, "y": 1,', '"x": 11, "y": 1,'),
    ),
    (
        the_dashboard_shows_the_flow_from_left_to_right,
        _edit_dashboard("${WorkDlq.QueueName}", "${ResultsDlq.QueueName}"),
    ),
    (
        the_dashboard_shows_the_flow_from_left_to_right,
        _edit_dashboard("${DatabaseWidgets}", ""),
    ),
    (
        the_dashboard_shows_the_flow_from_left_to_right,
        _edit_dashboard('"${ReportMissing.Arn}"', '"${ReportSlow.Arn}"'),
    ),
    (queries_ask_for_what_is_logged, drop_part("Resources/SpendQuery")),
    (
        queries_ask_for_what_is_logged,
        set_part("Resources/SlowItemsQuery/Properties/QueryString", "fields @timestamp, latency"),
    ),
]
