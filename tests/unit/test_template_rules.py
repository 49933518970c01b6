"""The template keeps the rules of the design, and each rule notices when it is broken."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from infra.build import FUNCTIONS
from infra.staging import TEMPLATE, package_placeholder
from tests.unit import template_rules as rules
from tests.unit.template_changes import drop_part as _drop
from tests.unit.template_changes import set_part as _set
from tests.unit.template_parts import Template, functions, parse_template
from tests.unit.template_rules import RULES


@pytest.fixture(scope="module")
def template() -> Template:
    return parse_template(TEMPLATE)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_template_keeps_the_rule(rule: Callable[[Template], Any], template: Template) -> None:
    assert list(rule(template)) == []


_UPLOADS = "Resources/IngestFunction/Properties/Events/Uploads/Properties"
_WORK = "Resources/WorkerFunction/Properties/Events/Work/Properties"
_WORKER_POLICY = "Resources/WorkerRole/Properties/Policies/0/PolicyDocument/Statement"
_CALLBACK_STATEMENT = (
    "Resources/WorkerCallbackPolicy/Properties/PolicyDocument/Statement/TellSendersOfTasks"
)
_KEY_POLICY = "Resources/ModelKeyPolicy/Properties/PolicyDocument/Statement"
_MAIL_POLICY = "Resources/ReportMailPolicy/Properties/PolicyDocument/Statement"
_TOPIC_POLICY = "Resources/ReportTopicPolicy/Properties/PolicyDocument/Statement"
_API_POLICY = "Resources/ApiRole/Properties/Policies/0/PolicyDocument/Statement"
_REPORT_POLICY = "Resources/ReportRole/Properties/Policies/0/PolicyDocument/Statement"
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
        rules.the_key_is_in_no_environment,
        _set("Globals/Function/Environment/Variables/OPENAI_API_KEY", "sk-1"),
    ),
    (
        rules.the_key_is_in_no_environment,
        _set("Parameters/OpenAiApiKeySecret/AllowedPattern", ".*"),
    ),
    (
        rules.few_functions_know_of_the_key,
        _set("Globals/Function/Environment/Variables/OPENAI_API_KEY_SECRET", "a-secret"),
    ),
    (
        rules.few_functions_know_of_the_key,
        _set("Resources/ModelKeyPolicy/Properties/Roles", [{"Ref": "IngestRole"}]),
    ),
    (
        rules.few_functions_know_of_the_key,
        _set(f"{_KEY_POLICY}/ReadModelKey/Resource", {"Ref": "OpenAiApiKeySecret"}),
    ),
    (
        rules.few_functions_know_of_the_key,
        _set(f"{_INGEST_POLICY}/KeepText/Action", "secretsmanager:GetSecretValue"),
    ),
    (
        rules.reports_go_only_where_the_operator_says,
        _drop(f"{_MAIL_POLICY}/MailReports/Condition"),
    ),
    (
        rules.reports_go_only_where_the_operator_says,
        _set(f"{_MAIL_POLICY}/1/Fn::If/0", "ReportIsMailed"),
    ),
    (
        rules.reports_go_only_where_the_operator_says,
        _set(f"{_TOPIC_POLICY}/TellTopic/Resource", {"Ref": "CallbackArns"}),
    ),
    (
        rules.reports_go_only_where_the_operator_says,
        _set(f"{_WORKER_POLICY}/KeepResults/Action", ["ses:SendEmail"]),
    ),
    (
        rules.the_report_reads_and_notes_its_own,
        _drop(f"{_REPORT_POLICY}/KeepReportRows/Condition"),
    ),
    (
        rules.the_report_reads_and_notes_its_own,
        _set(f"{_REPORT_POLICY}/KeepReports/Resource", {"Fn::Sub": "${ArtifactsBucket.Arn}/*"}),
    ),
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
        rules.functions_write_only_their_own_rows,
        _drop(f"{_API_POLICY}/RegisterTasks/Condition"),
    ),
    (
        rules.functions_write_only_their_own_rows,
        _set(f"{_WORKER_POLICY}/KeepLedger/Action", "dynamodb:DeleteItem"),
    ),
    (
        rules.functions_write_only_their_own_rows,
        _set(f"{_INGEST_POLICY}/KeepLedger/Action", "dynamodb:DeleteItem"),
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


def test_each_function_has_the_package_that_is_built_for_it(template: Template) -> None:
    for _, function in functions(template):
        name = function["Handler"].split(".")[1]
        assert name in FUNCTIONS
        assert function["CodeUri"] == package_placeholder(name)
