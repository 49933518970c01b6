"""What the functions may do, and to what."""

import re
from collections.abc import Iterator

from shared.ledger.children import CHILDREN_PREFIX
from tests.unit.template.template_changes import Break, drop_part, set_part
from tests.unit.template.template_parts import (
    Template,
    as_list,
    functions,
    mappings,
    policy_statements,
    resources,
    roles_policies,
    source_queues,
    statements,
    text_of,
)


def functions_have_a_role_of_ours(template: Template) -> Iterator[str]:
    for name, function in functions(template):
        if "Policies" in function or set(function.get("Role", {})) != {"Fn::GetAtt"}:
            yield f"{name}: SAM would give its role every queue and every log"


# An address may be sent from by an identity of its own or by its domain's, and by the configuration
# set that the identity has by default.
MAIL_IDENTITIES = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*"
MAIL_SETS = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:configuration-set/*"
# How a statement begins that only the local stack has.
ONLY_LOCALLY = ["TlsIsRequired", {"Ref": "AWS::NoValue"}]
# One user of one proxy, both of which the operator names.
DATABASE_USER = (
    "arn:${AWS::Partition}:rds-db:${AWS::Region}:${AWS::AccountId}"
    ":dbuser:${DatabaseProxyId}/${DatabaseUser}"
)
# The models of Bedrock, which are the account's or nobody's, in whatever region an address is.
BEDROCK_MODELS = (
    "arn:${AWS::Partition}:bedrock:*::foundation-model/*",
    "arn:${AWS::Partition}:bedrock:*:${AWS::AccountId}:inference-profile/*",
    "arn:${AWS::Partition}:bedrock-mantle:*:${AWS::AccountId}:project/*",
)
# One key, and only where the emulator does not tell which was sent.
OPERATOR_KEY = "arn:${AWS::Partition}:apigateway:${AWS::Region}::/apikeys/${OperatorApiKey}"
# What hands each consumer its messages; SAM makes it of the function's event.
_MAPPING = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:event-source-mapping"
MAPPINGS = (
    f"{_MAPPING}:${{IngestFunctionUploads}}",
    f"{_MAPPING}:${{ConvertFunctionConversions}}",
    f"{_MAPPING}:${{RecogniseFunctionPages}}",
    f"{_MAPPING}:${{WorkerFunctionWork}}",
    f"{_MAPPING}:${{ReportFunctionReports}}",
)
NAMED_RESOURCES = (
    *MAPPINGS,
    MAIL_IDENTITIES,
    MAIL_SETS,
    DATABASE_USER,
    OPERATOR_KEY,
    *BEDROCK_MODELS,
)


READS_PICTURES = "textract:DetectDocumentText"


def permissions_name_actions_and_resources(template: Template) -> Iterator[str]:
    for name, policy in [*roles_policies(template), *resources(template, "AWS::IAM::Policy")]:
        for statement in policy_statements(policy):
            for action in as_list(statement["Action"]):
                if "*" in action:
                    yield f"{name}: the action {action} is not one action"
            for resource in map(text_of, as_list(statement["Resource"])):
                is_ours = resource.startswith(("${", "arn:${Arn}"))
                # It has no resources to name (Service Authorization Reference, Amazon Textract).
                is_ours |= (as_list(statement["Action"]), resource) == ([READS_PICTURES], "*")
                if not is_ours and resource not in NAMED_RESOURCES:
                    yield f"{name}: {resource} is not one of our resources"


def pages_are_read_for_money_only_where_the_operator_says(template: Template) -> Iterator[str]:
    if template["Parameters"]["OcrEngine"]["Default"] != "tesseract":
        yield "OcrEngine costs money without having been asked for"
    named = template["Conditions"]["TextractIsAsked"]["Fn::Or"]
    values = {one["Fn::Equals"][1] for one in named}
    allowed = template["Parameters"]["OcrEngine"]["AllowedValues"]
    if values != {value for value in allowed if "textract" in value.split(",")}:
        yield "TextractIsAsked names other values of OcrEngine than those with textract"
    for name, policy in [*roles_policies(template), *resources(template, "AWS::IAM::Policy")]:
        for statement in policy_statements(policy):
            may_ask = READS_PICTURES in as_list(statement["Action"])
            if may_ask and policy.get("Roles") != [{"Ref": "WorkerRole"}]:
                yield f"{name}: asks Textract beside the worker, which meters it"
    if template["Resources"]["TextractPolicy"].get("Condition") != "TextractIsAsked":
        yield "TextractPolicy: holds without having been asked for"


def callbacks_go_only_where_the_operator_allows(template: Template) -> Iterator[str]:
    parameter = template["Parameters"]["CallbackArns"]
    if parameter["Default"] or re.match(parameter["AllowedPattern"], "arn:aws:sqs:eu-west-1:*:*"):
        yield "CallbackArns allows more than the queues and topics that it names"
    for name, policy in resources(template, "AWS::IAM::Policy"):
        for statement in policy_statements(policy):
            if not {"sqs:SendMessage", "sns:Publish"} & set(as_list(statement["Action"])):
                continue
            # The latter's statements name the stack's own queues.
            if name in ("ReportTopicPolicy", "ResultLettersPolicy"):
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
            [MAIL_IDENTITIES, MAIL_SETS],
            {"StringEquals": {"ses:FromAddress": {"Ref": "ReportFrom"}}},
        ),
        "ReportTopicPolicy": ("sns:Publish", ["${ReportTopicArn}"], None),
    }
    mail = template["Resources"]["ReportMailPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    if [statement["Fn::If"][:2] for statement in mail if "Fn::If" in statement] != [ONLY_LOCALLY]:
        yield "ReportMailPolicy: what the emulator needs holds on AWS too"
    for name, policy in [*roles_policies(template), *resources(template, "AWS::IAM::Policy")]:
        for statement in policy_statements(policy):
            arns = [text_of(arn) for arn in as_list(statement["Resource"])]
            told = (statement["Action"], arns, statement.get("Condition"))
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
    "IngestFunction": {"DOC#*", "KEY#*", "TEXT#*"},
    "RecogniseFunction": {"DOC#*"},
    "ConvertFunction": {"DOC#*", "KEY#*", "TEXT#*"},
    "WorkerFunction": None,
    "ReportFunction": {"REPORT#*", "REPORTS"},
    "ApiFunction": {"TASK#*", "SPEND#*", "CALLS"},
    "OperatorFunction": {
        *("DOC#*", "KEY#*", "TEXT#*", "TASK#*", "ANSWER#*", "PAUSE", "MESSAGE#*", "REPORT#*"),
    },
}
LEDGER_DELETES = {
    "WorkerFunction": {"SPEND#*"},
    "ApiFunction": {"SPEND#*"},
    "OperatorFunction": {"DOC#*", "KEY#*", "TEXT#*", "TASK#*", "ANSWER#*"},
}


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


def ingest_puts_only_children(template: Template) -> Iterator[str]:
    for statement in statements(template, dict(functions(template))["IngestFunction"]):
        arns = {text_of(arn) for arn in as_list(statement["Resource"])}
        documents = {arn for arn in arns if "DocumentsBucket" in arn}
        may_write = set(as_list(statement["Action"])) & {"s3:PutObject", "s3:DeleteObject"}
        if may_write and not documents <= {"${DocumentsBucket.Arn}/" + CHILDREN_PREFIX + "*"}:
            yield f"ingest may {sorted(may_write)} on {sorted(documents)}"


def only_the_operator_deletes_what_is_kept(template: Template) -> Iterator[str]:
    """It reads no text, asks no model, and answers nobody's questions."""
    for name, function in functions(template):
        for statement in statements(template, function):
            actions = set(as_list(statement["Action"]))
            if name != "OperatorFunction" and actions & {
                "s3:DeleteObject", "s3:DeleteObjectVersion",
            }:  # fmt: skip
                yield f"{name}: may delete objects"
            arns = set(map(text_of, as_list(statement["Resource"])))
            is_text = arns & {f"${{ArtifactsBucket.Arn}}/{part}/*" for part in ("text", "results")}
            if name == "OperatorFunction" and "s3:GetObject" in actions and is_text:
                yield "the operator function may read texts"
    key = template["Resources"]["OperatorKeyPolicy"]
    if key.get("Condition") != "KeysAreReadLocally":
        yield "on AWS a function may read a key"


def source_queues_have_one_consumer(template: Template) -> Iterator[str]:
    consumed = [(name.split(".")[0], mapping["Queue"]) for name, mapping, _ in mappings(template)]
    sources = {f"${{{name}.Arn}}" for name, _ in source_queues(template)}
    for name, function in functions(template):
        own = {text_of(queue) for consumer, queue in consumed if consumer == name}
        for statement in statements(template, function):
            taken = set(map(text_of, as_list(statement["Resource"]))) & sources
            if "sqs:ReceiveMessage" in as_list(statement["Action"]) and not taken <= own:
                yield f"{name}: may receive from {sorted(taken - own)}"


# ---- What each rule has to notice

_WORKER_POLICY = "Resources/WorkerRole/Properties/Policies/0/PolicyDocument/Statement"
_CALLBACK_STATEMENT = (
    "Resources/WorkerCallbackPolicy/Properties/PolicyDocument/Statement/TellSendersOfTasks"
)
_MAIL_POLICY = "Resources/ReportMailPolicy/Properties/PolicyDocument/Statement"
_TOPIC_POLICY = "Resources/ReportTopicPolicy/Properties/PolicyDocument/Statement"
_API_POLICY = "Resources/ApiRole/Properties/Policies/0/PolicyDocument/Statement"
_REPORT_POLICY = "Resources/ReportRole/Properties/Policies/0/PolicyDocument/Statement"
_INGEST_POLICY = "Resources/IngestRole/Properties/Policies/0/PolicyDocument/Statement"

BREAKS: list[Break] = [
    (reports_go_only_where_the_operator_says, drop_part(f"{_MAIL_POLICY}/MailReports/Condition")),
    (
        reports_go_only_where_the_operator_says,
        set_part(f"{_MAIL_POLICY}/MailReports/Resource", {"Fn::Sub": MAIL_IDENTITIES}),
    ),
    (
        reports_go_only_where_the_operator_says,
        set_part(f"{_MAIL_POLICY}/1/Fn::If/0", "ReportIsMailed"),
    ),
    (
        reports_go_only_where_the_operator_says,
        set_part(f"{_TOPIC_POLICY}/TellTopic/Resource", {"Ref": "CallbackArns"}),
    ),
    (
        reports_go_only_where_the_operator_says,
        set_part(f"{_WORKER_POLICY}/KeepResults/Action", ["ses:SendEmail"]),
    ),
    (the_report_reads_and_notes_its_own, drop_part(f"{_REPORT_POLICY}/KeepReportRows/Condition")),
    (
        the_report_reads_and_notes_its_own,
        set_part(f"{_REPORT_POLICY}/KeepReports/Resource", {"Fn::Sub": "${ArtifactsBucket.Arn}/*"}),
    ),
    (
        permissions_name_actions_and_resources,
        set_part(f"{_WORKER_POLICY}/KeepResults/Action", "s3:Get*"),
    ),
    (permissions_name_actions_and_resources, set_part(f"{_INGEST_POLICY}/KeepText/Resource", "*")),
    (permissions_name_actions_and_resources, set_part(f"{_CALLBACK_STATEMENT}/Resource", "*")),
    (
        callbacks_go_only_where_the_operator_allows,
        set_part(f"{_CALLBACK_STATEMENT}/Resource", {"Fn::GetAtt": ["WorkDlq", "Arn"]}),
    ),
    (
        callbacks_go_only_where_the_operator_allows,
        set_part("Parameters/CallbackArns/AllowedPattern", ".*"),
    ),
    (
        callbacks_go_only_where_the_operator_allows,
        set_part(f"{_WORKER_POLICY}/KeepResults/Action", "sns:Publish"),
    ),
    (
        pages_are_read_for_money_only_where_the_operator_says,
        drop_part("Resources/TextractPolicy/Condition"),
    ),
    (
        pages_are_read_for_money_only_where_the_operator_says,
        set_part(f"{_WORKER_POLICY}/KeepResults/Action", [READS_PICTURES]),
    ),
    (
        pages_are_read_for_money_only_where_the_operator_says,
        set_part("Conditions/TextractIsAsked/Fn::Or", []),
    ),
    (
        functions_have_a_role_of_ours,
        set_part("Resources/WorkerFunction/Properties/Policies", ["SQSPollerPolicy"]),
    ),
    (functions_write_only_their_own_rows, drop_part(f"{_API_POLICY}/RegisterTasks/Condition")),
    (
        functions_write_only_their_own_rows,
        set_part(f"{_WORKER_POLICY}/KeepLedger/Action", "dynamodb:DeleteItem"),
    ),
    (
        functions_write_only_their_own_rows,
        set_part(f"{_INGEST_POLICY}/KeepLedger/Action", "dynamodb:DeleteItem"),
    ),
    (functions_write_only_their_own_rows, drop_part(f"{_INGEST_POLICY}/KeepLedger/Condition")),
    (
        roles_are_not_shared,
        set_part("Resources/WorkerFunction/Properties/Role/Fn::GetAtt", ["IngestRole", "Arn"]),
    ),
    (
        roles_take_only_tracing_from_aws,
        set_part(
            "Resources/WorkerRole/Properties/ManagedPolicyArns",
            ["arn:aws:iam::aws:policy/AmazonS3FullAccess"],
        ),
    ),
    (
        ingest_puts_only_children,
        set_part(f"{_INGEST_POLICY}/PutChildren/Resource", {"Fn::Sub": "${DocumentsBucket.Arn}/*"}),
    ),
    (
        the_worker_never_sees_a_document,
        set_part(
            f"{_WORKER_POLICY}/KeepResults/Resource", {"Fn::GetAtt": ["DocumentsBucket", "Arn"]}
        ),
    ),
    (
        only_the_operator_deletes_what_is_kept,
        set_part(f"{_WORKER_POLICY}/KeepResults/Action", "s3:DeleteObject"),
    ),
    (only_the_operator_deletes_what_is_kept, drop_part("Resources/OperatorKeyPolicy/Condition")),
    (
        source_queues_have_one_consumer,
        set_part(f"{_WORKER_POLICY}/ConsumeWork/Resource", {"Fn::GetAtt": ["UploadsQueue", "Arn"]}),
    ),
]
