"""Change sets, as a person reads them."""

import pytest

from infra.cli.deploy.change_table import changes_to_json, summarize_changes, write_changes
from infra.cli.output import Output
from infra.deploy.stack_changes import add_code_changes, read_changes


def change(action, resource_type="AWS::SQS::Queue", *details, **more):
    resource = {"Action": action, "LogicalResourceId": more.pop("name", "It"), **more}
    return {
        "Type": "Resource",
        "ResourceChange": {**resource, "ResourceType": resource_type, "Details": list(details)},
    }


def detail(name, recreation="Never", source="DirectModification", cause=None, evaluation="Static"):
    target = {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation}
    entry = {"Target": target, "Evaluation": evaluation, "ChangeSource": source}
    return {**entry, "CausingEntity": cause} if cause else entry


def read_one(*arguments, **more):
    [read] = read_changes([change(*arguments, **more)])
    return read


@pytest.mark.parametrize(
    ("action", "resource_type", "more", "warning", "loses_data"),
    [
        ("Add", "AWS::S3::Bucket", {}, "", False),
        ("Modify", "AWS::S3::Bucket", {"Replacement": "False"}, "", False),
        ("Remove", "AWS::S3::Bucket", {"PolicyAction": "Delete"}, "deleted with everything", True),
        ("Remove", "AWS::S3::Bucket", {"PolicyAction": "Retain"}, "itself is kept", False),
        ("Remove", "AWS::IAM::Role", {"PolicyAction": "Delete"}, "", False),
        (
            "Modify",
            "AWS::DynamoDB::Table",
            {"Replacement": "True", "PolicyAction": "ReplaceAndDelete"},
            "everything in the old one is lost",
            True,
        ),
        (
            "Modify",
            "AWS::DynamoDB::Table",
            {"Replacement": "True", "PolicyAction": "ReplaceAndRetain"},
            "the old one is kept",
            False,
        ),
        # CloudFormation names no policy for what may or may not be replaced.
        ("Modify", "AWS::SQS::Queue", {"Replacement": "Conditional"}, "It may be replaced", True),
        ("Modify", "AWS::IAM::Role", {"Replacement": "True"}, "by a new resource", False),
    ],
)
def test_what_is_lost_is_warned_of(action, resource_type, more, warning, loses_data):
    read = read_one(action, resource_type, **more)
    assert warning in read.warning
    assert bool(warning) == bool(read.warning)
    assert read.loses_data is loses_data


def test_one_entry_a_property_with_its_causes_and_the_worst_that_it_does():
    read = read_one(
        "Modify",
        "AWS::SQS::Queue",
        detail("Tags"),
        detail("QueueName", "Conditionally", "ParameterReference", "Name"),
        detail("QueueName", "Always", "DirectModification", evaluation="Dynamic"),
        Replacement="True",
    )
    assert [(p.name, p.causes, p.recreation) for p in read.properties] == [
        ("QueueName", ("Name",), "Always"),
        ("Tags", (), "Never"),
    ]


def test_what_only_refers_to_a_changed_resource_is_not_certain():
    follows = detail("Role", "Never", "ResourceAttribute", "Role.Arn", "Dynamic")
    assert not read_one("Modify", "AWS::Lambda::Function", follows).is_certain
    assert read_one("Modify", "AWS::Lambda::Function", follows, detail("Timeout")).is_certain
    assert read_one("Add").is_certain


def test_changes_are_written_resource_by_resource(capsys):
    follows = detail("Endpoint", "Conditionally", "ResourceAttribute", "Queue.Arn", "Dynamic")
    changes = read_changes(
        [
            change("Remove", "AWS::S3::Bucket", name="Old", PolicyAction="Delete"),
            change("Add", "AWS::SQS::Queue", name="New"),
            change(
                "Modify",
                "AWS::Lambda::Function",
                detail("Timeout", "Never", "ParameterReference", "Seconds"),
                detail("FunctionName", "Always"),
                name="Worker",
                Replacement="True",
            ),
            change(
                "Modify", "AWS::SNS::Subscription", follows, name="Told", Replacement="Conditional"
            ),
        ]
    )
    write_changes("prod", changes, Output())
    written = capsys.readouterr()
    assert written.out.splitlines() == [
        "+ New (SQS Queue)",
        "- Old (S3 Bucket)",
        "  ! It is deleted with everything in it.",
        "~ Worker (Lambda Function)",
        "    FunctionName: replaces it",
        "    Timeout (with Seconds)",
        "  ! It is replaced by a new resource.",
        "? Told",
        "    They refer to one of the above and most likely stay as they are.",
    ]
    assert written.err == (
        "The stack prod: 1 to add, 1 to modify, 1 to remove, 1 to look at again. "
        "DATA WOULD BE LOST in 1 of them. Nothing was changed.\n"
    )


def test_json_has_the_judgement_too():
    [entry] = changes_to_json([read_one("Remove", "AWS::S3::Bucket", PolicyAction="Delete")])
    assert entry["loses_data"] is True
    assert entry["is_certain"] is True
    assert entry["logical_id"] == "It"


def test_no_change_is_said():
    assert "nothing to change" in summarize_changes("prod", [])


def test_code_that_cloudformation_does_not_know_of_is_a_change_too():
    known = read_changes(
        [
            change("Modify", "AWS::Lambda::Function", detail("Timeout"), name="Api"),
            change("Modify", "AWS::Lambda::Function", detail("Code"), name="Worker"),
        ]
    )
    changes = add_code_changes(known, ["Api", "Ingest", "Worker"])
    assert {one.logical_id: [p.name for p in one.properties] for one in changes} == {
        "Api": ["Timeout", "Code"],
        "Ingest": ["Code"],
        "Worker": ["Code"],
    }
