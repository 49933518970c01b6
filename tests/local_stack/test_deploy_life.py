"""The life of a stack after its first deployment: differences, code alone, its end."""

from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from infra.cli.app import app
from infra.deploy.stack_place import StackPlace
from infra.doctor.aws_checks import AwsDoctor
from infra.packaging.build import Target
from shared.errors import DeployError, UnknownStackError
from tests.local_stack.small_stack import SmallStack, use_emulator_as_aws


@pytest.fixture
def small(local_stack, tmp_path):
    return SmallStack(local_stack, tmp_path)


@pytest.fixture(scope="module")
def lasting(local_stack, tmp_path_factory):
    """A deployed stack that tests only look at, or leave as it was."""
    stack = SmallStack(local_stack, tmp_path_factory.mktemp("small"))
    stack.deploy()
    return stack


def test_difference_to_nothing_is_everything_and_makes_no_stack(small):
    changes = small.plan()
    assert {change.action for change in changes} == {"Add"}
    assert {"WorkerFunction", "Queue", "Bucket"} <= {change.logical_id for change in changes}
    assert small.status() is None


def test_difference_names_properties_causes_and_lost_data_and_changes_nothing(lasting):
    changes = {change.logical_id: change for change in lasting.plan(Seconds="60", Suffix="b")}
    timeout = {one.name: one for one in changes["WorkerFunction"].properties}["Timeout"]
    assert timeout.causes == ("Seconds",)
    assert changes["Queue"].loses_data
    assert "Bucket" not in changes
    assert lasting.status() == "CREATE_COMPLETE"
    assert lasting.plan() == []


def test_code_alone_is_exchanged_and_the_next_deployment_knows(small):
    small.deploy()
    assert small.ask() == "first"
    small.write_code("second")
    assert small.deploy_code() == [f"{small.name}-worker"]
    assert small.ask() == "second"
    assert small.deploy_code() == []
    for word in ("third", "second"):
        small.write_code(word)
        small.deploy_code()
    assert small.lines[-1] == f"Deleted 1 old version(s) of {small.name}-worker"
    assert small.ask() == "second"

    # CloudFormation believes that the first code is still there.
    small.write_code("first")
    [change] = small.plan()
    assert [(one.name, one.causes) for one in change.properties] == [
        ("Code", ("an earlier --code-only",))
    ]
    assert small.deploy().changed
    assert small.ask() == "first"


def test_packages_are_built_for_the_processors_of_the_stack(small, lasting):
    assert small.choose_target() is Target.AWS
    assert small.choose_target(Architecture="x86_64") is Target.AWS_X86_64
    small.deploy(Architecture="x86_64")
    assert small.choose_target() is Target.AWS_X86_64
    assert lasting.choose_target() is Target.AWS
    # Code alone stays on the stack's processors, and so does a deployment without the parameter.
    small.write_code("second")
    small.deploy_code()
    small.write_code("third")
    small.deploy(Seconds="60")
    assert small.architecture() == "x86_64"
    assert small.choose_target() is Target.AWS_X86_64
    with pytest.raises(DeployError, match="'sparc': choose arm64 or x86_64"):
        small.choose_target(Architecture="sparc")


def test_a_deployment_says_which_function_does_not_start(small):
    small.write_code("broken", "import nothing_of_this_name")
    with pytest.raises(DeployError, match=r"is deployed, but not all .*-worker \(.*nothing_of_th"):
        small.deploy()
    small.write_code("mended")
    small.deploy()
    assert small.ask() == "mended"


def test_broken_code_is_taken_back(lasting):
    lasting.write_code("broken", "import nothing_of_this_name")
    with pytest.raises(DeployError, match=r"The smoke check of small-.* failed: "):
        lasting.deploy_code()
    assert lasting.ask() == "first"
    lasting.write_code("first")
    assert lasting.plan() == []


def test_code_alone_is_refused_where_the_template_has_changed_as_well(small, lasting):
    with pytest.raises(UnknownStackError):
        small.deploy_code()
    lasting.write_code("second")
    lasting.edit_template('Default: "30"', 'Default: "31"')
    with pytest.raises(DeployError, match="another one than here"):
        lasting.deploy_code()
    lasting.edit_template('Default: "31"', 'Default: "30"')
    lasting.write_code("first")
    assert lasting.plan() == []


def test_data_outlives_its_stack_until_it_is_deleted_too(small, local_stack, monkeypatch):
    outputs = small.deploy().outputs
    s3 = local_stack.client("s3")
    for _ in range(2):
        s3.put_object(Bucket=outputs["Bucket"], Key="report.pdf", Body=b"x")
    s3.delete_object(Bucket=outputs["Bucket"], Key="report.pdf")
    local_stack.client("sqs").send_message(QueueUrl=outputs["QueueUrl"], MessageBody="{}")

    plan = small.plan_destruction()
    assert [resource.name for resource in plan.kept] == [outputs["Bucket"]]
    assert plan.waiting_messages == 1
    use_emulator_as_aws(local_stack, monkeypatch)
    command = ["destroy", "--stack", small.name, "--region", local_stack.region]
    unasked = CliRunner().invoke(app, command)
    assert unasked.exit_code == 1
    assert unasked.stderr.endswith(
        "This is no terminal to ask at: pass --yes.\nNothing was deleted.\n"
    )
    assert small.status() == "CREATE_COMPLETE"
    confirmed = CliRunner().invoke(app, [*command, "--yes"])
    assert confirmed.exit_code == 0
    assert f"Kept: S3 Bucket {outputs['Bucket']}" in confirmed.stderr
    assert small.status() is None
    assert len(s3.list_object_versions(Bucket=outputs["Bucket"])["Versions"]) == 2

    with pytest.raises(DeployError, match=r"already exists.*destroy --stack small-.*--delete-data"):
        small.deploy()
    small.destroy(delete_data=True)
    with pytest.raises(s3.exceptions.ClientError):
        s3.head_bucket(Bucket=outputs["Bucket"])
    with pytest.raises(UnknownStackError, match="no data of one"):
        small.plan_destruction()


def test_doctor_looks_at_an_account_and_its_stack(lasting, local_stack):
    place = StackPlace(
        local_stack.session, lasting.name, print, endpoint_url=local_stack.endpoint_url
    )
    doctor = AwsDoctor(place, lambda: datetime.now(UTC))
    checks = {check.name: check for check in doctor.look()}
    assert checks["stack"].words == f"{lasting.name} is in CREATE_COMPLETE"
    assert {name for name, check in checks.items() if check.verdict == "ok"} >= {
        "credentials",
        "clock",
        "stack",
        "lambda concurrency",
    }
    assert checks["mail"].verdict == "skipped"
