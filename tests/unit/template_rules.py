"""What must hold for the template. Each rule takes a parsed template and returns its violations."""

import importlib
import re
from collections.abc import Iterator
from typing import Any

from infra.stacks import LONGEST_STACK_NAME
from shared.settings import Settings, read_settings
from tests.unit.template_parts import (
    Template,
    as_list,
    dlq_names,
    functions,
    mappings,
    policy_statements,
    resources,
    roles_policies,
    source_queues,
    statements,
    text_of,
)

LONGEST_REGION = "ap-southeast-1"
LONGEST_BUCKET_NAME = 63
LONGEST_VISIBILITY_SECONDS = 43_200
DLQ_RETENTION_SECONDS = 14 * 24 * 3600

OUTPUTS = {
    "DocumentsBucket", "ArtifactsBucket", "UploadsQueueUrl", "UploadsDlqUrl", "WorkQueueUrl",
    "WorkDlqUrl", "ReportsQueueUrl", "ReportsDlqUrl", "LedgerTable", "IdempotencyTable",
    "ConversationsTable", "ApiUrl", "ApiKeyId",
}  # fmt: skip


# ---- Queues and event source mappings


def visibility_covers_six_timeouts(template: Template) -> Iterator[str]:
    """AWS Lambda, "Using Lambda with Amazon SQS": six times the timeout, and the window."""
    for name, mapping, function in mappings(template):
        queue = template["Resources"][mapping["Queue"]["Fn::GetAtt"][0]]["Properties"]
        table, row, column = queue["VisibilityTimeout"]["Fn::FindInMap"]
        if function["Timeout"] != row:
            yield f"{name}: the visibility timeout does not follow the function's timeout"
            continue
        for seconds in template["Parameters"][row["Ref"]]["AllowedValues"]:
            visibility = template["Mappings"][table][seconds][column]
            least = 6 * int(seconds) + mapping["MaximumBatchingWindowInSeconds"]
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
        if kept != DLQ_RETENTION_SECONDS or kept <= queue.get("MessageRetentionPeriod", kept):
            yield f"{name}: its DLQ does not keep messages for 14 days, or not longer than it"


def every_source_queue_has_its_own_dlq(template: Template) -> Iterator[str]:
    if len(dlq_names(template)) != len(list(source_queues(template))):
        yield "two queues share a DLQ"


def deferral_is_not_taken_for_a_loop(template: Template) -> Iterator[str]:
    """AWS Lambda, "Use Lambda recursive loop detection": stops after about 16 rounds."""
    for name, function in functions(template):
        if function.get("RecursiveLoop") != "Allow":
            yield f"{name}: Lambda would stop a message that is deferred often"


# ---- Protection of what is stored


def buckets_and_queues_refuse_plain_http(template: Template) -> Iterator[str]:
    if template["Parameters"]["RequireTls"]["Default"] != "true":
        yield "RequireTls is not the default"
    if template["Conditions"]["TlsIsRequired"] != {"Fn::Equals": [{"Ref": "RequireTls"}, "true"]}:
        yield "TlsIsRequired does not mean what it says"
    for kind, action in (("AWS::S3::Bucket", "s3:*"), ("AWS::SQS::Queue", "sqs:*")):
        for name, _ in resources(template, kind):
            if not any(
                _denies_plain_http(statement, name, action)
                for resource in template["Resources"].values()
                if resource["Type"] == f"{kind}Policy"
                and resource.get("Condition", "TlsIsRequired")
                in ("TlsIsRequired", template["Resources"][name].get("Condition"))
                for statement in resource["Properties"]["PolicyDocument"]["Statement"]
            ):
                yield f"{name}: no policy refuses requests without TLS"


def _denies_plain_http(statement: dict[str, Any], name: str, action: str) -> bool:
    if "Fn::If" in statement:
        condition, statement, otherwise = statement["Fn::If"]
        if condition != "TlsIsRequired" or otherwise != {"Ref": "AWS::NoValue"}:
            return False
    targets = {text_of(arn) for arn in as_list(statement.get("Resource", []))}
    wanted = {f"${{{name}.Arn}}"} | ({f"${{{name}.Arn}}/*"} if action == "s3:*" else set())
    return (
        statement.get("Effect") == "Deny"
        and statement.get("Principal") == "*"
        and statement.get("Action") == action
        and targets == wanted
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
    )


def buckets_are_private_versioned_and_encrypted(template: Template) -> Iterator[str]:
    switches = {
        "BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets",
    }  # fmt: skip
    for name, bucket in resources(template, "AWS::S3::Bucket"):
        if bucket.get("PublicAccessBlockConfiguration") != dict.fromkeys(switches, True):
            yield f"{name}: public access is not blocked"
        if bucket.get("VersioningConfiguration") != {"Status": "Enabled"}:
            yield f"{name}: versions are not kept"
        rules = bucket.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration")
        if not rules:
            yield f"{name}: encryption is not set"


def queues_are_encrypted(template: Template) -> Iterator[str]:
    for name, queue in resources(template, "AWS::SQS::Queue"):
        if queue.get("SqsManagedSseEnabled") is not True:
            yield f"{name}: encryption is not set"


def buckets_tidy_up(template: Template) -> Iterator[str]:
    for name, bucket in resources(template, "AWS::S3::Bucket"):
        for rule in bucket.get("LifecycleConfiguration", {}).get("Rules", [{}]):
            if "AbortIncompleteMultipartUpload" not in rule:
                yield f"{name}: incomplete uploads stay for ever"
            if "NoncurrentVersionExpiration" not in rule:
                yield f"{name}: old versions stay for ever"


def data_outlives_the_stack(template: Template) -> Iterator[str]:
    for name in ("DocumentsBucket", "ArtifactsBucket", "LedgerTable", "ConversationsTable"):
        resource = template["Resources"][name]
        # Not `Retain`: a bucket that a failed first deployment leaves blocks the next by its name.
        if resource.get("DeletionPolicy") != "RetainExceptOnCreate":
            yield f"{name}: would be deleted with the stack, or block a second first deployment"
        if resource.get("UpdateReplacePolicy") != "Retain":
            yield f"{name}: would be deleted when it is replaced"


def tables_can_be_restored(template: Template) -> Iterator[str]:
    for name, table in resources(template, "AWS::DynamoDB::Table"):
        if table.get("PointInTimeRecoverySpecification") != {"PointInTimeRecoveryEnabled": True}:
            yield f"{name}: no point-in-time recovery"
        if table.get("BillingMode") != "PAY_PER_REQUEST":
            yield f"{name}: not on demand"


def bucket_names_fit(template: Template) -> Iterator[str]:
    values = {
        "AWS::StackName": "s" * LONGEST_STACK_NAME,
        "AWS::AccountId": "0" * 12,
        "AWS::Region": LONGEST_REGION,
    }
    for name, bucket in resources(template, "AWS::S3::Bucket"):
        bucket_name = text_of(bucket["BucketName"])
        for variable, value in values.items():
            bucket_name = bucket_name.replace(f"${{{variable}}}", value)
        if "$" in bucket_name or len(bucket_name) > LONGEST_BUCKET_NAME:
            yield f"{name}: its name can become too long"


def uploads_of_any_suffix_are_announced(template: Template) -> Iterator[str]:
    bucket = template["Resources"]["DocumentsBucket"]
    configuration = bucket["Properties"]["NotificationConfiguration"]["QueueConfigurations"]
    if configuration != [
        {"Event": "s3:ObjectCreated:*", "Queue": {"Fn::GetAtt": ["UploadsQueue", "Arn"]}}
    ]:
        yield "not every new object is announced on the uploads queue"
    if "UploadsQueuePolicy" not in as_list(bucket.get("DependsOn")):
        yield "the bucket may be made before S3 may send to the queue"


def scheduler_targets_have_a_dlq(template: Template) -> Iterator[str]:
    for name, schedule in resources(template, "AWS::Scheduler::Schedule"):
        arn = schedule["Target"].get("DeadLetterConfig", {}).get("Arn", {})
        if arn.get("Fn::GetAtt", [None])[0] not in dlq_names(template):
            yield f"{name}: a tick that cannot be delivered is lost"


# ---- Functions


def functions_run_on_the_built_platform(template: Template) -> Iterator[str]:
    for name, function in functions(template):
        if function.get("Architectures") != ["arm64"] or function.get("Runtime") != "python3.13":
            yield f"{name}: not the platform that the package is built for"


def handlers_can_be_imported(template: Template) -> Iterator[str]:
    for name, function in functions(template):
        module, _, handler = function["Handler"].rpartition(".")
        try:
            found = callable(getattr(importlib.import_module(module), handler, None))
        except ModuleNotFoundError:
            found = False
        if not found:
            yield f"{name}: there is no {function['Handler']}"


def environment_is_the_settings(template: Template) -> Iterator[str]:
    known = {field.upper() for field in Settings.model_fields}
    given: set[str] = set()
    for name, function in functions(template):
        own = {
            variable
            for variable in function["Environment"]["Variables"]
            if not variable.startswith("POWERTOOLS_") and variable != "LOG_LEVEL"
        }
        given |= own
        for variable in sorted(own - known):
            yield f"{name}: {variable} is no setting"
    for variable in sorted(known - given):
        yield f"{variable} is set for no function"


REQUIRED_SETTINGS = {
    field.upper(): "given"
    for field, description in Settings.model_fields.items()
    if description.is_required()
}


def defaults_are_those_of_the_settings(template: Template) -> Iterator[str]:
    variables: dict[str, Any] = {}
    for _, function in functions(template):
        variables |= function["Environment"]["Variables"]
    for field, description in Settings.model_fields.items():
        value = variables.get(field.upper())
        if isinstance(value, dict):
            value = template["Parameters"].get(value.get("Ref"), {}).get("Default")
        # Without a default a setting is off, and what the template says switches it on.
        if description.is_required() or description.default is None or value is None:
            continue
        read = getattr(read_settings({**REQUIRED_SETTINGS, field.upper(): str(value)}), field)
        if read != description.default:
            yield f"{field.upper()}: {value!r} in the template, {description.default!r} in Settings"


# The functions that ask the language model; no other may read its key.
KEY_READERS = {"WorkerFunction", "ApiFunction"}
READING_SECRETS = ("secretsmanager:", "ssm:", "kms:")


def the_key_is_in_no_environment(template: Template) -> Iterator[str]:
    pattern = template["Parameters"]["OpenAiApiKeySecret"]["AllowedPattern"]
    if re.match(pattern, "sk-proj-0123456789"):
        yield "a key would be taken for the name of a secret, and be shown"
    for name, function in functions(template):
        for variable in function["Environment"]["Variables"]:
            if "KEY" in variable and variable != "OPENAI_API_KEY_SECRET":
                yield f"{name}: {variable} may hold a key"


def few_functions_know_of_the_key(template: Template) -> Iterator[str]:
    readers = {name: f for name, f in functions(template) if name in KEY_READERS}
    for name, function in functions(template):
        told = "OPENAI_API_KEY_SECRET" in function["Environment"]["Variables"]
        if told != (name in readers):
            yield f"{name}: {'must not' if told else 'has to'} know where the key is"
    roles = [{"Ref": f["Role"]["Fn::GetAtt"][0]} for f in readers.values()]
    for name, policy in [*roles_policies(template), *resources(template, "AWS::IAM::Policy")]:
        for statement in policy_statements(policy):
            actions = as_list(statement["Action"])
            if not any(action.startswith(READING_SECRETS) for action in actions):
                continue
            if name != "ModelKeyPolicy" or sorted(map(str, policy["Roles"])) != sorted(
                map(str, roles)
            ):
                yield f"{name}: reads secrets, or is not for those alone that ask the model"
            if text_of(statement["Resource"]) not in (
                "arn:${Arn}",
                "${OpenAiApiKeySecretKmsKeyArn}",
            ):
                yield f"{name}: reads more than the one secret"


def log_groups_have_a_retention(template: Template) -> Iterator[str]:
    for name, function in functions(template):
        group = function.get("LoggingConfig", {}).get("LogGroup", {}).get("Ref")
        if "RetentionInDays" not in template["Resources"].get(group, {}).get("Properties", {}):
            yield f"{name}: its log is kept for ever"


# ---- Permissions


def functions_have_a_role_of_ours(template: Template) -> Iterator[str]:
    for name, function in functions(template):
        if "Policies" in function or set(function.get("Role", {})) != {"Fn::GetAtt"}:
            yield f"{name}: SAM would give its role every queue and every log"


# An address may be sent from by an identity of its own or by its domain's.
MAIL_IDENTITIES = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*"
# How a statement begins that only the local stack has.
ONLY_LOCALLY = ["TlsIsRequired", {"Ref": "AWS::NoValue"}]

# One user of one proxy, both of which the operator names.
DATABASE_USER = (
    "arn:${AWS::Partition}:rds-db:${AWS::Region}:${AWS::AccountId}"
    ":dbuser:${DatabaseProxyId}/${DatabaseUser}"
)
NAMED_RESOURCES = (MAIL_IDENTITIES, DATABASE_USER)


def permissions_name_actions_and_resources(template: Template) -> Iterator[str]:
    for name, policy in [*roles_policies(template), *resources(template, "AWS::IAM::Policy")]:
        for statement in policy_statements(policy):
            for action in as_list(statement["Action"]):
                if "*" in action:
                    yield f"{name}: the action {action} is not one action"
            for resource in map(text_of, as_list(statement["Resource"])):
                is_ours = resource.startswith(("${", "arn:${Arn}"))
                if not is_ours and resource not in NAMED_RESOURCES:
                    yield f"{name}: {resource} is not one of our resources"


def callbacks_go_only_where_the_operator_allows(template: Template) -> Iterator[str]:
    parameter = template["Parameters"]["CallbackArns"]
    if parameter["Default"] or re.match(parameter["AllowedPattern"], "arn:aws:sqs:eu-west-1:*:*"):
        yield "CallbackArns allows more than the queues and topics that it names"
    for name, policy in resources(template, "AWS::IAM::Policy"):
        for statement in policy_statements(policy):
            if not {"sqs:SendMessage", "sns:Publish"} & set(as_list(statement["Action"])):
                continue
            if name == "ReportTopicPolicy":
                continue
            if statement["Resource"] != {"Fn::Split": [",", {"Ref": "CallbackArns"}]}:
                yield f"{name}: goes beyond CallbackArns"
    for name, function in functions(template):
        for statement in statements(template, function):
            if "sns:Publish" in as_list(statement["Action"]):
                yield f"{name}: may publish on its own account"


def reports_go_only_where_the_operator_says(template: Template) -> Iterator[str]:
    wanted = {
        "ReportMailPolicy": (
            "ses:SendEmail",
            MAIL_IDENTITIES,
            {"StringEquals": {"ses:FromAddress": {"Ref": "ReportFrom"}}},
        ),
        "ReportTopicPolicy": ("sns:Publish", "${ReportTopicArn}", None),
    }
    mail = template["Resources"]["ReportMailPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    if [statement["Fn::If"][:2] for statement in mail if "Fn::If" in statement] != [ONLY_LOCALLY]:
        yield "ReportMailPolicy: what the emulator needs holds on AWS too"
    for name, policy in [*roles_policies(template), *resources(template, "AWS::IAM::Policy")]:
        for statement in policy_statements(policy):
            told = (statement["Action"], text_of(statement["Resource"]), statement.get("Condition"))
            is_ours = name in wanted and policy["Roles"] == [{"Ref": "ReportRole"}]
            if is_ours and told != wanted[name]:
                yield f"{name}: sends elsewhere, or as somebody else"
            if not is_ours and any("ses:" in action for action in as_list(statement["Action"])):
                yield f"{name}: may send mails"
    for name in ("ReportFrom", "ReportTo", "ReportTopicArn"):
        if template["Parameters"][name]["Default"]:
            yield f"{name}: reports go out without having been asked for"


def the_report_reads_and_notes_its_own(template: Template) -> Iterator[str]:
    writing = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
    for statement in statements(template, dict(functions(template))["ReportFunction"]):
        arns = [text_of(arn) for arn in as_list(statement["Resource"])]
        actions = set(as_list(statement["Action"]))
        if any("DocumentsBucket" in arn for arn in arns):
            yield f"the report may {sorted(actions)} on the documents bucket"
        keys = statement.get("Condition", {}).get("ForAllValues:StringLike")
        is_limited = keys == {"dynamodb:LeadingKeys": ["REPORT#*", "REPORTS"]}
        if "${LedgerTable.Arn}" in arns and actions & writing and not is_limited:
            yield "the report may change more of the ledger than reports"
        if "s3:PutObject" in actions and arns != ["${ArtifactsBucket.Arn}/reports/*"]:
            yield "the report may write more than reports"


# Which partitions of the ledger a function may write to, and delete from; None is all of them. The
# emulator knows no condition on partition keys, so no test there can tell.
LEDGER_WRITES: dict[str, set[str] | None] = {
    "IngestFunction": None,
    "WorkerFunction": None,
    "ReportFunction": {"REPORT#*", "REPORTS"},
    "ApiFunction": {"TASK#*", "SPEND#*"},
}
LEDGER_DELETES = {"WorkerFunction": {"SPEND#*"}, "ApiFunction": {"SPEND#*"}}


def functions_write_only_their_own_rows(template: Template) -> Iterator[str]:
    for name, function in functions(template):
        for statement in statements(template, function):
            actions = set(as_list(statement["Action"]))
            if "${LedgerTable.Arn}" not in map(text_of, as_list(statement["Resource"])):
                continue
            condition = statement.get("Condition", {}).get("ForAllValues:StringLike", {})
            given = condition.get("dynamodb:LeadingKeys")
            writes = LEDGER_WRITES.get(name, set())
            is_bound = writes is None or (given is not None and set(given) <= writes)
            if actions & {"dynamodb:PutItem", "dynamodb:UpdateItem"} and not is_bound:
                yield f"{name}: writes to {given or 'every partition'} of the ledger"
            deletes = LEDGER_DELETES.get(name, set())
            if "dynamodb:DeleteItem" in actions and (given is None or not set(given) <= deletes):
                yield f"{name}: deletes from {given or 'every partition'} of the ledger"


def roles_are_not_shared(template: Template) -> Iterator[str]:
    roles = [str(function["Role"]) for _, function in functions(template)]
    if len(set(roles)) != len(roles):
        yield "two functions share a role"


# What has no resources to name: logs of API Gateway, network interfaces in a VPC.
MANAGED_POLICIES = {
    "ApiLogRole": "/AmazonAPIGatewayPushToCloudWatchLogs",
    "DatabaseRole": "/AWSLambdaVPCAccessExecutionRole",
}


def roles_take_only_tracing_from_aws(template: Template) -> Iterator[str]:
    for name, role in resources(template, "AWS::IAM::Role"):
        for arn in map(text_of, role.get("ManagedPolicyArns", [])):
            if not arn.endswith(":iam::aws:policy/AWSXRayDaemonWriteAccess") and not arn.endswith(
                MANAGED_POLICIES.get(name, "nothing")
            ):
                yield f"{name}: {arn} is broader than needed"


def the_worker_never_sees_a_document(template: Template) -> Iterator[str]:
    worker = dict(functions(template))["WorkerFunction"]
    for statement in statements(template, worker):
        if any("DocumentsBucket" in text_of(arn) for arn in as_list(statement["Resource"])):
            yield f"the worker may {statement['Action']} on the documents bucket"


def source_queues_have_one_consumer(template: Template) -> Iterator[str]:
    consumed = [(name.split(".")[0], mapping["Queue"]) for name, mapping, _ in mappings(template)]
    sources = {f"${{{name}.Arn}}" for name, _ in source_queues(template)}
    for name, function in functions(template):
        own = {text_of(queue) for consumer, queue in consumed if consumer == name}
        for statement in statements(template, function):
            taken = set(map(text_of, as_list(statement["Resource"]))) & sources
            if "sqs:ReceiveMessage" in as_list(statement["Action"]) and not taken <= own:
                yield f"{name}: may receive from {sorted(taken - own)}"


# ---- The template as a whole


def outputs_are_complete(template: Template) -> Iterator[str]:
    missing = OUTPUTS - set(template["Outputs"])
    if missing:
        yield f"the outputs {sorted(missing)} are missing"


RULES = [
    visibility_covers_six_timeouts,
    mappings_report_batch_item_failures,
    mappings_limit_concurrency,
    queues_redrive_after_five_receives,
    dlqs_keep_longest,
    every_source_queue_has_its_own_dlq,
    deferral_is_not_taken_for_a_loop,
    buckets_and_queues_refuse_plain_http,
    buckets_are_private_versioned_and_encrypted,
    queues_are_encrypted,
    buckets_tidy_up,
    data_outlives_the_stack,
    tables_can_be_restored,
    bucket_names_fit,
    uploads_of_any_suffix_are_announced,
    scheduler_targets_have_a_dlq,
    functions_run_on_the_built_platform,
    handlers_can_be_imported,
    environment_is_the_settings,
    defaults_are_those_of_the_settings,
    the_key_is_in_no_environment,
    few_functions_know_of_the_key,
    log_groups_have_a_retention,
    functions_have_a_role_of_ours,
    permissions_name_actions_and_resources,
    callbacks_go_only_where_the_operator_allows,
    reports_go_only_where_the_operator_says,
    the_report_reads_and_notes_its_own,
    functions_write_only_their_own_rows,
    roles_are_not_shared,
    roles_take_only_tracing_from_aws,
    the_worker_never_sees_a_document,
    source_queues_have_one_consumer,
    outputs_are_complete,
]
