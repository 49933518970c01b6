"""The set of SES's receipt rules that holds the rule of a stack that takes mails.

Only one set is active in a region (Amazon SES Developer Guide, "Creating receipt rule sets and
receipt rules"), and it may be somebody else's. So the rule goes into the set that is active, and a
set of our own is made and activated only where none is. Nobody's set is ever deactivated, but an
empty one of our own.
"""

from collections.abc import Mapping
from typing import Any

from infra.deploy.stack_operation import read_kept_parameters
from infra.deploy.stack_place import StackPlace

OWN_RULE_SET = "seashore-inbound-mail"
RULE_TYPE = "AWS::SES::ReceiptRule"
_RULE_SET = "InboundMailRuleSet"


def choose_rule_set(place: StackPlace, parameters: Mapping[str, str]) -> dict[str, str]:
    """The parameters of a deployment, with the set that the rule goes into.

    Args:
        place: The stack.
        parameters: The values that are given; for others those of the stack count.

    Raises:
        ClientError: AWS refused.
    """
    chosen = dict(parameters)
    if _RULE_SET in parameters or _RULE_SET not in place.parse_template().get("Parameters", {}):
        return chosen
    kept = read_kept_parameters(place.client("cloudformation"), place.stack_name)
    if takes_mail({**kept, **parameters}):
        chosen[_RULE_SET] = find_active_rule_set(place.client("ses")) or OWN_RULE_SET
    elif kept.get(_RULE_SET):
        chosen[_RULE_SET] = ""
    return chosen


def takes_mail(values: Mapping[str, str]) -> bool:
    """Whether a stack with these values of parameters gets a rule; the emulator knows none."""
    return bool(values.get("InboundMail")) and values.get("RequireTls") != "false"


def make_rule_set(place: StackPlace, parameters: Mapping[str, str]) -> None:
    """Make our own set, if the rule is to go there and it does not exist.

    Raises:
        ClientError: AWS refused.
    """
    if parameters.get(_RULE_SET) != OWN_RULE_SET:
        return
    ses = place.client("ses")
    try:
        ses.create_receipt_rule_set(RuleSetName=OWN_RULE_SET)
    except ses.exceptions.AlreadyExistsException:
        return
    place.report(f"Made the rule set {OWN_RULE_SET} of SES")


def settle_rule_set(place: StackPlace, parameters: Mapping[str, str]) -> None:
    """After a deployment: activate our own set where none is active, and say what else is to do.

    Raises:
        ClientError: AWS refused.
    """
    name = parameters.get(_RULE_SET)
    if name is None:
        return
    if not name:
        clear_rule_set(place)
        return
    ses = place.client("ses")
    active = find_active_rule_set(ses)
    if active is None and name == OWN_RULE_SET:
        ses.set_active_receipt_rule_set(RuleSetName=name)
        place.report(f"Activated the rule set {name} of SES, as none was active")
    elif active != name:
        now = f"{active} is" if active else "none is"
        place.report(
            f"No mail arrives yet: the rule is in the rule set {name} of SES, and {now} active. "
            f"Activate it with: aws ses set-active-receipt-rule-set --rule-set-name {name} "
            f"--region {place.region}"
        )
    else:
        place.report(f"The rule for mails is in the active rule set {name}; its others stay")


def clear_rule_set(place: StackPlace) -> None:
    """Deactivate and delete our own set, unless a rule is left in it.

    Raises:
        ClientError: AWS refused.
    """
    ses = place.client("ses")
    try:
        rules = ses.describe_receipt_rule_set(RuleSetName=OWN_RULE_SET)["Rules"]
    except ses.exceptions.RuleSetDoesNotExistException:
        return
    if rules:
        return
    if find_active_rule_set(ses) == OWN_RULE_SET:
        ses.set_active_receipt_rule_set()
    ses.delete_receipt_rule_set(RuleSetName=OWN_RULE_SET)
    place.report(f"Deleted the rule set {OWN_RULE_SET} of SES, which was empty")


def find_active_rule_set(ses: Any) -> str | None:
    """The name of the set that is active in the region, or None.

    Args:
        ses: Client of SES, in its first version, which knows rules.

    Raises:
        ClientError: AWS refused.
    """
    name = ses.describe_active_receipt_rule_set().get("Metadata", {}).get("Name")
    return None if name is None else str(name)
