"""What must hold for mails that are sent to the stack."""

from collections.abc import Iterator
from typing import Any

from shared.messages.uploads import MAIL_PREFIX
from tests.unit.template.template_changes import Break, drop_part, set_part
from tests.unit.template.template_parts import Template, as_list, text_of

RULE = "${AWS::StackName}-inbound-mail"
RULE_ARN = (
    "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}"
    f":receipt-rule-set/${{InboundMailRuleSet}}:receipt-rule/{RULE}"
)


def only_our_rule_may_put_mails_under_their_prefix(template: Template) -> Iterator[str]:
    statement = _find_statement(template)
    if statement is None:
        yield "the bucket lets SES put nothing, or lets it put without a rule"
        return
    if statement["Effect"] != "Allow" or as_list(statement["Action"]) != ["s3:PutObject"]:
        yield "SES may do something else than put"
    if text_of(statement["Resource"]) != f"${{DocumentsBucket.Arn}}/{MAIL_PREFIX}*":
        yield "SES may put elsewhere than under the prefix of mails"
    sources = statement.get("Condition", {}).get("StringEquals", {})
    if sources.get("aws:SourceAccount") != {"Ref": "AWS::AccountId"}:
        yield "SES may put for another account"
    if text_of(sources.get("aws:SourceArn", "")) != RULE_ARN:
        yield "SES may put by another rule"


def _find_statement(template: Template) -> dict[str, Any] | None:
    policy = template["Resources"]["DocumentsBucketPolicy"]["Properties"]["PolicyDocument"]
    found = [one["Fn::If"][1] for one in policy["Statement"] if "Fn::If" in one]
    bare = [one for one in policy["Statement"] if "Fn::If" not in one and one["Effect"] == "Allow"]
    conditions = [one["Fn::If"][0] for one in policy["Statement"] if "Fn::If" in one]
    return found[0] if conditions == ["MailIsReceived"] and not bare else None


def the_rule_puts_mails_of_one_address_and_answers_nobody(template: Template) -> Iterator[str]:
    resource = template["Resources"]["InboundMailRule"]
    rule = resource["Properties"]["Rule"]
    put = {"BucketName": {"Ref": "DocumentsBucket"}, "ObjectKeyPrefix": MAIL_PREFIX}
    if rule["Actions"] != [{"S3Action": put}]:
        yield "the rule does something else than put the mail into the bucket"
    if rule["Recipients"] != [{"Ref": "InboundMail"}]:
        yield "the rule takes mails of other addresses"
    if text_of(rule["Name"]) != RULE:
        yield "the rule is not the one that the bucket lets put"
    if rule["ScanEnabled"] is not True or rule["TlsPolicy"] != "Require":
        yield "mails are not looked at for viruses, or may come in clear"
    if resource["Condition"] != "MailIsReceived":
        yield "there is a rule where no mails are taken"
    if "DocumentsBucketPolicy" not in as_list(resource.get("DependsOn")):
        yield "the rule may be made before it may put anything"
    if "IngestFunction" not in as_list(resource.get("DependsOn")):
        yield "mails may arrive before it is known who may send them"


def mails_are_taken_from_a_list_only(template: Template) -> Iterator[str]:
    if template["Parameters"]["InboundMail"]["Default"] != "":
        yield "mails are taken without being asked for"
    rule = template["Rules"].get("MailsComeFromSomebody", {})
    wanted = {"Fn::Not": [{"Fn::Equals": [{"Ref": "InboundMailSenders"}, ""]}]}
    if [one["Assert"] for one in rule.get("Assertions", [])] != [wanted]:
        yield "mails may be taken without a list of senders"


def ingest_knows_who_may_send_and_which_mails_are_its_own(template: Template) -> Iterator[str]:
    function = template["Resources"]["IngestFunction"]["Properties"]
    variables = function["Environment"]["Variables"]
    for name, parameter in (
        ("INBOUND_MAIL", "InboundMail"),
        ("INBOUND_MAIL_SENDERS", "InboundMailSenders"),
        ("REPORT_FROM", "ReportFrom"),
    ):
        if variables.get(name) != {"Ref": parameter}:
            yield f"ingest is not told {parameter}"


_STATEMENT = "Resources/DocumentsBucketPolicy/Properties/PolicyDocument/Statement/1/Fn::If/1"
_RULE = "Resources/InboundMailRule/Properties/Rule"

BREAKS: list[Break] = [
    (
        only_our_rule_may_put_mails_under_their_prefix,
        set_part(f"{_STATEMENT}/Resource", {"Fn::Sub": "${DocumentsBucket.Arn}/*"}),
    ),
    (
        only_our_rule_may_put_mails_under_their_prefix,
        set_part(f"{_STATEMENT}/Condition/StringEquals/aws:SourceAccount", "123456789012"),
    ),
    (
        only_our_rule_may_put_mails_under_their_prefix,
        set_part(f"{_STATEMENT}/Condition/StringEquals/aws:SourceArn", {"Fn::Sub": "arn:*"}),
    ),
    (
        the_rule_puts_mails_of_one_address_and_answers_nobody,
        set_part(f"{_RULE}/Actions", [{"BounceAction": {}}]),
    ),
    (the_rule_puts_mails_of_one_address_and_answers_nobody, set_part(f"{_RULE}/Recipients", [])),
    (
        the_rule_puts_mails_of_one_address_and_answers_nobody,
        set_part("Resources/InboundMailRule/DependsOn", []),
    ),
    (
        the_rule_puts_mails_of_one_address_and_answers_nobody,
        set_part("Resources/InboundMailRule/DependsOn", ["DocumentsBucketPolicy"]),
    ),
    (
        ingest_knows_who_may_send_and_which_mails_are_its_own,
        drop_part("Resources/IngestFunction/Properties/Environment/Variables/REPORT_FROM"),
    ),
    (mails_are_taken_from_a_list_only, set_part("Rules/MailsComeFromSomebody/Assertions", [])),
]
