"""Deployments, on the emulator that speaks CloudFormation's own protocol."""

import hashlib
import uuid

import pytest

from infra.deploy.deploy_bucket import deploy_bucket_name
from infra.deploy.deploy_stack import deploy_stack
from infra.deploy.stack_operation import Deployment
from infra.deploy.stack_place import StackPlace
from infra.deploy.staging import package_placeholder
from infra.local.stack import LocalSetup, update_local_stack
from infra.packaging.build import Package
from infra.stacks import Stack, resolve_aws_stack
from shared.errors import DeployError, OperatorError, UnknownStackError
from tests.local_stack.small_stack import use_emulator_as_aws
from tests.local_stack.stack_fixtures import CACHE

GOOD = f"""
Description: {package_placeholder("worker")}
Parameters:
  Seconds: {{Type: String, Default: "30"}}
  Note: {{Type: String, Default: none}}
Resources:
  Queue: {{Type: AWS::SQS::Queue, Properties: {{VisibilityTimeout: !Ref Seconds}}}}
Outputs:
  QueueUrl: {{Value: !Ref Queue}}
  Note: {{Value: !Ref Note}}
"""

# A bucket that announces its objects on a queue which is not there.
BAD = GOOD.replace(
    "Outputs:",
    """
  Bucket:
    Type: AWS::S3::Bucket
    DependsOn: Queue
    Properties:
      NotificationConfiguration:
        QueueConfigurations:
          - {Event: "s3:ObjectCreated:*", Queue: "arn:aws:sqs:us-east-1:000000000000:nowhere"}
Outputs:""",
)

REASON = "Bucket: .*Unable to validate the following destination configurations"


class Deployer:
    """Deploys small templates under one stack name."""

    def __init__(self, stack: Stack, package: Package, folder) -> None:
        self.name = f"test-{uuid.uuid4().hex[:8]}"
        self.steps: list[str] = []
        self.cloudformation = stack.client("cloudformation")
        self.dynamodb = stack.client("dynamodb")
        self._stack, self._package, self._folder = stack, package, folder

    def list_indexes(self, table: str) -> set[str]:
        told = self.dynamodb.describe_table(TableName=table)["Table"]
        return {index["IndexName"] for index in told["GlobalSecondaryIndexes"]}

    def deploy(self, template: str, **parameters: str) -> Deployment:
        path = self._folder / "template.yaml"
        path.write_text(template)
        self.steps.clear()
        place = StackPlace(
            self._stack.session, self.name, self.steps.append, path, self._stack.endpoint_url, 0.05
        )
        return deploy_stack(place, {"worker": self._package}, parameters)

    @property
    def status(self) -> str:
        return self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"]


@pytest.fixture
def deployer(local_stack: Stack, tmp_path) -> Deployer:
    zip_file = tmp_path / "package.zip"
    zip_file.write_bytes(b"a package")
    digest = hashlib.sha256(zip_file.read_bytes()).hexdigest()
    package = Package(zip_file, digest, zip_file.stat().st_size, 0)
    return Deployer(local_stack, package, tmp_path)


def test_new_stack_is_created_and_its_resources_are_reported(deployer):
    deployment = deployer.deploy(GOOD)
    assert deployment.changed
    assert deployment.outputs["QueueUrl"].endswith(deployment.outputs["QueueUrl"].split("/")[-1])
    assert "Queue CREATE_COMPLETE" in deployer.steps


def test_deploying_the_same_again_changes_nothing_and_says_so(deployer):
    first = deployer.deploy(GOOD)
    again = deployer.deploy(GOOD)
    assert again == Deployment(first.outputs, changed=False)
    assert any("nothing to change" in step for step in deployer.steps)


def test_parameter_that_is_left_out_keeps_its_value(deployer):
    deployer.deploy(GOOD, Seconds="45", Note="kept")
    updated = deployer.deploy(GOOD, Seconds="50")
    assert updated.changed
    assert updated.outputs["Note"] == "kept"


def test_unknown_parameter_is_refused_before_anything_is_made(deployer):
    with pytest.raises(DeployError, match="no parameter Minutes; it has Note, Seconds"):
        deployer.deploy(GOOD, Minutes="1")
    with pytest.raises(Exception, match="does not exist"):
        _ = deployer.status


def test_failed_creation_tells_the_reason_and_can_be_repeated(deployer):
    for _ in range(2):
        with pytest.raises(DeployError, match=REASON):
            deployer.deploy(BAD)
    assert deployer.status == "ROLLBACK_COMPLETE"
    assert deployer.deploy(GOOD).changed
    assert deployer.status == "CREATE_COMPLETE"


def test_failed_update_tells_the_reason_and_leaves_the_stack_as_it_was(deployer):
    first = deployer.deploy(GOOD)
    with pytest.raises(DeployError, match=REASON):
        deployer.deploy(BAD, Note="new")
    assert deployer.status == "UPDATE_ROLLBACK_COMPLETE"
    assert deployer.deploy(GOOD).outputs == first.outputs


def test_stack_that_was_only_reviewed_is_created(deployer):
    deployer.cloudformation.create_change_set(
        StackName=deployer.name,
        ChangeSetName="looked-at",
        ChangeSetType="CREATE",
        TemplateBody=GOOD,
    )
    assert deployer.status == "REVIEW_IN_PROGRESS"
    assert deployer.deploy(GOOD).changed


def test_template_that_is_none_is_refused_in_one_line(deployer):
    with pytest.raises(DeployError) as caught:
        deployer.deploy(GOOD.replace("Type: AWS::SQS::Queue", "Type: AWS::No::Such"))
    assert "\n" not in str(caught.value)


def test_package_that_changed_after_its_build_is_not_deployed(deployer):
    deployer._package.path.write_bytes(b"another package")
    with pytest.raises(DeployError, match="changed after its build"):
        deployer.deploy(GOOD)


def test_deploy_bucket_is_private_encrypted_and_versioned(local_stack, deployer):
    deployer.deploy(GOOD)
    s3 = local_stack.client("s3")
    bucket = deploy_bucket_name("000000000000", local_stack.region)
    access = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(access.values()) == {True}
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"


def test_real_template_is_up_to_date_after_its_deployment(local_stack, local_stack_root):
    steps: list[str] = []
    setup = LocalSetup(cache=CACHE)
    update_local_stack(local_stack_root, lambda line: None, setup)
    record = update_local_stack(local_stack_root, steps.append, setup)
    assert record.outputs == local_stack.outputs
    assert any("nothing to change" in step for step in steps)


def test_stack_is_found_by_its_name_as_on_aws(local_stack, monkeypatch):
    use_emulator_as_aws(local_stack, monkeypatch)
    stack = resolve_aws_stack("seashore", region=local_stack.region)
    # The emulator serves the API by path; the local stack knows where.
    assert stack.outputs == {**local_stack.outputs, "ApiUrl": stack.outputs["ApiUrl"]}
    assert stack.output("WorkQueueUrl") == local_stack.outputs["WorkQueueUrl"]
    with pytest.raises(UnknownStackError, match="has no output Nothing: deploy it again"):
        stack.output("Nothing")


def test_unknown_stack_is_one_clear_line(local_stack, monkeypatch):
    use_emulator_as_aws(local_stack, monkeypatch)
    with pytest.raises(UnknownStackError, match="There is no stack 'nobody' in us-east-1"):
        resolve_aws_stack("nobody", region=local_stack.region)


def test_wrong_credentials_are_one_clear_line(local_stack, monkeypatch):
    use_emulator_as_aws(local_stack, monkeypatch)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    with pytest.raises(OperatorError, match="AWS does not accept the credentials"):
        resolve_aws_stack("seashore", region=local_stack.region)


def make_ledger(index, parameter=""):
    """A template with a ledger that has indexes by day, one of them that of earlier releases."""
    keys = "KeySchema: [{AttributeName: day, KeyType: HASH}]"
    return f"""
Description: {package_placeholder("worker")}
Parameters:
  Note: {{Type: String, Default: none}}
{parameter}
Conditions:
  HasFormer: !Equals ["true", {"!Ref FormerDayIndex" if parameter else '"true"'}]
Resources:
  LedgerTable:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions:
        - {{AttributeName: pk, AttributeType: S}}
        - {{AttributeName: day, AttributeType: S}}
      KeySchema: [{{AttributeName: pk, KeyType: HASH}}]
      GlobalSecondaryIndexes:
{index}
        - !If
          - HasFormer
          - {{IndexName: by_day, {keys}, Projection: {{ProjectionType: ALL}}}}
          - !Ref AWS::NoValue
Outputs:
  LedgerTable: {{Value: !Ref LedgerTable}}
"""


def test_index_of_an_earlier_release_is_exchanged_in_two_updates_and_rows_are_kept(deployer):
    before, after = make_ledger(""), make_ledger(
        "        - {IndexName: arrivals, KeySchema: [{AttributeName: day, KeyType: HASH}], "
        "Projection: {ProjectionType: KEYS_ONLY}}",
        parameter='  FormerDayIndex: {Type: String, Default: "false"}',
    )  # fmt: skip
    table = deployer.deploy(before).outputs["LedgerTable"]
    row = {"pk": {"S": "a"}, "day": {"S": "2026-01-01"}, "title": {"S": "kept"}}
    deployer.dynamodb.put_item(TableName=table, Item=row)
    assert deployer.list_indexes(table) == {"by_day"}

    deployer.deploy(after)
    assert deployer.steps.count("LedgerTable UPDATE_COMPLETE") == 2
    assert deployer.list_indexes(table) == {"arrivals"}
    found = deployer.dynamodb.query(
        TableName=table,
        IndexName="arrivals",
        KeyConditionExpression="#day = :day",
        ExpressionAttributeNames={"#day": "day"},
        ExpressionAttributeValues={":day": row["day"]},
    )["Items"]
    assert found == [{"pk": row["pk"], "day": row["day"]}]
    assert deployer.dynamodb.get_item(TableName=table, Key={"pk": row["pk"]})["Item"] == row

    again = deployer.deploy(after)
    assert not again.changed
