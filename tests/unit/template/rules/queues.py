"""What must hold for queues, event source mappings and schedules."""

from collections.abc import Iterator

from tests.unit.template.template_changes import Break, drop_part, set_part
from tests.unit.template.template_parts import (
    Template,
    dlq_names,
    functions,
    mappings,
    resources,
    source_queues,
)

LONGEST_VISIBILITY_SECONDS = 43_200
DLQ_RETENTION_SECONDS = 14 * 24 * 3600
# A message that SQS moves keeps its age: the sweep has the two days between to send it anew.
SOURCE_RETENTION_SECONDS = 12 * 24 * 3600


def visibility_covers_six_timeouts(template: Template) -> Iterator[str]:
    """AWS Lambda, "Using Lambda with Amazon SQS": six times the timeout, and the window."""
    for name, mapping, function in mappings(template):
        queue = template["Resources"][mapping["Queue"]["Fn::GetAtt"][0]]["Properties"]
        table, row, column = queue["VisibilityTimeout"]["Fn::FindInMap"]
        if function["Timeout"] != row:
            yield f"{name}: the visibility timeout does not follow the function's timeout"
            continue
        window = mapping["MaximumBatchingWindowInSeconds"]
        if isinstance(window, dict):
            window = template["Parameters"][window["Ref"]]["MaxValue"]
        for seconds in template["Parameters"][row["Ref"]]["AllowedValues"]:
            visibility = template["Mappings"][table][seconds][column]
            least = 6 * int(seconds) + window
            if not least <= visibility <= LONGEST_VISIBILITY_SECONDS:
                yield f"{name}: {visibility} s are not enough for a timeout of {seconds} s"


def mappings_report_batch_item_failures(template: Template) -> Iterator[str]:
    for name, mapping, _ in mappings(template):
        if mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name}: ReportBatchItemFailures is missing"


def mappings_limit_concurrency(template: Template) -> Iterator[str]:
    for name, mapping, _ in mappings(template):
        limit = mapping.get("ScalingConfig", {}).get("MaximumConcurrency")
        parameter = template["Parameters"].get((limit or {}).get("Ref"), {})
        if not 2 <= parameter.get("Default", 0) <= 1000:
            yield f"{name}: MaximumConcurrency is missing or out of range"


def queues_redrive_after_five_receives(template: Template) -> Iterator[str]:
    for name, queue in source_queues(template):
        if queue.get("RedrivePolicy", {}).get("maxReceiveCount") != 5:
            yield f"{name}: maxReceiveCount is not 5"
    for name, function in functions(template):
        if function["Environment"]["Variables"].get("MAX_RECEIVE_COUNT") != "5":
            yield f"{name}: MAX_RECEIVE_COUNT differs from the queues' maxReceiveCount"


def dlqs_keep_longest(template: Template) -> Iterator[str]:
    queues = dict(resources(template, "AWS::SQS::Queue"))
    for name, queue in source_queues(template):
        dlq = queues[queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]]
        kept = dlq.get("MessageRetentionPeriod", 0)
        # A moved message keeps its age (Amazon SQS: "Using dead-letter queues").
        own = queue.get("MessageRetentionPeriod", kept)
        if kept != DLQ_RETENTION_SECONDS or own != SOURCE_RETENTION_SECONDS:
            yield f"{name}: it does not keep messages for 12 days, and its DLQ for 14"


def every_source_queue_has_its_own_dlq(template: Template) -> Iterator[str]:
    if len(dlq_names(template)) != len(list(source_queues(template))):
        yield "two queues share a DLQ"


def deferral_is_not_taken_for_a_loop(template: Template) -> Iterator[str]:
    """AWS Lambda, "Use Lambda recursive loop detection": stops after about 16 rounds."""
    for name, function in functions(template):
        if function.get("RecursiveLoop") != "Allow":
            yield f"{name}: Lambda would stop a message that is deferred often"


# Nothing hangs on one of its ticks: the next does all that was to do.
MAY_BE_LOST = {"OperatorTick"}


def scheduler_targets_have_a_dlq(template: Template) -> Iterator[str]:
    for name, schedule in resources(template, "AWS::Scheduler::Schedule"):
        if name in MAY_BE_LOST:
            continue
        arn = schedule["Target"].get("DeadLetterConfig", {}).get("Arn", {})
        if arn.get("Fn::GetAtt", [None])[0] not in dlq_names(template):
            yield f"{name}: a tick that cannot be delivered is lost"


def the_sweep_waits_behind_no_message(template: Template) -> Iterator[str]:
    """Its tick calls the worker itself, which the scheduler's role has to be let do."""
    resources_by_name = template["Resources"]
    target = resources_by_name["SweepTick"]["Properties"]["Target"]["Arn"]["Fn::GetAtt"][0]
    if target != "WorkerFunction":
        yield f"SweepTick: its tick waits behind what is in {target}"
    (policy,) = resources_by_name["SchedulerRole"]["Properties"]["Policies"]
    statements = policy["PolicyDocument"]["Statement"]
    callable_ones = [s["Resource"] for s in statements if s["Action"] == "lambda:InvokeFunction"]
    if {"Fn::GetAtt": ["WorkerFunction", "Arn"]} not in callable_ones:
        yield "SweepTick: its role may not call the worker"


# ---- What each rule has to notice

_UPLOADS = "Resources/IngestFunction/Properties/Events/Uploads/Properties"
_WORK = "Resources/WorkerFunction/Properties/Events/Work/Properties"

BREAKS: list[Break] = [
    (visibility_covers_six_timeouts, set_part("Mappings/VisibilityTimeoutOf/300/Seconds", 1799)),
    (visibility_covers_six_timeouts, set_part(f"{_WORK}/MaximumBatchingWindowInSeconds", 6)),
    (
        visibility_covers_six_timeouts,
        set_part("Parameters/WorkerBatchingWindowSeconds/MaxValue", 6),
    ),
    (visibility_covers_six_timeouts, set_part("Resources/WorkerFunction/Properties/Timeout", 9)),
    (mappings_report_batch_item_failures, drop_part(f"{_UPLOADS}/FunctionResponseTypes")),
    (mappings_limit_concurrency, drop_part(f"{_WORK}/ScalingConfig")),
    (
        queues_redrive_after_five_receives,
        set_part("Resources/WorkQueue/Properties/RedrivePolicy/maxReceiveCount", 3),
    ),
    (
        queues_redrive_after_five_receives,
        set_part("Globals/Function/Environment/Variables/MAX_RECEIVE_COUNT", "4"),
    ),
    (dlqs_keep_longest, set_part("Resources/WorkDlq/Properties/MessageRetentionPeriod", 345_600)),
    (
        dlqs_keep_longest,
        set_part("Resources/WorkQueue/Properties/MessageRetentionPeriod", 1_209_600),
    ),
    (dlqs_keep_longest, set_part("Resources/WorkQueue/Properties/MessageRetentionPeriod", 345_600)),
    (
        every_source_queue_has_its_own_dlq,
        set_part(
            "Resources/WorkQueue/Properties/RedrivePolicy/deadLetterTargetArn/Fn::GetAtt",
            ["UploadsDlq", "Arn"],
        ),
    ),
    (deferral_is_not_taken_for_a_loop, drop_part("Globals/Function/RecursiveLoop")),
    (
        scheduler_targets_have_a_dlq,
        drop_part("Resources/SweepTick/Properties/Target/DeadLetterConfig"),
    ),
    (
        the_sweep_waits_behind_no_message,
        set_part("Resources/SweepTick/Properties/Target/Arn/Fn::GetAtt", ["WorkQueue", "Arn"]),
    ),
    (
        the_sweep_waits_behind_no_message,
        drop_part("Resources/SchedulerRole/Properties/Policies/0/PolicyDocument/Statement/1"),
    ),
]
