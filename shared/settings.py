"""Every setting of the functions, read once from the environment.

The name of the environment variable is the field's name in upper case. The template sets each of
them and nothing else; a test holds the two together.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from shared.errors import SettingsError
from shared.prices import ModelPrice


def _none_if_blank(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _find_zone(value: object) -> object:
    try:
        return ZoneInfo(value) if isinstance(value, str) else value
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{value!r} is not a time zone such as Europe/Oslo") from error


# CloudFormation has no way to leave a variable out of a map for an empty parameter.
def _read_json_object(value: object) -> object:
    return json.loads(value or "{}") if isinstance(value, str) else value


OptionalText = Annotated[str | None, BeforeValidator(_none_if_blank)]
RequiredText = Annotated[str, Field(min_length=1)]


# A bound is the number's alone: pydantic would hold None to it too.
OptionalAmount = Annotated[
    Annotated[float, Field(ge=0)] | None,
    BeforeValidator(_none_if_blank),
    Field(description="In dollars."),
]
OptionalCount = Annotated[Annotated[int, Field(ge=500)] | None, BeforeValidator(_none_if_blank)]
ModelPrices = Annotated[
    dict[str, ModelPrice],
    BeforeValidator(_read_json_object),
]
TextList = Annotated[
    tuple[str, ...],
    BeforeValidator(
        lambda value: (
            [part.strip() for part in value.split(",") if part.strip()]
            if isinstance(value, str)
            else value
        )
    ),
]
OriginList = Annotated[
    tuple[str, ...],
    BeforeValidator(
        lambda value: (
            [part.strip().rstrip("/") for part in value.split(",") if part.strip()] or ["*"]
            if isinstance(value, str)
            else value
        )
    ),
]
# What a call writes itself, and nobody else may.
_OWN_PARAMETERS = frozenset(
    {
        *("model", "messages", "tools", "tool_choice", "response_format", "stream"),
        *("stream_options", "n", "max_tokens", "max_completion_tokens"),
    }
)


def _refuse_own_parameters(value: dict[str, Any]) -> dict[str, Any]:
    taken = sorted(value.keys() & _OWN_PARAMETERS)
    if taken:
        raise ValueError(f"{', '.join(taken)} cannot be set here")
    return value


ExtraBody = Annotated[
    dict[str, Any],
    BeforeValidator(_read_json_object),
    AfterValidator(_refuse_own_parameters),
]


# Those that cost money come after those that do not, and run in another function.
FREE_ENGINES, PAID_ENGINES = ("tesseract",), ("textract", "model")


def _check_engines(value: tuple[str, ...]) -> tuple[str, ...]:
    known = (*FREE_ENGINES, *PAID_ENGINES)
    if value in (("off",), ()):
        return ()
    unknown = [name for name in value if name not in known]
    are_free_first = sorted(value, key=lambda name: name in PAID_ENGINES) == list(value)
    if unknown or not value or len(set(value)) != len(value) or not are_free_first:
        raise ValueError(
            f"give off, or one or more of {', '.join(known)}, the first to be asked first, and "
            f"{' and '.join(FREE_ENGINES)} before those that cost money"
        )
    return value


OcrEngines = Annotated[TextList, AfterValidator(_check_engines)]
TimeZone = Annotated[ZoneInfo, BeforeValidator(_find_zone)]


class Settings(BaseModel):
    """Settings of every function. Sizes are in bytes, times in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    documents_bucket: RequiredText
    artifacts_bucket: RequiredText
    ledger_table: RequiredText
    idempotency_table: RequiredText
    uploads_queue_url: RequiredText
    uploads_dlq_url: RequiredText
    conversions_queue_url: RequiredText
    conversions_dlq_url: RequiredText
    work_queue_url: RequiredText
    work_dlq_url: RequiredText
    reports_queue_url: RequiredText
    reports_dlq_url: RequiredText
    recognition_queue_url: RequiredText
    recognition_dlq_url: RequiredText

    ocr_engine: OcrEngines = ("tesseract",)
    ocr_languages: TextList = ("eng",)

    inbound_mail: OptionalText = None
    inbound_mail_senders: TextList = ()

    callback_arns: TextList = ()

    report_from: OptionalText = None
    report_to: TextList = ()
    report_topic_arn: OptionalText = None
    stack_name: RequiredText = "local"

    max_document_bytes: int = Field(default=100 * 1024 * 1024, ge=1)
    max_document_pages: int = Field(default=10_000, ge=1)

    openai_api_key_secret: OptionalText = None
    openai_base_url: OptionalText = None
    openai_model: RequiredText = "gpt-5-mini"
    openai_extra_body: ExtraBody = {}
    fallback_model: OptionalText = None
    fallback_base_url: OptionalText = None
    fallback_api_key_secret: OptionalText = None
    model_auth: Literal["key", "iam"] = "key"
    context_window_tokens: int = Field(default=32_000, ge=3_000)
    model_calls_at_once: int = Field(default=0, ge=0, le=100)
    chunk_tokens: OptionalCount = None

    model_prices: ModelPrices = {"gpt-5-mini": ModelPrice(input=0.25, output=2.0)}
    daily_cap_usd: OptionalAmount = 10.0
    daily_cap_tokens: OptionalCount = None
    chat_daily_cap_usd: OptionalAmount = 5.0
    document_cap_usd: OptionalAmount = 1.0
    time_zone: TimeZone = ZoneInfo("UTC")

    results_queue_url: OptionalText = None
    results_dlq_url: OptionalText = None
    database_host: OptionalText = None
    database_port: int = Field(default=5432, ge=1, le=65_535)
    database_name: OptionalText = None
    database_user: OptionalText = None

    has_model: bool = False
    operator_api_key_id: OptionalText = None
    operator_group: RequiredText = "operators"
    ingest_mapping_id: OptionalText = None
    convert_mapping_id: OptionalText = None
    recognise_mapping_id: OptionalText = None
    worker_mapping_id: OptionalText = None
    report_mapping_id: OptionalText = None

    conversations_table: OptionalText = None
    conversation_days: int = Field(default=30, ge=1, le=3_650)
    chat_max_steps: int = Field(default=5, ge=1, le=20)
    chat_max_tokens: int = Field(default=60_000, ge=1_000, le=1_000_000)
    api_deadline_seconds: float = Field(default=25.0, ge=1, le=28)
    cors_origins: OriginList = ("*",)
    api_authorizer: Literal["none", "iam", "cognito"] = "none"
    cognito_domain: OptionalText = None
    cognito_client_id: OptionalText = None

    max_receive_count: int = Field(default=5, ge=1)
    max_deferral_age_seconds: int = Field(default=3 * 24 * 3600, ge=1)
    retry_base_seconds: float = Field(default=5.0, gt=0)
    retry_max_seconds: float = Field(default=900.0, gt=0)

    @property
    def uses_openai(self) -> bool:
        """Whether a model behind the Chat Completions API is configured."""
        return (
            self.openai_api_key_secret is not None
            or self.openai_base_url is not None
            or self.model_auth == "iam"
        )


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from an environment.

    Raises:
        SettingsError: A variable is missing or has an unusable value; the message names each.
    """
    try:
        return Settings.model_validate(_select(environment))
    except ValidationError as error:
        problems = ", ".join(f"{name} ({words})" for name, words in _list_problems(error))
        raise SettingsError(
            f"Set these environment variables of the function: {problems}"
        ) from None


def find_setting_problems(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """What `read_settings` would not take: names of variables, each with what is wrong."""
    try:
        Settings.model_validate(_select(environment))
    except ValidationError as error:
        return _list_problems(error)
    return []


def _select(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: environment[name.upper()]
        for name in Settings.model_fields
        if name.upper() in environment
    }


def _list_problems(error: ValidationError) -> list[tuple[str, str]]:
    """Names of variables and what is wrong with each, and where inside, as for a model's price."""
    return [
        (str(name).upper(), ": ".join([*map(str, inside), problem["msg"]]))
        for problem in error.errors()
        for name, *inside in [problem["loc"]]
    ]
