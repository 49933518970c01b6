"""Whether an account on AWS has what a stack needs: credentials, quotas, mail, the stack itself."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.aws import ADVICE_UNREACHED, QUICK, aws_errors_as, name_command
from infra.deploy.mail_rule_set import takes_mail
from infra.deploy.parameter_check import uses_model
from infra.deploy.stack_operation import describe_stack, read_parameters
from infra.deploy.stack_place import StackPlace
from infra.deploy.template_file import read_defaults
from infra.doctor.check import Check, failed, passed, skipped, warned
from infra.doctor.local_checks import check_clock
from infra.doctor.mail_check import check_inbound_mail, check_mail
from infra.stacks import advise_on_status
from shared.aws.secrets import is_ssm_parameter
from shared.errors import OperatorError

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import GetAccountSettingsResponseTypeDef

# Service Quotas: "Concurrent executions" of AWS Lambda.
_CONCURRENCY_QUOTA = "L-B99A9384"


class AwsDoctor:
    """Looks at one account, one region and one stack.

    Args:
        place: The stack, which need not exist yet.
        now: Returns this machine's time.
    """

    def __init__(self, place: StackPlace, now: Callable[[], datetime]) -> None:
        self._place = place
        self._now = now
        # The template's defaults, until the stack's own values are known.
        self._parameters = read_defaults()

    @property
    def base_url(self) -> str:
        """Address of the stack's language model; empty for OpenAI itself."""
        return self._parameters.get("OpenAiBaseUrl", "")

    @property
    def model(self) -> str:
        """Name of the stack's language model."""
        return self._parameters.get("OpenAiModel", "")

    @property
    def parameters(self) -> dict[str, str]:
        """The stack's parameters, or the template's defaults."""
        return dict(self._parameters)

    @property
    def uses_model(self) -> bool:
        """Whether the stack asks a language model at all."""
        return uses_model(self._parameters)

    def look(self) -> Iterator[Check]:
        """Take every look. Without usable credentials it ends after the first."""
        who, clock = self._check_credentials()
        yield who
        yield clock
        if who.verdict != "ok":
            yield skipped("stack and quotas", "they cannot be asked for without credentials")
            return
        yield self._guard("stack", self._check_stack)
        yield self._guard("lambda concurrency", self._check_concurrency)
        yield self._guard("lambda code storage", self._check_code_storage)
        yield self._guard("model key", self._check_model_key)
        yield self._guard("mail", self._check_mail)
        if takes_mail(self._parameters):
            yield self._guard("mail-in", self._check_inbound_mail)

    def _client(self, service: str) -> Any:
        return self._place.client(service, QUICK)

    def _guard(self, name: str, look: Callable[[], Check]) -> Check:
        """A right that is missing spoils one look, not all of them."""
        try:
            with aws_errors_as(OperatorError):
                return look()
        except OperatorError as error:
            return warned(name, str(error), "Look with credentials that may ask for it.")

    def _check_credentials(self) -> tuple[Check, Check]:
        try:
            with aws_errors_as(OperatorError):
                answer = self._client("sts").get_caller_identity()
        except OperatorError as error:
            response = getattr(error.__cause__, "response", {})
            words, is_unreached, _ = str(error).partition(f". {ADVICE_UNREACHED}")
            advice = ADVICE_UNREACHED if is_unreached else "Mend that"
            check = failed("credentials", words, f"{advice}, then look again.")
            return check, check_clock(_read_date(response), self._now())
        words = f"{answer['Arn']} in {self._place.region}"
        return passed("credentials", words), check_clock(_read_date(answer), self._now())

    def _check_stack(self) -> Check:
        name = self._place.stack_name
        stack = describe_stack(self._client("cloudformation"), name)
        if stack is None or stack["StackStatus"] in ("DELETE_COMPLETE", "REVIEW_IN_PROGRESS"):
            return warned(
                "stack",
                f"there is no stack {name} in {self._place.region}",
                f"Make it with `{name_command(f'deploy --stack {name}')}`.",
            )
        self._parameters |= read_parameters(stack)
        return judge_status(name, stack["StackStatus"])

    def _check_concurrency(self) -> Check:
        settings = self._client("lambda").get_account_settings()
        check = judge_concurrency(settings, sum_concurrency(self._parameters))
        if check.verdict == "ok":
            return check
        asked = self._find_asked_quota()
        if asked is None:
            return check
        return warned(check.name, check.words, f"A quota of {asked:.0f} is asked for: wait for it.")

    def _find_asked_quota(self) -> float | None:
        """The concurrency that was asked for and is not granted yet."""
        with suppress(ClientError, BotoCoreError):
            quotas = self._client("service-quotas")
            answer = quotas.list_requested_service_quota_change_history_by_quota(
                ServiceCode="lambda", QuotaCode=_CONCURRENCY_QUOTA
            )
            for request in answer["RequestedQuotas"]:
                if request["Status"] in ("PENDING", "CASE_OPENED"):
                    return float(request["DesiredValue"])
        return None

    def _check_code_storage(self) -> Check:
        return judge_code_storage(self._client("lambda").get_account_settings())

    def _check_model_key(self) -> Check:
        reference = self._parameters.get("OpenAiApiKeySecret", "")
        if not reference:
            return skipped("model key", "the stack has none")
        advice = f"Keep one with `seashore secrets set --stack {self._place.stack_name}`."
        try:
            # Neither reads the key itself.
            if is_ssm_parameter(reference):
                self._client("ssm").get_parameter(Name=reference)
            else:
                self._client("secretsmanager").describe_secret(SecretId=reference)
        except ClientError as error:
            if error.response["Error"].get("Code") in (
                "ResourceNotFoundException",
                "ParameterNotFound",
            ):
                return failed("model key", f"there is no secret {reference}", advice)
            raise
        return passed("model key", f"kept in {reference}")

    def _check_mail(self) -> Check:
        sender = self._parameters.get("ReportFrom", "")
        recipients = self._parameters.get("ReportTo", "")
        if not (sender and recipients):
            return skipped("mail", "the stack mails no report")
        return check_mail(self._client("sesv2"), sender, recipients.split(","))

    def _check_inbound_mail(self) -> Check:
        address, region = self._parameters["InboundMail"], self._place.region
        rule = f"{self._place.stack_name}-inbound-mail"
        return check_inbound_mail(self._client("ses"), self._client("sesv2"), address, rule, region)


def sum_concurrency(parameters: Mapping[str, str]) -> int:
    """How many copies of all functions that read a queue run at the same time at most."""
    return sum(
        int(value)
        for name, value in parameters.items()
        if name.endswith("MaximumConcurrency")
        and (name != "DatabaseMaximumConcurrency" or parameters.get("DatabaseProxyHost"))
    )


def judge_status(stack_name: str, status: str) -> Check:
    """Judge the status of a stack (AWS CloudFormation: "Stack status codes")."""
    if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"):
        return passed("stack", f"{stack_name} is in {status}")
    words = f"{stack_name} is in {status}"
    if status == "UPDATE_ROLLBACK_COMPLETE":
        return warned(
            "stack", words, "The last update was rolled back: mend its cause, and deploy."
        )
    if status.endswith("_IN_PROGRESS"):
        return warned("stack", words, "It is being changed: wait until that is done.")
    advice = advise_on_status(stack_name, status)
    return failed("stack", words, f"Look at its events in the CloudFormation console; {advice}")


def judge_concurrency(settings: "GetAccountSettingsResponseTypeDef", wanted: int) -> Check:
    """Judge whether the account lets as many copies run as the event source mappings ask for."""
    limits = settings["AccountLimit"]
    total, free = limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]
    words = f"{free} of {total} are free for a stack that uses up to {wanted}"
    advice = (
        "Lower the stack's ...MaximumConcurrency, or ask for more: `aws service-quotas "
        f"request-service-quota-increase --service-code lambda --quota-code {_CONCURRENCY_QUOTA} "
        "--desired-value 1000`."
    )
    if free < wanted:
        words += ", so that some deliveries are throttled and use up receives"
        return failed("lambda concurrency", words, advice)
    if free < 2 * wanted:
        return warned("lambda concurrency", f"{words}: little is left for others", advice)
    return passed("lambda concurrency", words)


def judge_code_storage(settings: "GetAccountSettingsResponseTypeDef") -> Check:
    """Judge how much of the room for functions' code and its versions is taken."""
    used = settings["AccountUsage"]["TotalCodeSize"]
    limit = settings["AccountLimit"]["TotalCodeSize"]
    words = f"{used / 1e9:.1f} of {limit / 1e9:.0f} GB are used"
    if used > 0.9 * limit:
        advice = "Delete functions that are not used, and old versions of the others."
        return warned("lambda code storage", words, advice)
    return passed("lambda code storage", words)


def _read_date(response: Mapping[str, Any]) -> str | None:
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    date = headers.get("date")
    return str(date) if date else None
