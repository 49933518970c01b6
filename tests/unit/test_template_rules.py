"""The template keeps the rules of the design, and each rule notices when it is broken."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from infra.deploy import PACKAGE_PLACEHOLDER, TEMPLATE
from tests.unit import template_rules as rules
from tests.unit.template_parts import Template, parse_template
from tests.unit.template_rules import RULES


@pytest.fixture(scope="module")
def template() -> Template:
    return parse_template(TEMPLATE)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_template_keeps_the_rule(rule: Callable[[Template], Any], template: Template) -> None:
    assert list(rule(template)) == []


def _set(path: str, value: Any) -> Callable[[Template], None]:
    def mutate(template: Template) -> None:
        parent, key = _walk(template, path)
        parent[key] = value

    return mutate


def _drop(path: str) -> Callable[[Template], None]:
    def mutate(template: Template) -> None:
        parent, key = _walk(template, path)
        del parent[key]

    return mutate


def _walk(template: Template, path: str) -> tuple[Any, Any]:
    """Find what holds the last part of a path; a list's part is an index or a statement's Sid."""
    parts = path.split("/")
    place: Any = template
    for part in parts[:-1]:
        place = place[_key(place, part)]
    return place, _key(place, parts[-1])


def _key(place: Any, part: str) -> Any:
    if not isinstance(place, list):
        return part
    if part.isdigit():
        return int(part)
    return next(index for index, statement in enumerate(place) if statement["Sid"] == part)


_UPLOADS = "Resources/IngestFunction/Properties/Events/Uploads/Properties"
_WORK = "Resources/WorkerFunction/Properties/Events/Work/Properties"
_WORKER_POLICY = "Resources/WorkerRole/Properties/Policies/0/PolicyDocument/Statement"
_CALLBACK_STATEMENT = (
    "Resources/WorkerCallbackPolicy/Properties/PolicyDocument/Statement/TellSendersOfTasks"
)
_INGEST_POLICY = "Resources/IngestRole/Properties/Policies/0/PolicyDocument/Statement"

BREAKS = [
    (rules.visibility_covers_six_timeouts, _set("Mappings/VisibilityTimeoutOf/300/Seconds", 1799)),
    (rules.visibility_covers_six_timeouts, _set(f"{_WORK}/MaximumBatchingWindowInSeconds", 1)),
    (rules.visibility_covers_six_timeouts, _set("Resources/WorkerFunction/Properties/Timeout", 9)),
    (rules.mappings_report_batch_item_failures, _drop(f"{_UPLOADS}/FunctionResponseTypes")),
    (rules.mappings_limit_concurrency, _drop(f"{_WORK}/ScalingConfig")),
    (
        rules.queues_redrive_after_five_receives,
        _set("Resources/WorkQueue/Properties/RedrivePolicy/maxReceiveCount", 3),
    ),
    (
        rules.queues_redrive_after_five_receives,
        _set("Globals/Function/Environment/Variables/MAX_RECEIVE_COUNT", "4"),
    ),
    (
        rules.dlqs_keep_longest,
        _set("Resources/WorkDlq/Properties/MessageRetentionPeriod", 345_600),
    ),
    (
        rules.dlqs_keep_longest,
        _set("Resources/WorkQueue/Properties/MessageRetentionPeriod", 1_209_600),
    ),
    (
        rules.every_source_queue_has_its_own_dlq,
        _set(
            "Resources/WorkQueue/Properties/RedrivePolicy/deadLetterTargetArn/Fn::GetAtt",
            ["UploadsDlq", "Arn"],
        ),
    ),
    (rules.deferral_is_not_taken_for_a_loop, _drop("Globals/Function/RecursiveLoop")),
    (rules.buckets_and_queues_refuse_plain_http, _set("Parameters/RequireTls/Default", "false")),
    (rules.buckets_and_queues_refuse_plain_http, _drop("Resources/ArtifactsBucketPolicy")),
    (
        rules.buckets_and_queues_refuse_plain_http,
        _drop(
            "Resources/UploadsQueuePolicy/Properties/PolicyDocument/Statement/1/Fn::If/1/Condition"
        ),
    ),
    (
        rules.buckets_are_private_versioned_and_encrypted,
        _set(
            "Resources/DocumentsBucket/Properties/PublicAccessBlockConfiguration/BlockPublicAcls",
            False,
        ),
    ),
    (
        rules.buckets_are_private_versioned_and_encrypted,
        _drop("Resources/DocumentsBucket/Properties/VersioningConfiguration"),
    ),
    (
        rules.buckets_are_private_versioned_and_encrypted,
        _drop("Resources/ArtifactsBucket/Properties/BucketEncryption"),
    ),
    (rules.queues_are_encrypted, _drop("Resources/WorkDlq/Properties/SqsManagedSseEnabled")),
    (rules.buckets_tidy_up, _drop("Resources/ArtifactsBucket/Properties/LifecycleConfiguration")),
    (rules.data_outlives_the_stack, _set("Resources/LedgerTable/DeletionPolicy", "Delete")),
    (
        rules.tables_can_be_restored,
        _drop("Resources/LedgerTable/Properties/PointInTimeRecoverySpecification"),
    ),
    (
        rules.bucket_names_fit,
        _set("Resources/ArtifactsBucket/Properties/BucketName/Fn::Sub", "${AWS::StackId}"),
    ),
    (
        rules.uploads_of_any_suffix_are_announced,
        _set(
            "Resources/DocumentsBucket/Properties/NotificationConfiguration"
            "/QueueConfigurations/0/Filter",
            {"S3Key": {"Rules": [{"Name": "suffix", "Value": ".pdf"}]}},
        ),
    ),
    (rules.functions_run_on_the_built_platform, _set("Globals/Function/Architectures", ["x86_64"])),
    (
        rules.handlers_can_be_imported,
        _set("Resources/WorkerFunction/Properties/Handler", "functions.work.handler"),
    ),
    (
        rules.environment_is_the_settings,
        _drop("Globals/Function/Environment/Variables/WORK_DLQ_URL"),
    ),
    (
        rules.environment_is_the_settings,
        _set("Globals/Function/Environment/Variables/UNKNOWN", "x"),
    ),
    (
        rules.defaults_are_those_of_the_settings,
        _set("Parameters/MaxDocumentPages/Default", 500),
    ),
    (
        rules.defaults_are_those_of_the_settings,
        _set("Globals/Function/Environment/Variables/RETRY_BASE_SECONDS", "6"),
    ),
    (
        rules.only_the_worker_has_the_key,
        _set("Globals/Function/Environment/Variables/OPENAI_API_KEY", {"Ref": "OpenAiApiKey"}),
    ),
    (rules.only_the_worker_has_the_key, _drop("Parameters/OpenAiApiKey/NoEcho")),
    (
        rules.log_groups_have_a_retention,
        _drop("Resources/WorkerLogGroup/Properties/RetentionInDays"),
    ),
    (
        rules.permissions_name_actions_and_resources,
        _set(f"{_WORKER_POLICY}/KeepResults/Action", "s3:Get*"),
    ),
    (
        rules.permissions_name_actions_and_resources,
        _set(f"{_INGEST_POLICY}/KeepText/Resource", "*"),
    ),
    (
        rules.permissions_name_actions_and_resources,
        _set(f"{_CALLBACK_STATEMENT}/Resource", "*"),
    ),
    (
        rules.callbacks_go_only_where_the_operator_allows,
        _set(f"{_CALLBACK_STATEMENT}/Resource", {"Fn::GetAtt": ["WorkDlq", "Arn"]}),
    ),
    (
        rules.callbacks_go_only_where_the_operator_allows,
        _set("Parameters/CallbackArns/AllowedPattern", ".*"),
    ),
    (
        rules.callbacks_go_only_where_the_operator_allows,
        _set(f"{_WORKER_POLICY}/KeepResults/Action", "sns:Publish"),
    ),
    (
        rules.functions_have_a_role_of_ours,
        _set("Resources/WorkerFunction/Properties/Policies", ["SQSPollerPolicy"]),
    ),
    (
        rules.roles_are_not_shared,
        _set("Resources/WorkerFunction/Properties/Role/Fn::GetAtt", ["IngestRole", "Arn"]),
    ),
    (
        rules.roles_take_only_tracing_from_aws,
        _set(
            "Resources/WorkerRole/Properties/ManagedPolicyArns",
            ["arn:aws:iam::aws:policy/AmazonS3FullAccess"],
        ),
    ),
    (
        rules.the_worker_never_sees_a_document,
        _set(f"{_WORKER_POLICY}/KeepResults/Resource", {"Fn::GetAtt": ["DocumentsBucket", "Arn"]}),
    ),
    (
        rules.source_queues_have_one_consumer,
        _set(f"{_WORKER_POLICY}/ConsumeWork/Resource", {"Fn::GetAtt": ["UploadsQueue", "Arn"]}),
    ),
    (
        rules.scheduler_targets_have_a_dlq,
        _drop("Resources/SweepTick/Properties/Target/DeadLetterConfig"),
    ),
    (rules.outputs_are_complete, _drop("Outputs/WorkDlqUrl")),
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
    assert {rule for rule, _ in BREAKS} == set(RULES)


def test_template_has_no_alias_which_cloudformation_does_not_read() -> None:
    """CloudFormation, "Template format": YAML aliases and merges are not supported."""
    tokens = yaml.scan(TEMPLATE.read_text())
    assert not [t for t in tokens if isinstance(t, yaml.AliasToken | yaml.AnchorToken)]


def test_template_names_the_built_package(template: Template) -> None:
    assert template["Globals"]["Function"]["CodeUri"] == PACKAGE_PLACEHOLDER
