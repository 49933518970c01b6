"""What each function may do and what not: its role's own credentials against the real template.

IAM is enforced by the emulator. Every action is tried with every role; what is allowed has to
succeed, and all else has to be denied. The table goes to the terminal.
"""

import functools
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.aws import open_emulator_session
from infra.local.record import LocalFolder, is_running
from infra.local.stack import SECRET_NAME, STACK_NAME, OpenAiServer, update_local_stack
from infra.project_files import TEMPLATE
from infra.stacks import Stack, resolve_local_stack
from tests.local_stack.probe_stack import ProbeStack
from tests.unit.template.template_parts import parse_template

FUNCTIONS = (
    *("ingest", "convert", "recognise", "worker", "report", "api", "operator", "pages"),
    "database",
)
KEY = "sk-canary-of-the-model"
ALLOWED, DENIED = "allowed", "denied"

Client = Callable[[str], Any]


@pytest.fixture(scope="module")
def stack(probe: ProbeStack) -> Stack:
    """The probe stack with a key of a model and a database, so that all policies are there."""
    server = OpenAiServer("http://127.0.0.1:9/v1", model="tiny", api_key=KEY)
    parameters = {**probe.setup.parameters, "DatabaseProxyHost": "database.invalid"}
    setup = replace(probe.setup, openai=server, parameters=parameters)
    if is_running(LocalFolder(probe.root)):
        update_local_stack(probe.root, lambda line: None, setup)
    else:
        probe.start(setup)
    stack = resolve_local_stack(probe.root)
    s3, documents = stack.client("s3"), stack.output("DocumentsBucket")
    s3.put_object(Bucket=documents, Key="kept.txt", Body=b"x")
    for kept in (
        *("text/kept", "pages/kept", "results/kept", "reports/kept"),
        "reports/1/documents.csv",
    ):
        s3.put_object(Bucket=stack.output("ArtifactsBucket"), Key=kept, Body=b"x")
    stack.client("secretsmanager").create_secret(Name="another", SecretString="x")
    stack.client("ssm").put_parameter(Name="/another", Value="x", Type="SecureString")
    return stack


def assume(stack: Stack, function: str) -> Client:
    """Clients with the credentials of a function's role.

    Only Lambda may take a role; the emulator's root user passes for any service of AWS.
    """
    answer = stack.client("sts").assume_role(
        RoleArn=find_role(stack, function), RoleSessionName=function
    )
    given = answer["Credentials"]
    pair = given["AccessKeyId"], given["SecretAccessKey"]
    session = open_emulator_session(stack.region, *pair)
    session._session.set_credentials(*pair, given["SessionToken"])
    # Kept: a client takes far longer to make than a request.
    return functools.cache(functools.partial(session.client, endpoint_url=stack.endpoint_url))


def find_role(stack: Stack, function: str) -> str:
    """The ARN of a function's role."""
    answer = stack.client("cloudformation").describe_stack_resource(
        StackName=STACK_NAME, LogicalResourceId=f"{function.capitalize()}Role"
    )
    name = answer["StackResourceDetail"]["PhysicalResourceId"]
    return str(stack.client("iam").get_role(RoleName=name)["Role"]["Arn"])


def list_actions(stack: Stack) -> Iterator[tuple[str, set[str], Callable[[Client], Any]]]:
    """Every action: its name, who may do it, and how it is done."""
    documents, artifacts = stack.output("DocumentsBucket"), stack.output("ArtifactsBucket")
    ledger, locks = stack.output("LedgerTable"), stack.output("IdempotencyTable")
    conversations = stack.output("ConversationsTable")
    everybody = set(FUNCTIONS)
    pipeline = everybody - {"database", "operator", "pages"}

    def get(bucket: str, key: str) -> Callable[[Client], Any]:
        return lambda client: client("s3").get_object(Bucket=bucket, Key=key)

    def put(bucket: str, key: str) -> Callable[[Client], Any]:
        return lambda client: client("s3").put_object(Bucket=bucket, Key=key, Body=b"x")

    def delete(bucket: str, key: str) -> Callable[[Client], Any]:
        return lambda client: client("s3").delete_object(Bucket=bucket, Key=key)

    yield (
        "read a document",
        {"ingest", "convert", "operator", "api", "pages"},
        get(documents, "kept.txt"),
    )
    yield (
        "list the documents",
        {"ingest", "convert", "operator", "pages"},
        (lambda client: client("s3").list_objects_v2(Bucket=documents)),
    )
    yield "add a document", {"api"}, put(documents, "added.txt")
    yield (
        "put a file from inside a document",
        {"api", "ingest", "convert"},
        put(documents, "children/d/x.pdf"),
    )
    yield "delete a document", {"operator"}, delete(documents, "added.txt")
    yield (
        "read text",
        {"ingest", "convert", "recognise", "worker", "api", "pages"},
        get(artifacts, "text/kept"),
    )
    yield "write text", {"ingest", "convert", "recognise"}, put(artifacts, "text/new")
    joiners = {"ingest", "convert", "recognise", "api"}
    yield "join text", joiners, put(artifacts, "text/new/whole.txt")
    yield "read a language", {"recognise"}, get(artifacts, "languages/eng.traineddata")
    yield "delete text", {"operator"}, delete(artifacts, "text/new")
    yield "read a picture of a page", {"pages"}, get(artifacts, "pages/kept")
    yield "keep a picture of a page", {"pages"}, put(artifacts, "pages/new")
    yield "delete a picture of a page", {"operator"}, delete(artifacts, "pages/new")
    readers = {"worker", "report", "api", "database"}
    yield "read a result", readers, get(artifacts, "results/kept")
    yield "write a result", {"worker"}, put(artifacts, "results/new")
    yield "read a report", {"api"}, get(artifacts, "reports/kept")
    yield "write a report", {"report"}, put(artifacts, "reports/new")
    yield "read a list of documents", {"api", "operator"}, get(artifacts, "reports/1/documents.csv")
    yield "delete a result", {"operator"}, delete(artifacts, "results/kept")

    # Which rows a function may write is a condition on their partition key. The emulator knows no
    # such condition; a rule of the template looks at it (tests/unit/template_rules).
    row = {"pk": {"S": "DOC#1"}, "sk": {"S": "denied-actions"}}
    yield (
        "read the ledger",
        everybody,
        (lambda client: client("dynamodb").get_item(TableName=ledger, Key=row)),
    )
    yield (
        "write to the ledger",
        pipeline | {"operator"},
        (lambda client: client("dynamodb").put_item(TableName=ledger, Item=row)),
    )
    yield (
        "delete from the ledger",
        {"worker", "api", "operator"},
        (lambda client: client("dynamodb").delete_item(TableName=ledger, Key=row)),
    )
    yield "scan the ledger", set(), lambda client: client("dynamodb").scan(TableName=ledger)
    yield (
        "lock an item",
        {"ingest", "convert", "recognise", "worker", "report", "database"},
        (lambda client: client("dynamodb").put_item(TableName=locks, Item={"id": {"S": "x"}})),
    )
    yield (
        "delete a table",
        set(),
        (lambda client: client("dynamodb").delete_table(TableName=conversations)),
    )
    keys = stack.client("dynamodb").describe_table(TableName=conversations)["Table"]["KeySchema"]
    conversation = {key["AttributeName"]: {"S": "denied-actions"} for key in keys}
    yield (
        "read a conversation",
        {"api"},
        (lambda client: client("dynamodb").get_item(TableName=conversations, Key=conversation)),
    )
    yield (
        "delete a conversation",
        {"api"},
        (lambda client: client("dynamodb").delete_item(TableName=conversations, Key=conversation)),
    )

    def receive(queue: str) -> Callable[[Client], Any]:
        return lambda client: client("sqs").receive_message(
            QueueUrl=stack.output(queue), WaitTimeSeconds=0, VisibilityTimeout=0
        )

    def send(queue: str) -> Callable[[Client], Any]:
        # Later than the stack lives: nobody is to work on it.
        return lambda client: client("sqs").send_message(
            QueueUrl=stack.output(queue), MessageBody="x", DelaySeconds=900
        )

    def send_several(queue: str) -> Callable[[Client], Any]:
        entries = [{"Id": "0", "MessageBody": "x", "DelaySeconds": 900}]
        return lambda client: client("sqs").send_message_batch(
            QueueUrl=stack.output(queue), Entries=entries
        )

    yield "take an upload's notice", {"ingest"}, receive("UploadsQueueUrl")
    yield "take a conversion", {"convert"}, receive("ConversionsQueueUrl")
    conversions = {"ingest", "convert", "operator"}
    yield "send to the conversions queue", conversions, send("ConversionsQueueUrl")
    yield "take a conversions dead letter", {"worker", "operator"}, receive("ConversionsDlqUrl")
    yield "take a page", {"recognise"}, receive("RecognitionQueueUrl")
    senders = {"ingest", "convert", "recognise", "worker", "operator"}
    yield "send to the recognition queue", senders, send("RecognitionQueueUrl")
    yield "take a recognition dead letter", {"worker", "operator"}, receive("RecognitionDlqUrl")
    yield "take a work item", {"worker"}, receive("WorkQueueUrl")
    yield "take a report's order", {"report"}, receive("ReportsQueueUrl")
    senders = {"ingest", "worker", "operator"}
    yield "send to the uploads queue", senders, send("UploadsQueueUrl")
    yield "send several to the uploads queue", senders, send_several("UploadsQueueUrl")
    workers = pipeline | {"operator"}
    yield "send to the work queue", workers, send("WorkQueueUrl")
    yield "send several to the work queue", workers, send_several("WorkQueueUrl")
    mapping = stack.output("WorkerMappingId")
    yield (
        "look whether a consumer is paused",
        {"operator"},
        (lambda client: client("lambda").get_event_source_mapping(UUID=mapping)),
    )
    yield "send to the reports queue", {"report", "operator"}, send("ReportsQueueUrl")
    yield (
        "send several to the reports queue",
        {"report", "operator"},
        send_several("ReportsQueueUrl"),
    )
    yield "take a result's notice", {"database"}, receive("ResultsQueueUrl")
    senders = {"database", "operator"}
    yield "send to the results queue", senders, send("ResultsQueueUrl")
    yield "send to the results DLQ", senders, send("ResultsDlqUrl")
    yield "take a results dead letter", {"operator"}, receive("ResultsDlqUrl")
    yield "take an uploads dead letter", {"worker", "operator"}, receive("UploadsDlqUrl")
    yield "take a work dead letter", {"worker", "operator"}, receive("WorkDlqUrl")
    yield "take a reports dead letter", {"worker", "operator"}, receive("ReportsDlqUrl")
    yield "send to the work DLQ", {"worker", "operator"}, send("WorkDlqUrl")
    yield (
        "purge the work queue",
        set(),
        (lambda client: client("sqs").purge_queue(QueueUrl=stack.output("WorkQueueUrl"))),
    )

    yield (
        "read the model's key",
        {"worker", "api"},
        (lambda client: client("secretsmanager").get_secret_value(SecretId=SECRET_NAME)),
    )
    yield (
        "change the model's key",
        set(),
        (
            lambda client: client("secretsmanager").put_secret_value(
                SecretId=SECRET_NAME, SecretString="x"
            )
        ),
    )
    yield (
        "read another secret",
        set(),
        (lambda client: client("secretsmanager").get_secret_value(SecretId="another")),
    )
    yield (
        "read another parameter",
        set(),
        (lambda client: client("ssm").get_parameter(Name="/another", WithDecryption=True)),
    )
    yield "list secrets", set(), lambda client: client("secretsmanager").list_secrets()

    topic, role = stack.output("AlarmTopicArn"), find_role(stack, "worker")
    yield (
        "publish to a topic",
        set(),
        (lambda client: client("sns").publish(TopicArn=topic, Message="x")),
    )
    yield (
        "send a mail",
        set(),
        (
            lambda client: client("sesv2").send_email(
                FromEmailAddress="a@example.org",
                Destination={"ToAddresses": ["b@example.org"]},
                Content={"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}},
            )
        ),
    )
    yield (
        "read logs",
        set(),
        (
            lambda client: client("logs").filter_log_events(
                logGroupName="/aws/lambda/seashore-worker"
            )
        ),
    )
    yield (
        "call a function",
        set(),
        (lambda client: client("lambda").invoke(FunctionName="seashore-worker", Payload=b"{}")),
    )
    yield (
        "read a function's settings",
        set(),
        (
            lambda client: client("lambda").get_function_configuration(
                FunctionName="seashore-worker"
            )
        ),
    )
    yield (
        "take another role",
        set(),
        (lambda client: client("sts").assume_role(RoleArn=role, RoleSessionName="visitor")),
    )
    yield "list roles", set(), lambda client: client("iam").list_roles()


def attempt(call: Callable[[], Any]) -> str:
    """Whether a call is allowed; anything else that it says is what it says."""
    try:
        call()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return (
            DENIED
            if code in ("AccessDenied", "AccessDeniedException", "AuthorizationError")
            else code
        )
    return ALLOWED


@pytest.fixture(scope="module")
def matrix(stack: Stack) -> dict[str, dict[str, tuple[str, str]]]:
    """By action and function: what has to happen, and what did."""
    clients = {function: assume(stack, function) for function in FUNCTIONS}
    return {
        name: {
            function: (
                ALLOWED if function in allowed else DENIED,
                attempt(functools.partial(call, clients[function])),
            )
            for function in FUNCTIONS
        }
        for name, allowed, call in list_actions(stack)
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_do_its_own_work_and_nothing_else(matrix, function):
    surprises = {
        action: f"{seen}, not {wanted}"
        for action, row in matrix.items()
        for wanted, seen in [row[function]]
        if seen != wanted
    }
    assert surprises == {}


def test_no_function_has_the_key_in_its_settings(stack):
    client = stack.client("lambda")
    for function in FUNCTIONS:
        settings = client.get_function_configuration(FunctionName=f"seashore-{function}")
        told = "OPENAI_API_KEY_SECRET" in settings["Environment"]["Variables"]
        assert told == (function in ("worker", "api"))
        assert KEY not in str(settings)
    described = stack.client("cloudformation").describe_stacks(StackName=STACK_NAME)
    assert KEY not in str(described)


def test_everything_that_watches_is_there(stack):
    template = parse_template(TEMPLATE)
    wanted = {
        f"{STACK_NAME}-{name}"
        for name, alarm in template["Resources"].items()
        if alarm["Type"] == "AWS::CloudWatch::Alarm" and alarm["Condition"] != "BillIsWatched"
    }
    cloudwatch = stack.client("cloudwatch")
    alarms = cloudwatch.describe_alarms(MaxRecords=100)["MetricAlarms"]
    assert {alarm["AlarmName"] for alarm in alarms} == wanted
    assert {action for alarm in alarms for action in alarm["AlarmActions"]} == {
        stack.output("AlarmTopicArn")
    }
    dashboard = cloudwatch.get_dashboard(DashboardName=stack.output("Dashboard"))
    widgets = json.loads(dashboard["DashboardBody"])["widgets"]
    assert "${" not in str(widgets)
    for name in FUNCTIONS:
        assert f"seashore-{name}" in str(widgets)
    for queue in ("uploads", "conversions", "work", "reports", "results"):
        assert f"seashore-{queue}-dlq" in str(widgets)


def test_the_table_of_actions_and_functions(matrix, capsys):
    lines = [f"{'':36}" + "".join(f"{function:9}" for function in FUNCTIONS)]
    lines += [
        f"{action:36}" + "".join(f"{seen:9}" for _, seen in row.values())
        for action, row in matrix.items()
    ]
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    denied = [seen for row in matrix.values() for _, seen in row.values()].count(DENIED)
    # A test that denies nothing, or everything, would show nothing.
    assert 100 < denied < len(matrix) * len(FUNCTIONS)
