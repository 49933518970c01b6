"""Mail by SES: one attempt, and a clear word on whether it may have gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)

from shared.aws.errors import translate_aws_errors
from shared.errors import MailRefusedError, MailUnsureError

if TYPE_CHECKING:
    from mypy_boto3_sesv2.client import SESV2Client

# The account or the addresses are not set up for sending, which somebody will mend (Amazon SES API
# v2 Reference, SendEmail, "Errors").
_NOT_SET_UP = frozenset(
    {
        "AccountSuspendedException",
        "MailFromDomainNotVerifiedException",
        "MessageRejected",
        "SendingPausedException",
    }
)
_SET_UP_DELAY_SECONDS = 900.0
# Raised before anything was sent: there was no connection yet, or no request.
_BEFORE_SENDING = (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)


@dataclass(frozen=True)
class Mail:
    """A mail with the same content as HTML and as plain text."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True)
class Mailer:
    """Sends mails from one address to a few others.

    Args:
        client: An SES client that tries once: SES does not know a mail again.
        sender: The address that mails come from; SES must have verified it or its domain.
        recipients: The addresses that they go to, at most 50.
    """

    client: "SESV2Client"
    sender: str
    recipients: Sequence[str]

    def send(self, mail: Mail) -> str:
        """Send a mail, with one attempt.

        Returns:
            Its id at SES.

        Raises:
            MailRefusedError, AccessDeniedError, ServiceError: It has not gone, and may later.
            PermanentError: It has not gone, and will not as it is.
            MailUnsureError: It may have gone: the answer was lost on its way.
        """
        with translate_aws_errors("send the mail"):
            try:
                answer = self.client.send_email(
                    FromEmailAddress=self.sender,
                    Destination={"ToAddresses": list(self.recipients)},
                    Content={
                        "Simple": {
                            "Subject": {"Data": mail.subject, "Charset": "UTF-8"},
                            "Body": {
                                "Text": {"Data": mail.text, "Charset": "UTF-8"},
                                "Html": {"Data": mail.html, "Charset": "UTF-8"},
                            },
                            # So that nobody's absence is answered, and no mail goes round (RFC
                            # 3834, 5).
                            "Headers": [{"Name": "Auto-Submitted", "Value": "auto-generated"}],
                        }
                    },
                )
            except ClientError as error:
                raise _read_refusal(error) or error from None
            except _BEFORE_SENDING:
                raise
            except BotoCoreError as error:
                raise MailUnsureError(f"SES did not answer: {error}") from error
        return answer["MessageId"]


def _read_refusal(error: ClientError) -> Exception | None:
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= 500:
        return MailUnsureError(f"SES failed on the way: {error}")
    if code in _NOT_SET_UP:
        return MailRefusedError(
            f"SES does not take the mail: {error}",
            delay_seconds=_SET_UP_DELAY_SECONDS,
            reason="mail_refused",
        )
    return None
