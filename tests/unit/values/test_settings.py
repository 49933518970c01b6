import pytest

from functions.queue_wiring import mark_limits
from shared.errors import SettingsError
from shared.settings import Settings, read_settings

REQUIRED = {
    name.upper(): f"some-{name}"
    for name, field in Settings.model_fields.items()
    if field.is_required()
}


def test_names_of_variables_are_fields_in_upper_case():
    settings = read_settings(REQUIRED | {"WORK_QUEUE_URL": "https://queue", "work_dlq_url": "no"})
    assert settings.work_queue_url == "https://queue"
    assert settings.work_dlq_url == "some-work_dlq_url"


def test_other_variables_are_none_of_its_business():
    assert read_settings(REQUIRED | {"PATH": "/bin", "AWS_REGION": "x"}) == read_settings(REQUIRED)


def test_all_that_is_missing_or_wrong_is_named_at_once():
    environment = REQUIRED | {
        "MAX_RECEIVE_COUNT": "many",
        "CONTEXT_WINDOW_TOKENS": "5",
        "LEDGER_TABLE": "",
    }
    del environment["WORK_QUEUE_URL"], environment["DOCUMENTS_BUCKET"]
    with pytest.raises(SettingsError) as caught:
        read_settings(environment)
    wrong = {"MAX_RECEIVE_COUNT", "CONTEXT_WINDOW_TOKENS", "LEDGER_TABLE"}
    missing = {"WORK_QUEUE_URL", "DOCUMENTS_BUCKET"}
    message = str(caught.value)
    assert {name for name in (*REQUIRED, *wrong) if f"{name} (" in message} == wrong | missing
    assert message.count("Field required") == len(missing)


def test_an_empty_environment_names_every_required_variable():
    with pytest.raises(SettingsError) as caught:
        read_settings({})
    assert all(name in str(caught.value) for name in REQUIRED)


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_a_required_variable_may_not_be_empty(name):
    with pytest.raises(SettingsError, match=rf"\b{name} \("):
        read_settings(REQUIRED | {name: ""})


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_a_blank_key_means_none(blank):
    settings = read_settings(REQUIRED | {"OPENAI_API_KEY_SECRET": blank, "OPENAI_BASE_URL": blank})
    assert settings.openai_api_key_secret is None
    assert settings.openai_base_url is None
    assert not settings.uses_openai


@pytest.mark.parametrize("name", ["DAILY_CAP_USD", "DOCUMENT_CAP_USD"])
def test_a_blank_cap_means_no_limit(name):
    assert getattr(read_settings(REQUIRED | {name: ""}), name.lower()) is None
    with pytest.raises(SettingsError, match=rf"\b{name} \("):
        read_settings(REQUIRED | {name: "-0.01"})


@pytest.mark.parametrize("name", ["OPENAI_API_KEY_SECRET", "OPENAI_BASE_URL"])
def test_a_key_or_an_address_means_a_model(name):
    assert read_settings(REQUIRED | {name: "given"}).uses_openai


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODEL_PRICES", "{"),
        ("MODEL_PRICES", "[]"),
        ("MODEL_PRICES", '{"a-model": {"input": -1, "output": 1}}'),
        ("TIME_ZONE", "Middle/Earth"),
        ("TIME_ZONE", "Europe"),
        ("TIME_ZONE", "../../etc/passwd"),
        ("DAILY_CAP_USD", "-1"),
        ("MAX_RECEIVE_COUNT", "0"),
        ("RETRY_BASE_SECONDS", "0"),
        ("MAX_DOCUMENT_BYTES", "1.5"),
    ],
)
def test_a_value_of_no_use_is_refused_by_name(name, value):
    with pytest.raises(SettingsError, match=rf"\b{name} \("):
        read_settings(REQUIRED | {name: value})


def test_a_key_in_the_environment_is_not_read():
    settings = read_settings(REQUIRED | {"OPENAI_API_KEY": "sk-very-secret"})
    assert "very-secret" not in repr(settings)
    assert not settings.uses_openai


def test_a_wrong_value_is_not_repeated():
    environment = REQUIRED
    with pytest.raises(SettingsError) as caught:
        read_settings(environment | {"MAX_RECEIVE_COUNT": "sk-other-secret"})
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_settings_do_not_change():
    with pytest.raises(ValueError, match="frozen"):
        read_settings(REQUIRED).ledger_table = "other"


OPTIONAL = sorted(
    name.upper() for name, field in Settings.model_fields.items() if field.default is None
)


@pytest.mark.parametrize("name", OPTIONAL)
def test_an_optional_variable_may_be_empty(name):
    assert getattr(read_settings(REQUIRED | {name: ""}), name.lower()) is None


@pytest.mark.parametrize(
    ("value", "engines"),
    [
        ("off", ()),
        ("tesseract", ("tesseract",)),
        ("tesseract,textract,model", ("tesseract", "textract", "model")),
        ("model", ("model",)),
    ],
)
def test_engines_are_named_in_their_order(value, engines):
    assert read_settings({**REQUIRED, "OCR_ENGINE": value}).ocr_engine == engines


@pytest.mark.parametrize("value", ["eyes", "model,tesseract", "model,model", "off,model"])
def test_engines_that_cost_money_come_last_and_once(value):
    with pytest.raises(SettingsError, match="OCR_ENGINE"):
        read_settings({**REQUIRED, "OCR_ENGINE": value})


# ---- The mark by which work that waits for a limit of spending knows that it is another ----------


def mark(**changes):
    needed = {name: "x" for name, field in Settings.model_fields.items() if field.is_required()}
    return mark_limits(Settings(**{**needed, **changes}))


@pytest.mark.parametrize(
    "changes",
    [
        {"daily_cap_usd": 10.5},
        {"daily_cap_usd": None},
        {"chat_daily_cap_usd": 7},
        {"daily_cap_tokens": 1_000_000},
        {"time_zone": "Asia/Tokyo"},
        {"openai_model": "a-cheaper-one"},
        {"fallback_model": "another"},
        {"model_prices": {"gpt-5-mini": {"input": 0.1, "output": 1}}},
        {"openai_base_url": "http://localhost:1/v1"},
    ],
)
def test_what_decides_on_a_limit_changes_the_mark(changes):
    assert mark(**changes) != mark()


def test_the_mark_is_the_same_in_each_container_and_whatever_else_is_changed():
    assert mark() == mark()
    prices = {"a": {"input": 1, "output": 1}, "b": {"input": 2, "output": 2}}
    turned = dict(reversed(prices.items()))
    assert mark(model_prices=prices) == mark(model_prices=turned)
    assert mark(max_receive_count=9, chunk_tokens=500) == mark()
