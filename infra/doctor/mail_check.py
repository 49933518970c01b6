"""Whether Amazon SES lets the daily report be mailed, and takes mails for the stack."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from infra.doctor.check import Check, failed, passed, warned

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client


def check_mail(client: "SESV2Client", sender: str, recipients: Sequence[str]) -> Check:
    """Ask SES for the account's standing and for the addresses that have to be verified.

    Args:
        client: Client of SES.
        sender: The address that the report comes from.
        recipients: The addresses that it goes to.

    Raises:
        ClientError: SES refused.
    """
    account = client.get_account()
    in_sandbox = not account.get("ProductionAccessEnabled", False)
    # In the sandbox the recipients have to be verified too (Amazon SES: "Account sandbox").
    needed = [sender, *(recipients if in_sandbox else ())]
    unverified = [address for address in needed if not _is_verified(client, address)]
    return judge_mail(
        is_enabled=account.get("SendingEnabled", False),
        in_sandbox=in_sandbox,
        unverified=unverified,
    )


def judge_mail(*, is_enabled: bool, in_sandbox: bool, unverified: Sequence[str]) -> Check:
    """Judge what SES has said.

    Args:
        is_enabled: Whether the account may send at all.
        in_sandbox: Whether it may send to verified addresses only.
        unverified: Addresses that have to be verified and are not.
    """
    if not is_enabled:
        return failed("mail", "SES has paused this account's sending", "See the SES console.")
    if unverified:
        return failed(
            "mail",
            f"SES has not verified {', '.join(unverified)}",
            "Verify each, or its domain: `aws sesv2 create-email-identity --email-identity ...`.",
        )
    if in_sandbox:
        return warned(
            "mail",
            "SES is in its sandbox: it mails to verified addresses only, 200 a day at most",
            "Ask for production access in the SES console before others are to get the report.",
        )
    return passed("mail", "SES may send")


def check_inbound_mail(
    ses: Any, sesv2: "SESV2Client", address: str, rule: str, region: str
) -> Check:
    """Ask SES whether mails to the stack's address reach its rule.

    Args:
        ses: Client of SES, in its first version, which knows rules.
        sesv2: Client of SES.
        address: The address that takes mails.
        rule: Name of the stack's rule.
        region: The region, which is part of SES's address for mails.

    Raises:
        ClientError: SES refused.
    """
    active = ses.describe_active_receipt_rule_set()
    rules = [one["Name"] for one in active.get("Rules", []) if one.get("Enabled")]
    domain = address.partition("@")[2]
    if rule not in rules:
        name = active.get("Metadata", {}).get("Name")
        return failed(
            "mail-in",
            f"the rule {rule} is not in the active rule set of SES ({name or 'none is active'})",
            "Deploy the stack again: it puts its rule into the set that is active.",
        )
    if not _is_verified(sesv2, address):
        return failed(
            "mail-in",
            f"SES has not verified {domain}",
            f"Verify it: `aws sesv2 create-email-identity --email-identity {domain}`.",
        )
    words = f"{address} is taken; the MX record of {domain} has to be `10 inbound-smtp.{region}."
    return passed("mail-in", f"{words}amazonaws.com`")


def _is_verified(client: "SESV2Client", address: str) -> bool:
    """Whether the address, its domain or one above that is verified.

    Source: Amazon SES, "Creating and verifying identities": subdomains inherit it.
    """
    labels = address.partition("@")[2].split(".")
    domains = [".".join(labels[start:]) for start in range(max(1, len(labels) - 1))]
    for identity in (address, *domains):
        try:
            if client.get_email_identity(EmailIdentity=identity).get("VerifiedForSendingStatus"):
                return True
        except client.exceptions.NotFoundException:
            continue
    return False
