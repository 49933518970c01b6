"""Whether Amazon SES lets the daily report be mailed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

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
