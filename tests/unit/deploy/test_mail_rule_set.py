"""The one active set of SES's receipt rules: used as it is, and made only where there is none."""

from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from infra.deploy.destroy import Destruction, StackResource, destroy_stack
from infra.deploy.mail_rule_set import (
    OWN_RULE_SET,
    RULE_TYPE,
    choose_rule_set,
    clear_rule_set,
    find_active_rule_set,
    make_rule_set,
    settle_rule_set,
)
from infra.deploy.stack_place import StackPlace
from infra.doctor.mail_check import check_inbound_mail

MAIL = {"InboundMail": "documents@in.example.com", "InboundMailSenders": "example.com"}
RULE = {"Name": "theirs", "Enabled": True, "Recipients": [], "Actions": []}


def open_client(self, service, config=None):
    # Moto's CloudFormation needs libraries that are not here.
    return None if service == "cloudformation" else self.session.client(service)


@pytest.fixture
def lines():
    return []


@pytest.fixture
def kept():
    """The parameters of the stack, by name."""
    return {}


@pytest.fixture
def place(lines, kept, monkeypatch):
    module = "infra.deploy.mail_rule_set"
    monkeypatch.setattr(f"{module}.read_kept_parameters", lambda client, name: dict(kept))
    monkeypatch.setattr(StackPlace, "client", open_client)
    with mock_aws():
        session = boto3.Session("testing", "testing", region_name="eu-west-1")
        yield StackPlace(session, "docs", lines.append)


def deploy(place, **parameters):
    """What a deployment does about rule sets; CloudFormation makes the rule in between."""
    chosen = choose_rule_set(place, parameters)
    make_rule_set(place, chosen)
    if chosen.get("InboundMailRuleSet"):
        rule = {**RULE, "Name": "docs-inbound-mail"}
        name = chosen["InboundMailRuleSet"]
        place.client("ses").create_receipt_rule(RuleSetName=name, Rule=rule)
    settle_rule_set(place, chosen)
    return chosen.get("InboundMailRuleSet")


def delete_rule():
    """What CloudFormation does; moto does not know that action."""
    ses_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"].receipt_rule_set[OWN_RULE_SET].rules.clear()


def make_theirs(place, *, is_active=True):
    ses = place.client("ses")
    ses.create_receipt_rule_set(RuleSetName="theirs")
    ses.create_receipt_rule(RuleSetName="theirs", Rule=RULE)
    if is_active:
        ses.set_active_receipt_rule_set(RuleSetName="theirs")
    return ses


def test_a_stack_that_takes_no_mail_asks_ses_nothing(place, lines):
    assert deploy(place) is None
    assert deploy(place, InboundMail="") is None
    assert place.client("ses").list_receipt_rule_sets()["RuleSets"] == []
    assert lines == []


def test_where_none_is_active_ours_is_made_activated_and_deleted(place, lines):
    assert deploy(place, **MAIL) == OWN_RULE_SET
    ses = place.client("ses")
    assert find_active_rule_set(ses) == OWN_RULE_SET
    assert "Activated" in lines[-1]
    clear_rule_set(place)
    assert find_active_rule_set(ses) == OWN_RULE_SET, "a rule is left in it"
    delete_rule()
    clear_rule_set(place)
    assert ses.list_receipt_rule_sets()["RuleSets"] == []
    assert find_active_rule_set(ses) is None


def test_a_stack_that_takes_mails_no_more_leaves_no_empty_set(place, kept):
    kept |= {**MAIL, "InboundMailRuleSet": deploy(place, **MAIL)}
    delete_rule()
    assert deploy(place, InboundMail="") == ""
    assert place.client("ses").list_receipt_rule_sets()["RuleSets"] == []


def test_the_active_set_of_somebody_else_gets_the_rule_and_keeps_its_own(place, lines):
    ses = make_theirs(place)
    assert deploy(place, **MAIL) == "theirs"
    rules = ses.describe_active_receipt_rule_set()["Rules"]
    assert {one["Name"] for one in rules} == {"theirs", "docs-inbound-mail"}
    assert "theirs" in lines[-1]
    clear_rule_set(place)
    assert find_active_rule_set(ses) == "theirs"
    assert [one["Name"] for one in ses.list_receipt_rule_sets()["RuleSets"]] == ["theirs"]


@pytest.mark.parametrize("had_rule", [True, False])
def test_destroy_clears_our_set_if_the_stack_had_a_rule(place, monkeypatch, had_rule):
    deploy(place, **MAIL)
    operation = SimpleNamespace(delete=delete_rule)
    monkeypatch.setattr(StackPlace, "operation", operation)
    deleted = (StackResource(RULE_TYPE if had_rule else "AWS::SQS::Queue", "x"),)
    plan = Destruction("docs", "eu-west-1", "1", True, deleted, (), 0)
    destroy_stack(place, plan, delete_data=False)
    left = place.client("ses").list_receipt_rule_sets()["RuleSets"]
    assert [one["Name"] for one in left] == ([] if had_rule else [OWN_RULE_SET])


def test_a_set_that_is_named_and_not_active_is_not_activated(place, lines):
    ses = make_theirs(place)
    ses.create_receipt_rule_set(RuleSetName="named")
    assert deploy(place, **MAIL, InboundMailRuleSet="named") == "named"
    assert find_active_rule_set(ses) == "theirs"
    assert "aws ses set-active-receipt-rule-set --rule-set-name named" in lines[-1]


def test_the_emulator_gets_no_rule(place):
    assert deploy(place, **MAIL, RequireTls="false") is None


def test_doctor_says_why_no_mail_would_come(place):
    clients = (place.client("ses"), place.client("sesv2"))
    told = (MAIL["InboundMail"], "docs-inbound-mail", "eu-west-1")
    assert "none is active" in check_inbound_mail(*clients, *told).words
    deploy(place, **MAIL)
    assert "not verified in.example.com" in check_inbound_mail(*clients, *told).words
    clients[1].create_email_identity(EmailIdentity="example.com")
    region = ses_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"]
    region.email_identities["example.com"].verified_for_sending_status = True
    check = check_inbound_mail(*clients, *told)
    assert (check.verdict, "10 inbound-smtp.eu-west-1.amazonaws.com" in check.words) == ("ok", True)
