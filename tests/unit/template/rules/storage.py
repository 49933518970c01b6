"""What must hold for what is stored: it is protected, kept, and found by its names."""

from collections.abc import Iterator
from typing import Any

from infra.stacks import LONGEST_STACK_NAME
from tests.unit.template.template_changes import Break, drop_part, set_part
from tests.unit.template.template_parts import Template, as_list, resources, text_of

LONGEST_REGION = "ap-southeast-1"
LONGEST_BUCKET_NAME = 63
OUTPUTS = {
    "DocumentsBucket", "ArtifactsBucket", "UploadsQueueUrl", "UploadsDlqUrl", "WorkQueueUrl",
    "WorkDlqUrl", "ReportsQueueUrl", "ReportsDlqUrl", "LedgerTable", "IdempotencyTable",
    "ConversationsTable", "ApiUrl", "ApiKeyId",
}  # fmt: skip


# Under which conditions a policy is there wherever what it protects is, and TLS is required.
TLS_CONDITIONS = {
    None: {None, "TlsIsRequired"},
    "HasDatabase": {"HasDatabase", "DatabaseRequiresTls"},
}


def buckets_and_queues_refuse_plain_http(template: Template) -> Iterator[str]:
    if template["Parameters"]["RequireTls"]["Default"] != "true":
        yield "RequireTls is not the default"
    if template["Conditions"]["TlsIsRequired"] != {"Fn::Equals": [{"Ref": "RequireTls"}, "true"]}:
        yield "TlsIsRequired does not mean what it says"
    if template["Conditions"]["DatabaseRequiresTls"] != {
        "Fn::And": [{"Condition": "HasDatabase"}, {"Condition": "TlsIsRequired"}]
    }:
        yield "DatabaseRequiresTls does not mean what it says"
    for kind, action in (("AWS::S3::Bucket", "s3:*"), ("AWS::SQS::Queue", "sqs:*")):
        for name, bucket_or_queue in template["Resources"].items():
            if bucket_or_queue["Type"] == kind and not any(
                _denies_plain_http(statement, name, action)
                for resource in template["Resources"].values()
                if resource["Type"] == f"{kind}Policy"
                and resource.get("Condition") in TLS_CONDITIONS[bucket_or_queue.get("Condition")]
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
        {"Event": f"s3:{event}:*", "Queue": {"Fn::GetAtt": ["UploadsQueue", "Arn"]}}
        for event in ("ObjectCreated", "ObjectRemoved")
    ]:
        yield "not every new and every deleted object is announced on the uploads queue"
    if "UploadsQueuePolicy" not in as_list(bucket.get("DependsOn")):
        yield "the bucket may be made before S3 may send to the queue"


def web_pages_of_the_apis_origin_may_post_forms(template: Template) -> Iterator[str]:
    """Else a page cannot see what S3 answers (Amazon S3 User Guide, "CORS configuration")."""
    bucket = template["Resources"]["DocumentsBucket"]["Properties"]
    for rule in bucket.get("CorsConfiguration", {}).get("CorsRules", [{}]):
        origins = rule.get("AllowedOrigins", [])
        if origins[:1] != [{"Ref": "ApiCorsOrigin"}]:
            yield "uploads do not follow ApiCorsOrigin"
        # The console's own.
        if [text_of(origin) for origin in origins[1:]] != [_API_ORIGIN]:
            yield "pages of other origins may post documents, or the console may not"
        if rule.get("AllowedMethods") != ["POST"]:
            yield "web pages may do something else with documents than post them"


def outputs_are_complete(template: Template) -> Iterator[str]:
    missing = OUTPUTS - set(template["Outputs"])
    if missing:
        yield f"the outputs {sorted(missing)} are missing"


_API_ORIGIN = "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}"

# ---- What each rule has to notice

BREAKS: list[Break] = [
    (buckets_and_queues_refuse_plain_http, set_part("Parameters/RequireTls/Default", "false")),
    (buckets_and_queues_refuse_plain_http, drop_part("Resources/ArtifactsBucketPolicy")),
    (
        buckets_and_queues_refuse_plain_http,
        drop_part(
            "Resources/UploadsQueuePolicy/Properties/PolicyDocument/Statement/1/Fn::If/1/Condition"
        ),
    ),
    (
        buckets_are_private_versioned_and_encrypted,
        set_part(
            "Resources/DocumentsBucket/Properties/PublicAccessBlockConfiguration/BlockPublicAcls",
            False,
        ),
    ),
    (
        buckets_are_private_versioned_and_encrypted,
        drop_part("Resources/DocumentsBucket/Properties/VersioningConfiguration"),
    ),
    (
        buckets_are_private_versioned_and_encrypted,
        drop_part("Resources/ArtifactsBucket/Properties/BucketEncryption"),
    ),
    (queues_are_encrypted, drop_part("Resources/WorkDlq/Properties/SqsManagedSseEnabled")),
    (buckets_tidy_up, drop_part("Resources/ArtifactsBucket/Properties/LifecycleConfiguration")),
    (data_outlives_the_stack, set_part("Resources/LedgerTable/DeletionPolicy", "Delete")),
    (
        tables_can_be_restored,
        drop_part("Resources/LedgerTable/Properties/PointInTimeRecoverySpecification"),
    ),
    (
        bucket_names_fit,
        set_part("Resources/ArtifactsBucket/Properties/BucketName/Fn::Sub", "${AWS::StackId}"),
    ),
    (
        uploads_of_any_suffix_are_announced,
        set_part(
            "Resources/DocumentsBucket/Properties/NotificationConfiguration"
            "/QueueConfigurations/0/Filter",
            {"S3Key": {"Rules": [{"Name": "suffix", "Value": ".pdf"}]}},
        ),
    ),
    (
        web_pages_of_the_apis_origin_may_post_forms,
        drop_part("Resources/DocumentsBucket/Properties/CorsConfiguration"),
    ),
    (
        web_pages_of_the_apis_origin_may_post_forms,
        set_part(
            "Resources/DocumentsBucket/Properties/CorsConfiguration/CorsRules/0/AllowedOrigins/1",
            "*",
        ),
    ),
    (
        web_pages_of_the_apis_origin_may_post_forms,
        set_part(
            "Resources/DocumentsBucket/Properties/CorsConfiguration/CorsRules/0/AllowedMethods",
            ["GET", "POST"],
        ),
    ),
    (outputs_are_complete, drop_part("Outputs/WorkDlqUrl")),
]
